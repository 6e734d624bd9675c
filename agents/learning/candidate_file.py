"""Candidate policies in YAML: a name, and either weights of options or a snapshot to draw by."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from agents.common.errors import Failure
from agents.common.files import read_text
from agents.learning.policies import PolicyStore
from agents.learning.policy_commands import read_newest
from agents.settings.model import Settings
from schemas.codec import Codec
from streams.config.model import PolicyConfig
from streams.policy.candidate import CandidatePolicy
from streams.policy.policy import Policy

NEWEST = "newest"
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class CandidateFile:
    """The content of a candidate file.

    Attributes:
        name: of the candidate; the file name without it.
        prefer: weights of options; probabilities are proportional to them among the eligible options.
        snapshot: version of a snapshot to draw by instead, or ``read_newest``.
        exploration, floor, burden_price: as in the settings, for a snapshot.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64)]
    prefer: dict[str, Weight] = field(default_factory=dict)
    snapshot: str | None = None
    exploration: Annotated[float, Field(gt=0)] = PolicyConfig.exploration
    floor: Annotated[float, Field(ge=0, le=0.2)] = PolicyConfig.floor
    burden_price: Weight = PolicyConfig.burden_price


CANDIDATE_FILE = TypeAdapter(CandidateFile)


def read_candidate(file: Path, settings: Settings, codec: Codec, tenant: str) -> CandidatePolicy:
    """The candidate policy in a file. ``Failure`` for an invalid file."""
    spec = parse_file(file)
    if bool(spec.prefer) == bool(spec.snapshot):
        raise Failure(f"{file} must set either prefer or snapshot", "see docs/proof.md")
    if spec.snapshot is not None:
        policy = load_policy(spec.snapshot, settings, codec, tenant)
        return CandidatePolicy(spec.name, {}, policy, spec.exploration, spec.floor, spec.burden_price)
    unknown = sorted(spec.prefer.keys() - {option.id for option in settings.config.protocols})
    if unknown:
        raise Failure(f'{file}: unknown option "{unknown[0]}".', "List the options with: tenor protocols check")
    return CandidatePolicy(spec.name, spec.prefer)


def parse_file(file: Path) -> CandidateFile:
    text = read_text(file)
    try:
        content = yaml.safe_load(text)
        return CANDIDATE_FILE.validate_python({"name": file.stem, **content} if isinstance(content, dict) else content)
    except yaml.YAMLError:
        raise Failure(f"{file} is not valid YAML.", "The format is in docs/proof.md.") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise Failure(f"{file}: {place + ': ' if place else ''}{first['msg']}", "see docs/proof.md") from None


def load_policy(version: str, settings: Settings, codec: Codec, tenant: str) -> Policy:
    """The policy of a snapshot. ``Failure`` for one that cannot be found or used."""
    if version == NEWEST:
        newest = read_newest(settings).get(tenant)
        policy = Policy(newest[1], newest[0]) if newest else None
    else:
        policy = PolicyStore(settings, codec)(version)
    if policy is None:
        raise Failure(f"tenant {tenant} has no usable snapshot {version}", "list the snapshots with: tenor policy show")
    return policy
