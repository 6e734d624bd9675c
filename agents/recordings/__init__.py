"""Recordings of events: the file format, reading, writing and replaying them onto the bus.

Making up conversations is in `agents/simulator`.
"""
