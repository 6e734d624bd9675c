"""The text model on labelled conversations: training, evaluation and scores.

Learning from ratings on the bus is in `agents/learning`.
"""
