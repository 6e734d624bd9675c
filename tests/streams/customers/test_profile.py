"""What is remembered of a customer: bounded, exact, erasable; and what it does in the next conversation."""

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.records import record
from streams.config.model import Config, ProfileConfig
from streams.conversations import lifecycle
from streams.conversations.fold import fold
from streams.conversations.partition import Partition
from streams.customers import profile, profile_priors
from streams.customers.partition import MARK, CustomerPartition
from streams.customers.profile import Profile, ProfileError, merge_note
from streams.outputs import Output
from streams.state import Baseline, OptionHistory, ProfilePrior, State
from tests import examples
from tests.support.data.builders import (
    CALM,
    FURIOUS,
    GLAD,
    answer,
    brought,
    fold_all,
    keystrokes,
    log,
    message,
    moment,
    navigation,
    nervous,
    of,
    told,
)

CONFIG = ProfileConfig()
DAY_S = 86_400.0
FEATURES = ("typing.dwell_ms", "typing.flight_ms", "latency.wait", "text.tone")
NAMES = st.text("abc", min_size=1, max_size=3)
COUNTS = st.dictionaries(NAMES, st.integers(0, 20), max_size=8)
VALUES = st.floats(-1e3, 1e3)
BASELINES = st.dictionaries(
    st.sampled_from(FEATURES),
    st.fixed_dictionaries({"mean": VALUES, "variance": st.floats(0, 1e3), "count": st.integers(1, 30)}),
)
FOLLOWED = st.dictionaries(
    NAMES, st.fixed_dictionaries({"helped": st.integers(0, 5), "failed": st.integers(0, 5)}), max_size=6
)


@st.composite
def notes(draw: st.DrawFn) -> dict[str, Any]:
    """A note about one of two customers; ids repeat now and then."""
    at = draw(st.integers(0, 50)) * 1000
    return {
        "note_id": draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz")),
        "kind": draw(st.sampled_from(["opened", "learned", "learned", "learned", "withdrawn", "erased"])),
        "event_time": at,
        "tenant": "default",
        "customer_id": draw(st.sampled_from(["u1", "u2"])),
        "conversation_id": "c1",
        "opened_at": at - draw(st.integers(0, 20)) * 1000,
        "keystroke_consent": draw(st.sampled_from([None, True, False])),
        "turns": draw(st.integers(0, 30)),
        "baselines": draw(BASELINES),
        "triggers": draw(COUNTS),
        "defused": draw(FOLLOWED),
        "config_version": "v",
    }


MANY = st.lists(notes(), max_size=25)


def merged(found: list[dict[str, Any]]) -> Profile | None:
    one = None
    for note in found:
        one = merge_note(one, note, CONFIG)
    return one


def told_customers(found: list[dict[str, Any]], stored: dict[str, bytes] | None = None, first: int = 0) -> Any:
    """The partition after these notes, what it answered, and what is stored."""
    stored = {} if stored is None else stored
    customers = CustomerPartition(CONFIG, stored)
    answers = [customers.fold(note, ("notes", 0, first + offset)) for offset, note in enumerate(found)]
    write(stored, customers.changes())
    return stored, answers, customers


def write(stored: dict[str, bytes], changes: list[tuple[str, bytes | None]]) -> None:
    for key, value in changes:
        if value is None:
            stored.pop(key, None)
        else:
            stored[key] = value


# What is kept


@given(MANY)
def test_a_profile_stays_small_whatever_it_is_told(found: list[dict[str, Any]]) -> None:
    small = ProfileConfig(names=2, tones=3, memory=10)
    one = None
    for note in found:
        one = merge_note(one, note, small)
    if one is None:
        return
    assert len(one.tones) <= small.tones and len(one.seen) <= profile.SEEN
    assert max(len(one.triggers), len(one.defused), len(one.baselines)) <= small.names
    assert all(0 < usual.count <= small.memory and usual.variance >= 0 for usual in one.baselines.values())
    assert all(profile.LEAST <= count < 21 / (1 - small.decay) for count in one.triggers.values())
    assert abs(profile.usual_tone(one, small)) <= small.tone_limit


@given(MANY, notes())
def test_a_note_told_twice_counts_once(found: list[dict[str, Any]], note: dict[str, Any]) -> None:
    once = merge_note(merged(found), note, CONFIG)
    assert merge_note(once, copy.deepcopy(note), CONFIG) == once


@given(MANY)
def test_customers_do_not_touch_each_other(found: list[dict[str, Any]]) -> None:
    """However the notes of two customers are interleaved, each has what only their own notes say."""
    numbered = [note | {"note_id": str(number)} for number, note in enumerate(found)]
    together = told_customers(numbered)[0]
    for name in ("u1", "u2"):
        alone = told_customers([note for note in numbered if note["customer_id"] == name])[0]
        key = f"default\x1f{name}"
        assert without_offset(together.get(key)) == without_offset(alone.get(key))


def without_offset(value: bytes | None) -> Profile | None:
    return None if value is None else msgspec.structs.replace(profile.decode(value), offset=0)


@given(st.lists(st.tuples(st.integers(1, 5), VALUES, st.floats(0, 100)), min_size=2, max_size=6), st.randoms())
def test_baselines_do_not_depend_on_the_order_of_conversations(samples: list[Any], chance: Any) -> None:
    """As long as nothing is forgotten: pooling is exact."""
    parts = [{"f": Baseline(mean, variance, count)} for count, mean, variance in samples]
    first, second = ({}, {})  # type: ignore[var-annotated]
    for part in parts:
        first = profile_priors.pool_baselines(first, part, 1000)
    chance.shuffle(parts)
    for part in parts:
        second = profile_priors.pool_baselines(second, part, 1000)
    assert first["f"].count == second["f"].count == sum(count for count, _, _ in samples)
    assert first["f"].mean == pytest.approx(second["f"].mean, abs=1e-6)
    assert first["f"].variance == pytest.approx(second["f"].variance, abs=1e-3)


def test_pooling_is_the_mean_and_variance_of_all_values() -> None:
    first, second = Baseline(2.0, 2 / 3, 3), Baseline(6.0, 1.0, 2)  # 1 2 3 and 5 7
    pooled = profile_priors.pool_pair(first, second)
    assert pooled.mean == pytest.approx(3.6)
    assert pooled.variance == pytest.approx(4.64)


@given(MANY)
def test_a_profile_is_read_as_it_was_written(found: list[dict[str, Any]]) -> None:
    one = merged(found)
    if one is not None:
        assert profile.decode(profile.encode(one)) == one
        assert profile.read_learned_at(profile.encode(one)) == one.at


@pytest.mark.parametrize("value", [b"", b"\x02" + bytes(20), b"\x01" + bytes(8) + b"\xff"])
def test_another_format_is_refused_and_says_what_to_do(value: bytes) -> None:
    with pytest.raises(ProfileError):
        profile.decode(value)


# What survives a crash, and an erasure


@examples(100)
@given(MANY, st.integers(0, 25), st.integers(0, 6))
def test_a_crash_anywhere_changes_nothing(found: list[dict[str, Any]], cut: int, writes: int) -> None:
    """A run breaks off after some writes and is read again from its first note."""
    numbered = [note | {"note_id": str(number)} for number, note in enumerate(found)]
    calm, stored = told_customers(numbered)[0], {}  # type: ignore[var-annotated]
    customers = CustomerPartition(CONFIG, stored)
    for offset, note in enumerate(numbered[:cut]):
        customers.fold(note, ("notes", 0, offset))
    write(stored, customers.changes()[:writes])
    again, _, _ = told_customers(numbered, stored)
    assert again == calm


@given(MANY)
def test_notes_read_again_change_nothing(found: list[dict[str, Any]]) -> None:
    stored, _, _ = told_customers(found)
    before = dict(stored)
    told_customers(found, stored)
    assert stored == before


@given(MANY)
def test_an_erasure_is_final_for_all_that_opened_before_it(found: list[dict[str, Any]]) -> None:
    """Replayed at new offsets, or told late by a conversation that was still running."""
    erased = {"kind": "erased", "note_id": "e", "tenant": "default", "customer_id": "u1", "keystroke_consent": None}
    erased |= {"event_time": 60_000, "opened_at": 60_000}
    stored, _, _ = told_customers([*found, erased])
    older = [note | {"note_id": f"again {number}"} for number, note in enumerate(found) if note["kind"] != "erased"]
    _, answers, _ = told_customers(older, stored, first=len(found) + 1)
    assert "default\x1fu1" not in stored
    assert all(one is None for one, note in zip(answers, older, strict=True) if note["customer_id"] == "u1")
    assert not any("u1" in key for key in stored)


def learned(number: int, at_s: float, **changes: Any) -> dict[str, Any]:
    told = {"note_id": str(number), "kind": "learned", "event_time": moment(at_s), "opened_at": moment(at_s - 60)}
    about = {"tenant": "default", "customer_id": "u1", "conversation_id": "c1", "keystroke_consent": None, "turns": 1}
    return told | about | {"baselines": {}, "triggers": {}, "defused": {}, "config_version": "v"} | changes


def test_after_an_erasure_a_customer_is_remembered_anew() -> None:
    erased = learned(1, 100, kind="erased", opened_at=moment(100))
    stored, _, customers = told_customers([learned(0, 0), erased, learned(2, 120), learned(3, 300)])
    assert profile.decode(stored["default\x1fu1"]).conversations == 1
    assert customers.skipped == 1  # opened before


def test_the_mark_is_written_before_a_profile_that_begins_after_it() -> None:
    results = [learned(0, 0), learned(1, 100, kind="erased", opened_at=moment(100)), learned(2, 300)]
    customers = CustomerPartition(CONFIG, {})
    for offset, note in enumerate(results):
        customers.fold(note, ("notes", 0, offset))
    assert [key.startswith(MARK) for key, _ in customers.changes()] == [True, False]


def test_the_tombstone_comes_after_the_mark() -> None:
    customers = CustomerPartition(CONFIG, told_customers([learned(0, 0)])[0])
    customers.fold(learned(1, 100, kind="erased"), ("notes", 0, 1))
    (mark, value), (key, gone) = customers.changes()
    assert mark.startswith(MARK) and value
    assert (key, gone) == ("default\x1fu1", None)


def test_what_is_too_old_is_swept_out() -> None:
    stored, _, _ = told_customers(
        [learned(0, 0, customer_id="old"), learned(1, 0, kind="erased", customer_id="gone"), learned(2, 400 * DAY_S)]
    )
    assert len(stored) == 3
    told_customers([], stored)
    assert set(stored) == {"default\x1fu1"}


def test_two_tenants_may_use_the_same_customer_id() -> None:
    stored, _, _ = told_customers([learned(0, 0), learned(1, 0, tenant="another")])
    assert set(stored) == {"default\x1fu1", "another\x1fu1"}


# What a conversation tells


def spoken(*events: Any, config: Config | None = None) -> list[dict[str, Any]]:
    config = config or Config()
    state, outputs = told(config, *events)
    return of([*outputs, *lifecycle.end(state, "c1", config)], "customer_note")


def test_a_conversation_asks_when_it_opens_and_tells_when_it_falls_silent() -> None:
    opened, learned = spoken(message(FURIOUS), answer(at=20), message(GLAD, 60))
    assert (opened["kind"], learned["kind"]) == ("opened", "learned")
    assert opened["note_id"] != learned["note_id"]
    assert learned["turns"] == 2
    assert learned["baselines"]["text.tone"]["count"] == 2
    assert learned["baselines"].keys() == {"text.tone", "latency.wait", "latency.reply"}
    assert learned["triggers"]["text.severity"] == 1
    assert "text.gratitude" not in learned["triggers"]
    assert learned["event_time"] == moment(60 + Config().outcome.idle_s)


def test_a_solved_conversation_tells_at_once_and_what_comes_after_later() -> None:
    first = [message(CALM), message(GLAD, 30, status="resolved")]
    opened, learned = spoken(*first)
    assert [opened["kind"], learned["kind"], learned["turns"]] == ["opened", "learned", 2]
    *_, late = spoken(*first, message(FURIOUS, 60))
    assert (late["kind"], late["turns"]) == ("learned", 1)
    assert late["note_id"] != learned["note_id"]


def test_a_customer_who_becomes_known_is_asked_for_then() -> None:
    [opened, learned] = spoken(message(CALM, customer_id=None), message(CALM, 10, customer_id="u1"))
    assert (opened["event_time"], learned["turns"]) == (moment(10), 2)


def test_nobody_is_remembered_without_a_customer_id_or_where_it_is_switched_off() -> None:
    assert spoken(message(FURIOUS, customer_id=None)) == []
    assert spoken(message(FURIOUS), config=Config(profile=ProfileConfig(remember=False))) == []


def test_another_customer_in_the_same_conversation_starts_from_nothing() -> None:
    *_, opened, learned = spoken(message(FURIOUS), message(GLAD, 10, customer_id="u2"))
    assert (opened["kind"], opened["customer_id"]) == ("opened", "u2")
    assert (learned["customer_id"], learned["turns"], learned["triggers"]) == ("u2", 1, {})


BURSTS = [keystrokes(10.0 * i) for i in range(1, 6)]


def test_typing_is_told_with_consent_only() -> None:
    *_, learned = spoken(message(CALM, keystroke_consent=True), *BURSTS)
    assert learned["baselines"]["typing.flight_ms"]["count"] == 5
    opened, withdrawn, late = spoken(message(CALM), *BURSTS, message(CALM, 90, keystroke_consent=False))
    assert [item["kind"] for item in (opened, withdrawn, late)] == ["opened", "withdrawn", "learned"]
    assert withdrawn["keystroke_consent"] is False
    assert not [name for name in late["baselines"] if name.startswith("typing.")]


def test_withdrawn_consent_takes_remembered_typing_with_it() -> None:
    known = {"typing.dwell_ms": {"mean": 80.0, "variance": 1.0, "count": 9}}
    one = merge_note(None, learned(0, 0, baselines=known, keystroke_consent=True), CONFIG)
    assert one is not None and one.baselines
    for kind in ("withdrawn", "opened", "learned"):
        after = merge_note(one, learned(1, 9, kind=kind, keystroke_consent=False), CONFIG)
        assert after is not None and not after.baselines


def test_what_followed_an_intervention_is_told() -> None:
    config = nervous()
    [*_, learned] = spoken(*[message(FURIOUS, 30.0 * i) for i in range(3)], *calmer(), config=config)
    assert set(learned["defused"]) <= {"slow", "offer", "control", "hand-over"}
    assert sum(item["helped"] for item in learned["defused"].values()) >= 1


def calmer() -> list[dict[str, Any]]:
    return [message(GLAD, 100.0 + 30 * i) for i in range(8)]


# What a profile does


def with_profile(config: Config, first: Any, signal: Any, *events: Any) -> tuple[State, list[Output]]:
    opening, *rest = log(first, *events)
    return fold_all([opening, signal, *rest], config)


def test_the_usual_tone_is_taken_off_and_named() -> None:
    cross = [message("I am still waiting, and it does not work", 30.0 * i) for i in range(1, 4)]
    _, plain = with_profile(Config(), message(CALM), brought(), *cross)
    _, outputs = with_profile(Config(), message(CALM), brought(tone=0.3), *cross)
    before, after = of(plain, "trajectory_point")[-1], of(outputs, "trajectory_point")[-1]
    assert after["alarm"] < before["alarm"] and after["level"] < before["level"]
    assert after["observation"] == pytest.approx(before["observation"] - 0.3)
    shares = {contribution["signal"]: contribution["share"] for contribution in after["contributions"]}
    assert shares["profile.tone"] < 0


def test_the_tone_that_is_told_is_the_persons_own_not_what_was_left_of_it() -> None:
    events = [message(FURIOUS, 30.0)]
    notes = []
    for signal in (brought(), brought(tone=0.3)):
        state, _ = with_profile(Config(), message(CALM), signal, *events)
        notes.append(of(lifecycle.end(state, "c1", Config()), "customer_note")[-1])
    assert notes[0]["baselines"] == notes[1]["baselines"]


def test_a_known_rhythm_tells_from_the_first_burst_and_is_not_told_back() -> None:
    usual = {"typing.backspace_rate": {"mean": 0.02, "variance": 0.0004, "count": 60}}
    corrected = keystrokes(10, backspaces=12)
    plain, _ = with_profile(Config(), message(CALM, keystroke_consent=True), brought(), corrected)
    state, _ = with_profile(Config(), message(CALM, keystroke_consent=True), brought(baselines=usual), corrected)
    assert state.belief.alarm > plain.belief.alarm
    assert state.baselines == plain.baselines
    assert state.usual is not None and state.usual.baselines["typing.backspace_rate"].count == 60


def test_remembered_typing_is_not_used_without_consent() -> None:
    usual = {"typing.flight_ms": {"mean": 100.0, "variance": 25.0, "count": 60}}
    state, _ = with_profile(Config(), message(CALM, keystroke_consent=False), brought(baselines=usual))
    assert state.usual is not None and state.usual.baselines == {}
    state, _ = with_profile(
        Config(), message(CALM), brought(baselines=usual), message(CALM, 9, keystroke_consent=False)
    )
    assert state.usual is not None and state.usual.baselines == {}


def test_a_profile_of_somebody_else_or_a_second_one_says_nothing() -> None:
    state, _ = with_profile(Config(), message(CALM), brought(tone=0.3) | {"customer_id": "u2"})
    assert state.usual is None
    assert state.positions["tenor.customers/0"] == 7
    one, _ = with_profile(Config(), message(CALM), brought(tone=0.3))
    assert (
        fold(one, brought(offset=8, tone=-0.3), Config())[0].usual
        == one.usual
        == ProfilePrior(tone=0.3, conversations=4)
    )


def test_a_profile_may_come_after_the_conversation_has_told() -> None:
    state, _ = told(Config(), message(CALM), answer(at=9), message(GLAD, 30, status="resolved"))
    late = brought(tone=0.2, baselines={"latency.wait": {"mean": 5.0, "variance": 1.0, "count": 60}})
    after = fold(state, late, Config())[0].usual
    assert after is not None and (after.tone, after.baselines["latency.wait"].count) == (0.2, CONFIG.seed + 1)


def test_a_profile_opens_no_conversation_and_keeps_none_alive() -> None:
    partition = Partition(Config(), {}.get, {})
    assert partition.fold(brought()) == []
    assert (len(partition), partition.skipped) == (0, 1)
    state, _ = told(Config(), message(CALM, 500.0))
    after, outputs = fold(state, brought(tone=0.1), Config())
    assert (after.last_at, after.turn, after.belief, outputs) == (state.last_at, 1, state.belief, [])


def test_one_angry_conversation_does_not_make_anger_usual() -> None:
    tones = [0.02, -0.01, 0.9, 0.03]
    notes = [
        learned(n, n, baselines={"text.tone": {"mean": tone, "variance": 0.1, "count": 8}})
        for n, tone in enumerate(tones)
    ]
    one = merged(notes)
    assert one is not None
    assert profile.usual_tone(one, CONFIG) < 0.03


def test_a_customer_seen_once_barely_shifts_anything() -> None:
    note = learned(0, 0, baselines={"text.tone": {"mean": 0.3, "variance": 0.1, "count": 8}})
    one = merge_note(None, note, CONFIG)
    assert one is not None and profile.usual_tone(one, CONFIG) == pytest.approx(0.1)


def test_counts_fade() -> None:
    one = merged([learned(n, n, triggers={"text.blame": 1}) for n in range(2)])
    assert one is not None and one.triggers == {"text.blame": pytest.approx(1.9)}
    for n in range(2, 40):
        one = merge_note(one, learned(n, n, defused={"slow": {"helped": int(n == 2), "failed": 0}}), CONFIG)
    assert one is not None and one.triggers == {} and one.defused == {}
    assert merged([learned(0, 0, defused={"slow": {"helped": 2, "failed": 1}})]).defused == {
        "slow": OptionHistory(2.0, 1.0)
    }  # type: ignore[union-attr]


def test_a_profile_that_answers_fits_the_log() -> None:
    codec, signal = Codec(), record("signal")
    events = [message(FURIOUS), *BURSTS, message(GLAD, 60, status="resolved"), navigation(at=70.0)]
    result = spoken(*events, config=nervous())
    [*_, answered] = told_customers([*result, result[0] | {"note_id": "next", "opened_at": moment(9e4)}])[1]
    assert codec.decode(signal, codec.encode(signal, answered), {}) == answered
    note = record("customer_note")
    assert all(codec.decode(note, codec.encode(note, item), {}) == item for item in result)


# What is made of it

FURIES = [message(FURIOUS, 30.0 * i) for i in range(1, 6)]


def test_what_often_failed_a_customer_is_not_drawn_again() -> None:
    failed = {"slow": {"helped": 0.5, "failed": 2.6}, "offer": {"helped": 1.0, "failed": 1.9}}
    _, outputs = with_profile(nervous(), message(CALM), brought(defused=failed), *FURIES)
    first = of(outputs, "decision")[0]
    assert first["eligible"] == ["offer"]
    assert {propensity["option"] for propensity in first["propensities"]} == {"control", "offer"}


def test_where_everything_failed_before_there_is_still_something() -> None:
    failed = {name: {"helped": 0.0, "failed": 5.0} for name in ("slow", "offer", "hand-over")}
    _, outputs = with_profile(nervous(), message(CALM), brought(defused=failed), *FURIES)
    assert of(outputs, "decision")[0]["eligible"] == ["slow", "offer"]


def test_an_intervention_says_what_is_known_of_the_customer() -> None:
    known = {
        "triggers": {"text.waiting": 2.0, "text.leaving": 1.0, "text.blame": 3.0, "text.marks": 0.1},
        "defused": {"offer": {"helped": 2.0, "failed": 1.0}, "slow": {"helped": 0.0, "failed": 1.0}},
    }
    _, outputs = with_profile(nervous(), message(CALM), brought(**known), *FURIES)
    reason = of(outputs, "intervention")[0]["reason"]
    assert reason.endswith(
        "In earlier conversations it rose mostly with text.blame, text.waiting, text.leaving and calmed after offer."
    )
    _, outputs = with_profile(nervous(), message(CALM), brought(), *FURIES)
    assert "earlier" not in of(outputs, "intervention")[0]["reason"]


def test_topics_are_remembered_where_the_level_rose() -> None:
    """What was spoken of while it rose; no part of the level is theirs."""
    said = "You are useless, I have been charged twice and want my money back. Ridiculous."
    _, learned = spoken(message(said))
    assert learned["triggers"]["topic.price"] == 1
    _, calm = spoken(message("Thank you, that helps, I paid the invoice"))
    assert "topic.price" not in calm["triggers"]


def test_a_crm_reads_a_profile_with_messagepack_alone() -> None:
    """As docs/events.md says it can; what comes later is appended."""
    known = Profile(at=7, offset=3, conversations=2, turns=9, tones=(0.5,), triggers={"topic.price": 1.9}, seen=("n1",))
    value = profile.encode(msgspec.structs.replace(known, defused={"slow": OptionHistory(1.0, 0.9)}))
    assert (value[0], int.from_bytes(value[1:9], "big")) == (1, 7)
    at, _, conversations, turns, tones, _, triggers, defused, *_ = msgspec.msgpack.decode(value[9:])
    assert (at, conversations, turns, tones) == (7, 2, 9, [0.5])
    assert (triggers, defused) == ({"topic.price": 1.9}, {"slow": [1.0, 0.9]})
