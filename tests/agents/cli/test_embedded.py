"""``tenor simulate``; ``up`` and ``demo`` are tested in ``tests/agents/embedded``."""

from pathlib import Path

from tests.support.data.command_line import fresh_tenor, succeeded


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        told = succeeded(fresh_tenor(tmp_path, f"simulate {name}.jsonl.gz --seed {seed} --conversations 5"))
        assert told == f"wrote {name}.jsonl.gz\n"
    one, same, other = ((tmp_path / f"{name}.jsonl.gz").read_bytes() for name in "abc")
    assert one == same
    assert one != other
