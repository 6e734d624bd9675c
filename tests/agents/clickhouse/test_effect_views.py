"""The views of the proof, against the formulas in Python on the same rows, on the real engine."""

from collections.abc import Callable, Mapping, Sequence

import pytest
from scipy import stats

from agents.clickhouse.client import connect
from agents.settings.model import Settings
from streams.experiment import effects, policy_value
from streams.experiment.effects import Evidence, MaturedDecision
from streams.interventions.options import CONTROL
from tests.support.data.experiments import OPTIONS, Made, experiment
from tests.support.data.records import decision, outcome, point
from tests.support.data.warehouse import DECISIONS, OUTCOMES, POINTS, ask, by, insert, of, store

pytestmark = pytest.mark.integration

N_OPT = 500
EQUAL = 1e-9


def evidence(decided: Sequence[MaturedDecision], option: str) -> Evidence:
    """As in Python: what each comparable decision tells, summed up."""
    total = Evidence()
    for matured in decided:
        if option == "any" and effects.is_comparable_any(matured):
            total = total.add(effects.weighted_contrast_any(matured))
        elif option != "any" and effects.is_comparable(matured, option):
            total = total.add(effects.weighted_contrast(matured, option))
    return total


def test_uplift_is_what_python_says(database: Settings, stored: dict[str, list[Made]]) -> None:
    rows = by(ask(database, "SELECT * FROM uplift WHERE tenant IN ('large', 'small', 'one')"), "tenant", "option")
    decided = [record.decided for record in stored["large"] if record.rewarded]
    for option in (*OPTIONS, "any"):
        row, total = rows["large", option], evidence(decided, option)
        alpha = 0.05 if option == "any" else 0.05 / 3
        interval, upper = effects.confidence_sequence(total, alpha, N_OPT), effects.upper_bound(total, alpha, N_OPT)
        expected = (total.n, alpha, total.mean, total.variance, *(interval or ()), upper)
        names = ("n", "alpha", "mean", "variance", "low", "high", "upper_bound")
        assert [row[name] for name in names] == pytest.approx(expected, abs=EQUAL, rel=0)
    verdicts = {option: rows["large", option]["verdict"] for option in OPTIONS}
    assert verdicts == {"slow": "helped", "offer": "harmed", "own": "no effect shown"}
    controls = [record for record in decided if record.option == CONTROL and record.propensities[CONTROL] < 1]
    assert rows["large", "any"]["controls"] == len(controls)
    assert rows["large", "any"]["control_conversations"] == len({record.conversation for record in controls})
    assert {row["verdict"] for (tenant, _), row in rows.items() if tenant != "large"} == {"insufficient data"}
    assert all(row["mean"] is row["high"] is None for (tenant, _), row in rows.items() if tenant != "large")


Target = Callable[[MaturedDecision], Mapping[str, float]]


def always(option: str) -> Target:
    return lambda matured: {option: 1.0} if matured.propensities.get(option, 0) > 0 else matured.propensities


def uniform(matured: MaturedDecision) -> Mapping[str, float]:
    possible = [name for name, p in matured.propensities.items() if p > 0]
    return dict.fromkeys(possible, 1 / len(possible))


def tilted(matured: MaturedDecision) -> Mapping[str, float]:
    raw = {name: p * (1 + len(name)) for name, p in matured.propensities.items()}
    return {name: p / sum(raw.values()) for name, p in raw.items()}


def test_policy_values_are_what_python_says(database: Settings, stored: dict[str, list[Made]]) -> None:
    made = [record for record in stored["large"] if record.rewarded and not record.decision["holdout"]]
    decided = [record.decided for record in made]
    write(database, "tilted", made, tilted)
    targets = {"tilted": tilted, "as drawn": lambda matured: matured.propensities, "uniform": uniform}
    targets |= {f"always {option}": always(option) for option in (*OPTIONS, CONTROL)}
    rows = by(of(database, "policy_values", "large"), "candidate")
    assert rows.keys() == targets.keys()
    for name, target in targets.items():
        row = rows[name]
        for kind, value in (
            ("snips", policy_value.snips(decided, target)),
            ("dr", policy_value.doubly_robust(decided, target)),
        ):
            assert value.shown and row["verdict"] == "estimated"
            actual = [row[kind], row[f"{kind}_error"], row["ess"], row["n"], row["unsupported"]]
            assert actual == pytest.approx(list(value), abs=EQUAL, rel=0)
            assert row[f"{kind}_high"] - row[f"{kind}_low"] == pytest.approx(2 * stats.norm.ppf(0.975) * value.error)


def write(settings: Settings, name: str, made: Sequence[Made], target: Target) -> None:
    client = connect(settings)
    rows = [
        (record.decision["tenant"], name, record.decision["decision_id"], dict(target(record.decided)))
        for record in made
    ]
    client.execute("INSERT INTO candidate_policies (tenant, candidate, decision_id, probabilities) VALUES", rows)
    client.disconnect()


def test_no_value_without_support_or_substance(database: Settings, stored: dict[str, list[Made]]) -> None:
    made = [record for record in stored["large"] if record.rewarded and not record.decision["holdout"]]
    write(database, "impossible", made, lambda matured: {"offer": 1.0})
    could = [record for record in made if record.decided.propensities.get("own", 0) > 0]
    write(database, "few", could[:199], always("own"))
    rarely = [
        record for record in made if record.decided.option != CONTROL and record.decided.propensities[CONTROL] > 0
    ]
    controls = [record for record in made if record.decided.option == CONTROL]
    write(database, "rarely", [*rarely, *controls][:500], always(CONTROL))
    rows = by(of(database, "policy_values", "large"), "candidate")
    unsupported = sum(record.decided.propensities.get("offer", 0) <= 0 for record in made)
    assert (rows["impossible"]["unsupported"], rows["impossible"]["verdict"]) == (unsupported, "unsupported")
    assert rows["impossible"]["unsupported_share"] == pytest.approx(unsupported / len(made))
    assert rows["rarely"]["ess"] < 50 and rows["rarely"]["n"] == 500
    for name in ("impossible", "few", "rarely"):
        assert rows[name]["snips"] is rows[name]["dr"] is rows[name]["dr_low"] is None
    assert rows["few"]["verdict"] == rows["rarely"]["verdict"] == "insufficient data"


@pytest.mark.parametrize(("n", "verdict"), [(199, "insufficient data"), (200, "helped")])
def test_two_hundred_is_enough(database: Settings, n: int, verdict: str) -> None:
    store(database, [even_chances(f"enough-{n}", k) for k in range(n)])
    rows = by(of(database, "uplift", f"enough-{n}"), "option")
    assert {row["verdict"] for row in rows.values()} == {verdict}
    assert (rows["any"]["n"], rows["any"]["mean"] is None) == (n, n < 200)
    drawn = by(of(database, "policy_values", f"enough-{n}"), "candidate")["as drawn"]
    assert drawn["verdict"] == ("insufficient data" if n < 200 else "estimated")


def even_chances(tenant: str, number: int) -> Made:
    """Slow and control by turns, even chances; slow is better by .8."""
    own = {"tenant": tenant, "decision_id": f"{tenant}-{number}", "conversation_id": f"c{number}", "propensity": 0.5}
    own["option"] = CONTROL if number % 2 else "slow"
    halves = [{"option": name, "probability": 0.5} for name in (CONTROL, "slow")]
    reward = 0.1 if number % 2 else 0.9
    return Made(decision(number, **own, propensities=halves), outcome(number, **own, reward=reward))


def test_sequences_take_decisions_in_their_order(database: Settings) -> None:
    """A decision that still waits holds back the later ones; one that nobody waits for does not."""
    made = experiment("wait", 30, 4)
    insert(database, DECISIONS, [record.decision for record in made])
    insert(database, OUTCOMES, [record.outcome for record in made if record.decision["decision_id"] != "wait-10"])
    insert(database, POINTS, [point(30, tenant="wait")])
    asked = "SELECT countIf(in_order), count(), max(next_decided_at IS NULL) FROM experiment WHERE tenant = 'wait'"
    assert list(ask(database, asked)[0].values()) == [10, 29, 1]
    insert(database, POINTS, [point(700, tenant="wait")])
    assert ask(database, "SELECT decision_id, overdue FROM waiting WHERE tenant = 'wait'") == [
        {"decision_id": "wait-10", "overdue": True}
    ]
    assert list(ask(database, asked)[0].values()) == [29, 29, 1]
