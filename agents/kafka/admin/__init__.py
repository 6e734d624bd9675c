"""Operations on topics and consumer groups: create, compare, measure lag, handle dead letters.

Producing and consuming is in `agents/kafka`.
"""
