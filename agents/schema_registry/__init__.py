"""Avro schemas and a schema registry: resolving, checking and publishing them.

The schemas themselves are in `schemas/avro`.
"""
