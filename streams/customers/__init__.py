"""What is remembered of a customer from conversation to conversation: notes, profiles, priors.

One conversation's state is in `streams/state`.
"""
