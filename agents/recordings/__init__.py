"""Recordings of events: the file format, labelled conversations, and replay onto the bus.

Simulated conversations are in `agents/simulator`.
"""
