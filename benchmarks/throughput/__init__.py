"""Throughput: the same fold by a bare loop, by Tenor, by per-event Faust and by Quix Streams; and the whole path."""
