"""A labelled file through the whole stack."""

import json
from pathlib import Path

from agents.clickhouse.client import connect
from agents.embedded import stack
from agents.recordings import replay
from agents.settings.model import Settings

SETTLE_S = 60.0


def test_a_labelled_file_gives_one_point_per_customer_turn(tmp_path: Path) -> None:
    turns = [
        {
            "conversation_id": f"c{conversation}",
            "turn": turn,
            "speaker": "customer" if turn % 2 == 0 else "operator",
            "text": "It still does not work",
            "frustrated": None,
            "intensity": None,
            "split": None,
        }
        for conversation in range(20)
        for turn in range(7)
    ]
    path = tmp_path / "labelled.jsonl"
    path.write_text("".join(json.dumps(turn) + "\n" for turn in turns))
    base = Settings(_env_file=None)
    with stack.running(base, tmp_path / "stack", 1, lambda line: None) as running:
        result = replay.replay(running.settings, path, None, lambda done, total: None)
        replay.conclude(running.settings, result.last_event_ms, SETTLE_S, lambda stage, lag: None)
        query = "SELECT count(), uniqExact(event_id) FROM trajectory_points FINAL"
        assert connect(running.settings).execute(query) == [(80, 80)]
