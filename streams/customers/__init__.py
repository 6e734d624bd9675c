"""What is remembered of a customer from conversation to conversation: notes, profiles and priors.

The state of one conversation is in `streams/state.py`.
"""
