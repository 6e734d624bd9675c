"""`tenor doctor`: checks everything a deployment needs, changes nothing, and says what to do.

Repairs are in the commands it names.
"""
