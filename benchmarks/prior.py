"""Make the weights that are shipped, from public labelled sets whose licences allow it.

    python benchmarks/prior.py TASKS DATA OUT [without-amazon]

TASKS holds amazon.jsonl in the neutral format; DATA topical_chat.jsonl.gz and vader_gt.jsonl.gz. The three become one
list of labelled conversations, learned by the code of ``tenor train``. The same data give the same bytes.
``without-amazon`` leaves the first out: for measuring on it. See docs/model-card.md.
"""

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from agents.train import train

DISTRESSED = {"Angry", "Disgusted", "Fearful", "Sad"}
DISPLEASED = -1.0  # mean sentiment of a text, -4 to 4, from which on it counts as displeased
WEAKEST, STRONGEST = -4.0, 4.0


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def topical_chat(data: Path) -> Iterator[dict[str, Any]]:
    """Chats of two people; the first is taken for the customer. Distress counts as frustration."""
    for row in rows(data / "topical_chat.jsonl.gz"):
        customer = row["who"] == "agent_1"
        yield turn(row["conv"], row["turn"], row["text"], row["sentiment"] in DISTRESSED if customer else None)


def vader_gt(data: Path) -> Iterator[dict[str, Any]]:
    """Tweets, reviews and comments, each a conversation of one turn."""
    for index, row in enumerate(rows(data / "vader_gt.jsonl.gz")):
        yield turn(f"v{index}", 0, row["text"], row["mean"] <= DISPLEASED)


def turn(conversation: str, number: int, text: str, frustrated: bool | None) -> dict[str, Any]:
    speaker = "operator" if frustrated is None else "customer"
    label = None if frustrated is None else int(frustrated)
    named = {"conversation_id": conversation, "turn": number, "speaker": speaker, "text": text}
    return named | {"frustrated": label, "intensity": None, "split": None}


def main(tasks: Path, data: Path, out: Path, *options: str) -> None:
    with TemporaryDirectory() as directory:
        files = []
        for name, made in (("topical_chat", topical_chat(data)), ("vader_gt", vader_gt(data))):
            files.append(Path(directory) / f"{name}.jsonl")
            files[-1].write_text("".join(json.dumps(one) + "\n" for one in made))
        if "without-amazon" not in options:
            files.append(tasks / "amazon.jsonl")
        turns = train(files, out, prior=None, epochs=2)
    print(f"{turns} labelled turns, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]), *sys.argv[4:])
