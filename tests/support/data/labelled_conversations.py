"""Synthetic labelled conversations: customers who are refused are frustrated, customers who are helped are not."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Turn = dict[str, Any]
Turns = list[Turn]
ASKED = ("Where is my order?", "Can you change the date?", "My card was charged twice", "The code does not arrive")
REFUSED = ("Unfortunately that is not possible.", "I'm unable to do that.", "Our policy does not allow it.")
HELPED = ("It leaves today.", "Done, anything else?", "Here is your new code.")
CROSS = ("This is ridiculous, it still doesn't work!", "You never help, I want my money back", "Unacceptable!!")
PLEASED = ("Thank you, that helps", "Perfect", "Great, it works now")


def turn(conversation: str, number: int, speaker: str, text: str | None, **label: Any) -> Turn:
    unsaid = {"frustrated": None, "intensity": None, "split": None}
    return {"conversation_id": conversation, "turn": number, "speaker": speaker, "text": text} | unsaid | label


def conversation(number: int, split: str | None = None, name: str | None = None) -> Turns:
    """Five turns, three of the customer; the last turn of every third conversation has no label."""
    refused, own = number % 2 == 0, name or f"c{number}"
    answers, ends = (REFUSED, CROSS) if refused else (HELPED, PLEASED)
    last = None if number % 3 == 0 else ends[(number + 1) % 3]
    after = {"frustrated": int(refused), "split": split}
    return [
        turn(own, 0, "customer", ASKED[number % 4], frustrated=0, intensity=0.1, split=split),
        turn(own, 1, "operator", answers[number % 3]),
        turn(own, 2, "customer", ends[number % 3], intensity=0.7 if refused else 0.0, **after),
        turn(own, 3, "bot", "One moment."),
        turn(own, 4, "customer", last, intensity=0.9 if refused else 0.1, **after),
    ]


def day(number: int = 12) -> list[Turns]:
    return [conversation(turn) for turn in range(number)]


def written(path: Path, conversations: Iterable[Turns]) -> Path:
    """A file in the neutral format."""
    lines = [json.dumps(turn) + "\n" for turns in conversations for turn in turns]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def flipped(turns: Turns) -> Turns:
    """The same conversation with every label inverted."""
    return [turn if turn["frustrated"] is None else turn | {"frustrated": 1 - turn["frustrated"]} for turn in turns]
