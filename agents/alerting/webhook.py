"""The signed webhook: a message as JSON, signed with HMAC-SHA256 which proves the sender and the time.

The signature is over ``timestamp.body``. A receiver refuses a timestamp more than ``REPLAY_WINDOW_S`` off its own
clock, and a ``message_id`` it has had. docs/alerts.md has an example.
"""

import hashlib
import hmac
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any

REPLAY_WINDOW_S = 300
TIMEOUT_S = 10.0
TIMESTAMP, SIGNATURE, MESSAGE_ID = "Tenor-Timestamp", "Tenor-Signature", "Tenor-Message-Id"
RETRYABLE = {408, 425, 429}  # besides every 5xx


class DeliveryError(Exception):
    """A destination did not accept a message. The reason contains no address.

    Attributes:
        for_good: whether a retry cannot help.
    """

    def __init__(self, reason: str, for_good: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.for_good = reason, for_good


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuses redirects: they would turn the POST into a GET and send the signature to another server."""

    def redirect_request(self, *_: Any) -> None:
        return None


OPENER = urllib.request.build_opener(NoRedirect)


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """``v1=`` and the HMAC-SHA256 of ``timestamp.body`` in hex."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1={digest.hexdigest()}"


def post(url: str, secret: str, message_id: str, body: bytes, now_s: int) -> None:
    """Send a message. ``DeliveryError`` unless the receiver answers 2xx."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "tenor",
        TIMESTAMP: str(now_s),
        SIGNATURE: sign(secret, now_s, body),
        MESSAGE_ID: message_id,
    }
    try:
        with OPENER.open(urllib.request.Request(url, body, headers), timeout=TIMEOUT_S):
            return
    except urllib.error.HTTPError as error:
        error.close()
        raise DeliveryError(f"HTTP {error.code}", error.code < 500 and error.code not in RETRYABLE) from None
    except TimeoutError:
        raise DeliveryError("timeout") from None
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None)
        raise DeliveryError(type(reason if isinstance(reason, BaseException) else error).__name__) from None
