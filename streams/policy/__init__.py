"""The intervention policy: context, Thompson sampling, learning from outcomes, snapshots and rollback.

When to decide is in `streams/conversations`.
"""
