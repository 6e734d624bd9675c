"""Blind review: people compare replies under intervention and under control without knowing which is which.

Message text stays in Kafka and in the sheet.
"""
