"""Blind review: people compare replies under intervention and under control without knowing which is which.

``export`` writes a sheet of pairs and its key, ``importing`` publishes what people filled in, ``report`` counts. The
words of a conversation stand in Kafka and in the sheet, nowhere else.
"""
