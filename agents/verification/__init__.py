"""`tenor verify`: folds the signals log again and compares the result with what was published.

The fold is in `streams/conversations`.
"""
