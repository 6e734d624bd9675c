"""The views that tell whether the proof may be believed, and what became of conversations, on the real engine."""

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
import pytest
from scipy import stats

from agents.settings.model import Settings
from streams.experiment import randomisation_check
from streams.interventions.options import CONTROL
from tests.support.data.experiments import OPTIONS, Made, experiment
from tests.support.data.records import AT, distal, point, rating, snapshot
from tests.support.data.warehouse import DISTAL, POINTS, POLICY, RATINGS, by, insert, of, store

pytestmark = pytest.mark.integration

EQUAL = 1e-9


def test_true_chances_are_sound(database: Settings, stored: dict[str, list[Made]]) -> None:
    row = by(of(database, "propensity_health", "large"), "version")["all"]
    made = stored["large"]
    assert (row["decisions"], row["lotteries"], row["contradictions"], row["verdict"]) == (900, 900, 0, "sound")
    assert row["worst_sum"] < 1e-12
    expected = stats.kstest([record.decision["lottery"] for record in made], "uniform")
    assert row["lottery_distance"] == pytest.approx(expected.statistic, abs=EQUAL)
    assert row["lottery_p"] == pytest.approx(expected.pvalue, abs=0.05)
    z = {name: weights_z(made, name) for name in (*OPTIONS, CONTROL)}
    assert row["worst_option"] == max(z, key=lambda name: abs(z[name]))
    assert row["worst_z"] == pytest.approx(z[row["worst_option"]], abs=EQUAL)


def test_little_is_not_judged(database: Settings, stored: dict[str, list[Made]]) -> None:
    (row,) = (row for row in of(database, "propensity_health", "one") if row["version"] == "all")
    assert row["worst_z"] is row["worst_option"] is row["lottery_distance"] is row["lottery_p"] is None


def weights_z(made: Sequence[Made], option: str) -> float:
    chances = [(p["probability"], record.decision["option"]) for record in made for p in record.decision["propensities"]
               if p["option"] == option and 0 < p["probability"] < 1]  # fmt: skip
    actual = sum((chosen == option) / p for p, chosen in chances) - len(chances)
    return actual / sqrt(sum((1 - p) / p for p, _ in chances))


BROKEN = {
    "sum": ({"propensities": [{"option": name, "probability": 0.4} for name in ("slow", CONTROL)]}, "broken"),
    "contradiction": ({"propensity": 0.123}, "broken"),
    "lottery": ({"lottery": 0.25}, "suspicious"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_wrong_chances_are_told(database: Settings, what: str) -> None:
    changes, verdict = BROKEN[what]
    store(database, [Made({**record.decision, **changes}, record.outcome) for record in experiment(what, 120, 5)])
    assert by(of(database, "propensity_health", what), "version")["all"]["verdict"] == verdict


def test_an_option_drawn_too_often_is_told(database: Settings) -> None:
    made = experiment("often", 400, 6)
    more = [record for record in made if record.decision["option"] == "slow" and not record.decision["holdout"]]
    again = [Made({**record.decision, "decision_id": f"again-{k}"}, record.outcome) for k, record in enumerate(more)]
    store(database, [*made, *again])
    row = by(of(database, "propensity_health", "often"), "version")["all"]
    assert (row["worst_option"], row["worst_z"] > 5, row["verdict"]) == ("slow", True, "suspicious")


def test_the_control_share_is_what_python_says(database: Settings, stored: dict[str, list[Made]]) -> None:
    row = by(of(database, "control_share_check", "large"), "tenant")["large"]
    decisions = [record.decision for record in stored["large"] if not record.decision["holdout"]]
    groups: dict[float, list[bool]] = {}
    for decision in decisions:
        share = next(p["probability"] for p in decision["propensities"] if p["option"] == CONTROL)
        groups.setdefault(share, []).append(decision["option"] == CONTROL)
    counts = [(share, len(controls), sum(controls)) for share, controls in groups.items()]
    assert sorted(groups) == [0, 0.2, 0.35]
    assert row["bayes_factor"] == pytest.approx(randomisation_check.control_share_bayes_factor(counts), abs=EQUAL)
    assert row["expected"] == pytest.approx(sum(share * n for share, n, _ in counts))
    assert (row["decisions"], row["controls"]) == (len(decisions), sum(k for _, _, k in counts))
    assert row["verdict"] == "as designed"


def test_a_wrong_control_share_is_told(database: Settings) -> None:
    made = [
        record
        for record in experiment("share", 600, 7)
        if record.decision["option"] != CONTROL or record.decision["holdout"]
    ]
    store(database, made)
    (row,) = of(database, "control_share_check", "share")
    assert row["controls"] == 0 and row["verdict"] == "suspicious"


def test_calibration_by_marks_with_and_without_a_message(database: Settings) -> None:
    insert(database, POINTS, [point(n, p_now=n / 20 if n < 21 else None) for n in range(1, 22)])
    marks = [rating(n, message_id=f"event-{n}", frustrated=n % 2 == 0) for n in (1, 2, 3, 20)]
    marks.append(rating(17, frustrated=True, event_time=AT + 17_500))
    marks += [rating(21, message_id="event-21", frustrated=True), rating(22, message_id="gone", frustrated=True)]
    insert(database, RATINGS, [*marks, rating(4, message_id="event-4")])
    rows = sorted(of(database, "belief_calibration", "default"), key=lambda row: row["bin_from"])
    bins = [(row["bin_from"], row["marks"], row["mean_p"], row["share_frustrated"]) for row in rows]
    expected = [(0.0, 1, 0.05, 0.0), (0.1, 2, 0.125, 0.5), (0.8, 1, 0.85, 1.0), (0.9, 1, 1.0, 1.0)]
    assert bins == [pytest.approx(bin) for bin in expected]
    interval = stats.binomtest(1, 2).proportion_ci(method="wilson")
    assert (rows[1]["low"], rows[1]["high"]) == pytest.approx((interval.low, interval.high), abs=EQUAL)


def test_time_to_recovery(database: Settings) -> None:
    after = {"left": (5, 15, None, None), "stepped": (10, 20, 30, None), "held": (None, None)}
    arms = {
        "left": {"interventions": 0},
        "stepped": {"interventions": 2},
        "held": {"interventions": 0, "holdout": True},
    }
    rows = [
        distal(k, distal_id=f"{arm}-{k}", conversation_id=f"{arm}-{k}", tenant="soon", raised_at=AT, **arms[arm])
        | {"recovered_at": seconds and AT + 1000 * seconds}
        for arm, all_of_it in after.items()
        for k, seconds in enumerate(all_of_it)
    ]
    insert(database, DISTAL, [*rows, distal(9, conversation_id="quiet", tenant="soon")])
    arms = by(of(database, "time_to_recovery", "soon"), "arm")
    actual = {arm: (r["raised"], r["recovered"], r["half_after_s"]) for arm, r in arms.items()}
    assert actual == {"control only": (4, 2, 15.0), "intervened": (4, 3, 20.0), "holdout": (2, 0, None)}
    assert arms["intervened"]["median_s"] == 20.0 and arms["holdout"]["median_s"] is None


def test_the_holdout_is_clustered_by_customer(database: Settings) -> None:
    rng = np.random.default_rng(8)
    rows = [
        distal(
            n,
            conversation_id=f"c{n}",
            customer_id=f"u{n // 3}" if n > 5 else None,
            holdout=n // 3 % 4 == 0,
            tenant="held",
        )
        | {"level": float(rng.normal(n // 3 % 5, 1)), "ended": "resolved" if n % 3 else "abandoned"}
        for n in range(300)
    ]
    insert(database, DISTAL, rows)
    row = by(of(database, "holdout_check", "held"), "measure")["level at the end"]
    (mean_1, error_1), (mean_0, error_0) = (
        clustered([r for r in rows if r["holdout"] is held]) for held in (True, False)
    )
    margin = stats.norm.ppf(0.975) * sqrt(error_1 + error_0)
    expected = (mean_0 - mean_1, mean_0 - mean_1 - margin, mean_0 - mean_1 + margin)
    assert (row["difference"], row["low"], row["high"]) == pytest.approx(expected, abs=EQUAL)
    assert (row["holdout_conversations"], row["holdout_customers"], row["other_customers"]) == (75, 27, 77)


def clustered(rows: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Mean, and its squared error by customer."""
    names = [row["customer_id"] or row["conversation_id"] for row in rows]
    levels = np.array([row["level"] for row in rows])
    sums = [sum(levels[i] - levels.mean() for i, own in enumerate(names) if own == name) for name in set(names)]
    return float(levels.mean()), len(sums) / (len(sums) - 1) * float(np.sum(np.square(sums))) / len(rows) ** 2


def test_a_small_holdout_shows_nothing(database: Settings) -> None:
    few = {"tenant": "few"}
    insert(
        database,
        DISTAL,
        [distal(n, conversation_id=f"c{n}", customer_id=f"u{n}", holdout=n < 19, **few) for n in range(60)],
    )
    rows = of(database, "holdout_check", "few")
    assert {row["measure"] for row in rows} == {"resolved", "abandoned", "level at the end", "highest level"}
    assert {(row["verdict"], row["difference"], row["low"]) for row in rows} == {("insufficient data", None, None)}
    assert rows[0]["holdout_mean"] is not None


def test_censoring_by_option_and_reason(database: Settings, stored: dict[str, list[Made]]) -> None:
    rows = by(of(database, "censoring", "large"), "option", "reason")
    for (option, reason), row in rows.items():
        closed = [record.outcome for record in stored["large"] if record.outcome["option"] == option]
        missing = sum(record["reward"] is None and record["censoring_reason"] == reason for record in closed)
        assert (row["censored"], row["closed"], row["share"]) == (missing, len(closed), missing / len(closed))
    assert sum(row["censored"] for row in rows.values()) == sum(not record.rewarded for record in stored["large"])


def test_the_newest_policy(database: Settings) -> None:
    chain = [snapshot(n, previous=f"thompson-{n - 1}" if n > 1 else None) for n in (1, 2, 3)]
    enabled = snapshot(3, policy_version="again", previous="thompson-3", disabled=[])
    insert(database, POLICY, [enabled, chain[0] | {"disabled": ["slow"]}, chain[2] | {"disabled": ["slow"]}, chain[1]])
    (row,) = of(database, "policy_state", "default")
    assert (row["policy_version"], row["matured"], row["disabled"]) == ("again", 150, [])
