"""Whether a request carries the token: ``Authorization: Bearer TOKEN``."""

from hmac import compare_digest


def carries(authorization: str, token: str) -> bool:
    """How long it takes to tell says nothing of the token."""
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and compare_digest(given.strip().encode(), token.encode())
