"""`tenor voice`: a customer's audio in, prosody events out.

What the measures say about frustration is in `streams/signals`.
"""
