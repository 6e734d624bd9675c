"""A fake Kubernetes API server: only what ``lookup`` in a template asks for."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.support.servers.json_handler import JsonHandler

# What a first install makes.
KINDS = {
    "v1": ("ServiceAccount", "Service"),
    "apps/v1": ("StatefulSet", "Deployment"),
    "batch/v1": ("Job",),
    "policy/v1": ("PodDisruptionBudget",),
}


def resource(kind: str) -> dict[str, Any]:
    name = kind.lower()
    return {"name": f"{name}s", "singularName": name, "namespaced": True, "kind": kind, "verbs": ["get", "list"]}


def group(version: str) -> dict[str, Any]:
    told = {"groupVersion": version, "version": version.rpartition("/")[2]}
    return {"name": version.partition("/")[0], "versions": [told], "preferredVersion": told}


DISCOVERY = {
    "/version": {"major": "1", "minor": "33", "gitVersion": "v1.33.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "groups": [group(version) for version in KINDS if "/" in version]},
    **{
        f"/api{'s' if '/' in version else ''}/{version}": {
            "kind": "APIResourceList",
            "groupVersion": version,
            "resources": [resource(kind) for kind in kinds],
        }
        for version, kinds in KINDS.items()
    },
}
MISSING = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}


@contextmanager
def cluster(objects: Mapping[str, Any], directory: Path) -> Iterator[Path]:
    """A server on loopback with these objects, by path. Yields the kubeconfig that reaches it."""
    answers = {**DISCOVERY, **objects}

    class Handler(JsonHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path.partition("?")[0])
            self.reply(200 if found else 404, found or MISSING)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield configuration(directory, server.server_port)
    finally:
        server.shutdown()
        server.server_close()


def configuration(directory: Path, port: int) -> Path:
    path = directory / "kubeconfig"
    told = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "stand-in",
        "contexts": [{"name": "stand-in", "context": {"cluster": "stand-in", "user": "nobody"}}],
        "clusters": [{"name": "stand-in", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "nobody", "user": {}}],
    }
    path.write_text(yaml.safe_dump(told))
    return path
