"""A customer's history over all conversations: what the level rose with, after which options it fell, what to try.

Everything here is an association in few cases, so each figure has its number of cases and a 95 % interval, and too
little evidence is reported as such. A fall after an option might have come anyway, so control is reported beside it.
Only a contrast with control over all customers shows an effect; it is suggested if the customer's own history has none.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from streams.experiment.proportions import share
from streams.interventions.options import CONTROL
from streams.signals.cues import TOPICS
from streams.signals.labels import describe

ENOUGH = 5  # cases below which nothing is concluded; ours
RECURRING = 2  # conversations
OFTEN = 0.5

Row = Mapping[str, Any]
Summary = dict[str, Any]


def summarise_history(
    turns: Sequence[Row], outcomes: Iterable[Row], ends: Iterable[Row], proven: Iterable[Row], margin: float
) -> Summary:
    """Everything ``tenor history`` reports, as JSON values.

    Args:
        turns: the customer's turns in order: conversation_id, event_time, turn, level, level_before, raised, channel,
            cues, contributions.
        outcomes: conversation_id, option, reward (None where nothing was seen).
        ends: conversation_id, opened_at, event_time, ended.
        proven: of every option what held for everybody: option, n, mean, low, high, verdict.
        margin: a change of the level within it says nothing.
    """
    options = summarise_options(outcomes, margin)
    return {
        "conversations": summarise_conversations(turns, ends),
        "turns": len(turns),
        "triggers": find_triggers(turns),
        "topics": compare_topics(turns, margin),
        "options": options,
        "approach": suggest_approach(options, proven),
    }


def summarise_conversations(turns: Iterable[Row], ends: Iterable[Row]) -> list[Summary]:
    """Each life of each conversation in order: how the level went, and how it ended; None while it goes on."""
    lives: list[list[Row]] = []
    latest: dict[str, list[Row]] = {}
    for turn in turns:
        conversation_id = turn["conversation_id"]
        if conversation_id not in latest or turn["turn"] <= latest[conversation_id][-1]["turn"]:
            latest[conversation_id] = []
            lives.append(latest[conversation_id])
        latest[conversation_id].append(turn)
    known = [*ends]
    return sorted(
        (summarise_life(life, known) for life in lives),
        key=lambda summary: (summary["first_at"], summary["conversation_id"]),
    )


def summarise_life(life: Sequence[Row], ends: Iterable[Row]) -> Summary:
    """How one went. Its end: of a life that was open at its first turn, and not yet over at its last."""
    first, last = life[0], life[-1]
    own = [end for end in ends if end["conversation_id"] == first["conversation_id"]]
    ended = [end for end in own if end["opened_at"] <= first["event_time"] and end["event_time"] >= last["event_time"]]
    levels = [turn["level"] for turn in life]
    return {
        "conversation_id": first["conversation_id"],
        "channel": first["channel"],
        "first_at": first["event_time"],
        "last_at": last["event_time"],
        "turns": len(life),
        "levels": levels,
        "highest": max(levels),
        "last": levels[-1],
        "raised": any(turn["raised"] for turn in life),
        "ended": max(ended, key=lambda end: end["opened_at"])["ended"] if ended else None,
    }


def level_rise(turn: Row) -> float:
    """How far the level moved in a turn; from 0, what is usual, in the first."""
    return float(turn["level"] - (turn["level_before"] or 0.0))


def find_triggers(turns: Iterable[Row]) -> list[Summary]:
    """Cues that moved the level up in more than one conversation, the most often first."""
    seen: dict[str, list[Row]] = defaultdict(list)
    for turn in turns:
        for signal, by in turn["contributions"]:
            if by > 0 and signal in turn["cues"]:
                seen[signal].append(turn)
    summaries = [
        {
            "cue": cue,
            "words": describe(cue),
            "conversations": count_conversations(turns_with_cue),
            "turns": len(turns_with_cue),
        }
        for cue, turns_with_cue in seen.items()
        if count_conversations(turns_with_cue) >= RECURRING
    ]
    return sorted(summaries, key=lambda summary: (-summary["conversations"], -summary["turns"], summary["cue"]))


def count_conversations(turns: Iterable[Row]) -> int:
    return len({turn["conversation_id"] for turn in turns})


def compare_topics(turns: Sequence[Row], margin: float) -> list[Summary]:
    """What the customer spoke of, and how often the level rose beyond the margin when they did, and when not."""
    comparisons = []
    for topic in TOPICS:
        spoken = [level_rise(turn) > margin for turn in turns if topic in turn["cues"]]
        other = [level_rise(turn) > margin for turn in turns if topic not in turn["cues"]]
        if spoken:
            rose, else_ = share(sum(spoken), len(spoken)), share(sum(other), len(other))
            conversations = count_conversations(turn for turn in turns if topic in turn["cues"])
            comparison = {
                "topic": topic,
                "words": describe(topic),
                "conversations": conversations,
                "turns": len(spoken),
            }
            comparisons.append(comparison | {"rose": rose, "rose_else": else_, "verdict": topic_verdict(rose, else_)})
    return sorted(
        comparisons, key=lambda comparison: (-comparison["rose"]["low"], -comparison["turns"], comparison["topic"])
    )


def topic_verdict(rose: Summary, else_: Summary) -> str:
    """Whether the level rises with a topic: only where the two intervals do not meet."""
    if min(rose["of"], else_["of"]) < ENOUGH:
        return "too little evidence"
    if rose["low"] > else_["high"]:
        return "rises with it"
    return "falls with it" if rose["high"] < else_["low"] else "unclear"


def summarise_options(outcomes: Iterable[Row], margin: float) -> list[Summary]:
    """What followed each option: how often the level fell beyond the margin, of the times it moved beyond it."""
    rewards: dict[str, list[float | None]] = defaultdict(list)
    for outcome in outcomes:
        rewards[outcome["option"]].append(outcome["reward"])
    summaries = []
    for option, seen in sorted(rewards.items()):
        known = [reward for reward in seen if reward is not None]
        fell, rose = sum(outcome > margin for outcome in known), sum(outcome < -margin for outcome in known)
        summaries.append({"option": option, "tried": len(seen), "seen": len(known), "fell": share(fell, fell + rose)})
    return sorted(
        summaries,
        key=lambda outcome: (outcome["option"] == CONTROL, -(outcome["fell"]["low"] or 0.0), outcome["option"]),
    )


def suggest_approach(options: Sequence[Summary], proven: Iterable[Row]) -> Summary:
    """What to try, from what, and what to avoid; nothing where nothing is known."""
    own = [row for row in options if row["option"] != CONTROL and row["fell"]["of"] >= ENOUGH]
    avoid = sorted(row["option"] for row in own if row["fell"]["high"] < OFTEN)
    helped = [row for row in own if row["fell"]["low"] > OFTEN]
    if helped:
        best = max(helped, key=lambda row: (row["fell"]["low"], row["option"]))
        return approach_record(best["option"], "customer", best["fell"], avoid)
    shown = [row for row in proven if row["verdict"] == "helped" and row["option"] not in (*avoid, "any")]
    if shown:
        top = max(shown, key=lambda row: (row["low"], row["option"]))
        return approach_record(
            top["option"], "everybody", {name: top[name] for name in ("n", "mean", "low", "high")}, avoid
        )
    return approach_record(None, None, None, avoid) | {"reason": "too little evidence"}


def approach_record(option: str | None, source: str | None, evidence: Summary | None, avoid: Sequence[str]) -> Summary:
    return {"option": option, "from": source, "evidence": evidence, "avoid": list(avoid), "reason": None}
