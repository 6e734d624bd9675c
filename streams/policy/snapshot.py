"""The policy snapshot: what was learned for one tenant, as plain numbers with a version, never a pickle.

A snapshot names its input positions and the previous snapshot, so that it can be reproduced.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from math import isfinite
from typing import Any, NamedTuple

import msgspec
import numpy as np

from streams.experiment.effects import Evidence
from streams.policy import context
from streams.policy.thompson import Arm, Array, Posterior

FORMAT = 1
ANY = "any"  # evidence of all options as one

Record = dict[str, Any]
Position = tuple[str, int]


class PredictionErrors(NamedTuple):
    """Squared errors since they last changed: means of blocks of ``drift.BLOCK``, and those of no full block yet."""

    means: tuple[float, ...] = ()
    recent: tuple[float, ...] = ()


class SnapshotError(ValueError):
    """A record that is not a snapshot this version can use; the message says why."""


class Snapshot(msgspec.Struct, frozen=True):
    """What the policy has learned for one tenant.

    Attributes:
        arms: regression of each option, control included.
        evidence: of each option's contrast with control, since it was last enabled.
        disabled: options rolled back.
        errors: squared prediction errors since the last drift.
        forgot: whether errors had grown, so that earlier learning was discounted heavily.
        matured: outcomes learned from, control included.
        created_at: stream time of the last outcome learned from, milliseconds.
        positions: next offset of every input.
        previous: version of the previous snapshot; None for the first.
        config_version: version of the settings it was learned with.
        version: version in the record it was read from; None for a new one.
    """

    tenant: str
    arms: Mapping[str, Arm] = {}
    evidence: Mapping[str, Evidence] = {}
    disabled: frozenset[str] = frozenset()
    errors: PredictionErrors = PredictionErrors()
    forgot: bool = False
    matured: int = 0
    created_at: int = 0
    positions: Mapping[Position, int] = {}
    previous: str | None = None
    config_version: str = ""
    version: str | None = None

    @property
    def posterior(self) -> Posterior:
        """Posterior of the options, in the order of ``arms``."""
        return Posterior(list(self.arms.values()))


def to_record(snapshot: Snapshot) -> Record:
    """The snapshot as its Avro record, its version a digest of the rest."""
    record = {
        "tenant": snapshot.tenant,
        "format": FORMAT,
        "created_at": snapshot.created_at,
        "context_version": context.VERSION,
        "matured": snapshot.matured,
        "options": list(snapshot.arms),
        "precision": [flatten(arm.precision) for arm in snapshot.arms.values()],
        "response": [flatten(arm.response) for arm in snapshot.arms.values()],
        "disabled": sorted(snapshot.disabled),
        "previous": snapshot.previous,
        "errors": list(snapshot.errors.means),
        "recent_errors": list(snapshot.errors.recent),
        "forgot": snapshot.forgot,
        "evidence": [
            {"option": name, **option_evidence._asdict()} for name, option_evidence in sorted(snapshot.evidence.items())
        ],
        "positions": [
            {"topic": topic, "partition": partition, "offset": offset}
            for (topic, partition), offset in sorted(snapshot.positions.items())
        ],
        "config_version": snapshot.config_version,
    }
    return record | {"policy_version": compute_version(record)}


def compute_version(record: Mapping[str, Any]) -> str:
    """Version of a snapshot: ``thompson-`` and a digest of its content, 16 hex digits."""
    held = {name: value for name, value in record.items() if name != "policy_version"}
    return f"thompson-{blake2b(msgspec.json.encode(held, order='deterministic'), digest_size=8).hexdigest()}"


def from_record(record: Mapping[str, Any]) -> Snapshot:
    """Read a snapshot from a record; ``SnapshotError`` if it is newer than this version, or broken.

    A snapshot of an older context version cannot predict, but its rolled-back options stay disabled.
    """
    check_readable(record)
    if compute_version(record) != record["policy_version"]:
        raise SnapshotError("its content does not match its version")
    is_current = record["context_version"] == context.VERSION
    return Snapshot(
        tenant=record["tenant"],
        arms=read_arms(record) if is_current else {},
        evidence={entry["option"]: read_evidence(entry) for entry in record["evidence"]},
        disabled=frozenset(record["disabled"]),
        errors=PredictionErrors(read_numbers(record["errors"]), read_numbers(record["recent_errors"]))
        if is_current
        else PredictionErrors(),
        forgot=record["forgot"],
        matured=record["matured"] if is_current else 0,
        created_at=record["created_at"],
        positions={(entry["topic"], entry["partition"]): entry["offset"] for entry in record["positions"]},
        previous=record["previous"],
        config_version=record["config_version"],
        version=record["policy_version"],
    )


def check_readable(record: Mapping[str, Any]) -> None:
    for name, newest in (("format", FORMAT), ("context_version", context.VERSION)):
        if record[name] > newest or record[name] < 1:
            raise SnapshotError(f"its {name} is {record[name]}, this version of Tenor reads {newest}")
    sizes = {len(record["options"]), len(record["precision"]), len(record["response"])}
    if len(sizes) > 1 or len(set(record["options"])) < len(record["options"]):
        raise SnapshotError("its options and arrays do not match")


def read_arms(record: Mapping[str, Any]) -> dict[str, Arm]:
    options = record["options"]
    arms = {
        name: Arm(*arm) for name, *arm in zip(options, read_precisions(record), read_responses(record), strict=True)
    }
    with np.errstate(over="ignore", invalid="ignore"):
        if arms and not Posterior(list(arms.values())).is_finite:
            raise SnapshotError("its predictions are not finite")
    return arms


def read_precisions(record: Mapping[str, Any]) -> list[Array]:
    size = context.SIZE
    matrices = [read_array(matrix, (size, size)) for matrix in record["precision"]]
    for name, matrix in zip(record["options"], matrices, strict=True):
        if not np.allclose(matrix, matrix.T) or not is_positive_definite(matrix):
            raise SnapshotError(f"the precision of {name} is not positive definite")
    return matrices


def is_positive_definite(matrix: Array) -> bool:
    """Whether a matrix is positive definite, as the posterior requires."""
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def read_responses(record: Mapping[str, Any]) -> list[Array]:
    return [read_array(response, (context.SIZE,)) for response in record["response"]]


def read_evidence(entry: Mapping[str, Any]) -> Evidence:
    evidence = Evidence(*(entry[name] for name in Evidence._fields))
    if not all(map(isfinite, evidence)) or evidence.n < 0 or (evidence.n and evidence.weight <= 0):
        raise SnapshotError(f"the evidence of {entry['option']} is invalid")
    return evidence


def read_numbers(numbers: Sequence[float]) -> tuple[float, ...]:
    return tuple(read_array(numbers, (len(numbers),)).tolist())


def read_array(numbers: Sequence[float], shape: tuple[int, ...]) -> Array:
    array = np.array(numbers, dtype=np.float64)
    if array.size != np.prod(shape) or not np.isfinite(array).all():
        raise SnapshotError(f"an array is not {' by '.join(map(str, shape))} finite numbers")
    return array.reshape(shape)


def flatten(array: Array) -> list[float]:
    return [float(number) for number in array.ravel()]
