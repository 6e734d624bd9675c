"""``tenor doctor``: looks at everything a deployment needs, changes nothing, and says what to do about what is wrong.

``examination`` runs it; each other file looks at one group of things.
"""
