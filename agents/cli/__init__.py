"""The command `tenor`: its arguments, help and output.

What a command does is in the package it calls.
"""
