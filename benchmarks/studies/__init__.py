"""Studies of the reported effects, where the truth is known; they write docs/validation.md.

Speed is measured in `benchmarks/speed`.
"""
