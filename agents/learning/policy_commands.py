"""``tenor policy``: shows the learned policies, and enables or disables options."""

import getpass
from typing import Any
from uuid import uuid4

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agents.common.clock import now_ms
from agents.common.errors import Failure
from agents.kafka import operator_command
from agents.kafka.admin import topics
from agents.learning.policies import read_usable
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from streams.experiment import effects
from streams.interventions.options import CONTROL
from streams.outputs import Output
from streams.policy.snapshot import Snapshot

UNKNOWN = "–"


def read_newest(settings: Settings) -> dict[str, tuple[str, Snapshot]]:
    """The last usable snapshot of every tenant, with its version."""
    topics.require_all(settings)
    return {snapshot.tenant: (version, snapshot) for version, snapshot, _ in read_usable(settings, codec_for(settings))}


def publish_command(settings: Settings, action: str, option: str, tenant: str, by: str | None, reason: str) -> None:
    """Publish a command to the learner to enable or disable an option. ``Failure`` for an unknown option."""
    known = {known_option.id for known_option in settings.config.protocols}
    if option not in known:
        raise Failure(f'Unknown option "{option}".', f"The options are: {', '.join(sorted(known))}.")
    topics.require_all(settings)
    command: dict[str, Any] = {
        "command_id": uuid4().hex,
        "event_time": now_ms(),
        "tenant": tenant,
        "option": option,
        "action": action,
        "by": by or getpass.getuser(),
        "reason": reason,
    }
    output = Output("policy_command", command["command_id"], command)
    operator_command.publish(settings, output)


def print_policies(newest: dict[str, tuple[str, Snapshot]], settings: Settings, console: Console) -> None:
    """Print the learned policies, by tenant and option."""
    if not newest:
        console.print("No policy has been learned yet: options are drawn uniformly.")
    for tenant, (version, snapshot) in sorted(newest.items()):
        stage = "in use" if snapshot.matured >= settings.policy.safe_start else "not in use yet, drawn uniformly"
        console.print(f"[bold]{escape(tenant)}[/]: {version}, {snapshot.matured} outcomes learned, {stage}")
        table = Table("option", "state", "decisions comparable with control", "minus control", box=None)
        for option in sorted({*snapshot.arms, *snapshot.evidence, *snapshot.disabled} - {CONTROL}):
            state = "rolled back" if option in snapshot.disabled else ""
            table.add_row(escape(option), state, *format_evidence(snapshot.evidence.get(option, effects.Evidence())))
        console.print(table)


def format_evidence(evidence: effects.Evidence) -> tuple[str, str]:
    """Number of decisions and their mean difference to control, or "insufficient data"."""
    if evidence.n < effects.SHOWN_AFTER:
        return str(evidence.n), f"insufficient data (<{effects.SHOWN_AFTER})"
    return str(evidence.n), f"{evidence.mean:+.3f}"
