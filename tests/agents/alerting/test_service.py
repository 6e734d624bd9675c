"""Delivery: real receivers, backoff, and what is said where nothing was taken."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agents.alerting import destinations as places
from agents.alerting.delivery_records import of_delivered, of_suppressed
from agents.alerting.dispatcher import BACKLOG, AlertDispatcher, Receipt
from agents.alerting.offset_tracker import OffsetTracker
from agents.alerting.routes import routes_of
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


def postman(team: Team, patience_s: float = 5.0, stop: threading.Event | None = None) -> AlertDispatcher:
    routes = {team.name: places.destinations(team, CONSOLE)}
    return AlertDispatcher(routes, patience_s, stop or threading.Event(), first_wait_s=0.01)


def hooked(hook: Hook, secret: str = SECRET) -> Team:
    return Team("support", webhooks=(Webhook(hook.url, secret),))


def test_a_mail_arrives_escaped_whatever_the_fields_hold(inbox: Inbox) -> None:
    assert postman(Team("support", apprise=(inbox.url,))).deliver(replace(hostile(ATTACK), team="support")) == [
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
    postman(Team("support", apprise=(inbox.url,))).deliver(message())
    html = part(inbox.mails[0], "html")
    assert "speaks of waiting (50%)" in html
    assert '<a href="https://tenor.example/conversation?tenant=default&amp;id=c1">' in html


def test_a_webhook_arrives_signed(hook: Hook) -> None:
    assert postman(hooked(hook)).deliver(message()) == [Receipt("webhook-1", 1, None)]
    assert [body["message_id"] for body in hook.bodies] == ["m1"]
    assert hook.bodies[0]["alerts"][0]["evidence"][0] == "speaks of waiting (50%)"


def test_a_wrong_secret_is_refused_for_good(hook: Hook) -> None:
    assert postman(hooked(hook, "another secret, also long")).deliver(message()) == [
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
    assert postman(hooked(hook)).deliver(message()) == [Receipt("webhook-1", 3, None)]
    assert len(hook.bodies) == 1


def test_a_redirect_is_not_followed(hook: Hook) -> None:
    hook.answers[:] = [307]
    assert postman(hooked(hook)).deliver(message()) == [Receipt("webhook-1", 1, "HTTP 307")]
    assert hook.bodies == []


def test_one_dead_destination_does_not_keep_the_other_from_being_told(
    hook: Hook, capsys: pytest.CaptureFixture[str]
) -> None:
    dead = f"json://{SECRET.replace(' ', '')}@127.0.0.1:{free_port()}/"
    receipts = postman(Team("support", (dead,), (Webhook(hook.url, SECRET),)), 0.1).deliver(message())
    assert [(one.destination, one.reason) for one in receipts] == [("json-1", "not taken"), ("webhook-1", None)]
    assert receipts[0].attempts > 1
    said = "".join(capsys.readouterr())
    assert "alert could not be delivered" in said
    assert SECRET.replace(" ", "") not in said
    assert "c1" not in said


def test_the_status_a_service_answers_with_is_told_and_nothing_else(hook: Hook) -> None:
    unsigned = Team("support", apprise=(hook.url.replace("http://", "json://"),))
    assert postman(unsigned, 0.05).deliver(message())[0].reason == "HTTP 401"


def test_an_address_that_is_none_is_refused_without_being_quoted() -> None:
    with pytest.raises(Failure) as caught:
        places.destinations(Team("support", ("nonsense://secret-token",)), None)
    assert caught.value.message == "team support: address 1 under apprise is none that apprise understands"


def finished(one: AlertDispatcher, count: int) -> list[tuple[Message, list[Receipt]]]:
    found: list[tuple[Message, list[Receipt]]] = []
    deadline = time.monotonic() + 10
    while len(found) < count and time.monotonic() < deadline:
        found += one.finished()
        time.sleep(0.01)
    return found


def test_in_the_background_a_dead_team_holds_up_nobody(hook: Hook) -> None:
    stop = threading.Event()

    def refuse(_: Message) -> None:
        raise DeliveryError("HTTP 503")

    routes = {"dead": [places.Destination("webhook-1", refuse)], "support": places.destinations(hooked(hook), None)}
    one = AlertDispatcher(routes, 60.0, stop, first_wait_s=0.01)
    dead = Message("dead", "alert", "dead", "default", "c1", "warning", NOW, (alert(),))
    for _ in range(BACKLOG + 3):
        one.post(dead)
    one.post(message())
    found = finished(one, 4)
    assert sorted((told.team, receipts[0].reason) for told, receipts in found) == [
        *[("dead", "backlog")] * 3,
        ("support", None),
    ]
    stop.set()
    one.close()
    assert one.finished() == []  # neither delivered nor given up: the next one delivers them


def test_a_destinations_own_bug_is_told_and_settled() -> None:
    def broken(_: Message) -> None:
        raise ZeroDivisionError

    one = AlertDispatcher({"support": [places.Destination("webhook-1", broken)]}, 1.0, threading.Event())
    one.post(message())
    assert finished(one, 1)[0][1] == [Receipt("webhook-1", 1, "ZeroDivisionError")]
    one.close()


def test_what_became_of_it_is_a_record_for_each_destination_and_alert() -> None:
    two = Message("m", "alert", "support", "default", "c1", "warning", NOW, (alert(1), alert(2)))
    receipts = [Receipt("webhook-1", 1, None), Receipt("mailto-1", 4, "not taken")]
    found = [*of_delivered(two, receipts, NOW), of_suppressed(Suppress(alert(3), "support", "stale"), NOW)]
    codec = Codec()
    for one in found:
        assert codec.encode(record("alert_delivery"), one.datum)
    told = [
        (one.datum["alert_id"], one.datum["destination"], one.datum["status"], one.datum["reason"]) for one in found
    ]
    assert told == [
        ("alert-1", "webhook-1", "delivered", None),
        ("alert-2", "webhook-1", "delivered", None),
        ("alert-1", "mailto-1", "failed", "not taken"),
        ("alert-2", "mailto-1", "failed", "not taken"),
        ("alert-3", "", "suppressed", "stale"),
    ]
    assert len({one.id for one in found}) == 5
    recovery = Message("r", "recovery", "support", "default", "c1", "info", NOW)
    [one] = of_delivered(recovery, receipts[:1], NOW)
    assert (one.datum["alert_id"], one.datum["kind"], one.datum["rule"]) == ("r", "recovery", "")
    assert codec.encode(record("alert_delivery"), one.datum)


def test_a_partition_is_committed_before_the_first_alert_under_way() -> None:
    unsettled, position = OffsetTracker(), ("tenor.alerts", 0)
    unsettled.take(position, 5)
    unsettled.take(position, 6, "a", 2)
    unsettled.take(position, 7, "b", 1)
    assert unsettled.ends() == [(position, 6)]
    unsettled.settle("b")
    unsettled.settle("a")
    assert unsettled.ends() == []
    unsettled.settle("a")
    assert unsettled.ends() == [(position, 8)]


def test_routes_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    path = tmp_path / "routes.yaml"
    for content, told in (
        (None, "cannot be read"),
        (b"\xff", "it is not UTF-8 text"),
        (b"teams: []", "define at least one team"),
    ):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(Failure, match=told):
            routes_of(Settings(_env_file=None, alert_routes=path))
    with pytest.raises(Failure, match="TENOR_ALERT_ROUTES is not set"):
        routes_of(Settings(_env_file=None))
