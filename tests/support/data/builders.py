"""Small events, signals and settings. Times are seconds after ``START``."""

import copy
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from schemas.codec import Codec
from schemas.records import record
from streams.config.model import BeliefConfig, Config, DecisionConfig, OutcomeConfig
from streams.conversations.fold import fold
from streams.interventions.options import Adaptation, Conditions, Constraints, InterventionOption
from streams.outputs import Output
from streams.signals.extraction import Event, Signal, extract_signal, tick_signal
from streams.state import State

START = 1_790_000_000_000  # 2026-09-21
FURIOUS = "This is ridiculous! I already told you, your app still doesn't work. Speak to a manager!!!"
CALM = "Hello, where is my order?"
GLAD = "Thank you, that helps"

TOPICS = {
    "message": "conversation.messages",
    "keystrokes": "conversation.keystrokes",
    "navigation": "conversation.navigation",
    "prosody": "conversation.prosody",
}
CUSTOMERS = "tenor.customers"
CODEC = Codec()
NUMBERS = count(1)


def moment(at: float) -> int:
    """Milliseconds of a time in seconds after the start."""
    return START + round(at * 1000)


def event(at: float, **fields: Any) -> dict[str, Any]:
    common = {
        "event_id": f"event-{next(NUMBERS)}",
        "conversation_id": "c1",
        "event_time": moment(at),
        "tenant": "default",
        "channel": "chat",
        "customer_id": "u1",
        "participant_role": "customer",
    }
    return common | fields


def message(text: str | None = CALM, at: float = 0.0, **changes: Any) -> dict[str, Any]:
    fields = {
        "participant_role": "customer",
        "participant_id": None,
        "text": text,
        "language": None,
        "status": "open",
        "keystroke_consent": None,
        "voice_consent": None,
    }
    return event(at, **fields) | changes


def answer(text: str | None = "Let me look.", at: float = 0.0, **changes: Any) -> dict[str, Any]:
    """A message of an operator."""
    return message(text, at, participant_role="operator", **changes)


def keystrokes(at: float = 0.0, gap_ms: float = 100.0, backspaces: int = 0, **changes: Any) -> dict[str, Any]:
    """A burst of twenty keys, evenly spaced."""
    fields = {
        "consent": True,
        "keys": ["backspace"] * backspaces + ["letter"] * (20 - backspaces),
        "pressed_ms": [gap_ms * i for i in range(20)],
        "dwell_ms": [80.0] * 20,
    }
    return event(at, **fields) | changes


def navigation(action: str = "click", at: float = 0.0, **changes: Any) -> dict[str, Any]:
    fields = {
        "action": action,
        "page": None,
        "target": None,
        "x": None,
        "y": None,
        "reaction_ms": None,
        "watched_ms": None,
        "error_ms": None,
        "scroll_ms": None,
        "selection_ms": None,
    }
    return event(at, **fields) | changes


def prosody(at: float = 0.0, **changes: Any) -> dict[str, Any]:
    fields = {
        "consent": True,
        "duration_ms": 2000.0,
        "f0_semitones": 24.0,
        "f0_sd_semitones": 2.0,
        "speech_rate": 4.5,
        "jitter": 0.01,
        "shimmer": 0.05,
        "hnr_db": 18.0,
        "loudness_db": -20.0,
    }
    return event(at, **fields) | changes


def kind_of(event: Event) -> str:
    marks = {"text": "message", "keys": "keystrokes", "action": "navigation", "duration_ms": "prosody"}
    return next(kind for field, kind in marks.items() if field in event)


def log(*events: Event) -> list[Signal]:
    """The signals of these events, as ingest numbers them; a tick passes through."""
    offsets: Counter[str] = Counter()
    signals = []
    for event in events:
        if event.get("kind") == "tick":
            signals.append(dict(event))
            continue
        kind = kind_of(event)
        signals.append(extract_signal(kind, event, (TOPICS[kind], 0, offsets[kind]), event["event_time"]))
        offsets[kind] += 1
    return signals


def tick_at(at: float) -> Signal:
    return tick_signal(moment(at))


def brought(conversation: str = "c1", offset: int = 7, **known: Any) -> Signal:
    """The signal that carries the customer's profile."""
    nothing = {"conversations": 4, "tone": 0.0, "baselines": {}, "triggers": {}, "defused": {}}
    whose = {"kind": "profile", "conversation_id": conversation, "customer_id": "u1"}
    source = {"topic": CUSTOMERS, "partition": 0, "offset": offset}
    return tick_at(0) | whose | {"source": source, "profile": nothing | known}


def fold_all(signals: Iterable[Signal], config: Config, state: State | None = None) -> tuple[State, list[Output]]:
    """The state and records after signals of one conversation; checks on the way that folding is pure."""
    outputs: list[Output] = []
    for signal in signals:
        before = copy.deepcopy((state, signal))
        after, more = fold(state, signal, config)
        assert (state, signal) == before, "the fold changed what it was given"
        state, outputs = after, outputs + more
    assert state is not None
    return state, outputs


def told(config: Config, *events: Event) -> tuple[State, list[Output]]:
    """The state and records after events of one conversation."""
    return fold_all(log(*events), config)


def of(outputs: Sequence[Output], name: str) -> list[dict[str, Any]]:
    """The records of one name."""
    return [output.datum for output in outputs if output.record == name]


def published(output: Output) -> tuple[str, str, bytes]:
    """The encoded outputs: record, id and bytes. Raises when a record does not fit its schema."""
    return output.record, output.id, CODEC.encode(record(output.record), output.datum)


def option(
    name: str,
    burden: float = 1.0,
    channels: tuple[str, ...] = (),
    after: int = 0,
    hand_over: bool = False,
    then: tuple[str, ...] = (),
    adapt: tuple[Adaptation, ...] = (),
    **when: Any,
) -> InterventionOption:
    """An option by its name; keyword arguments are its eligibility conditions."""
    return InterventionOption(
        name,
        Constraints(hand_over=hand_over),
        f"How to {name}.",
        f"Please {name}.",
        burden,
        Conditions(channels=channels, after_failures=after, **when),
        then,
        adapt,
    )


SLOW, OFFER = option("slow"), option("offer")
HAND_OVER = option("hand-over", burden=2.0, after=1, hand_over=True)


def nervous(
    *,
    control_share: float = 0.0,
    protocols: tuple[InterventionOption, ...] = (SLOW, OFFER, HAND_OVER),
    belief: BeliefConfig | None = None,
    outcome: OutcomeConfig | None = None,
    **decision: Any,
) -> Config:
    """Settings under which one furious message raises the alarm."""
    return Config(
        belief=belief or BeliefConfig(threshold=1.0, clear=0.4),
        decision=DecisionConfig(control_share=control_share, **decision),
        outcome=outcome or OutcomeConfig(),
        protocols=protocols,
    )
