"""The estimate of frustration: level, alarm and slope after each observation.

Where observations come from is in `streams/signals`.
"""
