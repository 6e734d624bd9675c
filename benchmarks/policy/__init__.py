"""The policy on simulated decisions, beside other learners: regret.

Whether reported effects can be trusted is in `benchmarks/studies`.
"""
