"""The text model: from a turn's words, its cues and the dialogue so far to the probability of frustration.

What the fold makes of that probability is in `streams/signals`.

The model is linear in hashed features, learned online with river, used as plain arrays. Files in the order of the flow:

    hashing         text to hashed terms, at ingest: the last place that sees words.
    lexicon         a number for a text from its terms: learned once, shipped.
    dialogue_state  what is remembered of a conversation, and the features of a turn in it.
    weights         the model as arrays, and as bytes.
    model           weights and a turn to probabilities and their parts.
    turn_features   signals to a conversation's customer turns with their features.
    labels          what a rating says of a turn.
    learner         labelled turns to weights.
    prequential     every label is first a test, then a lesson.
"""
