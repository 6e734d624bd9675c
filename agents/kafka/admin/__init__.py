"""Operations on topics and consumer groups: create, compare, lag and dead letters.

Producing and consuming is in `agents/kafka`.
"""
