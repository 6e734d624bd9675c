"""The embedded stack: real engines as child processes on loopback, and the demo that runs on them.

Production connects to servers of its own.
"""
