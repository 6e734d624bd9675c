"""Whole partitions of tenor.signals, drawn at random: three conversations, eight sources, ticks and late events."""

import copy
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from hypothesis import strategies as st

from streams.config.model import BeliefConfig, Config, OutcomeConfig
from streams.signals.extraction import Signal, extract_signal, tick_signal
from tests.support.data import builders
from tests.support.data.builders import nervous

LATEST_S = 20  # no event comes later than this; windows are longer
CONFIG: Config = nervous(
    control_share=0.3,
    belief=BeliefConfig(threshold=1.5, clear=0.5, drift=1e-3),
    outcome=OutcomeConfig(window_turns=2, window_s=60.0, margin=0.01, idle_s=100.0),
    cooldown_s=15.0,
)
PARTITION = {  # producers partition as they like: one conversation's topics may stand in different partitions
    "message": {"c1": 0, "c2": 1, "c3": 0},
    "keystrokes": {"c1": 1, "c2": 1, "c3": 0},
    "navigation": {"c1": 0, "c2": 0, "c3": 1},
    "prosody": {"c1": 0, "c2": 0, "c3": 0},
}
EVENTS: dict[str, dict[str, Any]] = {
    "furious": builders.message(builders.FURIOUS),
    "calm": builders.message(builders.CALM),
    "glad": builders.message(builders.GLAD),
    "silent": builders.message(None),
    "solved": builders.message(builders.GLAD, status="resolved"),
    "refuses": builders.message(builders.CALM, keystroke_consent=False),
    "answer": builders.answer(),
    "hands over": builders.answer(status="handed_over"),
    "closes": builders.answer(status="abandoned"),
    "typing": builders.keystrokes(),
    "corrections": builders.keystrokes(backspaces=12),
    "no consent": builders.keystrokes(consent=False),
    "click": builders.navigation(x=1.0, y=1.0, watched_ms=3000.0),
    "page": builders.navigation("page_view"),
    "back": builders.navigation("back"),
    "voice": builders.prosody(),
    "raised voice": builders.prosody(loudness_db=-8.0, f0_semitones=30.0),
    "refuses voice": builders.message(builders.CALM, voice_consent=False),
}
USUAL = {"latency.reply": {"mean": 4.0, "variance": 1.0, "count": 40}}


@cache
def extracted(name: str) -> Signal:
    event = EVENTS[name]
    return extract_signal(builders.kind_of(event), event, ("", 0, 0))


@dataclass
class Log:
    """A partition's log as it grows. Times in seconds after the start."""

    signals: list[Signal] = field(default_factory=list)
    now: float = 0.0
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)

    def event(self, name: str, conversation: str, passed: float, late: float) -> None:
        self.now += passed
        kind = extracted(name)["kind"]
        source = builders.TOPICS[kind], PARTITION[kind][conversation]
        offset = self.offsets[source] = self.offsets.get(source, -1) + 1
        signal = copy.deepcopy(extracted(name))
        signal |= {
            "event_id": f"{kind}-{source[1]}-{offset}",
            "conversation_id": conversation,
            "event_time": builders.moment(self.now - late),
            "source": {"topic": source[0], "partition": source[1], "offset": offset},
        }
        self.signals.append(signal)

    def tick(self, behind: float) -> None:
        self.signals.append(tick_signal(builders.moment(self.now - behind)))

    def profile(self, conversation: str, tone: float) -> None:
        """The profiles agent answers; the conversation may have ended meanwhile, or never have been."""
        source = builders.CUSTOMERS, 0
        offset = self.offsets[source] = self.offsets.get(source, -1) + 1
        answer = builders.brought(conversation, offset, tone=tone, baselines=USUAL)
        self.signals.append(answer | {"event_time": builders.moment(self.now)})

    def resend(self, start: int, length: int) -> None:
        """Ingest died before it committed: a stretch of one source partition comes again, in order."""
        found = [signal for signal in self.signals if signal["source"] is not None]
        if found:
            source = position_of(found[start % len(found)])
            stretch = [one for one in found[start % len(found) :] if position_of(one) == source][:length]
            self.signals += copy.deepcopy(stretch)


def position_of(signal: Signal) -> tuple[str, int]:
    return signal["source"]["topic"], signal["source"]["partition"]


NAMES = st.sampled_from([*EVENTS, *["furious"] * 6])
PASSED = st.sampled_from([0.0, 0.4, 1.0, 1.0, 5.0, 5.0, 5.0, 20.0, 20.0, 60.0, 100.0, 250.0])
LATE = st.sampled_from([0.0, 0.0, 0.0, 1.0, 5.0, float(LATEST_S)])
SAID = st.tuples(st.just("event"), NAMES, st.sampled_from(["c1", "c1", "c2", "c3"]), PASSED, LATE)
VERY_LATE = st.tuples(
    st.just("event"), NAMES, st.sampled_from(["c1", "c2", "c3"]), PASSED, st.sampled_from([60.0, 100.0, 300.0])
)
PROFILED = st.tuples(st.just("profile"), st.sampled_from(["c1", "c2", "c3"]), st.sampled_from([-0.2, 0.0, 0.3]))
TICKED = st.tuples(st.just("tick"), st.sampled_from([0.0, 5.0, float(LATEST_S)]))
RESENT = st.tuples(st.just("resend"), st.integers(0, 60), st.integers(1, 4))


def written(steps: list[tuple[Any, ...]]) -> list[Signal]:
    log = Log()
    for step, *details in steps:
        getattr(log, step)(*details)
    return log.signals


def logs(*kinds: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Signal]]:
    """Logs made of these steps: long ones, in which everything happens; short ones, for a failure to shrink to."""
    step = st.one_of(SAID, SAID, SAID, SAID, SAID, *kinds)
    long = st.lists(step, min_size=25, max_size=60)
    return st.one_of(long, long, long, st.lists(step, min_size=1, max_size=25)).map(written)
