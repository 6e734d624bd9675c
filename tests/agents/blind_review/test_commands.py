"""A whole review through the commands, between a real broker and a real ClickHouse."""

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from agents.blind_review.export import export
from agents.blind_review.import_ratings import import_ratings
from agents.blind_review.report import print_report, report
from agents.clickhouse.client import connect
from agents.clickhouse.migrate import migrate
from agents.clickhouse.tables import TABLES
from agents.common.errors import Failure
from agents.kafka import topic_reader
from agents.kafka.admin import topics
from agents.recordings.model import Event
from agents.recordings.publish import publish_events
from agents.settings.loader import environment
from agents.settings.model import Settings
from agents.sink.sink import Sink
from schemas.codec import Codec
from schemas.json_form import read_record
from schemas.records import Datum, record
from schemas.topics import Name
from tests.agents.reports.test_report import insert
from tests.support.data.command_line import assert_failure, succeeded, tenor
from tests.support.data.records import AT, decision, point

pytestmark = pytest.mark.integration

TALKS = 120
BETTER = "I see what went wrong, and here is what we do about it:"  # what interventions say here


@pytest.fixture
def ready(settings: Settings) -> Settings:
    migrate(settings)
    assert topics.apply(settings) == []
    return settings


def is_control(number: int) -> bool:
    return number % 3 == 0


def turn(number: int, place: int, role: str, text: str) -> Event:
    said = {
        "event_id": f"m{number}-{place}",
        "conversation_id": f"talk-{number}",
        "event_time": AT + 1000 * number + place,
        "participant_role": role,
        "text": text,
        "channel": "chat",
    }
    return Event(Name.MESSAGES, f"talk-{number}", read_record(record("message").published, said, ""))


def talk(number: int) -> list[Event]:
    reply = f"Reply {number}. " if is_control(number) else f"Reply {number}. {BETTER} "
    return [
        turn(number, 0, "operator", "Hello"),
        turn(number, 1, "customer", f"=cross, {number};\nvery"),
        turn(number, 2, "operator", reply + "word " * random.Random(number).randint(3, 30)),
        turn(number, 3, "bot", "Not this one."),
    ]


def fill(settings: Settings) -> None:
    """Conversations on the bus, and what was decided in them in ClickHouse."""
    publish_events(settings, (event for number in range(TALKS) for event in talk(number)))
    name = settings.topics.name(Name.MESSAGES)
    asked = {}
    for one in topic_reader.read(settings, [name]):
        datum = Codec().decode(record("message"), one.value, {})
        if datum["participant_role"] == "customer":
            source = {"topic": name, "partition": one.partition, "offset": one.offset}
            asked[datum["conversation_id"]] = (datum["event_time"], source)
    scope = {n: {"conversation_id": f"talk-{n}", "event_time": asked[f"talk-{n}"][0]} for n in range(TALKS)}
    points = [point(n, **scope[n], turn=2, source=asked[f"talk-{n}"][1]) for n in range(TALKS)]
    arm = {False: {}, True: {"option": "control", "control": True}}
    decided = [decision(n, **scope[n], **arm[is_control(n)], level=0.5 + n / 1000) for n in range(TALKS)]
    forced = {"propensities": [{"option": "own", "probability": 1.0}], "kind": "escalation"}
    insert(settings, TABLES[Name.TRAJECTORIES], points)
    insert(settings, TABLES[Name.DECISIONS], [*decided[:-1], decided[-1] | forced])


def answered(sheet: Path, rater: str) -> Path:
    """The sheet as a reviewer fills it in who prefers what interventions say, four times in five."""
    rows = list(csv.reader(io.StringIO(sheet.read_text("utf-8-sig"), newline="")))
    place = {name: number for number, name in enumerate(rows[0])}
    for number, row in enumerate(rows[1:]):
        better = "A" if BETTER in row[place["reply_A"]] else "B"
        chosen = better if number % 5 else "neither" if number % 2 else {"A": "B", "B": "A"}[better]
        row[place["preferred"]] = chosen
        for side in "AB":
            row[place[f"clarity_{side}"]] = str(3 + (side == better) - number % 2)
    path = sheet.with_name(f"{rater}.csv")
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    return path


def sunk(settings: Settings) -> int:
    """Every rating on the bus as the sink stores it; how many rows there are once each counts once."""
    batch, letters = Sink(settings).to_rows(topic_reader.read(settings, [settings.topics.name(Name.RATINGS)]))
    assert letters == []
    client = connect(settings)
    for table, rows in batch.items():
        client.execute(table.insert, [[row[name] for row in rows] for name in table.columns], columnar=True)
    [[count]] = client.execute("SELECT count() FROM rated")
    client.disconnect()
    return int(count)


def published(settings: Settings) -> list[Datum]:
    ratings = topic_reader.read(settings, [settings.topics.name(Name.RATINGS)])
    return [Codec().decode(record("rating"), one.value, {}) for one in ratings]


def test_export_fill_import_report(tmp_path: Path, ready: Settings) -> None:
    env, out = environment(ready), tmp_path / "out"
    with pytest.raises(Failure, match="No pairs found: 0 replies"):
        export(ready, out, 30, "default")
    fill(ready)
    told = succeeded(tenor(tmp_path, "blind-review export out --pairs 30 --seed 7", **env))
    assert "wrote 30 pairs of 79 replies to interventions and 40 to control" in told
    assert "keep it away from the reviewers" in told
    assert "delete it afterwards" in told
    check_files(out)
    with pytest.raises(Failure, match="already contains review"):
        export(ready, out, 30, "default")

    files = {rater: answered(out / "review.csv", rater) for rater in ("r1", "r2")}
    broken = tmp_path / "broken.csv"
    broken.write_text(files["r1"].read_text("utf-8").replace("neither", "perhaps", 1), "utf-8")
    wrong = tenor(tmp_path, "blind-review import broken.csv --key out/key.json --rater r1", **env)
    assert_failure(wrong, "broken.csv, row 7, column preferred: must be A, B or neither", "nothing was published")
    assert published(ready) == []
    told = succeeded(tenor(tmp_path, "blind-review import out/r1.csv --key out/key.json --rater r1", **env))
    assert told == "published 60 ratings of 30 pairs by r1; 0 pairs unanswered\n"
    for rater in ("r2", "r1"):
        assert import_ratings(ready, files[rater], out / "key.json", rater).ratings == 60
    assert len(published(ready)) == 180
    assert sunk(ready) == 120  # importing twice changed nothing
    check_report(json.loads(succeeded(tenor(tmp_path, "blind-review report --key out/key.json --json", **env))))
    assert "30 pairs, 60 judgements by 2 reviewers, 6 of them neither" in shown(report(ready, out / "key.json"))
    assert "with --key" in shown(report(ready, None))
    assert no_words_in_clickhouse(ready)


def check_files(out: Path) -> None:
    text = (out / "review.csv").read_text("utf-8-sig")
    assert "'=cross, " in text
    assert not any(hidden in text for hidden in ("talk-", "decision-", "slow", "control", "Not this one", "Hello"))
    assert "Reply" not in (out / "key.json").read_text()


def shown(found: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=100, record=True)
    print_report(found, console)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 100
    return text


def check_report(found: dict[str, Any]) -> None:
    assert (found["pairs"], found["raters"], found["judgements"], found["neither"]) == (30, 2, 60, 6)
    everywhere = found["preference"]["all"]
    assert everywhere["share"] == pytest.approx((24 + 3 / 2) / 30)
    assert 0.5 < everywhere["low"] < everywhere["share"] < everywhere["high"]
    assert found["preference"]["longer"]["pairs"] + found["preference"]["shorter"]["pairs"] <= 30
    assert found["words"]["intervention"] > found["words"]["control"] > 3
    assert (found["agreement"]["preferred"]["alpha"], found["agreement"]["clarity"]["units"]) == (1.0, 60)
    [clarity, *_] = found["by_arm"]
    assert (clarity["question"], clarity["difference"]) == ("clarity", pytest.approx(1.0))


def no_words_in_clickhouse(settings: Settings) -> bool:
    client = connect(settings)
    dump = [str(client.execute(f"SELECT * FROM {view}")) for view in ("rated", "decided", "trajectories", "refused")]
    client.disconnect()
    return not any(words in text for text in dump for words in ("Reply", "cross, ", BETTER))
