"""What was written once is read as what it was, or refused with what to do; never as something else.

``written/`` holds bytes that were in use, and what they mean, field by field: one file for each format that was ever
released. A format of a later version may refuse them, and says so then.
"""

import json
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams import state
from streams.customers import profile
from tests.streams.test_state import busy

Read = Callable[[bytes], Any]
READ: dict[str, tuple[Read, int]] = {
    "state": (state.decode, state.FORMAT),
    "profile": (profile.decode, profile.FORMAT),
}
FILES = sorted((Path(__file__).parent / "written").glob("*.json"))


def named(one: Any) -> Any:
    """A struct by the names of its fields: in the bytes, only their order says which is which."""
    if isinstance(one, msgspec.Struct):
        return {name: named(getattr(one, name)) for name in one.__struct_fields__}
    if isinstance(one, dict):
        return {key: named(value) for key, value in one.items()}
    return [named(each) for each in one] if isinstance(one, list | tuple) else one


def within(expected: Any, found: Any) -> bool:
    """Whether everything expected is there; fields of later versions may have come on top."""
    if isinstance(expected, dict):
        return all(name in found and within(value, found[name]) for name, value in expected.items())
    if isinstance(expected, list):
        return len(expected) == len(found) and all(map(within, expected, found))
    return bool(expected == found)


def refusal(read: Read, value: bytes) -> str | None:
    """What is said where bytes are not read; None where they are."""
    try:
        read(value)
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_was_written_is_what_is_read_or_refused(path: Path) -> None:
    said = json.loads(path.read_text())
    value = b64decode(said["value"])
    assert value[0] == said["format"]
    read, current = READ[path.stem.partition("-")[0]]
    refused = refusal(read, value)
    if refused is not None:
        assert value[0] != current
        assert f"format {value[0]}, this version reads" in refused
        return
    assert within(said["holds"], named(read(value)))
    assert "deadline" not in said or state.deadline_of(value) == said["deadline"]


def test_the_formats_of_this_version_are_among_them() -> None:
    """Whoever changes a format leaves what the one before wrote, and adds what the new one writes."""
    assert {f"state-{state.FORMAT}", f"profile-{profile.FORMAT}"} <= {path.stem for path in FILES}


def test_a_state_of_every_other_format_is_refused_with_what_to_do() -> None:
    value = state.encode(busy()[0], 0)
    for number in {*range(256)} - {state.FORMAT}:
        for read in (state.decode, state.deadline_of):
            with pytest.raises(state.StateError, match=f"format {number}, this version reads .*rebuild the state"):
                read(bytes([number]) + value[1:])


def test_a_profile_of_every_other_format_is_refused_with_what_to_do() -> None:
    value = profile.encode(profile.Profile(0))
    for number in {*range(256)} - {profile.FORMAT}:
        for read in (profile.decode, profile.read_learned_at):
            with pytest.raises(profile.ProfileError, match=f"format {number}, this version reads"):
                read(bytes([number]) + value[1:])
