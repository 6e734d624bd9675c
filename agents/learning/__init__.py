"""The learner process: learns policies from outcomes and text models from ratings, and publishes them.

The mathematics is in `streams/policy` and `streams/text_model`.
"""
