"""The Dockerfile and what it is built from. ``make image-test`` carries out its steps, without Docker."""

import re
import tomllib

import pytest

from tests.deploy import recipe
from tests.project.test_packaging import names

ROOT = recipe.ROOT
STAGES = recipe.stages()
FINAL = STAGES[-1]
RUNTIME = (ROOT / "deploy" / "requirements.lock").read_text(encoding="utf-8")
PIN = re.compile(r"^([A-Za-z0-9_.-]+==\S+)(?: ;.*)? \\\n    --hash=", re.MULTILINE)
COMPILERS = ("gcc", "g++", "build-essential", "clang", "cargo", "make", "python3-dev")


def test_the_last_stage_is_unprivileged_and_the_role_is_the_command() -> None:
    assert recipe.said(FINAL, "USER") == ["10001:10001"]
    assert recipe.said(FINAL, "ENTRYPOINT") == ['["tenor"]']
    assert recipe.said(FINAL, "VOLUME") == ['["/var/lib/tenor"]'] and recipe.said(FINAL, "WORKDIR") == [
        "/var/lib/tenor"
    ]
    order = [kind for kind, _ in FINAL.steps]
    assert order.index("USER") > max(place for place, kind in enumerate(order) if kind in ("RUN", "COPY"))


def test_no_stage_has_a_compiler_and_the_last_no_pip() -> None:
    assert not [
        word for stage in STAGES for text in recipe.said(stage, "RUN") for word in COMPILERS if word in text.split()
    ]
    assert not [text for text in recipe.said(FINAL, "RUN") if "pip" in text or "apt-get" in text]
    assert [text.split()[0] for text in recipe.said(FINAL, "COPY")] == ["--from=build"]


def test_everything_is_installed_from_wheels_that_are_pinned() -> None:
    runs = " && ".join(text for stage in STAGES for text in recipe.said(stage, "RUN")).split("&&")
    installs = [text for text in runs if "/pip " in text and " install " in text]
    assert len(installs) == 3
    for text in installs:
        pinned = "--require-hashes" in text and "--only-binary :all:" in text
        assert pinned or "--no-deps --no-index" in text


def test_it_has_what_registries_show() -> None:
    labels = {name for text in recipe.said(FINAL, "LABEL") for name in recipe.pairs(text)}
    wanted = {"title", "description", "licenses", "version", "revision", "created"}
    assert labels == {f"org.opencontainers.image.{one}" for one in wanted}
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"VERSION={version}" in recipe.said(FINAL, "ARG")


def test_its_health_check_asks_the_port_the_image_serves() -> None:
    python, dash, code = recipe.health_command(FINAL)
    assert (python, dash) == ("python", "-c")
    compile(code, "health", "exec")
    assert "TENOR_HTTP_PORT" in code and recipe.environment(FINAL)["TENOR_HTTP_PORT"] in recipe.said(FINAL, "EXPOSE")


def test_the_image_has_what_runs_at_the_versions_that_are_tested() -> None:
    tested = set(PIN.findall((ROOT / "requirements.lock").read_text(encoding="utf-8")))
    pins = set(PIN.findall(RUNTIME)) | set(PIN.findall((ROOT / "deploy" / "build.lock").read_text(encoding="utf-8")))
    assert pins <= tested
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked, runtime = names([*project["dependencies"], *extras["otel"]]), names(PIN.findall(RUNTIME))
    assert asked <= runtime
    assert not runtime & (names([*extras["dev"], *extras["embedded"], *extras["bench"]]) - asked)


def test_the_build_takes_the_code_and_no_more() -> None:
    sources = [
        one
        for stage in STAGES
        for text in recipe.said(stage, "COPY")
        if "--from" not in text
        for one in text.split()[:-1]
    ]
    for source in sources:
        assert recipe.context([source]), f"{source} is not there, or .dockerignore keeps it out"
    rules = recipe.ignored()
    kept_out = (
        "tests/agents/cli/test_main.py",
        ".env",
        ".git/config",
        "agents/.env",
        "deploy/secrets/http",
        ".venv/bin/python",
    )
    assert not [path for path in kept_out if recipe.taken(recipe.Path(path), rules)]


@pytest.mark.parametrize(("name", "pattern"), [("a/b.py", "*"), ("a/b.py", "a"), ("a/b/.env", "**/.env"), ("x", "x")])
def test_a_pattern_fits(name: str, pattern: str) -> None:
    assert recipe.fits(name, pattern) and not recipe.fits("other/c", pattern.replace("*", "no", 1))
