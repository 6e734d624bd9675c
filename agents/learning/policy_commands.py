"""``tenor policy``: what the policy has learned, and what a person asks of it."""

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
from agents.learning.policies import usable
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from streams.experiment import effects
from streams.interventions.options import CONTROL
from streams.outputs import Output
from streams.policy.snapshot import Snapshot

UNKNOWN = "–"


def newest(settings: Settings) -> dict[str, tuple[str, Snapshot]]:
    """The last snapshot of every tenant that can be used, with its version."""
    topics.require_all(settings)
    return {one.tenant: (version, one) for version, one, _ in usable(settings, codec_for(settings))}


def publish_command(settings: Settings, action: str, option: str, tenant: str, by: str | None, reason: str) -> None:
    """Ask the learner to enable or disable an option. ``Failure`` for one there is not."""
    known = {one.id for one in settings.config.protocols}
    if option not in known:
        raise Failure(f"there is no option {option}", f"the options are {', '.join(sorted(known))}")
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


def render(found: dict[str, tuple[str, Snapshot]], settings: Settings, console: Console) -> None:
    """Print what was learned, by tenant and option."""
    if not found:
        console.print("No policy was learned yet: options are drawn uniformly.")
    for tenant, (version, snapshot) in sorted(found.items()):
        stage = "in use" if snapshot.matured >= settings.policy.safe_start else "not in use yet, drawn uniformly"
        console.print(f"[bold]{escape(tenant)}[/]: {version}, {snapshot.matured} outcomes learned, {stage}")
        table = Table("option", "state", "decisions comparable with control", "minus control", box=None)
        for option in sorted({*snapshot.arms, *snapshot.evidence, *snapshot.disabled} - {CONTROL}):
            state = "rolled back" if option in snapshot.disabled else ""
            table.add_row(escape(option), state, *told(snapshot.evidence.get(option, effects.Evidence())))
        console.print(table)


def told(evidence: effects.Evidence) -> tuple[str, str]:
    """How many, and their mean; nothing while there are too few to show."""
    if evidence.n < effects.SHOWN_AFTER:
        return str(evidence.n), f"insufficient data (<{effects.SHOWN_AFTER})"
    return str(evidence.n), f"{evidence.mean:+.3f}"
