"""The embedded stack: real engines as child processes on loopback, for one machine and no Docker."""
