"""The worker process: its Faust agents, batch transport, state store and ticks.

What an event means is decided in `streams`.
"""
