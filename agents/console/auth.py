"""Who may read, and who may change something.

With a token set, a browser signs in with it and gets a cookie, signed with a key derived from the token: a new token
ends every session, a restart none. Scripts send ``Authorization: Bearer``. Without a token the console serves loopback
only, and only under its loopback names: a site whose DNS name points at loopback (DNS rebinding) gets nothing.

A change needs more: a request from the console's own page, with its origin and a CSRF token only that page can read.
"""

import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable

from starlette.requests import HTTPConnection

from agents.common.errors import Failure
from agents.common.http_auth import has_bearer_token, is_loopback
from agents.settings.model import Settings

COOKIE = "tenor_session"
CSRF_HEADER = "x-tenor-csrf"
MAX_FAILURES, FAILURES_S = 10, 60.0  # after so many wrong tokens within so many seconds, nobody can sign in

Clock = Callable[[], float]


class Auth:
    """The authorisation rules of one console.

    Args:
        settings: of this deployment. Raises ``Failure`` when they would open the console to everybody.
        clock: wall clock, seconds.
    """

    def __init__(self, settings: Settings, clock: Clock = time.time) -> None:
        self._token = settings.http_token.get_secret_value()
        if not self._token and not is_loopback(settings.http_host):
            raise Failure(
                f"Serving the console on {settings.http_host or 'every address'} requires a token.",
                "Set TENOR_HTTP_TOKEN.",
            )
        self._session_s = settings.console_session_s
        self._clock = clock
        self._key = sign(self._token.encode(), "tenor console") if self._token else secrets.token_hex()
        self._failures: deque[float] = deque(maxlen=MAX_FAILURES)

    @property
    def requires_token(self) -> bool:
        """Whether users have to sign in."""
        return bool(self._token)

    def may_read(self, request: HTTPConnection) -> bool:
        """Whether a request may read anything."""
        if not self._token:
            return is_loopback(hostname(request.headers.get("host", "")))
        return self._has_token(request) or self.session_valid(request)

    def session_valid(self, request: HTTPConnection) -> bool:
        """Whether its cookie is a session that has not expired."""
        until, _, signature = request.cookies.get(COOKIE, "").rpartition(".")
        if not equal(signature, sign(self._key.encode(), until)):
            return False
        return float(until.partition(".")[0]) > self._clock()

    def sign_in(self, token: str) -> str | None:
        """A new session for the right token, else None."""
        if self.locked or not self._token or not equal(token, self._token):
            self._failures.append(self._clock())
            return None
        until = f"{self._clock() + self._session_s:.0f}.{secrets.token_hex(8)}"
        return f"{until}.{sign(self._key.encode(), until)}"

    @property
    def locked(self) -> bool:
        """Whether there were too many wrong tokens recently."""
        return len(self._failures) == MAX_FAILURES and self._clock() - self._failures[0] < FAILURES_S

    def csrf(self, request: HTTPConnection) -> str:
        """The CSRF token that the console's page must send with a change."""
        return sign(self._key.encode(), f"csrf {request.cookies.get(COOKIE, '')}")

    def may_change(self, request: HTTPConnection) -> bool:
        """Whether a change comes from the console's own page, or from a script with the token."""
        if self._token and self._has_token(request):
            return True
        return same_origin(request) and equal(request.headers.get(CSRF_HEADER, ""), self.csrf(request))

    def _has_token(self, request: HTTPConnection) -> bool:
        return has_bearer_token(request.headers.get("authorization", ""), self._token)


def same_origin(request: HTTPConnection) -> bool:
    """Whether the browser reports that a page of this host sent the request."""
    origin = request.headers.get("origin", "")
    return bool(origin) and origin.partition("://")[2] == request.headers.get("host", "")


def hostname(host: str) -> str:
    """The host of a Host header, without its port."""
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


def equal(left: str, right: str) -> bool:
    """Equality in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


def sign(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()
