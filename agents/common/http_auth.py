"""Whether a request carries the token: ``Authorization: Bearer TOKEN``."""

from hmac import compare_digest
from ipaddress import ip_address


def carries(authorization: str, token: str) -> bool:
    """How long it takes to tell says nothing of the token."""
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and compare_digest(given.strip().encode(), token.encode())


def loopback(host: str) -> bool:
    """Whether a host is this machine for certain; a name but ``localhost`` is not."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
