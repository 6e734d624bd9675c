"""The learner process: policies and text models learned from outcomes and ratings, and published.

The mathematics is in `streams/policy` and `streams/text_model`.
"""
