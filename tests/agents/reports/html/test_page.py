"""The page of ``tenor report --html``: what it tells, what it says while there is little, what cannot get into it."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from agents.clickhouse.period import Period, parse_period
from agents.common.errors import Failure
from agents.docgen.offline_pipeline import Records
from agents.kafka.consumed_record import ConsumedRecord
from agents.reports.html import page, plots
from agents.reports.html.queries import step_s
from agents.settings.model import Settings
from agents.sink.dead_letter_table import DEAD_LETTERS
from schemas.headers import ERROR_PREFIX
from schemas.topics import Name
from tests.support.data.experiments import experiment
from tests.support.data.records import AT, alert, decision, distal, outcome, point, rating
from tests.support.data.warehouse import ALERTS, DECISIONS, DISTAL, OUTCOMES, POINTS, RATINGS, ask, insert, store

pytestmark = pytest.mark.integration

HOSTILE = "</title></svg><script>alert(1)</script><img src=x onerror=alert(2)>\"'$x^2$ {{7*7}} \u202eolleh"
STRUCTURE = {"html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "h1", "h2", "div"}
TEXT = {"p", "em", "strong", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td"}
PICTURES = {"figure", "svg", "g", "path", "defs", "use", "text", "clippath", "rect"}
TAGS = STRUCTURE | TEXT | PICTURES
LINKS = {"xmlns", "xmlns:xlink"}


class Read(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def values(self, name: str) -> list[str]:
        return [value for attribute, value in self.attributes if attribute == name]


def written(settings: Settings, tmp_path: Path, wanted: Period | None = None) -> Read:
    """The page, which is checked to load nothing and to run nothing."""
    file = tmp_path / "page.html"
    page.write(settings, file, wanted or Period())
    source = file.read_text(encoding="utf-8")
    found = Read(source)
    assert set(found.tags) <= TAGS
    assert not [name for name, _ in found.attributes if name.startswith("on") or name in {"src", "srcset", "action"}]
    assert all(value.startswith("#") for name in ("href", "xlink:href") for value in found.values(name))
    assert not re.findall(r"url\((?!#)", source)
    assert not [value for name, value in found.attributes if "//" in value and name not in LINKS]
    assert "default-src 'none'" in source
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    return found


def test_nothing_yet(migrated: Settings, tmp_path: Path) -> None:
    found = written(migrated, tmp_path)
    assert "Nothing arrived in this period" in found.text()
    assert "Insufficient data: nothing was decided." in found.text()
    assert "calibration is not known" in found.text()
    assert "svg" not in found.tags
    assert "None" not in found.text()


def test_one_conversation(migrated: Settings, tmp_path: Path) -> None:
    insert(migrated, POINTS, [point(1, raised=True)])
    insert(migrated, DECISIONS, [decision(1)])
    insert(migrated, OUTCOMES, [outcome(1)])
    found = written(migrated, tmp_path)
    assert "One conversation only" in found.text()
    assert "200 are needed" in found.text()
    assert "Too little time for a curve" in found.text()
    assert found.tags.count("svg") == 1, "its one bar of volume"
    assert "None" not in found.text()


def hostile(settings: Settings) -> None:
    """Every string a stranger may choose."""
    scope = {"tenant": HOSTILE, "conversation_id": HOSTILE, "customer_id": HOSTILE, "channel": HOSTILE}
    scope |= {"config_version": HOSTILE}
    turns = [point(n, **scope, cues=[HOSTILE], raised=n > 20, p_now=0.5) for n in range(1, 60)]
    insert(settings, POINTS, turns)
    insert(settings, RATINGS, [rating(1, **without(scope, "config_version"), message_id="event-5", frustrated=True)])
    insert(settings, DISTAL, [distal(1, **scope, raised_at=AT, ended=HOSTILE)])
    insert(settings, ALERTS, [alert(1, **scope, rule=HOSTILE, severity=HOSTILE)])
    headers = [(f"{ERROR_PREFIX}{name}", HOSTILE.encode()) for name in ("topic", "stage", "exception.message")]
    insert(settings, DEAD_LETTERS, [ConsumedRecord(f"{HOSTILE}.dlq", 0, 0, None, b"?", headers, AT)])
    store(settings, experiment(HOSTILE, 400, 1, config_version=HOSTILE))
    store(settings, experiment("other", 9, 1))


def without(scope: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in scope.items() if key != name}


def test_no_text_becomes_markup(migrated: Settings, tmp_path: Path) -> None:
    hostile(migrated)
    found = written(migrated, tmp_path)
    assert "script" not in found.tags
    assert "img" not in found.tags
    told = [text for text in found.texts if "<script>alert(1)</script>" in text]
    assert len(told) > 10, "as text, it is there"
    assert len([text for text in told if text.endswith("…")]) >= 2, "in the plot, too"
    assert "{{7*7}}" in found.text(), "and no text is a template"


def test_a_recorded_fortnight(warehouse: Settings, sample_records: Records, tmp_path: Path) -> None:
    found = written(warehouse, tmp_path)
    assert found.tags.count("svg") == found.tags.count("figure") == 6
    assert all(label for label in found.values("aria-label"))
    told = found.text()
    assert f"customer turns {len(sample_records[Name.TRAJECTORIES]):,}" in told
    assert f"decisions {len(sample_records[Name.DECISIONS]):,}" in told
    assert "No effect is shown" in told
    assert "dead letters 5" in told
    assert "promise too much" not in told


HOUR = 3600
SPLIT = "2026-03-06T12:00:00+01:00"


def test_a_period_is_counted_alone(warehouse: Settings, sample_records: Records, tmp_path: Path) -> None:
    before = written(warehouse, tmp_path, parse_period(None, SPLIT))
    after = written(warehouse, tmp_path, parse_period(SPLIT, None))
    counts = [turns(one) for one in (before, after)]
    at = parse_period(SPLIT, None).since
    assert at is not None
    expected = sum(one["event_time"] < at for one in sample_records[Name.TRAJECTORIES])
    assert counts == [expected, len(sample_records[Name.TRAJECTORIES]) - expected]
    assert "2026-03-06 11:00 to" in after.text(), "whatever the offset it was asked in"
    assert "promise too much" in after.text()
    assert len(ask(warehouse, "SELECT 1 FROM trajectories")) == len(sample_records[Name.TRAJECTORIES]), "it stays whole"


def turns(found: Read) -> int:
    matched = re.search(r"customer turns ([\d,]+)", found.text())
    assert matched
    return int(matched[1].replace(",", ""))


def test_a_tenant_is_counted_alone(migrated: Settings, tmp_path: Path) -> None:
    for tenant, count in (("a'b\\", 2), ("b", 3)):
        insert(migrated, POINTS, [point(n, tenant=tenant, point_id=f"{tenant}{n}") for n in range(1, count + 1)])
    assert turns(written(migrated, tmp_path)) == 5
    assert turns(written(migrated, tmp_path, parse_period(None, None, "a'b\\"))) == 2
    assert turns(written(migrated, tmp_path, parse_period(None, None, "nobody' OR 1"))) == 0


@pytest.mark.parametrize(
    ("since", "until", "wrong"),
    [("yesterday", None, "RFC 3339"), (SPLIT, SPLIT, "is not before"), ("2026-03-06T12:00:00", None, "offset")],
)
def test_a_period_that_is_none(since: str, until: str | None, wrong: str) -> None:
    with pytest.raises(Failure, match=wrong):
        parse_period(since, until)


def test_a_file_that_cannot_be_written(warehouse: Settings, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot be written: Is a directory"):
        page.write(warehouse, tmp_path, Period())


def test_a_clickhouse_that_is_away(warehouse: Settings, tmp_path: Path) -> None:
    away = warehouse.model_copy(update={"clickhouse_port": 1})
    with pytest.raises(Failure, match="cannot be reached"):
        page.write(away, tmp_path / "page.html", Period())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("hours", "step"), [(0, HOUR), (59, HOUR), (61, 24 * HOUR), (61 * 24, 168 * HOUR), (9 * 365 * 24, 168 * HOUR)]
)
def test_bars_are_hours_days_or_weeks(hours: int, step: int) -> None:
    first = datetime(2026, 3, 2, tzinfo=UTC)
    assert step_s({"points": 1, "first_at": first, "last_at": first + timedelta(hours=hours)}) == step


def test_a_label_is_text_and_no_formula() -> None:
    row = {"label": "$x^2$ <b>&", "mean": 0.1, "low": 0.0, "high": 0.2}
    svg = plots.uplift([row])
    assert "$x^2$ &lt;b&gt;&amp;" in svg
    assert plots.uplift([row]) == svg, "equal rows, equal bytes"
