"""The fold of keystroke bursts, by every contender in turn, on one broker and one recorded topic."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple

from agents.settings.model import Settings
from benchmarks.throughput import broker, measure
from benchmarks.throughput.contenders import CONTENDERS, Contender, started
from benchmarks.throughput.measure import Rate

#: Every conversation has had a few events by then.
WARM_UP = 8_000
LIMIT_S = 20.0


class Folded(NamedTuple):
    """One contender in one round.

    Attributes:
        rate: of events, warm-up left out.
        conversations: with state in the changelog.
        state_bytes: median value of a conversation in the changelog; None without one.
        changelog_bytes: keys and values written for each event folded; None without a changelog.
    """

    rate: Rate
    conversations: int | None
    state_bytes: float | None
    changelog_bytes: float | None


def contest(names: Iterable[str], settings: Settings, ends: broker.Ends, directory: Path) -> dict[str, Folded]:
    """Let the contenders fold the same topic, one after the other."""
    return {name: one(CONTENDERS[name], settings, ends, directory / name) for name in names}


def one(
    contender: Contender,
    settings: Settings,
    ends: broker.Ends,
    directory: Path,
    warm_up: int = WARM_UP,
    limit_s: float = LIMIT_S,
) -> Folded:
    progress = broker.Progress(settings, contender.group, ends)
    try:
        with started(contender, settings, directory) as child:
            rate = measure.follow(progress, progress.total, warm_up, child, limit_s)
        return kept(settings, contender, rate, progress())
    finally:
        progress.close()


def kept(settings: Settings, contender: Contender, rate: Rate, events: int) -> Folded:
    """What it left in its changelog."""
    if contender.changelog is None:
        return Folded(rate, None, None, None)
    found = broker.written(settings, contender.changelog)
    sizes = [size for key, size in found.items() if b"conversation-" in key and size]
    return Folded(rate, len(sizes), median(sizes), found.total / events)


def medians(rounds: Iterable[Mapping[str, Folded]]) -> dict[str, Folded]:
    """Of each contender the round with the median events per CPU second."""
    found: dict[str, list[Folded]] = {}
    for contested in rounds:
        for name, folded in contested.items():
            found.setdefault(name, []).append(folded)
    return {name: middle(of) for name, of in found.items()}


def middle(of: list[Folded]) -> Folded:
    return sorted(of, key=lambda folded: folded.rate.per_cpu_second)[len(of) // 2]
