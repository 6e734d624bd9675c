"""What an option is: its types are those of the contract, and what is left out has its default."""

from typing import get_args, get_type_hints

from schemas.records import record
from streams.interventions.catalogue import CHANNELS
from streams.interventions.options import Conditions, Constraints, InterventionOption, constraints_record


def test_constraints_are_exactly_those_of_the_published_record() -> None:
    [field] = [field for field in record("intervention").published["fields"] if field["name"] == "constraints"]
    published = {item["name"]: item["type"] for item in field["type"]["fields"]}
    assert set(constraints_record(Constraints())) == set(published)
    choices = {name: kind["symbols"] for name, kind in published.items() if isinstance(kind, dict)}
    kinds = get_type_hints(Constraints)
    assert set(choices) == {"pace", "posture", "jargon"}
    assert {name: list(get_args(kinds[name])) for name in choices} == choices


def test_channels_are_exactly_those_of_the_contract() -> None:
    [field] = [field for field in record("message").published["fields"] if field["name"] == "channel"]
    assert tuple(field["type"]["symbols"]) == CHANNELS


def test_nothing_said_always_holds() -> None:
    assert Conditions().active == ()
    assert InterventionOption("slow", Constraints(), "Go slow.", "Be slow.").when == Conditions()


def test_what_is_said_is_what_has_to_hold() -> None:
    said = Conditions(channels=("chat",), level_at_least=0.0, after_failures=0, returning=False).active
    assert said == (("channels", ("chat",)), ("level_at_least", 0.0), ("returning", False))
