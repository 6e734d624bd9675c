"""Quix Streams: state in RocksDB, with a changelog. Runs in an environment of its own; see quix_environment.py.

python -m benchmarks.throughput.quix BROKERS GROUP TOPIC STATE_DIRECTORY
"""

import sys

from quixstreams import Application, State

from benchmarks.throughput.per_event import folded, signal_in


def step(value: bytes, state: State) -> None:
    """Fold one signal into the state of its key."""
    after, _ = folded(state.get_bytes("conversation"), signal_in(value))
    if after is not None:
        state.set_bytes("conversation", after)


def main(brokers: str, group: str, topic: str, directory: str) -> None:
    app = Application(
        broker_address=brokers,
        consumer_group=group,
        auto_offset_reset="earliest",
        commit_interval=1.0,
        state_dir=directory,
        consumer_extra_config={"session.timeout.ms": 6000, "fetch.wait.max.ms": 30},
        loglevel="WARNING",
    )
    signals = app.topic(topic, value_deserializer="bytes", key_deserializer="bytes")
    app.dataframe(signals).update(step, stateful=True)
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
