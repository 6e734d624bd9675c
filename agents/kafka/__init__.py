"""Clients for Kafka: configuration, producers, consumers, offsets.

What is done with records is in the packages above.
"""
