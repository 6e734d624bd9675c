"""The policy learns from outcomes, acts on them, and every snapshot can be reproduced from the log."""

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agents.embedded.process import ChildProcess
from agents.kafka.record_builder import COMMAND_SOURCE
from agents.learning import policy_commands
from agents.learning.tenant_policy_learner import DecodedRecord, TenantPolicyLearner
from agents.schema_registry.client import codec_for
from schemas.errors import Reason
from schemas.headers import ERROR_PREFIX
from schemas.records import record
from schemas.topics import RECORD_OF, Name
from streams import ids
from streams.config.model import BeliefConfig, DecisionConfig, OutcomeConfig, PolicyConfig
from streams.interventions.options import CONTROL
from streams.policy import snapshot
from streams.policy.learner import rating_score
from streams.policy.snapshot import Snapshot, from_record, to_record
from streams.signals.extraction import policy_signal
from tests.support.bus_events import ANGRY, conversation, now_ms
from tests.support.data import lessons
from tests.support.deployment import Deployment, deploy, eventually, settings_for
from tests.support.verification import verify_once_caught_up

Record = dict[str, Any]
START = now_ms() - 3_600_000
GLAD = "Thank you so much, that is perfect, it works now!"
HARMFUL, HARMLESS = "answer-first", "offer-options"
BY_US = {"ce_source": COMMAND_SOURCE.encode()}  # follows from no signal: tenor verify leaves it out
SAFE_START, ROLLBACK_AFTER = 10, 40
POISON = b"no record of ours"
REFUSED = "tenor_snapshots_refused_total"


@pytest.fixture(scope="module")
def deployment(broker: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """One for all: each test has a tenant of its own, and each tenant its own policy."""
    deployed = deploy(
        settings_for(
            broker,
            tick_s=4.0,
            partitions=2,
            belief=BeliefConfig(threshold=1.0, clear=0.4),
            outcome=OutcomeConfig(window_turns=1, margin=0.001),
            decision=DecisionConfig(cooldown_s=0.0, holdout_share=0.0),
            policy=PolicyConfig(
                snapshot_outcomes=5, snapshot_s=1.0, safe_start=SAFE_START, rollback_after=ROLLBACK_AFTER
            ),
        ),
        tmp_path_factory.mktemp("policy"),
    )
    deployed.start_worker()
    deployed.start("learner")
    yield deployed
    deployed.stop()


def process(deployment: Deployment, name: str) -> ChildProcess:
    """The one that runs under this name now."""
    return next(child for child in deployment.workers[::-1] if child.name.startswith(name) and child.alive)


def talk(deployment: Deployment, tenant: str, texts: list[str], count: int = 1, at: int = START) -> None:
    """So many conversations of a tenant, each with these turns."""
    names = [f"{tenant}-{at}-{number}" for number in range(count)]
    turns = [turn | {"tenant": tenant} for name in names for turn in conversation(name, texts, at)]
    deployment.send(Name.MESSAGES, *sorted(turns, key=lambda turn: turn["event_time"]))


def of_tenant(deployment: Deployment, name: Name, tenant: str) -> list[Record]:
    codec, schema = codec_for(deployment.settings), record(RECORD_OF[name])
    decoded = [codec.decode(schema, message.value, {}) for message in deployment.read(name) if message.value != POISON]
    return [message for message in decoded if message["tenant"] == tenant]


def drawn(deployment: Deployment, tenant: str, at: int) -> list[Record]:
    """First decisions of conversations that began at a moment: nothing but the policy narrows their options."""
    decisions = of_tenant(deployment, Name.DECISIONS, tenant)
    return [
        decision
        for decision in decisions
        if decision["kind"] == "first" and decision["conversation_id"].startswith(f"{tenant}-{at}-")
    ]


def publish(deployment: Deployment, name: Name, records: list[Record]) -> None:
    codec, schema = codec_for(deployment.settings), record(RECORD_OF[name])
    deployment.produce(
        (name, datum.get("conversation_id", "key"), codec.encode(schema, datum), BY_US) for datum in records
    )


def experiment(tenant: str, count: int, harm: float, start: int = 0) -> tuple[list[Record], list[Record]]:
    """Decisions as chances of a quarter draw them, and outcomes in which one option does harm."""
    names = [CONTROL, HARMFUL, HARMLESS, "own-and-repair"]
    chances = dict.fromkeys(names, 0.25)
    decisions = [
        lessons.decision(
            f"{tenant}-{number:04d}",
            option=names[number % 4],
            chances=chances,
            tenant=tenant,
            **{"event_time": START + number, "decision_index": 2, "seen": {"level": 0.5 + number % 7 / 20}},
        )
        for number in range(start, start + count)
    ]
    outcomes = [
        lessons.outcome(decision, 0.02 * (number % 5) - harm * (decision["option"] == HARMFUL))
        for number, decision in enumerate(decisions)
    ]
    return decisions, outcomes


def teach(deployment: Deployment, tenant: str, count: int, harm: float = 0.0, start: int = 0) -> None:
    decisions, outcomes = experiment(tenant, count, harm, start)
    publish(deployment, Name.DECISIONS, decisions)
    publish(deployment, Name.OUTCOMES, outcomes)


def snapshots(deployment: Deployment, tenant: str) -> dict[str, tuple[int, Record]]:
    """Where each stands, and what it holds, in the order they were published."""
    codec, schema = codec_for(deployment.settings), record("policy_snapshot")
    decoded = [(message.offset, codec.decode(schema, message.value, {})) for message in deployment.read(Name.POLICY)]
    return {datum["policy_version"]: (offset, datum) for offset, datum in decoded if datum["tenant"] == tenant}


def learned(deployment: Deployment, tenant: str, matured: int) -> Callable[[], Record | None]:
    """The newest snapshot, once it has learned from so many outcomes."""

    def newest() -> Record | None:
        last = list(snapshots(deployment, tenant).values())[-1:]
        return last[0][1] if last and last[0][1]["matured"] >= matured else None

    return newest


def in_force(deployment: Deployment, version: str) -> Callable[[], bool]:
    """Whether every partition was told of a snapshot; what is sent then is folded after it."""

    def announced() -> bool:
        announcements = [
            signal for signal in deployment.read(Name.SIGNALS) if version.encode() in (signal.value or b"")
        ]
        return {signal.partition for signal in announcements} == set(range(deployment.settings.partitions))

    return announced


def test_what_follows_is_reinforced_flagged_rerouted_and_escalated(deployment: Deployment) -> None:
    talk(deployment, "acme", [ANGRY] * 5, 10)
    talk(deployment, "acme", [ANGRY, GLAD, GLAD], 6, START + 1)

    def acted() -> bool:
        actions = {one["action"] for one in of_tenant(deployment, Name.OUTCOMES, "acme")}
        kinds = {one["kind"] for one in of_tenant(deployment, Name.DECISIONS, "acme")}
        rules = {one["rule"] for one in of_tenant(deployment, Name.ALERTS, "acme")}
        return (
            actions >= {"reinforce", "reroute", "escalate"}
            and kinds >= {"first", "reroute", "escalation"}
            and rules >= {"frustration_raised", "intervention_failed", "handed_over"}
        )

    eventually(acted, "all of it")
    decisions = {one["decision_id"]: one for one in of_tenant(deployment, Name.DECISIONS, "acme")}
    failed = {one["decision_id"] for one in of_tenant(deployment, Name.OUTCOMES, "acme") if one["failed"]}
    assert failed <= {one["decision_id"] for one in of_tenant(deployment, Name.ALERTS, "acme")}
    for one in decisions.values():
        if one["kind"] == "reroute":
            before = decisions[one["previous_decision_id"]]
            assert before["decision_id"] in failed
            assert before["option"] in one["excluded"] and before["option"] not in one["eligible"]
        if one["kind"] == "escalation" and one["available"]:
            assert (one["option"], one["propensity"]) == ("hand-over-to-human", 1.0)
    helped = [one for one in of_tenant(deployment, Name.OUTCOMES, "acme") if one["action"] == "reinforce"]
    assert all(one["reward"] > 0 for one in helped)


def test_what_was_learned_is_taken_on_and_every_decision_says_from_where(deployment: Deployment) -> None:
    eventually(learned(deployment, "acme", SAFE_START), "enough was learned of the outcomes before")
    last = eventually(learned(deployment, "acme", SAFE_START), "a snapshot")["policy_version"]
    eventually(in_force(deployment, last), "it is announced")
    talk(deployment, "acme", [ANGRY] * 2, 6, START + 2)
    decisions = eventually(lambda: drawn(deployment, "acme", START + 2), "decisions under it")
    known = snapshots(deployment, "acme")
    for decision in decisions:
        offset, datum = known[decision["policy_version"]]
        assert (decision["snapshot_offset"], datum["policy_version"]) == (offset, decision["policy_version"])
        assert set(decision["predicted_reward"]) == {CONTROL, *decision["eligible"]}
        assert sum(chance["probability"] for chance in decision["propensities"]) == pytest.approx(1.0, abs=1e-9)
        assert len({chance["probability"] for chance in decision["propensities"][1:]}) > 1, "no longer uniform"


def test_an_option_that_does_harm_is_rolled_back_told_and_enabled_by_a_person(deployment: Deployment) -> None:
    teach(deployment, "harm", 120, 0.5)
    [alert] = eventually(lambda: of_tenant(deployment, Name.ALERTS, "harm"), "the alert")
    assert (alert["rule"], alert["severity"]) == ("option_rolled_back", "critical")
    assert alert["title"] == f"{HARMFUL} is no longer chosen"
    last = eventually(learned(deployment, "harm", 120), "all is learned")
    assert last["disabled"] == [HARMFUL]
    eventually(in_force(deployment, last["policy_version"]), "it is announced")
    talk(deployment, "harm", [ANGRY] * 2, 6)
    for one in eventually(lambda: drawn(deployment, "harm", START), "decisions without it"):
        assert HARMLESS in one["eligible"] and HARMFUL not in one["eligible"]
        assert HARMFUL not in {chance["option"] for chance in one["propensities"]}
    policy_commands.publish_command(deployment.settings, "enable", HARMFUL, "harm", "me", "reworded")

    def enabled() -> str | None:
        version, (_, datum) = list(snapshots(deployment, "harm").items())[-1]
        forgotten = HARMFUL not in {one["option"] for one in datum["evidence"] if one["n"] >= ROLLBACK_AFTER}
        return version if not datum["disabled"] and forgotten else None

    eventually(in_force(deployment, eventually(enabled, "it is enabled")), "and announced")
    talk(deployment, "harm", [ANGRY] * 2, 6, START + 1)
    decisions = eventually(lambda: drawn(deployment, "harm", START + 1), "decisions with it")
    assert all(HARMFUL in one["eligible"] for one in decisions)


def test_a_killed_learner_goes_on_exactly_where_it_was(deployment: Deployment) -> None:
    decisions, outcomes = experiment("dead", 40, 0.0)
    publish(deployment, Name.DECISIONS, decisions)
    publish(deployment, Name.OUTCOMES, outcomes[:17])
    eventually(learned(deployment, "dead", 17), "some are learned")
    learner = process(deployment, "learner")
    os.kill(learner.pid, signal.SIGKILL)
    publish(deployment, Name.OUTCOMES, outcomes[20:])
    eventually(lambda: not learner.alive, "it is dead")
    publish(deployment, Name.OUTCOMES, [*outcomes[10:20], *outcomes[:5]])  # some of them again
    deployment.start("learner")
    last = eventually(learned(deployment, "dead", 40), "its successor learns the rest")
    assert last["matured"] == 40
    assert {one["option"]: one["n"] for one in last["evidence"]}[HARMLESS] == 40


def test_what_fits_nothing_is_a_dead_letter_with_its_reason(deployment: Deployment) -> None:
    stray = lessons.outcome(lessons.decision("stray", tenant="odd", event_time=START))
    command = lessons.command("no-such-option") | {"tenant": "odd"}
    publish(deployment, Name.OUTCOMES, [stray])
    publish(deployment, Name.COMMANDS, [command])
    for name, reason in ((Name.OUTCOMES, Reason.UNKNOWN_DECISION), (Name.COMMANDS, Reason.UNKNOWN_OPTION)):
        letters = eventually(lambda name=name: deployment.dead_letters(name), "a dead letter")
        assert {letter.header(f"{ERROR_PREFIX}reason") for letter in letters} == {str(reason)}
    for _, datum in snapshots(deployment, "odd").values():
        assert (datum["matured"], datum["options"], datum["disabled"]) == (0, [], []), (
            "read so far, and nothing learned"
        )


def test_poison_is_neither_learned_nor_fatal(deployment: Deployment) -> None:
    decisions, outcomes = experiment("poison", 12, 0.0)
    publish(deployment, Name.DECISIONS, [decisions[0] | {"context": {"level": 0.5}}, *decisions[1:]])
    publish(deployment, Name.OUTCOMES, [*outcomes[:1], outcomes[1] | {"reward": float("nan")}, *outcomes[2:]])
    deployment.produce([(name, "poison", POISON, BY_US) for name in (Name.OUTCOMES, Name.DECISIONS)])
    assert eventually(learned(deployment, "poison", 10), "the others are learned")["matured"] == 10
    from_record(list(snapshots(deployment, "poison").values())[-1][1])


def test_a_broken_snapshot_leaves_the_last_good_one_in_force(deployment: Deployment) -> None:
    teach(deployment, "broken", 20)
    good = eventually(learned(deployment, "broken", 20), "a good one")["policy_version"]
    eventually(in_force(deployment, good), "it is announced")
    newer = to_record(Snapshot("broken", matured=99)) | {"format": 99}
    version = snapshot.compute_version(newer)
    codec = codec_for(deployment.settings)
    value = codec.encode(record("policy_snapshot"), newer | {"policy_version": version})
    deployment.produce([(Name.POLICY, version, value, BY_US)])
    told = codec.encode(record("signal"), policy_signal("broken", version, 1, START))
    signals = [(Name.SIGNALS, f"key-{number}", told, BY_US) for number in range(20)]  # to every partition
    deployment.produce(signals)
    eventually(in_force(deployment, version), "it is announced")
    talk(deployment, "broken", [ANGRY] * 2, 4)
    decisions = eventually(lambda: drawn(deployment, "broken", START), "decisions")
    usable = [name for name, (_, datum) in snapshots(deployment, "broken").items() if datum["matured"] < 99]
    assert usable[0] == good
    assert {decision["policy_version"] for decision in decisions} <= set(usable)
    assert deployment.metric(process(deployment, "worker"), REFUSED) >= 1


def test_every_snapshot_can_be_learned_again_and_every_output_follows_from_the_log(deployment: Deployment) -> None:
    """After all of the above: broken snapshots, a killed learner, commands and dead letters."""
    verdict = verify_once_caught_up(deployment)
    assert verdict.equal, verdict
    assert verdict.expected == verdict.published
    reads = all_read(deployment)
    for tenant, least in (("acme", 1), ("harm", 2), ("dead", 2), ("broken", 1)):  # acme's may all be learned at once
        published = [datum for _, datum in snapshots(deployment, tenant).values() if datum["format"] == snapshot.FORMAT]
        assert len(published) >= least
        before = Snapshot(tenant)
        for datum in published:
            again = learned_again(deployment, before, datum, reads)
            assert again == datum, f"{tenant}: {datum['policy_version']} after {datum['previous']}"
            before = from_record(datum)
    alerted = {datum["alert_id"] for datum in deployment.decoded(Name.ALERTS) if datum["conversation_id"] is None}
    lost = rolled_back(deployment)
    assert lost
    assert {ids.stable_id("alert", "option_rolled_back", HARMFUL, "harm", name) for name in lost} <= alerted


def rolled_back(deployment: Deployment) -> list[str]:
    """Snapshots that took the harmful option out of use."""
    published = [datum for _, datum in snapshots(deployment, "harm").values()]
    before: list[list[str]] = [[], *(datum["disabled"] for datum in published)]
    return [
        datum["policy_version"]
        for datum, known in zip(published, before, strict=False)
        if HARMFUL in datum["disabled"] and HARMFUL not in known
    ]


def all_read(deployment: Deployment) -> list[DecodedRecord]:
    """Everything the learner reads."""
    codec, read = codec_for(deployment.settings), []
    for name in (Name.DECISIONS, Name.OUTCOMES, Name.RATINGS, Name.COMMANDS):
        for received in deployment.read(name):
            if received.value != POISON:
                datum = codec.decode(record(RECORD_OF[name]), received.value, {})
                read.append(
                    DecodedRecord(
                        name, received, datum | ({"score": rating_score(datum)} if name is Name.RATINGS else {})
                    )
                )
    return read


def learned_again(
    deployment: Deployment, before: Snapshot, published: Record, reads: list[DecodedRecord]
) -> Record | None:
    """What a snapshot should be, from the one before it and the log."""
    again = TenantPolicyLearner(deployment.settings.config, before)
    for read in reads:
        if read.datum["tenant"] == published["tenant"]:
            again.add(read)
    again.restore()
    return again.learn(from_record(published).positions).record
