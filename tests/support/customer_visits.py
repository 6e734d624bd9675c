"""Conversations of returning customers, and the profiles that Tenor keeps of them."""

from collections.abc import Callable
from typing import Any

from agents.privacy import profiles
from schemas.topics import Name
from tests.support.bus_events import conversation, now_ms
from tests.support.deployment import Deployment

START = now_ms() - 3_600_000
LATER = START + 1_800_000
CROSS = "I am still waiting and it does not work."


def visit(deployment: Deployment, name: str, customer: str, at: int, texts: list[str]) -> None:
    """Publish a conversation that ends as resolved."""
    deployment.send(Name.MESSAGES, *visited(name, customer, at, texts))


def visits(deployment: Deployment, name: str, customers: list[str], at: int, texts: list[str]) -> None:
    """Publish one such conversation per customer."""
    every = [visited(f"{name}-{number}", customer, at, texts) for number, customer in enumerate(customers)]
    deployment.send(Name.MESSAGES, *(turn for turns in every for turn in turns))


def visited(name: str, customer: str, at: int, texts: list[str]) -> list[dict[str, Any]]:
    turns = [turn | {"customer_id": customer} for turn in conversation(name, texts, at, 30_000)]
    turns[0] |= {"keystroke_consent": True}
    turns[-1] |= {"status": "resolved"}
    return turns


def notes(deployment: Deployment, kind: str) -> list[dict[str, Any]]:
    return [note for note in deployment.decoded(Name.CUSTOMERS) if note["kind"] == kind]


def brought(deployment: Deployment, conversation_id: str) -> list[dict[str, Any]]:
    """Profiles in the signals log for a conversation."""
    return [profile for profile in answers(deployment) if profile["conversation_id"] == conversation_id]


def answers(deployment: Deployment) -> list[dict[str, Any]]:
    """All profiles in the signals log."""
    return [signal for signal in deployment.decoded(Name.SIGNALS) if signal["kind"] == "profile"]


def remembered(deployment: Deployment, customer: str) -> Callable[[], dict[str, Any] | None]:
    return lambda: profiles.find_profile(deployment.settings, "default", customer)
