"""Who may look, and who may ask for something.

With a token set, a browser signs in with it and gets a cookie, signed by a key that follows from the token: a new token
ends every session, a restart none. Scripts send ``Authorization: Bearer``. Without a token the console serves loopback
only, and only by its names there: a site whose name was pointed at loopback gets nothing.

What changes something needs more: a request from our own page (its origin, and a value only our page can read).
"""

import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable

from starlette.requests import HTTPConnection

from agents.common.errors import Failure
from agents.common.http_auth import carries, loopback
from agents.settings.model import Settings

COOKIE = "tenor_session"
CSRF_HEADER = "x-tenor-csrf"
FAILURES, FAILURES_S = 10, 60.0  # wrong tokens in so many seconds, from anywhere; then nobody signs in for a while

Clock = Callable[[], float]


class Auth:
    """The rules of one console.

    Args:
        settings: of this deployment; ``Failure`` when they would serve the console to everybody.
        clock: wall clock, seconds.
    """

    def __init__(self, settings: Settings, clock: Clock = time.time) -> None:
        self._token = settings.http_token.get_secret_value()
        if not self._token and not loopback(settings.http_host):
            raise Failure(
                f"the console is not served on {settings.http_host or 'every address'} without a token",
                "set TENOR_HTTP_TOKEN",
            )
        self._session_s = settings.console_session_s
        self._clock = clock
        self._key = signed(self._token.encode(), "tenor console") if self._token else secrets.token_hex()
        self._failures: deque[float] = deque(maxlen=FAILURES)

    @property
    def asks(self) -> bool:
        """Whether one has to sign in."""
        return bool(self._token)

    def allowed(self, request: HTTPConnection) -> bool:
        """Whether a request may see anything."""
        if not self._token:
            return loopback(hostname(request.headers.get("host", "")))
        return self._by_header(request) or self.session_valid(request)

    def session_valid(self, request: HTTPConnection) -> bool:
        """Whether its cookie is one of ours that has not ended."""
        until, _, signature = request.cookies.get(COOKIE, "").rpartition(".")
        if not same(signature, signed(self._key.encode(), until)):
            return False
        return float(until.partition(".")[0]) > self._clock()

    def sign_in(self, token: str) -> str | None:
        """A new session for who knows the token, else None."""
        if self.locked or not self._token or not same(token, self._token):
            self._failures.append(self._clock())
            return None
        until = f"{self._clock() + self._session_s:.0f}.{secrets.token_hex(8)}"
        return f"{until}.{signed(self._key.encode(), until)}"

    @property
    def locked(self) -> bool:
        """Whether there were too many wrong tokens lately."""
        return len(self._failures) == FAILURES and self._clock() - self._failures[0] < FAILURES_S

    def csrf(self, request: HTTPConnection) -> str:
        """What our page has to send along when it asks for something."""
        return signed(self._key.encode(), f"csrf {request.cookies.get(COOKIE, '')}")

    def may_ask(self, request: HTTPConnection) -> bool:
        """Whether a request to change something comes from our own page, or from a script with the token."""
        if self._token and self._by_header(request):
            return True
        return same_origin(request) and same(request.headers.get(CSRF_HEADER, ""), self.csrf(request))

    def _by_header(self, request: HTTPConnection) -> bool:
        return carries(request.headers.get("authorization", ""), self._token)


def same_origin(request: HTTPConnection) -> bool:
    """Whether a browser says that a page of this very host sent the request."""
    origin = request.headers.get("origin", "")
    return bool(origin) and origin.partition("://")[2] == request.headers.get("host", "")


def hostname(host: str) -> str:
    """A Host header without its port."""
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


def same(given: str, known: str) -> bool:
    """Equality; how long it takes says nothing of where they differ."""
    return hmac.compare_digest(given.encode(), known.encode())


def signed(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()
