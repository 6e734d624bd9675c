"""The text model: what a turn's words, its cues and the state of the dialogue say about frustration.

Linear in hashed features, learned online with river, used as plain arrays. Files in the order of the flow:

    terms      text to hashed terms, at ingest: the last place that sees words.
    lexicon    a number for a text from its terms: learned once, shipped.
    dialogue   what is remembered of a conversation, and the features of a turn in it.
    weights    the model as arrays, and as bytes.
    model      weights and a turn to probabilities and their parts.
    learner    labelled turns to weights: test, then train.
"""
