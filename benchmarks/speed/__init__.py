"""Speed and size of the running system: latency, live conversations, memory, rows and bytes.

Throughput beside other frameworks is in `benchmarks/throughput`.
"""
