"""Clients for Kafka: connections, producers, consumers, offsets, and records to and from bytes.

What a record means is decided by its reader.
"""
