"""The catalogue of options: ours is valid, and a wrong one is told what is wrong with which option."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import record
from streams import protocols
from streams.protocols import ProtocolError, default_protocols, read_protocols

LAST = {"id": "human", "guidance": "Take over.", "prompt": "Say so.", "constraints": {"hand_over": True}}
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ["id", "guidance", "prompt", "burden", "channels", "after_failures", "constraints"]


def option(**changes: Any) -> dict[str, Any]:
    return {"id": "slow", "guidance": "Go slow.", "prompt": "Be slow."} | changes


def catalogue(*options: Any) -> str:
    return yaml.safe_dump({"options": list(options)})


def complaint(*options: Any) -> str:
    with pytest.raises(ProtocolError) as caught:
        read_protocols(catalogue(*options, LAST))
    return str(caught.value)


def test_the_catalogue_that_ships_is_valid() -> None:
    options = default_protocols()
    assert len(options) == 5
    assert [one.id for one in options if one.constraints.hand_over] == ["hand-over-to-human"]
    assert all(one.guidance and one.prompt and "\n" not in one.guidance + one.prompt for one in options)


def test_constraints_are_exactly_those_of_the_published_record() -> None:
    [field] = [field for field in record("intervention").published["fields"] if field["name"] == "constraints"]
    published = {one["name"]: one["type"] for one in field["type"]["fields"]}
    assert set(protocols.as_record(protocols.Constraints())) == set(published)
    assert {name: tuple(published[name]["symbols"]) for name in protocols.CHOICES} == protocols.CHOICES


def test_channels_are_exactly_those_of_the_contract() -> None:
    [field] = [field for field in record("message").published["fields"] if field["name"] == "channel"]
    assert tuple(field["type"]["symbols"]) == protocols.CHANNELS


def test_what_is_left_out_has_its_default() -> None:
    first, _ = read_protocols(catalogue(option(), LAST))
    assert first == protocols.Protocol("slow", protocols.Constraints(), "Go slow.", "Be slow.")


def test_everything_can_be_said() -> None:
    said = option(
        burden=2, channels=["chat", "email"], after_failures=1, constraints={"pace": "slow", "max_sentences": 3}
    )
    first, _ = read_protocols(catalogue(said, LAST))
    assert (first.burden, first.channels, first.after_failures) == (2.0, ("chat", "email"), 1)
    assert first.constraints == protocols.Constraints(pace="slow", max_sentences=3)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"guidance": None}, "guidance"),
        ({"prompt": "  "}, "prompt"),
        ({"prompt": ["no"]}, "prompt"),
        ({"burden": -1}, "burden"),
        ({"burden": "heavy"}, "burden"),
        ({"burden": True}, "burden"),
        ({"burden": float("nan")}, "burden"),
        ({"burden": float("inf")}, "burden"),
        ({"burden": 10**400}, "burden"),
        ({"after_failures": float("inf")}, "after_failures"),
        ({"after_failures": float("nan")}, "after_failures"),
        ({"after_failures": 1.5}, "after_failures"),
        ({"after_failures": -1}, "after_failures"),
        ({"after_failures": None}, "after_failures"),
        ({"channels": "chat"}, "channels"),
        ({"channels": 5}, "channels"),
        ({"channels": {"chat": True}}, "channels"),
        ({"channels": ["chats"]}, "channels"),
        ({"channels": [["chat"]]}, "channels"),
        ({"colour": "red"}, "colour"),
        ({5: "red"}, "5"),
        ({"constraints": "slow"}, "constraints"),
        ({"constraints": 5}, "constraints"),
        ({"constraints": ["pace"]}, "constraints"),
        ({"constraints": True}, "constraints"),
        ({"constraints": {"speed": "slow"}}, "speed"),
        ({"constraints": {5: "slow", "speed": 1}}, "5"),
        ({"constraints": {"pace": "fast"}}, "pace"),
        ({"constraints": {"pace": ["slow"]}}, "pace"),
        ({"constraints": {"posture": None}}, "posture"),
        ({"constraints": {"jargon": 1}}, "jargon"),
        ({"constraints": {"hand_over": "yes please"}}, "hand_over"),
        ({"constraints": {"reassurance_first": 1}}, "reassurance_first"),
        ({"constraints": {"ask_before_steps": None}}, "ask_before_steps"),
        ({"constraints": {"max_sentences": 0}}, "max_sentences"),
        ({"constraints": {"max_sentences": 1.5}}, "max_sentences"),
        ({"constraints": {"options_to_offer": True}}, "options_to_offer"),
    ],
)
def test_a_wrong_field_is_named_with_its_option(changes: dict[Any, Any], field: str) -> None:
    said = complaint(option(**{}) | changes)
    assert "option slow" in said
    assert field in said


@pytest.mark.parametrize("entry", ["slow", None, 5, ["slow"], {}, {"id": None}, {"id": 5}, {"id": ""}, {"id": " "}])
def test_an_option_without_a_name_is_refused(entry: Any) -> None:
    assert complaint(entry) == "every option needs an id"


def test_control_is_no_name_for_an_option() -> None:
    assert "option control" in complaint(option(id="control"))


def test_two_options_of_one_name_are_refused() -> None:
    assert complaint(option(), option()) == "option slow stands twice"


def test_failures_must_have_somewhere_to_go() -> None:
    with pytest.raises(ProtocolError, match="hands over"):
        read_protocols(catalogue(option()))


@pytest.mark.parametrize("text", ["", "5", "[]", "options:", "options: {}", "options: slow", "option: []"])
def test_a_file_without_a_list_of_options_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match="list under 'options'"):
        read_protocols(text)


def test_an_empty_catalogue_is_refused() -> None:
    with pytest.raises(ProtocolError, match="no option"):
        read_protocols("options: []")


@pytest.mark.parametrize(
    "text", ["options: [", "\tx: 1", "a: b: c", "x: \x07", "!!python/object:os.system {}", "when: 2024-99-99"]
)
def test_what_is_not_yaml_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ProtocolError, match="not YAML"):
        read_protocols(text)


@given(st.dictionaries(st.sampled_from(FIELDS), JUNK))
def test_whatever_stands_in_a_field_it_is_read_or_refused_never_a_crash(junk: dict[str, Any]) -> None:
    try:
        read_protocols(catalogue(option() | junk, LAST))
    except ProtocolError as error:
        assert "option" in str(error)  # noqa: PT017 - either outcome is right


@given(st.dictionaries(st.sampled_from([*protocols.Constraints.__dataclass_fields__]), JUNK))
def test_whatever_stands_in_a_constraint_it_is_read_or_refused_never_a_crash(junk: dict[str, Any]) -> None:
    try:
        first, _ = read_protocols(catalogue(option(constraints=junk), LAST))
    except ProtocolError as error:
        assert "option slow" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert {name: protocols.as_record(first.constraints)[name] for name in junk} == junk


def test_the_file_that_ships_stands_beside_the_code() -> None:
    assert Path(protocols.__file__).with_name("protocols.yaml") == protocols.CATALOGUE
