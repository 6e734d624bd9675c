"""A fake schema registry: subjects, versions and IDs. It does not check compatibility."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from agents.embedded.process import LOOPBACK
from tests.support.servers.json_handler import JsonHandler

NO_SUBJECT, NO_SCHEMA, REFUSED = 40401, 40403, 409


class Registry:
    """What is registered.

    Attributes:
        subjects: schemas of each subject, in order of their versions.
        posts: paths that something was registered at.
        asked: schema ids that were asked for.
        strict: whether it refuses to register.
        status: of every answer, in place of the right one; None answers right.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.subjects: dict[str, list[Any]] = {}
        self.ids: list[Any] = []
        self.posts: list[str] = []
        self.asked: list[int] = []
        self.strict = False
        self.status: int | None = None

    def register(self, subject: str, schema: Any) -> int:
        self.subjects.setdefault(subject, []).append(schema)
        if schema not in self.ids:
            self.ids.append(schema)
        return self.ids.index(schema) + 1

    def get(self, parts: list[str]) -> tuple[int, Any]:
        match parts:
            case ["subjects", subject, "versions"] if subject in self.subjects:
                return 200, list(range(1, len(self.subjects[subject]) + 1))
            case ["subjects", subject, "versions", version] if subject in self.subjects:
                return 200, self.entry(subject, int(version))
            case ["schemas", "ids", number]:
                return self.by_id(int(number))
        return 404, {"error_code": NO_SUBJECT, "message": "no such subject"}

    def by_id(self, number: int) -> tuple[int, Any]:
        self.asked.append(number)
        if number > len(self.ids):
            return 404, {"error_code": NO_SCHEMA, "message": "Schema not found"}
        return 200, {"schema": json.dumps(self.ids[number - 1])}

    def post(self, parts: list[str], schema: Any) -> tuple[int, Any]:
        match parts:
            case ["subjects", _, "versions"] if self.strict:
                return REFUSED, {"error_code": REFUSED, "message": "not compatible"}
            case ["subjects", subject, "versions"]:
                self.posts.append(subject)
                return 200, {"id": self.register(subject, schema)}
            case ["subjects", subject] if schema in self.subjects.get(subject, []):
                return 200, self.entry(subject, self.subjects[subject].index(schema) + 1)
        known = NO_SCHEMA if parts[1] in self.subjects else NO_SUBJECT
        return 404, {"error_code": known, "message": "not found"}

    def entry(self, subject: str, version: int) -> dict[str, Any]:
        schema = self.subjects[subject][version - 1]
        known = {"subject": subject, "version": version, "id": self.ids.index(schema) + 1}
        return {**known, "schema": json.dumps(schema)}


@contextmanager
def schema_registry(port: int = 0) -> Iterator[Registry]:
    """A registry on loopback that holds nothing yet."""
    server = ThreadingHTTPServer((LOOPBACK, port), Handler)
    server.registry = Registry(f"http://{LOOPBACK}:{server.server_port}")  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server.registry  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


class Handler(JsonHandler):
    """Turns requests into questions to the ``Registry``."""

    @property
    def parts(self) -> list[str]:
        return [unquote(part) for part in self.path.partition("?")[0].strip("/").split("/")]

    @property
    def registry(self) -> Registry:
        return self.server.registry  # type: ignore[attr-defined, no-any-return]

    def do_GET(self) -> None:
        self.answer(*self.registry.get(self.parts))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(*self.registry.post(self.parts, json.loads(body["schema"])))

    def answer(self, status: int, body: Any) -> None:
        if self.registry.status is not None:
            status, body = self.registry.status, {}
        self.reply(status, body)
