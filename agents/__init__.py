"""The wiring: agents, sink, command line, embedded stack."""
