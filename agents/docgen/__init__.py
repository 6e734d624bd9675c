"""Documents generated from code: settings, tables, questions and the map of packages.

Nothing here runs in production.
"""
