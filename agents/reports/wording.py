"""The report's section on wording: how the level moved after answers worded one way or another. Computed in ClickHouse.

Least squares of the change of the level on features of the answer, adjusted for the level before (change scores regress
to the mean) and the stage of the conversation. ClickHouse sums X'X and X'y, then the scores of the residuals:
two passes, and no row leaves it. An association: operators choose their words by what stands before them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from clickhouse_driver import Client
from rich.console import Console
from rich.markup import escape

from agents.common.formatting import UNKNOWN, interval, new_table, print_heading
from streams.experiment import least_squares
from streams.experiment.least_squares import Estimate, Floats
from streams.signals.reply_style import FEATURES
from streams.text_model.model import REPLY_PART

Report = dict[str, Any]

LENGTH, *FLAGS = FEATURES
STAGES = (3, 4, 5, 7, 10, 15)  # turns from which a conversation is at another stage; ours
ADJUSTED = 4 + len(STAGES)  # columns adjusted for
SIZE = ADJUSTED + len(FEATURES)
TURNS, CONVERSATIONS, OCCURRENCES = 200, 40, 20  # ours: below these no effect is shown
TENANTS = "SELECT DISTINCT tenant FROM trajectory_points ORDER BY tenant"
# `x`: intercept, turn, level before, how far a level settles by then, stages; length and flags of the answer. Of the
# change, what the text model concluded from the answer alone is taken off: counting it would be circular.
SUMS = """
SELECT sum(turns), count(), sumForEach(present), sumForEach(products), sumForEach(response),
    sumForEach(arrayFlatten(arrayMap(a -> arrayMap(b -> a * b, scores), scores)))
FROM (
    SELECT count() AS turns, sumForEach(arrayMap(value -> toUInt64(value != 0), x)) AS present,
        sumForEach(arrayFlatten(arrayMap(a -> arrayMap(b -> a * b, x), x))) AS products,
        sumForEach(arrayMap(value -> value * change, x)) AS response,
        sumForEach(arrayMap(value -> value * (change - arraySum(arrayMap((a, b) -> a * b, x, %(fit)s))), x)) AS scores
    FROM (
        SELECT conversation_id, assumeNotNull(level_before) AS before,
            level - before - arraySum(arrayMap(part -> if(part.1 = %(answer)s, part.2, 0.), contributions)) AS change,
            arrayConcat([1., log(turn), before, before * log(turn)],
                arrayMap(first -> toFloat64(turn >= first), %(stages)s), [log2(1 + greatest(reply[%(length)s], 0.))],
                arrayMap(name -> toFloat64(reply[name] > 0), %(flags)s)) AS x
        FROM trajectories
        WHERE tenant = %(tenant)s AND level_before IS NOT NULL AND observation IS NOT NULL AND turn > 0
            AND hasAll(mapKeys(reply), %(features)s) AND isFinite(change) AND isFinite(arraySum(x))
    )
    GROUP BY conversation_id
)
HAVING count() > 0
"""
PARAMETERS = {"answer": REPLY_PART, "stages": [*STAGES], "length": LENGTH, "flags": FLAGS, "features": [*FEATURES]}
PER = {LENGTH: "length, each doubling"}
TITLE = "What wording went with (change of the next level; negative: it fell)"
NO_PROOF = (
    "An association, no proof: operators choose their words by the case before them. Adjusted for turn, level before "
    "and the other features. Intervals are for one feature, looked at once; 'defuses' and 'escalates' allow for "
    f"{len(FEATURES)} features."
)


def wording_effects(client: Client) -> list[Report]:
    """What each feature of an answer went with, by tenant, the greatest fall first; None where it cannot be estimated.

    ``low`` and ``high`` are a 95 % interval for one feature, clustered by conversation.
    """
    report = list[Report]()
    for (tenant,) in client.execute(TENANTS):
        for turns, conversations, present, products, response, _ in sums(client, tenant, [0.0] * SIZE):
            columns = usable(np.array(present), turns) if turns >= TURNS and conversations >= CONVERSATIONS else []
            inner = np.reshape(products, (SIZE, SIZE))[np.ix_(columns, columns)]
            known = estimated(client, tenant, columns, inner, np.array(response)[columns])
            counts = {"tenant": tenant, "turns": turns, "conversations": conversations}
            rows = [
                {**counts, "feature": feature, "present": present[column], **effect(known.get(column))}
                for column, feature in enumerate(FEATURES, ADJUSTED)
            ]
            report += sorted(rows, key=lambda row: (row["effect"] is None, row["effect"] or 0.0, row["feature"]))
    return report


def sums(client: Client, tenant: str, fit: list[float]) -> list[Any]:
    """A row of turns, conversations, turns with each column, X'X, X'y, outer products of scores; none without turns.

    Args:
        fit: coefficients whose residuals make the scores.
    """
    return list(client.execute(SUMS, PARAMETERS | {"tenant": tenant, "fit": fit}))


def estimated(
    client: Client, tenant: str, columns: list[int], products: Floats, response: Floats
) -> dict[int, Estimate | None]:
    """The estimate of each usable column of a tenant, by column."""
    if not columns:
        return {}
    fit = np.zeros(SIZE)
    fit[columns] = least_squares.coefficients(products, response)
    ((_, conversations, *_, scores),) = sums(client, tenant, fit.tolist())
    outer = np.reshape(scores, (SIZE, SIZE))[np.ix_(columns, columns)]
    return dict(zip(columns, least_squares.estimates(products, response, outer, conversations), strict=True))


def usable(present: Any, turns: int) -> list[int]:
    """Columns adjusted for, length, and flags that enough answers have and enough do not."""
    least = np.minimum(present, turns - present)
    flags = range(ADJUSTED + 1, len(present))
    return [*range(ADJUSTED + 1), *(column for column in flags if least[column] >= OCCURRENCES)]


def effect(estimate: Estimate | None) -> Report:
    """An effect with its interval; a direction takes an interval that excludes zero even half as wide again."""
    if estimate is None:
        return {"effect": None, "low": None, "high": None, "direction": "insufficient data"}
    middle, low, high = estimate
    unclear = abs(middle) <= 0.75 * (high - low)
    direction = "unclear" if unclear else "defuses" if middle < 0 else "escalates"
    return {"effect": middle, "low": low, "high": high, "direction": direction}


def render_wording(rows: Sequence[Report], console: Console) -> None:
    """Print them; nothing without answers."""
    if not rows:
        return
    print_heading(TITLE, console)
    table = new_table(("feature",), ("answers", "change (95 %)", ""))
    tenants = dict.fromkeys((row["tenant"], row["turns"]) for row in rows)
    for tenant, turns in tenants:
        table.add_row(f"[bold]{escape(tenant)}[/]", f"{turns:,}", "", "")
        for row in rows:
            if row["tenant"] == tenant:
                name = PER.get(row["feature"], row["feature"].removeprefix("wording."))
                change = interval(row["effect"], row["low"], row["high"]) if row["effect"] is not None else UNKNOWN
                table.add_row(f"  {name}", f"{row['present']:,}", change, row["direction"])
    console.print(table)
    console.print(NO_PROOF, style="dim")
