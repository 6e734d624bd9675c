"""Showing what is remembered of a customer, and erasing it everywhere.

Dropping late records of erased customers is in `agents/sink`.
"""
