"""``tenor replay --policy``: evaluates a candidate policy offline, on logged decisions.

Nothing is published. The decisions and outcomes are read from their topics; what the candidate would have drawn is
written to ClickHouse, where the view ``policy_values`` comes to the same numbers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from agents.clickhouse import client as clickhouse
from agents.kafka import topic_reader
from agents.kafka.admin import topics
from agents.kafka.record_reader import decode_or_none
from agents.learning.candidate_file import read
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from schemas.codec import Codec
from schemas.records import Datum, record
from schemas.topics import RECORD_OF, Name
from streams.experiment import effects, policy_value
from streams.experiment.effects import MaturedDecision
from streams.experiment.policy_value import PolicyValue
from streams.policy import candidate
from streams.policy.learner import is_learnable, to_matured_decision
from streams.policy.outcome_join import TrainingExample

INSERT = "INSERT INTO candidate_policies (tenant, candidate, decision_id, probabilities) VALUES"
NORMAL_95 = 1.959964
LEAST = policy_value.LEAST_ESS


class DecisionRange(NamedTuple):
    """Decisions of one tenant, from one moment to another, milliseconds; None is open."""

    tenant: str
    since: int | None
    until: int | None

    def holds(self, decision: Datum) -> bool:
        at = decision["event_time"]
        inside = (self.since is None or at >= self.since) and (self.until is None or at < self.until)
        return bool(inside and decision["tenant"] == self.tenant)


def redecide(settings: Settings, file: Path, wanted: DecisionRange) -> dict[str, Any]:
    """Value of the policy in ``file`` over what was recorded; ``Failure`` says what cannot be used."""
    topics.require_all(settings)
    codec = codec_for(settings)
    tried = read(file, settings, codec, wanted.tenant)
    lessons = recorded(settings, codec, wanted)
    burdens = candidate.read_burdens(settings.config.protocols)
    rows = {
        one.decision["decision_id"]: tried.probabilities(one.decision, burdens, settings.policy.ridge)
        for one in lessons
    }
    store(settings, tried.name, wanted.tenant, rows)
    told = [to_matured_decision(one) for one in lessons]
    targets = {id(one): rows[lesson.decision["decision_id"]] for one, lesson in zip(told, lessons, strict=True)}
    return {"candidate": tried.name, "tenant": wanted.tenant, **values(told, targets)}


def values(told: Sequence[MaturedDecision], targets: Mapping[int, Mapping[str, float]]) -> dict[str, Any]:
    """Estimates, None where too little stands behind them."""
    wanted = lambda one: targets[id(one)]  # noqa: E731
    found = {
        "doubly_robust": policy_value.doubly_robust(told, wanted),
        "snips": policy_value.snips(told, wanted),
        "gain": policy_value.policy_gain(told, wanted),
    }
    rewards = [one.reward for one in told]
    return {
        "decisions": len(told),
        "drawn": sum(rewards) / len(rewards) if rewards else None,
        "ess": found["doubly_robust"].ess,
        "unsupported": found["doubly_robust"].unsupported,
        **{name: interval(value) for name, value in found.items()},
    }


def interval(value: PolicyValue) -> dict[str, float] | None:
    """Estimate with its 95 % interval, clustered by conversation; None where it must not be shown."""
    if not value.shown:
        return None
    margin = NORMAL_95 * value.error
    return {"value": value.value, "low": value.value - margin, "high": value.value + margin}


def recorded(settings: Settings, codec: Codec, wanted: DecisionRange) -> list[TrainingExample]:
    """Decisions of the range with what was seen after them, each once, in the order of the log."""
    decisions = {
        one["decision_id"]: one
        for one in records(settings, codec, Name.DECISIONS)
        if wanted.holds(one) and candidate.is_decidable(one)
    }
    outcomes = {
        one["decision_id"]: one for one in records(settings, codec, Name.OUTCOMES) if one["decision_id"] in decisions
    }
    pairs = [TrainingExample(decisions[name], outcomes[name]) for name in decisions if name in outcomes]
    return [one for one in pairs if is_learnable(one)]


def records(settings: Settings, codec: Codec, name: Name) -> list[Datum]:
    """What can be read of a topic; the rest is in its dead letter queue."""
    messages = topic_reader.read(settings, [settings.topics.name(name)])
    decoded = (decode_or_none(codec, record(RECORD_OF[name]), message) for message in messages)
    return [datum for datum in decoded if datum is not None]


def store(settings: Settings, name: str, tenant: str, rows: Mapping[str, Mapping[str, float]]) -> None:
    with clickhouse.session(settings) as client:
        client.execute(INSERT, [(tenant, name, decision, dict(chances)) for decision, chances in rows.items()])


def render(found: Mapping[str, Any], console: Console) -> None:
    """Print the estimates, or why there are none."""
    console.print(
        f"{found['decisions']} logged decisions; their observed mean reward is {number(found['drawn'])} "
        "(fall of the frustration level; positive is better)."
    )
    for name, title in (
        ("doubly_robust", "doubly robust"),
        ("snips", "importance weighting (SNIPS)"),
        ("gain", "gain over the observed"),
    ):
        console.print(f"{found['candidate']}, {title}: {told_of(found[name])}", highlight=False)
    console.print(f"effective sample size {found['ess']:.0f}; 95 % intervals, clustered by conversation", style="dim")
    if found["unsupported"]:
        console.print(f"in {found['unsupported']} decisions it prefers an option whose propensity was 0", style="dim")


def told_of(one: Mapping[str, float] | None) -> str:
    if one is None:
        return f"insufficient data (under {effects.SHOWN_AFTER} decisions, or effective sample size under {LEAST:g})"
    return f"{one['value']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})"


def number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:+.3f}"
