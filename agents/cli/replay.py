"""``tenor replay|voice``: recordings and sound, published to Kafka as events."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.options import Tenant, load_settings
from agents.cli.output import out, print_result

if TYPE_CHECKING:
    from agents.learning.off_policy import DecisionRange
    from agents.settings.model import Settings

app = typer.Typer()


@app.command(epilog="Example: tenor replay day.jsonl.gz --speed 1500")
def replay(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Recording, or labelled conversations (JSONL).")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(help="Times faster than real time. Default: as fast as possible.")
    ] = None,
    finish: Annotated[
        bool, typer.Option(help="Close all conversations at the end and wait until everything is stored.")
    ] = True,
    timeout: Annotated[float, typer.Option(help="Longest wait with --finish, in seconds.")] = 120.0,
    labels: Annotated[bool, typer.Option(help="Publish the labels, too, as ratings for the learner.")] = False,
    policy: Annotated[
        Path | None,
        typer.Option(help="Candidate policy (YAML). Publish nothing; evaluate it offline, on logged decisions."),
    ] = None,
    since: Annotated[str | None, typer.Option(help="With --policy: first decision time, as RFC 3339.")] = None,
    until: Annotated[str | None, typer.Option(help="With --policy: end of the period, exclusive, as RFC 3339.")] = None,
    tenant: Annotated[str, typer.Option(help="With --policy: tenant ID.")] = "default",
    as_json: Annotated[bool, typer.Option("--json", help="With --policy: print JSON.")] = False,
) -> None:
    """Publish a recording, or labelled conversations, to Kafka.

    With --policy, publish nothing: estimate what another policy would have achieved on logged decisions.
    """
    if (file is None) == (policy is None):
        raise typer.BadParameter("Give either a recording FILE or --policy FILE.")
    settings = load_settings()
    if file is not None:
        publish_recording(settings, file, speed, labels, timeout if finish else None)
    elif policy is not None:
        evaluate_policy(settings, policy, decision_range(tenant, since, until), as_json)


def publish_recording(
    settings: "Settings", file: Path, speed: float | None, labels: bool, finish_timeout: float | None
) -> None:
    """Publish a recording; then close its conversations, unless the time for that is None."""
    from agents.recordings import replay as replays

    with out.status("replaying") as status:
        result = replays.replay(
            settings, file, speed, lambda done, total: status.update(f"replaying {done}/{total}"), labels
        )
    total = sum(result.events.values())
    out.print(f"{total} events of {result.conversations} conversations in {result.seconds:.1f} s")
    if finish_timeout is not None:
        with out.status("waiting for workers and sink") as status:
            replays.conclude(
                settings,
                result.last_event_ms,
                finish_timeout,
                lambda stage, lag: status.update(f"{stage}: {lag} records left"),
            )


def decision_range(tenant: str, since: str | None, until: str | None) -> "DecisionRange":
    from agents.clickhouse.period import parse_time
    from agents.learning.off_policy import DecisionRange

    return DecisionRange(tenant, parse_time(since), parse_time(until))


def evaluate_policy(settings: "Settings", file: Path, decisions: "DecisionRange", as_json: bool) -> None:
    """Print the estimated value of a candidate policy on logged decisions."""
    from agents.learning import off_policy

    print_result(
        off_policy.evaluate_candidate(settings, file, decisions), as_json, json.dumps, off_policy.print_estimates
    )


@app.command(epilog="Example: tenor voice call.wav --conversation c1 --consent")
def voice(
    file: Annotated[
        str, typer.Argument(metavar="WAV", help="Recording of the customer alone. - reads standard input.")
    ],
    conversation: Annotated[str, typer.Option(help="Conversation ID.")],
    consent: Annotated[
        bool,
        typer.Option(
            "--consent/--no-consent", help="Whether the customer consented. Without consent, no sound is read."
        ),
    ],
    customer: Annotated[str | None, typer.Option(help="Pseudonymous customer ID.")] = None,
    tenant: Tenant = "default",
    frame_ms: Annotated[int, typer.Option(min=500, max=60_000, help="Frame length in milliseconds.")] = 2000,
    track: Annotated[
        int | None, typer.Option(help="Track of the customer, counted from 1. Required for several tracks.")
    ] = None,
    started: Annotated[
        str | None,
        typer.Option(help="Start of the sound, as RFC 3339. Default: a file ended now, a pipe starts now."),
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Write a recording to this file; publish nothing.")] = None,
) -> None:
    """Measure a customer's voice and publish prosody events, one per frame. The sound is neither sent nor stored."""
    from agents.voice import frames

    caller = frames.Caller(conversation, customer, tenant, consent)
    summary = frames.measure_voice(load_settings(), file, caller, frame_ms, track, started, to)
    unknown = ", ".join(f"{count} {reason}" for reason, count in sorted(summary.unknown.items())) or "none"
    out.print(f"{summary.frames} frames; unknown measures: {unknown}" if consent else "no consent: no sound was read")
