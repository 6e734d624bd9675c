"""Erasing a customer everywhere and showing what is remembered of one.

Filtering records of erased customers is in `agents/sink`.
"""
