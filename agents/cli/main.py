"""The command ``tenor``. Every command is a few lines; what it does stands in the module it names."""

import json
import logging
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Annotated, Literal, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from agents.common import logs
from agents.common.errors import Failure
from agents.settings import loader
from agents.settings.model import Settings

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Follows how conversations feel.")
topics_app = typer.Typer(no_args_is_help=True, help="The topics on the broker.")
dlq_app = typer.Typer(no_args_is_help=True, help="The dead letter queues.")
app.add_typer(topics_app, name="topics")
app.add_typer(dlq_app, name="dlq")
profiles_app = typer.Typer(no_args_is_help=True, help="What is remembered of customers.")
app.add_typer(profiles_app, name="profiles")
review_app = typer.Typer(no_args_is_help=True, help="Replies compared by people who do not know which is which.")
app.add_typer(review_app, name="blind-review")

policy_app = typer.Typer(no_args_is_help=True, help="What the policy has learned, and what you ask of it.")
app.add_typer(policy_app, name="policy")
alerts_app = typer.Typer(help="Deliver alerts to teams: docs/alerts.md.")
app.add_typer(alerts_app, name="alerts")
schemas_app = typer.Typer(no_args_is_help=True, help="The Avro records: compatible, and published to a registry.")
app.add_typer(schemas_app, name="schemas")

T = TypeVar("T")
out = Console()
err = Console(stderr=True)

Directory = Annotated[Path, typer.Option(help="Where data and logs are kept.")]
Workers = Annotated[int, typer.Option(min=1, help="Number of worker processes.")]
Seed = Annotated[int, typer.Option(help="Same seed, same day, byte for byte.")]
Truth = Annotated[Path | None, typer.Option(help="Recording whose labels to judge by.")]
Tenant = Annotated[str, typer.Option(help="Whose it is.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
Prior = Annotated[str, typer.Option(help="Weights to begin with: shipped, expert, none, or a file.")]
Mode = Literal["shipped", "online", "folds"]
HOME = Path(".tenor")
GIVES_WAY = 10  # niceness of what may be late: learning, beside the live path on the same machine


def main() -> None:
    """Entry point: a ``Failure`` is one sentence and its exit code, without a traceback."""
    signal.signal(signal.SIGTERM, on_sigterm)
    try:
        app()
    except Failure as failure:
        err.print(f"[bold red]error:[/] {escape(failure.message)}", highlight=False, soft_wrap=True)
        if failure.hint:
            err.print(escape(failure.hint), style="dim", highlight=False, soft_wrap=True)
        sys.exit(failure.exit_code)


def on_sigterm(signum: int, frame: FrameType | None) -> NoReturn:
    """Leave through every ``finally``; the code says that the command did not come to its end."""
    sys.exit(128 + signum)


def tell(found: T, as_json: bool, dump: Callable[[T], str], render: Callable[[T, Console], None]) -> None:
    """Print what was found: for programs, or for people."""
    if as_json:
        sys.stdout.write(dump(found) + "\n")
    else:
        render(found, out)


def loaded() -> Settings:
    """Settings, with logging set up by them."""
    found = loader.load()
    logs.configure(found.log_level, found.log_json)
    return found


@app.callback()
def first(context: typer.Context) -> None:
    """No command starts where a variable is misspelled, not even one that needs no settings; the doctor tells it."""
    if context.invoked_subcommand != "doctor" and "--help" not in sys.argv:
        loader.refuse_misspelled()


@app.command()
def worker() -> None:
    """Run a worker: ingest, conversations and alerts agents."""
    from agents.worker import app as workers

    workers.run(loaded())


@app.command()
def sink() -> None:
    """Run the sink: topics into ClickHouse."""
    from agents.common import health
    from agents.sink import sink as sinks

    found = loaded()
    writer = sinks.Sink(found)
    health.serve(writer.health, found.http_host, found.http_port, found.http_token)
    writer.run(told_to_stop())


@app.command()
def learner() -> None:
    """Run the learner: ratings into new weights for the text model. One a deployment."""
    from agents.common import health
    from agents.learning import learner as learners

    found = loaded()
    os.nice(GIVES_WAY)
    one = learners.Learner(found)
    health.serve(one.health, found.http_host, found.http_port, found.http_token)
    one.run(told_to_stop())


@app.command()
def workload() -> None:
    """Tell what teams are exposed to. Off unless it is switched on: docs/operators.md. One a deployment."""
    from agents import workload as workloads
    from agents.common import health

    found = loaded()
    one = workloads.WorkloadService(found)
    health.serve(one.health, found.http_host, found.http_port, found.http_token, one.pages)
    one.run(told_to_stop())


@app.command()
def console() -> None:
    """Serve the console: a web page for team leads, on TENOR_HTTP_HOST and TENOR_HTTP_PORT."""
    from agents.console import server

    server.run(loaded(), lambda text: out.print(text, highlight=False, soft_wrap=True))


@app.command()
def config(
    changed: Annotated[bool, typer.Option(help="Only what is not at its default.")] = False, as_json: AsJson = False
) -> None:
    """Print the settings in force, and where each came from. Secrets are not shown."""
    from agents.settings import effective

    found = effective.effective(loaded())
    found = [one for one in found if not changed or one.source != effective.DEFAULT]
    tell(found, as_json, lambda found: json.dumps([one._asdict() for one in found]), effective.render)


Role = Literal["worker", "learner", "sink", "alerts", "workload", "console", "report", "migrate"]


@app.command()
def doctor(
    role: Annotated[Role | None, typer.Option(help="Look only at what this process needs.")] = None,
    timeout: Annotated[float, typer.Option(min=1, max=60, help="Longest wait for the broker, seconds.")] = 5.0,
    as_json: AsJson = False,
) -> None:
    """Look at everything Tenor needs, change nothing, say what to do. Exits 1 when something has failed."""
    from agents.doctor import check, run, view

    logging.disable(logging.CRITICAL)  # what goes wrong is told in the table
    found = run.examine(role, timeout)
    tell(found, as_json, view.as_json, view.render)
    raise typer.Exit(int(check.broken(found)))


def told_to_stop() -> threading.Event:
    """Set when this process is told to stop; the work under way is finished."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@app.command()
def migrate() -> None:
    """Create or update the ClickHouse tables."""
    from agents.clickhouse import migrate as migrations

    applied = migrations.migrate(loaded())
    out.print("\n".join(applied) if applied else "nothing to do")


@topics_app.command("apply")
def topics_apply(
    tolerate_settings: Annotated[
        bool, typer.Option("--tolerate-settings", help="Exit 0 where only settings differ, as a longer retention.")
    ] = False,
) -> None:
    """Create missing topics; report how existing ones differ. Exits 1 when they do."""
    from agents.kafka.admin import topics

    found = topics.apply(loaded())
    out.print("\n".join(found) if found else "all topics are as they should be")
    wrong = [line for line in found if isinstance(line, topics.PartitionCountMismatch)] if tolerate_settings else found
    raise typer.Exit(1 if wrong else 0)


@app.command()
def up(directory: Directory = HOME, workers: Workers = 1) -> None:
    """Start the embedded stack and keep it running until Ctrl-C."""
    from agents.embedded import stack

    found = loaded()
    with stack.running(found, directory, workers, out.print) as running:
        running.start_process("console", "console", port=found.http_port)
        running.wait_ready()
        show_places(running)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # from here on, being stopped is success
        try:
            while True:
                time.sleep(1)
                running.supervise(out.print)
        except KeyboardInterrupt:
            out.print("stopping")


def show_places(running: "stack.Stack") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Where everything is, as a table and as variables to paste into another terminal."""
    from agents.settings.loader import environment

    table = Table("what", "where", box=None)
    table.add_row("Kafka", running.broker.bootstrap)
    table.add_row("ClickHouse", f"127.0.0.1:{running.clickhouse.tcp_port} native, :{running.clickhouse.http_port} HTTP")
    for process in running.processes:
        what = process.url if process.name == "console" else f"{process.url}/metrics"
        table.add_row(process.name, f"{what}, process {process.child.pid}")
    table.add_row("data and logs", str(running.directory))
    out.print(table)
    shown = environment(running.settings, secrets=False)
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in shown.items())
    out.print(f"In another terminal:\nexport {variables}", soft_wrap=True, highlight=False)


@app.command()
def demo(
    directory: Directory = HOME / "demo",
    seed: Seed = 1,
    conversations: Annotated[int, typer.Option(min=1)] = 400,
    seconds: Annotated[float, typer.Option(min=1, help="How long the day takes to replay.")] = 45.0,
    workers: Workers = 1,
    keep: Annotated[bool, typer.Option(help="Keep what earlier demos stored.")] = False,
) -> None:
    """Replay a simulated support day through the embedded stack and report what happened."""
    from agents.embedded import demo as demos
    from agents.embedded import stack

    directory = stack.usable(directory)
    if not keep:
        stack.forget(directory)
    logging.disable(logging.WARNING)
    demos.demo(loader.load(), directory, seed, conversations, seconds, workers)


@app.command()
def simulate(
    file: Path,
    seed: Seed = 1,
    conversations: Annotated[int, typer.Option(min=1)] = 400,
    visits: Annotated[int, typer.Option(min=1, help="Conversations of each customer, over days; 1: one day.")] = 1,
) -> None:
    """Write a simulated support day, or weeks in which customers return, its hidden truth included, to FILE."""
    from agents.recordings import file as recording
    from agents.simulator.day import simulate as simulated
    from agents.simulator.weeks import simulate_weeks

    customers = -(-conversations // visits)
    lines = simulated(seed, conversations) if visits == 1 else simulate_weeks(seed, customers, visits)
    recording.write(file, lines, seed)
    out.print(f"wrote {escape(str(file))}", highlight=False, soft_wrap=True)


@app.command()
def replay(
    file: Annotated[Path | None, typer.Argument(help="A recording, or labelled conversations.")] = None,
    speed: Annotated[float | None, typer.Option(help="Times faster than it happened; unset: at once.")] = None,
    finish: Annotated[bool, typer.Option(help="Close every conversation at the end, wait until all is stored.")] = True,
    timeout: Annotated[float, typer.Option(help="Longest wait for that, seconds.")] = 120.0,
    labels: Annotated[bool, typer.Option(help="Publish the labels, too, as marks for the learner.")] = False,
    policy: Annotated[
        Path | None, typer.Option(help="Publish nothing: decide what is on record again by this policy, in thought.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="With --policy: decisions from then on, RFC 3339.")] = None,
    until: Annotated[str | None, typer.Option(help="With --policy: decisions before then.")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Play a recording, or labelled conversations in the neutral format, onto the bus.

    With --policy FILE instead: what another policy would have been worth over the decisions on record.
    """
    from agents.recordings import replay as replays

    if (file is None) == (policy is None):
        raise typer.BadParameter("a recording to publish is needed, or --policy FILE, and not both")
    found = loaded()
    if policy is not None:
        return decide_again(found, policy, tenant, since, until, as_json)
    assert file is not None
    with out.status("replaying") as status:
        told = lambda done, total: status.update(f"replaying {done}/{total}")  # noqa: E731
        result = replays.replay(found, file, speed, told, labels)
    total = sum(result.events.values())
    out.print(f"{total} events of {result.conversations} conversations in {result.seconds:.1f} s")
    if finish:
        with out.status("waiting for workers and sink") as status:
            waiting = lambda stage, lag: status.update(f"{stage}: {lag} to go")  # noqa: E731
            replays.conclude(found, result.last_event_ms, timeout, waiting)


def decide_again(found: Settings, file: Path, tenant: str, since: str | None, until: str | None, as_json: bool) -> None:
    from agents.clickhouse.period import moment
    from agents.learning import off_policy

    wanted = off_policy.DecisionRange(tenant, moment(since), moment(until))
    told = off_policy.redecide(found, file, wanted)
    tell(told, as_json, json.dumps, off_policy.render)


@app.command()
def voice(
    file: Annotated[str, typer.Argument(metavar="WAV", help="Sound of the customer alone; - for standard input.")],
    conversation: Annotated[str, typer.Option(help="Id of the conversation.")],
    consent: Annotated[
        bool, typer.Option("--consent/--no-consent", help="Whether the customer agreed; without, nothing is read.")
    ],
    customer: Annotated[str | None, typer.Option(help="Pseudonymous id of the customer.")] = None,
    tenant: Annotated[str, typer.Option(help="Whose conversation it is.")] = "default",
    frame_ms: Annotated[int, typer.Option(min=500, max=60_000, help="Length of a frame, milliseconds.")] = 2000,
    track: Annotated[int | None, typer.Option(help="The customer's track, from 1, where there are several.")] = None,
    started: Annotated[
        str | None, typer.Option(help="When the sound began, RFC 3339; unset: a file ended now, a pipe begins now.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Write a recording instead of publishing.")] = None,
) -> None:
    """Measure a customer's voice and publish it as prosody, frame by frame. The sound goes nowhere."""
    from agents.voice import frames as voices

    caller = voices.Caller(conversation, customer, tenant, consent)
    heard = voices.voice(loaded(), file, caller, frame_ms, track, started, to)
    unknown = ", ".join(f"{count} {reason}" for reason, count in sorted(heard.unknown.items())) or "none"
    out.print(f"{heard.frames} frames; measures that are unknown: {unknown}" if consent else "no consent; nothing read")


@app.command()
def train(
    files: list[Path],
    to: Annotated[Path, typer.Option("--out", help="Where the weights are written.")],
    prior: Prior = "shipped",
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the files.")] = 4,
    rate: Annotated[float, typer.Option(min=0.0001, max=1.0, help="AdaGrad's learning rate.")] = 0.07,
    base_rate: Annotated[bool, typer.Option(help="Learn how often turns are frustrated, too.")] = True,
) -> None:
    """Learn the text model's weights from labelled conversations in the neutral format."""
    from agents.training import train as training

    turns = training.train(files, to, training.TrainingPlan(training.named(prior), epochs, rate, base_rate))
    out.print(f"learned {turns} labelled turns, wrote {escape(str(to))}", highlight=False, soft_wrap=True)


@app.command()
def adopt(file: Path) -> None:
    """Have the workers use the weights in FILE from now on. Stop the learner first; it goes on from them."""
    from agents.kafka.admin import topics
    from agents.learning.model_publisher import ModelPublisher
    from agents.schema_registry.client import codec_for
    from agents.training import train as training

    found, weights = loaded(), training.read(file)
    topics.require_all(found)
    ModelPublisher(found, codec_for(found)).publish(weights)
    out.print(f"workers go on with the text model {weights.version}", highlight=False)


@app.command()
def evaluate(
    file: Path,
    mode: Annotated[Mode, typer.Option(help="Whether and when labels are learned.")] = "shipped",
    folds: Annotated[int, typer.Option(min=2, help="Parts in mode folds, by conversation.")] = 10,
    prior: Prior = "shipped",
    to: Annotated[Path | None, typer.Option("--out", help="Write a prediction a labelled customer turn.")] = None,
    as_json: AsJson = False,
) -> None:
    """Predict labelled conversations through the live path, and score what was said."""
    from agents.training import dataset, scores, scores_view, train
    from agents.training import evaluate as evaluation

    predictions = evaluation.run(dataset.read(file), mode, train.named(prior), loader.load().config, folds)
    if to is not None:
        evaluation.write(to, predictions)
    found = scores.evaluation(predictions)
    tell(found, as_json, json.dumps, scores_view.render)


Since = Annotated[str | None, typer.Option(help="From then on, RFC 3339; unset: from the beginning.")]
Until = Annotated[str | None, typer.Option(help="Until before then; unset: until now.")]
OneTenant = Annotated[str | None, typer.Option(help="Of one tenant; unset: of all.")]


@app.command()
def report(
    truth: Truth = None,
    as_json: AsJson = False,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots to this file instead.")] = None,
    since: Since = None,
    until: Until = None,
    tenant: OneTenant = None,
) -> None:
    """Print what happened, from ClickHouse; or write it as one page, of a period where you name one."""
    from agents.recordings import file as recording
    from agents.reports import report as reports

    if html is not None:
        return write_page(html, since, until, tenant)
    if since or until or tenant:
        raise typer.BadParameter("--since, --until and --tenant need --html FILE")
    truths = recording.read(truth).truths if truth else None
    found = reports.report(loaded(), truths)
    tell(found, as_json, reports.as_json, reports.render)


def write_page(file: Path, since: str | None, until: str | None, tenant: str | None) -> None:
    from agents.clickhouse.period import period
    from agents.reports.html import page

    page.write(loaded(), file, period(since, until, tenant))
    say(f"wrote {file}")


@app.command("export")
def export_tables(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files are written; made if need be.")],
    since: Since = None,
    until: Until = None,
    tenant: OneTenant = None,
) -> None:
    """Write every table as a Parquet file, for notebooks and other databases. Ids in it are those you publish."""
    from agents.clickhouse.period import period
    from agents.reports import export as exporting

    for one in exporting.export(loaded(), directory, period(since, until, tenant)):
        say(f"{one.table}.parquet: {one.rows:,} rows, {one.bytes:,} bytes")


@app.command("history")
def customer_history(
    customer: Annotated[str, typer.Argument(help="Pseudonymous id of the customer.")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Tell of a customer over all conversations: what the signal rose with, what it fell after, what to try."""
    from agents.reports import customer as customer_history

    found = customer_history.told(loaded(), customer, tenant)
    tell(found, as_json, customer_history.as_json, customer_history.render)


@app.command("explain")
def explain_conversation(
    conversation: Annotated[str, typer.Argument(help="Its conversation_id.")],
    tenant: Annotated[str | None, typer.Option(help="Whose it is, where several tenants have one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell one conversation turn by turn: which signals moved the belief, what was done, what followed."""
    from agents.reports import conversation as explain

    found = explain.explain(loaded(), conversation, tenant)
    tell(found, as_json, explain.as_json, explain.render)


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Fold the signals log again and compare with what was published. Exits 1 when they differ."""
    from dataclasses import asdict

    from agents.verification import result as verdicts
    from agents.verification import verify as verification

    found = loaded()
    verdict = verification.verify(found)
    tell(verdict, as_json, lambda one: json.dumps({"equal": one.equal, **asdict(one)}, default=sorted), verdicts.render)
    if not verdict.equal:
        err.print(verification.lag_hint(found))
        raise typer.Exit(1)


By = Annotated[str | None, typer.Option(help="Who asks; unset: your user name.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept.")]


@policy_app.command("show")
def policy_show() -> None:
    """Print what was learned of each option, by tenant."""
    from agents.learning import policy_commands

    found = loaded()
    policy_commands.render(policy_commands.newest(found), found, out)


@policy_app.command("enable")
def policy_enable(option: str, reason: Reason, tenant: Tenant = "default", by: By = None) -> None:
    """Have an option drawn again that was rolled back; the evidence against it is forgotten."""
    from agents.learning import policy_commands

    policy_commands.publish_command(loaded(), "enable", option, tenant, by, reason)
    out.print("asked; the learner publishes a snapshot with it", highlight=False)


@policy_app.command("disable")
def policy_disable(option: str, reason: Reason, tenant: Tenant = "default", by: By = None) -> None:
    """Have an option no longer drawn."""
    from agents.learning import policy_commands

    policy_commands.publish_command(loaded(), "disable", option, tenant, by, reason)
    out.print("asked; the learner publishes a snapshot without it", highlight=False)


@alerts_app.callback(invoke_without_command=True)
def alerts(context: typer.Context) -> None:
    """Without a subcommand: run the delivery of alerts. One a deployment."""
    if context.invoked_subcommand is not None:
        return
    from agents.alerting import service
    from agents.common import health

    found = loaded()
    courier = service.AlertDeliveryService(found)
    health.serve(courier.health, found.http_host, found.http_port, found.http_token)
    courier.run(told_to_stop())


Conversation = Annotated[str | None, typer.Argument(help="Its conversation_id; without one, all of a team's alerts.")]
OfTeam = Annotated[str | None, typer.Option("--team", help="Team of the routes; unset: every team.")]
AlertId = Annotated[str | None, typer.Option("--alert", help="The alert you saw.")]
OptionalReason = Annotated[str, typer.Option(help="Why; it is kept.")]


@alerts_app.command("test")
def alerts_test(
    team: OfTeam = None,
    severity: Annotated[Literal["info", "warning", "critical"], typer.Option(help="Of the sample.")] = "warning",
) -> None:
    """Send a sample alert to every team's destinations, past all limits. Exits 1 where one was not taken."""
    from agents.alerting import commands

    told = commands.test(loaded(), team, severity)
    commands.render(told, out)
    raise typer.Exit(int(any(one.reason for receipts in told.values() for one in receipts)))


@alerts_app.command("ack")
def alerts_ack(
    conversation: Annotated[str, typer.Argument(help="Its conversation_id.")],
    tenant: Tenant = "default",
    team: OfTeam = None,
    alert: AlertId = None,
    reason: OptionalReason = "",
    by: By = None,
) -> None:
    """You have a conversation: no more of it until it recovers, unless it gets worse."""
    from agents.alerting import commands

    commands.publish_command(loaded(), "acknowledge", tenant, conversation, team, by, reason, alert_id=alert)
    out.print("asked; nothing more is told of it that is no worse", highlight=False)


@alerts_app.command("snooze")
def alerts_snooze(
    conversation: Conversation = None,
    length: Annotated[str, typer.Option("--for", help="How long: 30m, 2h, 1d.")] = "1h",
    tenant: Tenant = "default",
    team: OfTeam = None,
    alert: AlertId = None,
    reason: OptionalReason = "",
    by: By = None,
) -> None:
    """Have nothing told for a while: of a conversation, or to a team."""
    from agents.alerting import commands
    from agents.common.clock import now_ms

    until = now_ms() + commands.duration_ms(length)
    commands.publish_command(loaded(), "snooze", tenant, conversation, team, by, reason, until, alert)
    out.print(f"asked; nothing is told for {length}", highlight=False)


@alerts_app.command("resume")
def alerts_resume(
    conversation: Conversation = None,
    tenant: Tenant = "default",
    team: OfTeam = None,
    reason: OptionalReason = "",
    by: By = None,
) -> None:
    """Take back what was acknowledged or snoozed."""
    from agents.alerting import commands

    commands.publish_command(loaded(), "resume", tenant, conversation, team, by, reason)
    out.print("asked; alerts are told again", highlight=False)


@dlq_app.command("list")
def dlq_list(topic: Annotated[str | None, typer.Argument()] = None) -> None:
    """Count dead letters by topic and reason; with TOPIC, list its letters."""
    from agents.kafka.admin import dead_letters

    if topic is None:
        table = Table("topic", "reason", "dead letters", box=None)
        for (name, reason), count in sorted(dead_letters.counts(loaded()).items()):
            table.add_row(name, escape(reason), str(count))
    else:
        table = Table("offset", "from", "reason", "what is wrong", "bytes", box=None)
        for letter in dead_letters.letters(loaded(), topic):
            said = dead_letters.errors_of(letter)
            place = f"{said.get('partition')}/{said.get('offset')}"
            size = str(len(letter.value or b""))
            what = escape(said.get("exception.message", ""))  # names fields, which are what the sender called them
            table.add_row(str(letter.offset), escape(place), escape(said.get("reason", "")), what, size)
    out.print(table)


@dlq_app.command("show")
def dlq_show(
    topic: str,
    offset: int,
    payload: Annotated[bool, typer.Option(help="Print the event itself: it may hold personal data.")] = False,
) -> None:
    """Show why one event was refused."""
    from agents.kafka.admin import dead_letters

    letter = dead_letters.find(loaded(), topic, offset)
    for name, value in dead_letters.errors_of(letter).items():
        out.print(f"{name}: {escape(value)}", highlight=False)
    out.print(f"bytes: {len(letter.value or b'')}")
    if payload:
        sys.stdout.buffer.write((letter.value or b"") + b"\n")


@dlq_app.command("requeue")
def dlq_requeue(topic: str, offsets: list[int]) -> None:
    """Send refused events back to the topic they came from, as they were."""
    from agents.kafka.admin import dead_letters

    found = loaded()
    for offset in track(offsets, description="requeueing", console=err, disable=len(offsets) < 2):
        target = dead_letters.requeue(found, dead_letters.find(found, topic, offset))
        out.print(f"{topic} {offset} sent to {target}")


@profiles_app.command("show")
def profiles_show(customer: str, tenant: Tenant = "default") -> None:
    """Print what is remembered of a customer, as JSON. Exits 1 when nothing is."""
    from agents.privacy import profiles

    found = profiles.find(loaded(), tenant, customer)
    if found is None:
        raise Failure("nothing is remembered of this customer")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


@profiles_app.command("erase")
def profiles_erase(customer: str, tenant: Tenant = "default") -> None:
    """Forget a customer: the profile, and what conversations opened until now would still add to it."""
    from agents.privacy import profiles

    profiles.erase(loaded(), tenant, customer)
    out.print("the workers will forget this customer; see docs/decisions/0008-profiles.md for what expires when")


@app.command("forget")
def forget_customer(
    customer: Annotated[str, typer.Option(help="Pseudonymous id of the customer.")],
    tenant: Tenant = "default",
    timeout: Annotated[float, typer.Option(help="Longest wait for each of the processes, seconds.")] = 120.0,
) -> None:
    """Erase a customer everywhere: conversations going on, profile, ClickHouse, pending outcomes."""
    from agents.privacy import erase, erase_view

    found = loaded()
    with out.status("waiting") as status:
        waiting = lambda stage, lag: status.update(f"{stage}: {lag} to go")  # noqa: E731
        erased = erase.forget(found, tenant, customer, timeout, waiting)
    erase_view.render(erased, found.topics, out)


@schemas_app.command("check")
def schemas_check(
    base: Annotated[str | None, typer.Option(help="Git ref to compare with; unset: the last tag.")] = None,
) -> None:
    """Whether today's records read what earlier versions wrote, in a clone of the repository. Exits 1 if not."""
    from agents.schema_registry import check as schema_check

    found = schema_check.check(base)
    for line in schema_check.told(found):
        say(line)
    raise typer.Exit(int(bool(found.wrong)))


@schemas_app.command("publish")
def schemas_publish(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be published.")] = False,
) -> None:
    """Register the records at TENOR_REGISTRY_URL that are not there. Nothing, and exit 1, where one may not be."""
    from agents.schema_registry import publish

    found = loaded()
    before = publish.standings(found)
    after = before if dry_run else publish.publish(found, before)
    publish.render(before, after, out)
    raise typer.Exit(int(any(one.wrong for one in after)))


def say(text: str) -> None:
    """Print a line as it is."""
    out.print(escape(text), highlight=False, soft_wrap=True)


@review_app.command("export")
def review_export(
    directory: Annotated[Path, typer.Argument(metavar="OUT_DIR", help="Where review.csv and key.json are written.")],
    pairs: Annotated[int, typer.Option(min=1, max=1000, help="Pairs at most.")] = 100,
    tenant: Tenant = "default",
    seed: Annotated[int | None, typer.Option(help="What pairs and sides are drawn with; unset draws one.")] = None,
) -> None:
    """Write pairs of replies, intervention and control, for reviewers; and the key that tells which is which."""
    from agents.blind_review import export

    done = export.export(loaded(), directory, pairs, tenant, seed)
    say(f"wrote {done.pairs} pairs of {done.exchanges[0]} replies to interventions and {done.exchanges[1]} to control")
    for why, count in sorted(done.left_out.items()):
        say(f"  left out: {count}, {why}")
    say(f"{done.review} is for the reviewers. It holds what customers and operators wrote, perhaps names: give it only")
    say("to people who may read these conversations, and delete it afterwards. The words go nowhere else.")
    say(f"{done.key} tells which reply is which: keep it away from the reviewers. The import needs it.")


@review_app.command("import")
def review_import(
    file: Annotated[Path, typer.Argument(metavar="REVIEW_CSV", help="The filled sheet.")],
    key: Annotated[Path, typer.Option(help="key.json of the export.")],
    rater: Annotated[str | None, typer.Option(help="Pseudonymous id of who filled it in, unless rows say.")] = None,
) -> None:
    """Publish a filled sheet as ratings: all of it, or nothing where something is wrong. Twice changes nothing."""
    from agents.blind_review import import_ratings

    done = import_ratings.load(loaded(), file, key, rater)
    by = f" by {', '.join(done.raters)}" if done.raters else ""
    say(f"published {done.ratings} ratings of {done.pairs} pairs{by}; {done.unanswered} pairs are not answered")


@review_app.command("report")
def review_report(
    key: Annotated[Path | None, typer.Option(help="key.json: that review alone, and beside length.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print which replies reviewers preferred, how much of it length explains, and whether they agree."""
    from agents.blind_review import report as reviews

    found = reviews.report(loaded(), key)
    tell(found, as_json, lambda one: json.dumps(one, allow_nan=False), reviews.render)


if __name__ == "__main__":
    main()
