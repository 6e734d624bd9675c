"""Statistics of the experiment: effects, confidence sequences, rater agreement, holdout.

The same formulas as SQL are in `schemas/clickhouse`.
"""
