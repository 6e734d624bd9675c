"""Whether a request carries the token: ``Authorization: Bearer TOKEN``."""

from hmac import compare_digest
from ipaddress import ip_address


def has_bearer_token(authorization: str, token: str) -> bool:
    """Whether an Authorization header carries the token; compared in constant time."""
    scheme, _, credentials = authorization.partition(" ")
    return scheme.lower() == "bearer" and compare_digest(credentials.strip().encode(), token.encode())


def is_loopback(host: str) -> bool:
    """Whether a host is certainly this machine; of names only ``localhost`` is."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
