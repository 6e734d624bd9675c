"""Delivery: real receivers, backoff, and what is said where nothing was taken."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agents.alerting.delivery_records import build_deliveries, build_suppressed
from agents.alerting.destinations import Destination, build_destinations
from agents.alerting.dispatcher import BACKLOG, AlertDispatcher, Receipt
from agents.alerting.offset_tracker import OffsetTracker
from agents.alerting.routes import load_routes
from agents.alerting.webhook import DeliveryError, sign
from agents.common.errors import Failure
from agents.embedded.process import free_port
from agents.settings.model import Settings
from schemas.codec import Codec
from schemas.records import record
from streams.alerts.messages import Message
from streams.alerts.routes import Team, Webhook
from streams.alerts.team_notifications import Suppress
from tests.streams.alerts.test_messages import ATTACK, hostile
from tests.support.data.alerts import NOW, alert
from tests.support.servers.alert_receivers import SECRET, Hook, Inbox, http, part, smtp, verified

CONSOLE = "https://tenor.example"


@pytest.fixture
def hook() -> Iterator[Hook]:
    with http() as running:
        yield running


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with smtp() as running:
        yield running


def message(number: int = 1) -> Message:
    return Message(f"m{number}", "alert", "support", "default", "c1", "warning", NOW, (alert(number),))


def new_dispatcher(team: Team, patience_s: float = 5.0, stop: threading.Event | None = None) -> AlertDispatcher:
    routes = {team.name: build_destinations(team, CONSOLE)}
    return AlertDispatcher(routes, patience_s, stop or threading.Event(), first_wait_s=0.01)


def hooked(hook: Hook, secret: str = SECRET) -> Team:
    return Team("support", webhooks=(Webhook(hook.url, secret),))


def test_a_mail_arrives_escaped_whatever_the_fields_hold(inbox: Inbox) -> None:
    assert new_dispatcher(Team("support", apprise=(inbox.url,))).deliver(replace(hostile(ATTACK), team="support")) == [
        Receipt("mailto-1", 1, None)
    ]
    [mail] = inbox.mails
    assert mail["to"] == "lead@example.org"
    assert mail["bcc"] is None
    html = part(mail, "html")
    assert "<script" not in html
    assert "<img" not in html
    assert "\u2039script\u203a" in html
    assert str(mail["subject"]).startswith("[warning] ")


def test_a_mail_says_what_rose_and_links_to_the_conversation(inbox: Inbox) -> None:
    new_dispatcher(Team("support", apprise=(inbox.url,))).deliver(message())
    html = part(inbox.mails[0], "html")
    assert "speaks of waiting (50%)" in html
    assert '<a href="https://tenor.example/conversation?tenant=default&amp;id=c1">' in html


def test_a_webhook_arrives_signed(hook: Hook) -> None:
    assert new_dispatcher(hooked(hook)).deliver(message()) == [Receipt("webhook-1", 1, None)]
    assert [body["message_id"] for body in hook.bodies] == ["m1"]
    assert hook.bodies[0]["alerts"][0]["evidence"][0] == "speaks of waiting (50%)"


def test_a_wrong_secret_is_refused_for_good(hook: Hook) -> None:
    assert new_dispatcher(hooked(hook, "another secret, also long")).deliver(message()) == [
        Receipt("webhook-1", 1, "HTTP 401")
    ]
    assert hook.forged == 1


def test_the_signature_covers_time_and_body() -> None:
    signature = sign(SECRET, NOW, b"{}")
    assert verified(SECRET, str(NOW), signature, b"{}", NOW + 299)
    assert not verified(SECRET, str(NOW), signature, b"{ }", NOW)
    assert not verified(SECRET, str(NOW + 1), signature, b"{}", NOW)
    assert not verified(SECRET, str(NOW), signature, b"{}", NOW + 301)  # replayed


@pytest.mark.parametrize("status", [500, 503, 429])
def test_what_may_pass_is_tried_again(hook: Hook, status: int) -> None:
    hook.answers[:] = [status, status]
    assert new_dispatcher(hooked(hook)).deliver(message()) == [Receipt("webhook-1", 3, None)]
    assert len(hook.bodies) == 1


def test_a_redirect_is_not_followed(hook: Hook) -> None:
    hook.answers[:] = [307]
    assert new_dispatcher(hooked(hook)).deliver(message()) == [Receipt("webhook-1", 1, "HTTP 307")]
    assert hook.bodies == []


def test_one_dead_destination_does_not_keep_the_other_from_being_told(
    hook: Hook, capsys: pytest.CaptureFixture[str]
) -> None:
    dead = f"json://{SECRET.replace(' ', '')}@127.0.0.1:{free_port()}/"
    receipts = new_dispatcher(Team("support", (dead,), (Webhook(hook.url, SECRET),)), 0.1).deliver(message())
    reasons = {receipt.destination: receipt.reason for receipt in receipts}
    assert reasons == {"json-1": "not taken", "webhook-1": None}
    assert receipts[0].attempts > 1
    output = "".join(capsys.readouterr())
    assert "alert could not be delivered" in output
    assert SECRET.replace(" ", "") not in output
    assert "c1" not in output


def test_the_status_a_service_answers_with_is_told_and_nothing_else(hook: Hook) -> None:
    unsigned = Team("support", apprise=(hook.url.replace("http://", "json://"),))
    assert new_dispatcher(unsigned, 0.05).deliver(message())[0].reason == "HTTP 401"


def test_an_address_that_is_none_is_refused_without_being_quoted() -> None:
    with pytest.raises(Failure) as caught:
        build_destinations(Team("support", ("nonsense://secret-token",)), None)
    assert caught.value.message == "Team support: Apprise does not know address 1 of the list apprise."


def wait_for_completed(dispatcher: AlertDispatcher, count: int) -> list[tuple[Message, list[Receipt]]]:
    completed: list[tuple[Message, list[Receipt]]] = []
    deadline = time.monotonic() + 10
    while len(completed) < count and time.monotonic() < deadline:
        completed += dispatcher.take_completed()
        time.sleep(0.01)
    return completed


def test_in_the_background_a_dead_team_holds_up_nobody(hook: Hook) -> None:
    stop = threading.Event()

    def refuse(_: Message) -> None:
        raise DeliveryError("HTTP 503")

    routes = {"dead": [Destination("webhook-1", refuse)], "support": build_destinations(hooked(hook), None)}
    dispatcher = AlertDispatcher(routes, 60.0, stop, first_wait_s=0.01)
    dead = Message("dead", "alert", "dead", "default", "c1", "warning", NOW, (alert(),))
    for _ in range(BACKLOG + 3):
        dispatcher.submit(dead)
    dispatcher.submit(message())
    completed = wait_for_completed(dispatcher, 4)
    assert sorted((message.team, receipts[0].reason) for message, receipts in completed) == [
        *[("dead", "backlog")] * 3,
        ("support", None),
    ]
    stop.set()
    dispatcher.close()
    assert dispatcher.take_completed() == []  # neither delivered nor given up: the next one delivers them


def test_a_destinations_own_bug_is_told_and_settled() -> None:
    def broken(_: Message) -> None:
        raise ZeroDivisionError

    dispatcher = AlertDispatcher({"support": [Destination("webhook-1", broken)]}, 1.0, threading.Event())
    dispatcher.submit(message())
    assert wait_for_completed(dispatcher, 1)[0][1] == [Receipt("webhook-1", 1, "ZeroDivisionError")]
    dispatcher.close()


def test_what_became_of_it_is_a_record_for_each_destination_and_alert() -> None:
    two = Message("m", "alert", "support", "default", "c1", "warning", NOW, (alert(1), alert(2)))
    receipts = [Receipt("webhook-1", 1, None), Receipt("mailto-1", 4, "not taken")]
    outputs = [*build_deliveries(two, receipts, NOW), build_suppressed(Suppress(alert(3), "support", "stale"), NOW)]
    codec = Codec()
    for output in outputs:
        assert codec.encode(record("alert_delivery"), output.datum)
    names = ("alert_id", "destination", "status", "reason")
    fields = [tuple(output.datum[name] for name in names) for output in outputs]
    assert fields == [
        ("alert-1", "webhook-1", "delivered", None),
        ("alert-2", "webhook-1", "delivered", None),
        ("alert-1", "mailto-1", "failed", "not taken"),
        ("alert-2", "mailto-1", "failed", "not taken"),
        ("alert-3", "", "suppressed", "stale"),
    ]
    assert len({output.id for output in outputs}) == 5
    recovery = Message("r", "recovery", "support", "default", "c1", "info", NOW)
    [output] = build_deliveries(recovery, receipts[:1], NOW)
    assert (output.datum["alert_id"], output.datum["kind"], output.datum["rule"]) == ("r", "recovery", "")
    assert codec.encode(record("alert_delivery"), output.datum)


def test_a_partition_is_committed_before_the_first_alert_under_way() -> None:
    tracker, position = OffsetTracker(), ("tenor.alerts", 0)
    tracker.track(position, 5)
    tracker.track(position, 6, "a", 2)
    tracker.track(position, 7, "b", 1)
    assert tracker.pop_committable() == [(position, 6)]
    tracker.mark_done("b")
    tracker.mark_done("a")
    assert tracker.pop_committable() == []
    tracker.mark_done("a")
    assert tracker.pop_committable() == [(position, 8)]


def test_routes_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    path = tmp_path / "routes.yaml"
    for content, reason in (
        (None, "cannot be read"),
        (b"\xff", "it is not UTF-8 text"),
        (b"teams: []", "define at least one team"),
    ):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(Failure, match=reason):
            load_routes(Settings(_env_file=None, alert_routes=path))
    with pytest.raises(Failure, match="TENOR_ALERT_ROUTES is not set"):
        load_routes(Settings(_env_file=None))
