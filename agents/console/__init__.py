"""The console: a web page for team leads. It reads ClickHouse, so it shows the whole cluster.

``queries`` asks, ``board`` remembers what was written lately, ``feed`` keeps it fresh, ``events`` streams it to
browsers, ``auth`` says who may look, ``app`` puts them together. The page itself is in ``static``.
"""
