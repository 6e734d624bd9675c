"""The estimator of frustration: level, alarm and slope after each observation.

Observations come from `streams/signals`.
"""
