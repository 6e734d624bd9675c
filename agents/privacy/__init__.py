"""Shows a customer's profile, and erases a customer everywhere.

Dropping late records of erased customers is in `agents/sink`.
"""
