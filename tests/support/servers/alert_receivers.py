"""Alert receivers on loopback: an SMTP server, and an HTTP server that verifies signatures as docs/alerts.md says."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from agents.embedded.process import free_port

SECRET = "a shared secret of the tests"


@dataclass
class Inbox:
    """Received mail, and the URL for apprise."""

    url: str
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 taken"


def part(mail: EmailMessage, kind: str) -> str:
    """The HTML or plain part of a mail."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


@contextmanager
def smtp() -> Iterator[Inbox]:
    """A running SMTP server."""
    port = free_port()
    inbox = Inbox(f"mailto://127.0.0.1:{port}/?from=tenor@example.org&to=lead@example.org&mode=insecure")
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()


@dataclass
class Hook:
    """Requests to a webhook: bodies with a valid signature, refused requests, and the next answers."""

    url: str
    bodies: list[dict[str, Any]] = field(default_factory=list)
    forged: int = 0
    answers: list[int] = field(default_factory=list)


def verified(secret: str, timestamp: str, signature: str, body: bytes, now: float) -> bool:
    """Verify a signature as docs/alerts.md describes."""
    if abs(now - int(timestamp)) > 300:
        return False
    wanted = "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, signature)


@contextmanager
def http() -> Iterator[Hook]:
    """A running receiver of webhooks."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = hook.answers.pop(0) if hook.answers else 204
            signed = self.headers["Tenor-Timestamp"], self.headers["Tenor-Signature"]
            if not all(signed) or not verified(SECRET, *signed, body, time.time()):
                hook.forged += 1
                status = 401
            elif status < 300:
                hook.bodies.append(json.loads(body))
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", hook.url)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook = Hook(f"http://127.0.0.1:{server.server_port}/hook")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
