"""The catalogue of intervention options: what an option is, the protocols file, and its errors.

Choosing among them is in `streams/policy`.
"""
