"""The fold of a conversation: state and signal in, state and records out, one partition at a time.

What one event measures is in `streams/signals`.
"""
