"""The catalogue of intervention options: what an option is, its file, and what is wrong with one.

Choosing among them is in `streams/policy`.
"""
