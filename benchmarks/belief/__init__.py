"""The estimator on simulated conversations: how soon the alarm rises, what signals and profiles add.

The text model's accuracy is in `benchmarks/text_model`.
"""
