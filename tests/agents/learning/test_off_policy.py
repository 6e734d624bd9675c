"""Another policy's worth over decisions on record, through Kafka and ClickHouse."""

from pathlib import Path

import pytest

from agents.clickhouse.period import parse_time
from agents.common.errors import Failure
from agents.kafka.admin import topics
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.producer import Producer
from agents.kafka.record_builder import build_record
from agents.learning.candidate_file import read_candidate
from agents.learning.off_policy import DecisionRange, evaluate_candidate
from agents.settings.model import Settings
from schemas.codec import Codec
from streams.experiment import policy_value
from streams.interventions.options import CONTROL
from streams.outputs import Output
from streams.policy import context, thompson
from streams.policy.snapshot import Snapshot, to_record
from tests.support.data.experiments import Made, experiment
from tests.support.data.records import AT
from tests.support.data.warehouse import by, of, store

pytestmark = pytest.mark.integration
SEEN = {
    **{"level": 0.6, "level_sd": 0.1, "slope": 0.1, "alarm": 8.0, "turn": 4.0, "failures": 0.0, "minutes": 3.0},
    **{"returning": 0.0, "tone": 0.0, "slow_channel": 0.0, "voice": 0.0},
}
OPTIONS = """
options:
  - {id: slow, guidance: g, prompt: p}
  - {id: offer, guidance: g, prompt: p}
  - {id: own, guidance: g, prompt: p, constraints: {hand_over: true}}
"""


@pytest.fixture
def recorded(migrated: Settings, tmp_path: Path) -> tuple[Settings, list[Made]]:
    """A deployment whose topics and tables hold an experiment of 900 decisions."""
    (tmp_path / "protocols.yaml").write_text(OPTIONS)
    settings = migrated.model_copy(update={"protocols_file": tmp_path / "protocols.yaml"})
    assert topics.apply(settings) == []
    made = experiment("default", 900, 1, context=SEEN, context_version=context.VERSION)
    outputs = [Output("decision", one.decision["decision_id"], one.decision) for one in made]
    outputs += [Output("outcome", one.outcome["outcome_id"], one.outcome) for one in made]
    send(settings, *(build_record(one, Codec(), settings.topics) for one in [*outputs, *outputs[:40]]))
    store(settings, made)
    return settings, made


def send(settings: Settings, *records: OutgoingRecord) -> None:
    Producer(settings).send(records)


def written(folder: Path, text: str) -> Path:
    (folder / "candidate.yaml").write_text(text)
    return folder / "candidate.yaml"


def test_a_preference_is_worth_what_the_view_says(recorded: tuple[Settings, list[Made]], tmp_path: Path) -> None:
    settings, made = recorded
    found = evaluate_candidate(
        settings, written(tmp_path, "prefer: {slow: 3, own: 1}"), DecisionRange("default", None, None)
    )
    (row,) = [one for one in of(settings, "policy_values", "default") if one["candidate"] == "candidate"]
    for ours, theirs in (("doubly_robust", "dr"), ("snips", "snips")):
        assert found[ours]["value"] == pytest.approx(row[theirs], abs=1e-9)
        assert found[ours]["low"] == pytest.approx(row[f"{theirs}_low"], abs=1e-6)
    assert found["ess"] == pytest.approx(row["ess"])
    assert found["gain"]["low"] > 0, "slow helps in this experiment"
    usable = [one for one in made if one.rewarded and not one.decision["holdout"]]
    assert found["decisions"] == len(usable)
    drawn = by(of(settings, "policy_values", "default"), "candidate")["as drawn"]
    assert drawn["snips"] == pytest.approx(found["drawn"])


def test_a_snapshot_decides_again_and_a_range_is_kept(recorded: tuple[Settings, list[Made]], tmp_path: Path) -> None:
    settings, made = recorded
    arms = {name: thompson.new_arm(context.SIZE, 5.0) for name in ("slow", "offer", "own", CONTROL)}
    arms["slow"] = thompson.update_arm(arms["slow"], context.option_features(SEEN, "slow"), 0.4, 500.0)
    snapshot = to_record(Snapshot("default", arms=arms, matured=500))
    send(
        settings,
        build_record(Output("policy_snapshot", snapshot["policy_version"], snapshot), Codec(), settings.topics),
    )
    half = AT + 450_000
    wanted = DecisionRange("default", None, half)
    file = written(tmp_path, "{name: bold, snapshot: newest, exploration: 0.01, floor: 0}")
    found = evaluate_candidate(settings, file, wanted)
    assert found["decisions"] == sum(
        one.rewarded and not one.decision["holdout"] and one.decision["event_time"] < half for one in made
    )
    assert found["gain"] is None or found["gain"]["value"] > 0
    assert found["unsupported"] == 0
    with pytest.raises(Failure, match="tenant other has no usable snapshot newest"):
        evaluate_candidate(settings, file, DecisionRange("other", None, None))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[1, 2]", "dictionary"),
        ("prefer: {slow: 1}\nsnapshot: newest", "either"),
        ("name: nothing", "either"),
        ("prefer: {slwo: 1}", 'unknown option "slwo"'),
        ("prefer: {slow: -1}", "prefer.slow"),
        ("prefer: {slow: .nan}", "prefer.slow"),
        ("{snapshot: newest, flor: 1}", "flor"),
        ("prefer: {slow: 1", "is not valid YAML"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(settings: Settings, tmp_path: Path, text: str, wrong: str) -> None:
    (tmp_path / "protocols.yaml").write_text(OPTIONS)
    ours = settings.model_copy(update={"protocols_file": tmp_path / "protocols.yaml"})
    with pytest.raises(Failure, match=wrong):
        read_candidate(written(tmp_path, text), ours, Codec(), "default")


def test_a_moment_needs_its_offset() -> None:
    assert parse_time(None) is None
    assert parse_time("2026-09-21T00:00:00Z") == 1_789_948_800_000
    with pytest.raises(Failure, match="RFC 3339"):
        parse_time("2026-09-21T00:00:00")


def test_values_agree_with_the_formulas_on_what_was_drawn(recorded: tuple[Settings, list[Made]]) -> None:
    told = [one.decided for one in recorded[1] if one.rewarded and not one.decision["holdout"]]
    as_drawn = policy_value.policy_gain(told, lambda one: one.propensities)
    assert abs(as_drawn.value) < 4 * as_drawn.error
