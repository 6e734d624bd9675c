"""Statistics of the experiment: effects, confidence sequences, agreement, holdout.

The same formulas as SQL are in `schemas/clickhouse`.
"""
