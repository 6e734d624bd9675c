"""Versions of what is code rather than a number: they enter config_version."""

# Raise it with every change of a weight, pattern or threshold in streams/signals.
SIGNALS_VERSION = 4
