"""Blind review: people compare replies under intervention and under control without knowing which is which.

The published ratings are summed up in `agents/reports`.
"""
