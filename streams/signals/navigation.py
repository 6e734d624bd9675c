"""Navigation: signs of struggle on a page. Thresholds, defaults and their sources: NavigationConfig.

Features, null with a reason (not_sent, not_finite, out_of_range):
    navigation.x, navigation.y        position of the pointer or of the scrolled page, CSS pixels.
    navigation.unanswered_ms          of a click: how long the page did not react while it was watched, milliseconds.
    navigation.error_ms               of a click: time until a script error, milliseconds.
    navigation.gesture_ms             of a click: time until the page scrolled or text was selected, milliseconds.
Cues of one event, named at ingest:
    navigation.<action>               what was done.
    navigation.stepper, .paging       the target repeats clicks by nature: plus, minus, slider; next, previous.
    navigation.ignored                the target asks to be ignored: no-rageclick, as PostHog's class ph-no-rageclick.
    navigation.help_page, .other_page   whether a page opened is a page of help; neither where the page is unknown.
Signs of struggle, found in the fold (the first three in the click itself, the others need memory):
    navigation.help, .error           help was asked for; the page showed an error.
    navigation.dead_click             no reaction in dead_ms, and no gesture.
    navigation.error_click            a script error within error_ms.
    navigation.rage_click             rage_clicks clicks, each within rage_ms and rage_px of the last.
    navigation.quick_back             back within quick_back_ms of opening a page.
    navigation.thrashed_cursor        thrash_turns turns of over 90 degrees, each within thrash_ms of the last.
    navigation.excessive_scroll       scroll_turns changes of direction, each within scroll_ms of the last.
    navigation.help_loop              help_visits visits to help, each within help_ms of the last, no other page.

Reliability: SignalConfig.navigation_sd, and no more of the alarm than SignalConfig.navigation_share; weights are ours.
An event without a sign of struggle says nothing: no observation. A struggle counts once, when it is complete.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from streams.belief.estimator import Observation
from streams.config.model import NavigationConfig
from streams.signals import Extract
from streams.signals.navigation_patterns import NOWHERE, find_completed, update_pointer
from streams.signals.value_checks import check_values
from streams.state import Pointer

FARTHEST_PX = 1e6
LONGEST_MS = 3_600_000.0
REPEATED = re.compile(
    r"(?P<ignored>no-?rage-?click)|(?P<paging>next|prev(?!iew)(?:ious)?)"
    r"|(?P<stepper>step(?:per)?|plus|minus|increment|decrement|carousel|slider)",
    re.IGNORECASE,
)
HELP = re.compile(r"(?:^|[/_.-])(?:help|faq|support|contact)", re.IGNORECASE)
WEIGHTS = {
    "navigation.rage_click": 0.8,
    "navigation.dead_click": 0.4,
    "navigation.error_click": 0.5,
    "navigation.quick_back": 0.3,
    "navigation.thrashed_cursor": 0.3,
    "navigation.excessive_scroll": 0.2,
    "navigation.help_loop": 0.4,
    "navigation.help": 0.25,
    "navigation.error": 0.3,
}


def extract(event: Mapping[str, Any]) -> Extract:
    """Read one navigation event, as in the contract."""
    cues = [f"navigation.{event['action']}"]
    features, reasons = check_values(
        {"navigation.x": event["x"], "navigation.y": event["y"]}, -FARTHEST_PX, FARTHEST_PX
    )
    if event["action"] == "click":
        cues += find_repeat_cues(event["target"])
        measured, why = check_values(reaction_features(event), 0.0, LONGEST_MS)
        features, reasons = features | measured, reasons | why
    elif event["action"] == "page_view" and event["page"]:
        cues.append("navigation.help_page" if HELP.search(event["page"]) else "navigation.other_page")
    return Extract(features, cues, reasons)


@lru_cache(maxsize=1024)  # a page has few targets, and they are clicked again and again
def find_repeat_cues(target: str | None) -> tuple[str, ...]:
    """Cues that clicks on this target repeat without frustration."""
    return tuple(sorted({f"navigation.{match.lastgroup}" for match in REPEATED.finditer(target or "")}))


def reaction_features(event: Mapping[str, Any]) -> dict[str, float | None]:
    gestures = [after for after in (event["scroll_ms"], event["selection_ms"]) if after is not None]
    return {
        "navigation.unanswered_ms": event["watched_ms"] if event["reaction_ms"] is None else event["reaction_ms"],
        "navigation.error_ms": event["error_ms"],
        "navigation.gesture_ms": min(gestures, default=None),
    }


def observe(
    features: Mapping[str, float | None],
    cues: list[str],
    at: int,
    pointer: Pointer | None,
    sd: float,
    config: NavigationConfig,
) -> tuple[Observation | None, Pointer]:
    """The observation of an event, 1 at most, and the updated pointer. ``at``: event time, milliseconds."""
    before = pointer or NOWHERE
    ignored = "navigation.click" in cues and is_ignored(features, cues, config)
    after = update_pointer(before, features, cues, at, ignored, config)
    seen = [*cues, *find_click_cues(features, ignored, config), *find_completed(before, after, cues, at, config)]
    weights = {name: WEIGHTS[name] for name in seen if name in WEIGHTS}
    most = max(sum(weights.values()), 1.0)
    parts = {name: weight / most for name, weight in weights.items()}
    return Observation(sum(parts.values()), sd, parts) if parts else None, after


def is_ignored(features: Mapping[str, float | None], cues: list[str], config: NavigationConfig) -> bool:
    """Whether this click repeats, or leaves the page unchanged, by nature."""
    gesture = features.get("navigation.gesture_ms")
    return (
        "navigation.ignored" in cues
        or (config.ignore_steppers and "navigation.stepper" in cues)
        or (config.ignore_paging and "navigation.paging" in cues)
        or (config.ignore_gestures and gesture is not None and gesture < config.gesture_ms)
    )


def find_click_cues(features: Mapping[str, float | None], ignored: bool, config: NavigationConfig) -> list[str]:
    """Cues of struggle in a single click; only clicks have these features."""
    cues = []
    unanswered, error = features.get("navigation.unanswered_ms"), features.get("navigation.error_ms")
    if not ignored and unanswered is not None and unanswered >= config.dead_ms:
        cues.append("navigation.dead_click")
    if error is not None and error <= config.error_ms:
        cues.append("navigation.error_click")
    return cues
