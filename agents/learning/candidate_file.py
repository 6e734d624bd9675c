"""Candidate policies as people write them: a YAML file with a name, and weights of options or a snapshot to draw by."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from agents.common.errors import Failure
from agents.common.files import read_text
from agents.learning.policies import PolicyStore
from agents.learning.policy_commands import newest
from agents.settings.model import Settings
from schemas.codec import Codec
from streams.config.model import PolicyConfig
from streams.policy.candidate import CandidatePolicy
from streams.policy.policy import Policy

NEWEST = "newest"
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class CandidateFile:
    """The file.

    Attributes:
        name: of the candidate; without one, the file's.
        prefer: weights of options; chances are in proportion among those that were eligible.
        snapshot: version of a snapshot, or ``newest``, to draw by instead.
        exploration, floor, burden_price: as in the settings, for a snapshot.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64)]
    prefer: dict[str, Weight] = field(default_factory=dict)
    snapshot: str | None = None
    exploration: Annotated[float, Field(gt=0)] = PolicyConfig.exploration
    floor: Annotated[float, Field(ge=0, le=0.2)] = PolicyConfig.floor
    burden_price: Weight = PolicyConfig.burden_price


SAID = TypeAdapter(CandidateFile)


def read(file: Path, settings: Settings, codec: Codec, tenant: str) -> CandidatePolicy:
    """The candidate in a file. ``Failure`` names what is wrong with it."""
    said = parsed(file)
    if bool(said.prefer) == bool(said.snapshot):
        raise Failure(f"{file} must set either prefer or snapshot", "see docs/proof.md")
    if said.snapshot is not None:
        found = learned(said.snapshot, settings, codec, tenant)
        return CandidatePolicy(said.name, {}, found, said.exploration, said.floor, said.burden_price)
    unknown = sorted(said.prefer.keys() - {option.id for option in settings.config.protocols})
    if unknown:
        raise Failure(f"{file}: there is no option {unknown[0]}")
    return CandidatePolicy(said.name, said.prefer)


def parsed(file: Path) -> CandidateFile:
    text = read_text(file)
    try:
        said = yaml.safe_load(text)
        return SAID.validate_python({"name": file.stem, **said} if isinstance(said, dict) else said)
    except yaml.YAMLError:
        raise Failure(f"{file} is not YAML") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise Failure(f"{file}: {place + ': ' if place else ''}{first['msg']}", "see docs/proof.md") from None


def learned(version: str, settings: Settings, codec: Codec, tenant: str) -> Policy:
    """The policy of a snapshot. ``Failure`` for one that is nowhere, or cannot be used."""
    if version == NEWEST:
        found = newest(settings).get(tenant)
        policy = Policy(found[1], found[0]) if found else None
    else:
        policy = PolicyStore(settings, codec)(version)
    if policy is None:
        raise Failure(f"tenant {tenant} has no usable snapshot {version}", "list the snapshots with: tenor policy show")
    return policy
