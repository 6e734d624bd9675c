"""The catalogue of options: ours is valid, and a wrong one is told what is wrong with which option."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from streams.interventions import catalogue
from streams.interventions.catalogue import CHANNELS, default_options, read_options
from streams.interventions.options import Adaptation, Conditions, Constraints, InterventionOption, OptionError

LAST = {"id": "human", "guidance": "Take over.", "prompt": "Say so.", "constraints": {"hand_over": True}}
SHIPPED = [option.id for option in default_options()]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = [field.name for field in fields(InterventionOption)]
CONDITIONS = [field.name for field in fields(Conditions)]
CONSTRAINTS = [field.name for field in fields(Constraints)]
TAGS = ["!!bool", "!!int", "!!float", "!!timestamp", "!!binary", "!!set", "!!omap", "!!pairs", "!!merge", "&a", "*a"]
WORDS = [*TAGS, "options:", "- id: a", "{", "?", "x", "\n"]


def option(**changes: Any) -> dict[str, Any]:
    return {"id": "slow", "guidance": "Go slow.", "prompt": "Be slow."} | changes


def written(*options: Any, **file: Any) -> str:
    return yaml.safe_dump(file | {"options": list(options)})


def read(*options: Any, **file: Any) -> list[str]:
    return [option.id for option in read_options(written(*options, **file))]


def complaint(*options: Any, **file: Any) -> str:
    with pytest.raises(OptionError) as caught:
        read_options(written(*options, **file))
    return str(caught.value)


def test_the_catalogue_that_ships_is_valid() -> None:
    options = default_options()
    assert [option.id for option in options if option.constraints.hand_over] == ["hand-over-to-human"]
    assert all(option.guidance and option.prompt and "\n" not in option.guidance + option.prompt for option in options)
    assert any(option.then for option in options) and any(option.adapt for option in options)


def test_no_text_that_ships_repeats_a_number_an_adaptation_may_change() -> None:
    numbers = re.compile(r"\d|\b(two|three|four|five|six)\b")
    assert [option.id for option in default_options() if numbers.search(option.guidance + option.prompt)] == []


def test_the_file_that_ships_stands_beside_the_code() -> None:
    assert Path(catalogue.__file__).with_name("protocols.yaml") == catalogue.SHIPPED


def test_the_example_in_the_documentation_is_valid_and_every_name_is_explained() -> None:
    page = (Path(__file__).parents[3] / "docs/protocols.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    kept = [name for name in SHIPPED if name != "answer-first"]
    assert [option.id for option in read_options(example)] == [*kept, "call-back", "senior-colleague"]
    explained = {
        name for row in re.findall(r"^\|([^|]+)\|", page, flags=re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert explained == {*FIELDS, *CONDITIONS, *CONSTRAINTS}


def test_what_is_left_out_has_its_default() -> None:
    first, _ = read_options(written(option(), LAST))
    assert first == InterventionOption("slow", Constraints(), "Go slow.", "Be slow.")


def test_everything_can_be_said() -> None:
    when = {
        "channels": ["chat", "email"],
        "level_at_least": 0.1,
        "level_below": 1,
        "slope_at_least": -0.5,
        "turn_at_least": 2,
        "after_failures": 1,
        "returning": True,
        "helped_before": True,
        "failed_before": False,
        "consent": ["voice", "keystrokes"],
    }
    adapt = [{"when": {"channels": ["sms"]}, "constraints": {"pace": "slow", "max_sentences": None}}]
    said = option(burden=2, when=when, constraints={"max_sentences": 3}, adapt=adapt, then=["human"])
    first, _ = read_options(written(said, LAST))
    assert set(when) == set(CONDITIONS)
    assert dict(first.when.active) == when | {name: tuple(when[name]) for name in ("channels", "consent")}  # type: ignore[arg-type]
    assert (first.burden, first.then, first.constraints) == (2.0, ("human",), Constraints(max_sentences=3))
    assert first.adapt == (Adaptation(Conditions(channels=("sms",)), (("max_sentences", None), ("pace", "slow"))),)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"guidance": None}, "guidance must be a valid string"),
        ({"prompt": "  "}, "prompt: is empty"),
        ({"prompt": "\ud800"}, "prompt: is not valid text"),
        ({"prompt": ["no"]}, "prompt must be a valid string"),
        ({"burden": -1}, "burden must be greater than or equal to 0"),
        ({"burden": "heavy"}, "burden must be a valid number"),
        ({"burden": True}, "burden must be a valid number"),
        ({"burden": float("nan")}, "burden must be a finite number"),
        ({"burden": float("inf")}, "burden must be a finite number"),
        ({"burden": 10**400}, "burden must be"),
        ({"colour": "red"}, "unknown field colour; known names: id, constraints, guidance,"),
        ({"promt": "red"}, "unknown field promt; did you mean prompt?"),
        ({"channels": ["chat"]}, "unknown field channels; move it under 'when'"),
        ({"after_failures": 1}, "unknown field after_failures; move it under 'when'"),
        ({"hand_over": True}, "unknown field hand_over; move it under 'constraints'"),
        ({5: "red"}, "5 is not a field name"),
        ({"constraints": None}, "constraints must be a mapping of names to values"),
        ({"constraints": "slow"}, "constraints must be a mapping of names to values"),
        ({"constraints": ["pace"]}, "constraints must be a mapping of names to values"),
        ({"constraints": {"max_sentence": 3}}, "unknown field constraints.max_sentence; did you mean max_sentences?"),
        ({"constraints": {5: "slow"}}, "constraints.5 is not a field name"),
        ({"constraints": {"pace": "fast"}}, "constraints.pace must be 'normal' or 'slow'"),
        ({"constraints": {"pace": ["slow"]}}, "constraints.pace must be 'normal' or 'slow'"),
        ({"constraints": {"posture": None}}, "constraints.posture must be 'neutral', 'acknowledging' or 'reassuring'"),
        ({"constraints": {"jargon": 1}}, "constraints.jargon must be 'allowed', 'explained' or 'none'"),
        ({"constraints": {"hand_over": "yes please"}}, "constraints.hand_over must be true or false"),
        ({"constraints": {"reassurance_first": 1}}, "constraints.reassurance_first must be true or false"),
        ({"constraints": {"ask_before_steps": None}}, "constraints.ask_before_steps must be true or false"),
        ({"constraints": {"max_sentences": 0}}, "constraints.max_sentences must be greater than or equal to 1"),
        ({"constraints": {"max_sentences": 2**40}}, "constraints.max_sentences must be less than or equal to"),
        ({"constraints": {"max_sentences": 1.5}}, "constraints.max_sentences must be a valid integer"),
        ({"constraints": {"options_to_offer": True}}, "constraints.options_to_offer must be a valid integer"),
        ({"when": 5}, "when must be a mapping of names to values"),
        ({"when": {"chanels": ["chat"]}}, "unknown field when.chanels; did you mean channels?"),
        ({"when": {"channels": "chat"}}, "when.channels: must be a list"),
        ({"when": {"channels": {"chat": True}}}, "when.channels: must be a list"),
        ({"when": {"channels": ["chat", "chats"]}}, "when.channels.2 must be 'chat', 'email',"),
        ({"when": {"channels": [["chat"]]}}, "when.channels.1 must be 'chat', 'email',"),
        ({"when": {"consent": ["face"]}}, "when.consent.1 must be 'keystrokes' or 'voice'"),
        ({"when": {"after_failures": -1}}, "when.after_failures must be greater than or equal to 0"),
        ({"when": {"after_failures": 1.5}}, "when.after_failures must be a valid integer"),
        ({"when": {"after_failures": float("inf")}}, "when.after_failures must be a"),
        ({"when": {"turn_at_least": None}}, "when.turn_at_least must be a valid integer"),
        ({"when": {"level_below": float("nan")}}, "when.level_below must be a finite number"),
        ({"when": {"slope_at_least": "steep"}}, "when.slope_at_least must be a valid number"),
        ({"when": {"returning": "yes"}}, "when.returning must be true or false"),
        ({"when": {"level_at_least": 1, "level_below": 1}}, "when: level_at_least must be less than level_below"),
        (
            {"when": {"helped_before": True, "failed_before": True}},
            "when: helped_before and failed_before cannot both hold",
        ),
        (
            {"when": {"helped_before": True, "returning": False}},
            "when: helped_before and returning: false cannot both hold",
        ),
        (
            {"when": {"failed_before": True, "returning": False}},
            "when: failed_before and returning: false cannot both hold",
        ),
        ({"then": "human"}, "then: must be a list"),
        ({"then": [5]}, "then.1 must be a valid string"),
        ({"adapt": {}}, "adapt: must be a list"),
        ({"adapt": [{"constraints": {}}]}, "adapt.1.when is missing"),
        ({"adapt": [{"when": {}, "then": []}]}, "unknown field adapt.1.then; did you mean when?"),
        (
            {"adapt": [{"when": {"turns": 1}, "constraints": {}}]},
            "unknown field adapt.1.when.turns; known names:",
        ),
        ({"adapt": [{"when": {}, "constraints": {"pace": 1}}]}, "adapt.1.constraints.pace must be 'normal' or 'slow'"),
        ({"adapt": [{"when": {}, "constraints": {"speed": 1}}]}, "unknown field adapt.1.constraints.speed"),
        ({"adapt": [{"when": {}, "constraints": {"hand_over": True}}]}, "adapt.1.constraints: hand_over cannot be"),
    ],
)
def test_a_wrong_field_is_named_with_its_option(changes: dict[Any, Any], said: str) -> None:
    assert complaint(LAST, option(**{}) | changes).startswith(f"option slow: {said}")


def test_a_field_that_is_missing_is_named() -> None:
    assert complaint({"id": "slow", "guidance": "x"}, LAST) == "option slow: prompt is missing"
    assert complaint({"id": "slow", "guidence": "x"}) == "option slow: unknown field guidence; did you mean guidance?"


@pytest.mark.parametrize("entry", ["slow", None, 5, ["slow"], {}, {"id": None}, {"id": 5}, {"id": ""}, {"id": " "}])
def test_an_option_without_a_name_is_refused(entry: Any) -> None:
    assert complaint(entry, LAST) == "every option needs an id"


def test_control_is_no_name_for_an_option() -> None:
    assert "option control" in complaint(option(id="control"), LAST)


def test_two_options_of_one_name_are_refused() -> None:
    assert complaint(option(), option(), LAST) == "option slow is defined twice; keep one or rename it"
    assert complaint(option(id="answer-first"), option(id="answer-first"), extends="default").endswith(
        "is defined twice; keep one or rename it"
    )


def test_a_ladder_leads_to_options_that_exist() -> None:
    said = complaint(option(then=["humann"]), LAST)
    assert said == "option slow: then names the unknown option humann; did you mean human?"


@pytest.mark.parametrize(
    ("ladder", "path"),
    [
        ({"a": ["a"]}, "option a: then leads back to the option itself: a > a"),
        ({"a": ["b"], "b": ["a"]}, "a > b > a"),
        ({"a": ["b", "human"], "b": ["c"], "c": ["d"], "d": ["b"]}, "b > c > d > b"),
    ],
)
def test_a_ladder_that_leads_back_is_refused_with_its_path(ladder: dict[str, list[str]], path: str) -> None:
    said = complaint(*(option(id=name, then=then) for name, then in ladder.items()), LAST)
    rungs = path.split(": ")[-1].split(" > ")[:-1]
    assert any(" > ".join([*rungs[i:], *rungs[:i], rungs[i]]) in said for i in range(len(rungs)))


def test_ladders_may_meet() -> None:
    ladder = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["human"]}
    assert read(*(option(id=name, then=then) for name, then in ladder.items()), LAST) == [*ladder, "human"]


def test_failures_must_have_somewhere_to_go() -> None:
    assert complaint(option()).startswith("no option hands over to a human")


@pytest.mark.parametrize("channel", CHANNELS)
def test_failures_must_have_somewhere_to_go_on_every_channel(channel: str) -> None:
    others = [item for item in CHANNELS if item != channel]
    said = complaint(option(), LAST | {"when": {"channels": others}})
    assert said.startswith(f"no option hands over to a human on channel {channel}")


@pytest.mark.parametrize("channel", CHANNELS)
def test_on_every_channel_something_can_be_tried_first(channel: str) -> None:
    others = [item for item in CHANNELS if item != channel]
    late = LAST | {"when": {"after_failures": 1}}
    said = complaint(option(when={"channels": others}), option(id="b", when={"after_failures": 1}), late)
    assert said == f"no option can come first on channel {channel}; add one that needs no earlier failure"


@pytest.mark.parametrize("when", [{"helped_before": True}, {"failed_before": True}, {"after_failures": 1}])
def test_an_option_that_waits_for_its_own_history_is_nothing_to_begin_with(when: dict[str, Any]) -> None:
    said = complaint(option(when=when), LAST | {"when": {"after_failures": 1}})
    assert said.startswith("no option can come first on channel chat; add one")


def test_a_file_that_extends_replaces_in_place_and_adds_at_the_end() -> None:
    options = read_options(written(option(), option(id="offer-options"), extends="default"))
    assert [option.id for option in options] == [*SHIPPED, "slow"]
    assert options[SHIPPED.index("offer-options")].guidance == "Go slow."
    assert [option for option in options if option.id not in ("slow", "offer-options")] == [
        option for option in default_options() if option.id != "offer-options"
    ]


def test_a_file_that_extends_leaves_out_and_no_ladder_leads_there() -> None:
    options = read_options("extends: default\nwithout: [offer-options]")
    assert [option.id for option in options] == [name for name in SHIPPED if name != "offer-options"]
    assert all("offer-options" not in option.then for option in options)


def test_what_is_left_out_and_said_anew_is_replaced() -> None:
    assert read(option(id="offer-options"), extends="default", without=["offer-options"]) == SHIPPED


def test_an_own_ladder_may_not_lead_to_what_was_left_out() -> None:
    said = complaint(option(then=["offer-options"]), extends="default", without=["offer-options"])
    assert said.startswith("option slow: then names the unknown option offer-options")


def test_an_own_option_may_not_close_a_circle_with_ours() -> None:
    said = complaint(option(id="offer-options", then=["own-and-repair"]), extends="default")
    assert "then leads back to the option itself: " in said and "own-and-repair > offer-options" in said


def test_a_file_that_extends_nothing_new_is_ours() -> None:
    assert read_options("extends: default") == default_options()


def test_without_hand_over_nothing_is_left_to_go_to() -> None:
    assert complaint(extends="default", without=["hand-over-to-human"]).startswith("no option hands over")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: ours", "the protocols file: extends must be 'default'"),
        ("extends: default\nwithout: offer", "the protocols file: without: must be a list"),
        ("extends: default\nwithout: [5]", "the protocols file: without.1 must be a valid string"),
        (
            "extends: default\nwithout: [offer-option]",
            "without: unknown shipped option offer-option; did you mean offer-options",
        ),
        ("without: [offer-options]", "without: only works with 'extends: default'"),
        ("option: []", "the protocols file: unknown field option; did you mean options?"),
        ("7: []", "the protocols file: 7 is not a field name"),
        ("options: []", "the protocols file has no options"),
        ("{}", "the protocols file has no options"),
    ],
)
def test_what_is_wrong_with_the_file_itself_is_said(text: str, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        read_options(text)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("text", ["", "5", "[]", "options:", "options: {}", "options: slow", "options: !!set {a}"])
def test_a_file_without_a_list_of_options_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="list under 'options'"):
        read_options(text)


@pytest.mark.parametrize(
    "text",
    [
        "options: [",
        "\tx: 1",
        "a: b: c",
        "x: \x07",
        "!!python/object:os.system {}",
        "when: 2024-99-99",
        "x: !!bool perhaps",
        "x: !!int ''",
        "x: !!timestamp soon",
        "[" * 5000,
    ],
)
def test_what_is_not_yaml_is_said_to_be_none(text: str) -> None:
    with pytest.raises(OptionError, match="not YAML"):
        read_options(text)


@pytest.mark.parametrize(
    "text",
    ["options: &a [*a]", "options: [&a {id: a, then: [*a], when: *a, adapt: [*a], constraints: *a}]", "&a {? 5 : *a}"],
)
def test_a_file_that_holds_itself_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        read_options(text)


def refused_or_read(text: str) -> tuple[InterventionOption, ...] | str:
    try:
        return read_options(text)
    except OptionError as error:
        return str(error)


@given(st.text(max_size=60) | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_any_text_at_all_is_read_or_refused_never_a_crash(text: str) -> None:
    assert refused_or_read(text)


@given(JUNK | st.dictionaries(st.sampled_from(["options", "extends", "without"]), JUNK))
def test_any_document_is_read_or_refused_never_a_crash(document: Any) -> None:
    assert refused_or_read(yaml.safe_dump(document))


@given(st.dictionaries(st.sampled_from(FIELDS), JUNK))
def test_whatever_stands_in_a_field_it_is_read_or_refused_never_a_crash(junk: dict[str, Any]) -> None:
    result = refused_or_read(written(option() | junk, LAST))
    assert "option" in result if isinstance(result, str) else len(result) == 2


@given(st.dictionaries(st.sampled_from(CONDITIONS), JUNK))
def test_whatever_stands_in_a_condition_it_is_read_or_refused_never_a_crash(junk: dict[str, Any]) -> None:
    result = refused_or_read(written(option(when=junk), LAST))
    if isinstance(result, str):
        assert result.startswith("option slow: ")
    else:
        said = {name: tuple(value) if isinstance(value, list) else value for name, value in junk.items()}
        assert {name: getattr(result[0].when, name) for name in junk} == said


@given(st.dictionaries(st.sampled_from(CONSTRAINTS), JUNK))
def test_whatever_stands_in_a_constraint_it_is_read_or_refused_never_a_crash(junk: dict[str, Any]) -> None:
    result = refused_or_read(written(option(constraints=junk), LAST))
    if isinstance(result, str):
        assert result.startswith("option slow: ")
    else:
        assert {name: getattr(result[0].constraints, name) for name in junk} == junk
