"""A customer's voice as prosody events: audio in, acoustic measures out.

What the measures mean is in `streams/signals`.
"""
