"""Decisions, messages and exchanges for blind review; keyword arguments change fields."""

import random
from typing import Any

from agents.blind_review.replies import Decision, Exchange

AT = 1_790_000_000_000


def decision(number: int, control: bool = False, **changes: Any) -> Decision:
    base = Decision(
        decision_id=f"{number:032x}",
        tenant="default",
        conversation_id=f"c{number}",
        customer_id=f"u{number}",
        channel="chat",
        control=control,
        level=0.5,
        turn=3,
        window_turns=3,
        until=AT + 600_000,
        at=(0, number),
    )
    return base._replace(**changes)


def exchange(number: int, control: bool = False, reply: str | None = None, **changes: Any) -> Exchange:
    return Exchange(decision(number, control, **changes), f"asked {number}", reply or f"replied {number}")


def exchanges(number: int, seed: int = 1) -> list[Exchange]:
    """Replies of both arms over two channels, at all sorts of levels and turns."""
    rng = random.Random(seed)
    return [
        exchange(
            n,
            control=rng.random() < 0.3,
            reply="word " * rng.randint(1, 40),
            channel=rng.choice(["chat", "email"]),
            level=rng.choice([0.2, 0.4, rng.random()]),
            turn=rng.randint(1, 9),
        )
        for n in range(number)
    ]


def swapped(one: Exchange) -> Exchange:
    """The same, had the lottery gone the other way."""
    return one._replace(decision=one.decision._replace(control=not one.decision.control))
