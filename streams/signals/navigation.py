"""Navigation: signs of struggle on a page.

Features:
    navigation.x, navigation.y   position of a click, CSS pixels.
Cues of one event, named at ingest:
    navigation.click, .page_view, .back, .help   what was done.
    navigation.dead_click    no reaction while the page was watched for DEAD_MS (PostHog: 2,500 ms).
    navigation.error_click   a script error within ERROR_MS; vendors publish no threshold, this one is ours.
    navigation.ignored       the target repeats clicks by nature (stepper, next, previous).
Cues that need memory, found in the fold:
    navigation.rage_click    RAGE_RUN clicks, each within RAGE_MS and RAGE_PX (Manhattan) of the last (PostHog).
    navigation.quick_back    back within QUICK_BACK_MS of opening a page; ours.

Reliability: SignalConfig.navigation_sd. An event without a sign of struggle says nothing: no observation.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from streams.belief import Observation
from streams.signals import Extract
from streams.state import Pointer

DEAD_MS = 2500.0
ERROR_MS = 1000.0
RAGE_MS, RAGE_PX, RAGE_RUN = 1000, 30.0, 3
QUICK_BACK_MS = 4000
IGNORED = re.compile(r"step(?:per)?|next|prev(?:ious)?|plus|minus|increment|decrement|carousel|slider", re.IGNORECASE)
WEIGHTS = {
    "navigation.rage_click": 0.8,
    "navigation.dead_click": 0.4,
    "navigation.error_click": 0.5,
    "navigation.quick_back": 0.3,
    "navigation.help": 0.25,
    "navigation.error": 0.3,
}
NOWHERE = Pointer(click_at=0, x=0.0, y=0.0, run=0, view_at=0)


def extract(event: Mapping[str, Any]) -> Extract:
    """Read one navigation event, as in the contract."""
    cues = [f"navigation.{event['action']}"]
    if event["action"] == "click":
        cues += click_cues(event)
    features = {"navigation.x": event["x"], "navigation.y": event["y"]}
    return Extract(features, cues, {name: "not_sent" for name, value in features.items() if value is None})


def click_cues(event: Mapping[str, Any]) -> list[str]:
    cues = []
    if event["target"] and IGNORED.search(event["target"]):
        cues.append("navigation.ignored")
    elif event["reaction_ms"] is None and (event["watched_ms"] or 0.0) >= DEAD_MS:
        cues.append("navigation.dead_click")
    if event["error_ms"] is not None and 0 <= event["error_ms"] <= ERROR_MS:
        cues.append("navigation.error_click")
    return cues


def observe(
    features: Mapping[str, float | None], cues: list[str], at: int, pointer: Pointer | None, sd: float
) -> tuple[Observation | None, Pointer]:
    """What the event says, and the pointer's new memory. ``at`` is stream time, milliseconds."""
    before = pointer or NOWHERE
    after = moved(before, features, cues, at)
    seen = [*cues, *remembered_cues(before, after, cues, at)]
    parts = {name: WEIGHTS[name] for name in seen if name in WEIGHTS}
    observation = Observation(min(sum(parts.values()), 1.0), sd, parts) if parts else None
    return observation, after


def moved(before: Pointer, features: Mapping[str, float | None], cues: list[str], at: int) -> Pointer:
    """The pointer after an event."""
    if "navigation.page_view" in cues:
        return Pointer(0, 0.0, 0.0, 0, at)
    x, y = features.get("navigation.x"), features.get("navigation.y")
    if "navigation.click" not in cues or "navigation.ignored" in cues or x is None or y is None:
        return before
    close = 0 <= at - before.click_at < RAGE_MS and math.fabs(x - before.x) + math.fabs(y - before.y) < RAGE_PX
    return Pointer(at, x, y, before.run + 1 if close else 1, before.view_at)


def remembered_cues(before: Pointer, after: Pointer, cues: list[str], at: int) -> list[str]:
    found = []
    # Only the click that completes the run counts: ten furious clicks are one rage click, not eight.
    if after.run == RAGE_RUN and before.run == RAGE_RUN - 1:
        found.append("navigation.rage_click")
    if "navigation.back" in cues and before.view_at and 0 <= at - before.view_at <= QUICK_BACK_MS:
        found.append("navigation.quick_back")
    return found
