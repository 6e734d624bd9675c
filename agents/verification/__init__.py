"""Folding the signals log again and comparing it with what was published: `tenor verify`.

The fold itself is in `streams/conversations`.
"""
