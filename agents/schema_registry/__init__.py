"""The schema registry: looking up, checking and publishing Avro schemas.

The schemas are in `schemas/avro`.
"""
