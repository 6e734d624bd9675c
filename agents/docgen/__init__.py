"""Generators of documents: settings, tables and questions, and this map of packages.

Nothing here runs in production.
"""
