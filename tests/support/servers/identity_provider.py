"""An identity provider on loopback: signed tokens for client credentials, and the key to check them with."""

import base64
import json
import threading
import time
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import RSAKey

from agents.embedded.process import LOOPBACK
from tests.support.servers.json_handler import JsonHandler

CLIENT, SECRET, AUDIENCE = "tenor", "s3cret-of-the-client", "kafka"


class IdentityProvider:
    """Serves tokens at ``url`` until stopped.

    Args:
        directory: where ``keys`` is written: what a broker checks tokens with (JWKS).
        lifetime_s: of its tokens; None: it does not tell, and they live for five minutes.
    """

    def __init__(self, directory: Path, lifetime_s: int | None = 300) -> None:
        self._key = RSAKey.generate_key(2048, {"kid": "test", "use": "sig", "alg": "RS256"})
        self.keys = directory / "jwks.json"
        self.keys.write_text(json.dumps({"keys": [self._key.as_dict(private=False)]}))
        self.lifetime_s = lifetime_s
        self.asked: list[dict[str, list[str]]] = []
        self._server = ThreadingHTTPServer((LOOPBACK, 0), handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://{LOOPBACK}:{self._server.server_port}/token"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, login: str, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        """Status and body for a request."""
        self.asked.append(form)
        if login != "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode():
            return 401, {"error": "invalid_client"}
        assert form["grant_type"] == ["client_credentials"]
        told = {} if self.lifetime_s is None else {"expires_in": self.lifetime_s}
        return 200, {"access_token": self.token(), "token_type": "Bearer", **told}

    def token(self) -> str:
        now = int(time.time())
        claims = {"sub": CLIENT, "aud": AUDIENCE, "iat": now, "exp": now + (self.lifetime_s or 300)}
        return jwt.encode({"alg": "RS256", "kid": "test"}, claims | {"jti": str(len(self.asked))}, self._key)


def handler(provider: IdentityProvider) -> type[JsonHandler]:
    class Handler(JsonHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.reply(*provider.answer(self.headers.get("Authorization", ""), form))

    return Handler
