"""The plots of ``tenor report --html``: small SVG by matplotlib, to stand in a page without anything from elsewhere.

Whatever is text in them is a text node: names of options come from a file people write, and no ``$`` is mathematics.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

Rows = Sequence[Mapping[str, Any]]

INK = "#010203"  # what stands for the page's own colour of text, in light and in dark
BLUE, ORANGE, GREY = "#3b7dd8", "#d9822b", "#8a8f98"
WIDTH = 7.2
MOST_TENANTS = 6
LONGEST = 40  # letters of a label
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}
PROLOG = re.compile(r"^.*?(?=<svg)", re.DOTALL)
METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
GROUP_ID = re.compile(r'<g id="[^"]*"')
SIZE = re.compile(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>')


@contextmanager
def drawn(name: str, height: float) -> Iterator[tuple[Axes, Callable[[], str]]]:
    """Axes to draw on, and the picture once that is done. ``name`` keeps ids apart where several share a page."""
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        yield figure.add_subplot(), lambda: picture(figure)


def picture(figure: Figure) -> str:
    out = StringIO()
    figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    text = METADATA.sub("", PROLOG.sub("", out.getvalue()))
    text = GROUP_ID.sub("<g", text).replace(INK, "currentColor")
    return SIZE.sub(r'<svg xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="\1" aria-hidden="true">', text, count=1)


def over_time(axes: Axes) -> None:
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))


def short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def volume(rows: Rows, step_s: int) -> str:
    """Conversations with a customer turn in each interval, raised ones within them."""
    with drawn("volume", 2.2) as (axes, done):
        times, width = [row["at"] for row in rows], 0.8 * step_s / 86_400
        axes.bar(times, [row["conversations"] for row in rows], width, align="edge", color=GREY, label="conversations")
        axes.bar(times, [row["raised"] for row in rows], width, align="edge", color=ORANGE, label="raised")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
        over_time(axes)
        return done()


def level(rows: Rows) -> str:
    """Median and ninth decile of the level."""
    with drawn("level", 2.2) as (axes, done):
        times = [row["at"] for row in rows]
        axes.plot(times, [row["ninth_decile"] for row in rows], color=ORANGE, marker=".", label="ninth decile")
        axes.plot(times, [row["median"] for row in rows], color=BLUE, marker=".", label="median")
        axes.axhline(0, color=GREY, linewidth=0.8)
        axes.set_ylabel("level")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
        over_time(axes)
        return done()


def alerts(rows: Rows, step_s: int) -> str:
    with drawn("alerts", 1.8) as (axes, done):
        width = 0.8 * step_s / 86_400
        axes.bar([row["at"] for row in rows], [row["alerts"] for row in rows], width, align="edge", color=ORANGE)
        axes.set_ylabel("alerts")
        over_time(axes)
        return done()


def turns_left(rows: Rows) -> str:
    """Conversations by how many customer turns came after the alarm."""
    with drawn("turns-left", 2.0) as (axes, done):
        axes.bar([row["turns_left"] for row in rows], [row["conversations"] for row in rows], color=BLUE)
        axes.set_xlabel("customer turns after the alarm")
        axes.set_ylabel("conversations")
        return done()


def uplift(rows: Rows) -> str:
    """Options beside control with their intervals, the best at the top."""
    shown = [row for row in reversed(rows) if row["mean"] is not None]
    with drawn("uplift", 0.9 + 0.3 * len(shown)) as (axes, done):
        means = [row["mean"] for row in shown]
        errors = [[row["mean"] - row["low"] for row in shown], [row["high"] - row["mean"] for row in shown]]
        axes.errorbar(means, range(len(shown)), xerr=errors, fmt="o", color=BLUE, ecolor=BLUE, capsize=3)
        axes.axvline(0, color=GREY, linewidth=0.8)
        axes.set_yticks(range(len(shown)), [short(row["label"]) for row in shown])
        axes.set_xlabel("reward minus that of control: right of 0 helped")
        axes.margins(y=0.5 / max(len(shown), 1))
        return done()


def calibration(rows: Rows) -> str:
    """Share that people marked, over what was said, by tenant; on the diagonal both agree."""
    with drawn("calibration", 3.2) as (axes, done):
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
        for tenant in sorted({row["tenant"] for row in rows})[:MOST_TENANTS]:
            own = [row for row in rows if row["tenant"] == tenant]
            shares = [row["share_frustrated"] for row in own]
            below = [max(0.0, share - row["low"]) for share, row in zip(shares, own, strict=True)]
            above = [max(0.0, row["high"] - share) for share, row in zip(shares, own, strict=True)]
            axes.errorbar(
                [row["mean_p"] for row in own], shares, [below, above], marker="o", capsize=2, label=short(tenant)
            )
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability that was said", ylabel="share marked frustrated")
        if len({row["tenant"] for row in rows}) > 1:
            axes.legend(loc="upper left")
        return done()
