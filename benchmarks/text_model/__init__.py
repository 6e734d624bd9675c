"""The text model on public data: learning the lexicons that are shipped, and scores.

The alarm is measured in `benchmarks/belief`.
"""
