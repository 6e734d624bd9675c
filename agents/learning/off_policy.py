"""``tenor replay --policy``: evaluates a candidate policy offline, on logged decisions.

Nothing is published. Decisions and outcomes are read from their topics; the candidate's probabilities are written to
ClickHouse, where the view ``policy_values`` gives the same estimates.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from agents.clickhouse import client as clickhouse
from agents.kafka import topic_reader
from agents.kafka.admin import topics
from agents.kafka.record_reader import decode_or_none
from agents.learning.candidate_file import read_candidate
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
MIN_ESS = policy_value.LEAST_ESS


class DecisionRange(NamedTuple):
    """Decisions of one tenant in a time range, milliseconds, the end excluded; None is open."""

    tenant: str
    since: int | None
    until: int | None

    def contains(self, decision: Datum) -> bool:
        at = decision["event_time"]
        inside = (self.since is None or at >= self.since) and (self.until is None or at < self.until)
        return bool(inside and decision["tenant"] == self.tenant)


def evaluate_candidate(settings: Settings, file: Path, decision_range: DecisionRange) -> dict[str, Any]:
    """Estimated value of the policy in ``file`` on logged decisions. ``Failure`` for an invalid file or snapshot."""
    topics.require_all(settings)
    codec = codec_for(settings)
    candidate_policy = read_candidate(file, settings, codec, decision_range.tenant)
    examples = read_examples(settings, codec, decision_range)
    burdens = candidate.read_burdens(settings.config.protocols)
    decisions = [example.decision for example in examples]
    ridge = settings.policy.ridge
    rows = {decision["decision_id"]: candidate_policy.probabilities(decision, burdens, ridge) for decision in decisions}
    store_probabilities(settings, candidate_policy.name, decision_range.tenant, rows)
    matured = [to_matured_decision(example) for example in examples]
    targets = {id(one): rows[decision["decision_id"]] for one, decision in zip(matured, decisions, strict=True)}
    return {"candidate": candidate_policy.name, "tenant": decision_range.tenant, **estimate_values(matured, targets)}


def estimate_values(matured: Sequence[MaturedDecision], targets: Mapping[int, Mapping[str, float]]) -> dict[str, Any]:
    """Estimates by estimator; None for insufficient data."""
    target = lambda decision: targets[id(decision)]  # noqa: E731
    estimates = {
        "doubly_robust": policy_value.doubly_robust(matured, target),
        "snips": policy_value.snips(matured, target),
        "gain": policy_value.policy_gain(matured, target),
    }
    rewards = [decision.reward for decision in matured]
    return {
        "decisions": len(matured),
        "drawn": sum(rewards) / len(rewards) if rewards else None,
        "ess": estimates["doubly_robust"].ess,
        "unsupported": estimates["doubly_robust"].unsupported,
        **{name: confidence_interval(value) for name, value in estimates.items()},
    }


def confidence_interval(value: PolicyValue) -> dict[str, float] | None:
    """Estimate with its 95 % interval, clustered by conversation; None for insufficient data."""
    if not value.shown:
        return None
    margin = NORMAL_95 * value.error
    return {"value": value.value, "low": value.value - margin, "high": value.value + margin}


def read_examples(settings: Settings, codec: Codec, decision_range: DecisionRange) -> list[TrainingExample]:
    """Decisions of the range with their outcomes, each once, in the order of the log."""
    decisions = {
        datum["decision_id"]: datum
        for datum in read_records(settings, codec, Name.DECISIONS)
        if decision_range.contains(datum) and candidate.is_decidable(datum)
    }
    outcomes = {datum["decision_id"]: datum for datum in read_records(settings, codec, Name.OUTCOMES)}
    examples = [TrainingExample(decisions[name], outcomes[name]) for name in decisions if name in outcomes]
    return [example for example in examples if is_learnable(example)]


def read_records(settings: Settings, codec: Codec, name: Name) -> list[Datum]:
    """The decodable records of a topic; the others are in its dead letter queue."""
    messages = topic_reader.read(settings, [settings.topics.name(name)])
    decoded = (decode_or_none(codec, record(RECORD_OF[name]), message) for message in messages)
    return [datum for datum in decoded if datum is not None]


def store_probabilities(settings: Settings, name: str, tenant: str, rows: Mapping[str, Mapping[str, float]]) -> None:
    with clickhouse.session(settings) as client:
        client.execute(INSERT, [(tenant, name, decision, dict(chances)) for decision, chances in rows.items()])


def print_estimates(estimates: Mapping[str, Any], console: Console) -> None:
    """Print the estimates, or why there are none."""
    console.print(
        f"{estimates['decisions']} logged decisions; their observed mean reward is {format_number(estimates['drawn'])} "
        "(fall of the frustration level; positive is better)."
    )
    for name, title in (
        ("doubly_robust", "doubly robust"),
        ("snips", "importance weighting (SNIPS)"),
        ("gain", "gain over the observed"),
    ):
        console.print(f"{estimates['candidate']}, {title}: {format_interval(estimates[name])}", highlight=False)
    ess, unsupported = estimates["ess"], estimates["unsupported"]
    console.print(f"effective sample size {ess:.0f}; 95 % intervals, clustered by conversation", style="dim")
    if unsupported:
        console.print(f"in {unsupported} decisions it prefers an option whose propensity was 0", style="dim")


def format_interval(interval: Mapping[str, float] | None) -> str:
    if interval is None:
        return f"insufficient data (under {effects.SHOWN_AFTER} decisions, or effective sample size under {MIN_ESS:g})"
    return f"{interval['value']:+.3f} ({interval['low']:+.3f} to {interval['high']:+.3f})"


def format_number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:+.3f}"
