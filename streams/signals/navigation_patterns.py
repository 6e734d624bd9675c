"""Patterns over several navigation events: runs of clicks, turns and visits to help.

Only the step that completes a run counts: ten furious clicks are one rage click, not eight.
"""

from collections.abc import Mapping
from math import fabs

from msgspec.structs import replace

from streams.config.model import NavigationConfig
from streams.state import Motion, Pointer

NOWHERE = Pointer(click_at=0, x=0.0, y=0.0, run=0, view_at=0)
SAME_VISIT_MS = 1000  # asking for help and the help page opening are one visit
Features = Mapping[str, float | None]


def update_pointer(
    before: Pointer, features: Features, cues: list[str], at: int, ignored: bool, config: NavigationConfig
) -> Pointer:
    """The pointer after an event. ``ignored``: a click that does not count."""
    if "navigation.page_view" in cues:
        return open_page(before, cues, at, config)
    if "navigation.help" in cues:
        return visit_help(before, at, config)
    x, y = features.get("navigation.x"), features.get("navigation.y")
    if y is None:
        return before
    if "navigation.scroll" in cues:
        return replace(before, scroll=update_motion(before.scroll, 0.0, y, at, config.scroll_ms, config.scroll_px))
    if x is None or ignored:
        return before
    if "navigation.cursor" in cues:
        return replace(before, cursor=update_motion(before.cursor, x, y, at, config.thrash_ms, config.thrash_px))
    return add_click(before, x, y, at, config) if "navigation.click" in cues else before


def open_page(before: Pointer, cues: list[str], at: int, config: NavigationConfig) -> Pointer:
    """The pointer after a page view: clicks and movements start again."""
    fresh = replace(NOWHERE, view_at=at, help_at=before.help_at, help_run=before.help_run)
    if "navigation.help_page" in cues:
        return visit_help(fresh, at, config)
    return replace(fresh, help_run=0) if "navigation.other_page" in cues else fresh


def visit_help(before: Pointer, at: int, config: NavigationConfig) -> Pointer:
    """The pointer after a visit to help."""
    since = at - before.help_at
    if before.help_run and 0 <= since <= SAME_VISIT_MS:
        return replace(before, help_at=at)
    return replace(before, help_at=at, help_run=before.help_run + 1 if 0 <= since <= config.help_ms else 1)


def add_click(before: Pointer, x: float, y: float, at: int, config: NavigationConfig) -> Pointer:
    close = 0 <= at - before.click_at < config.rage_ms and fabs(x - before.x) + fabs(y - before.y) < config.rage_px
    return replace(before, click_at=at, x=x, y=y, run=before.run + 1 if close else 1)


def update_motion(before: Motion | None, x: float, y: float, at: int, within_ms: float, least_px: float) -> Motion:
    """The motion after a position: a turn is a change of direction of more than 90 degrees."""
    to_x, to_y = round(x), round(y)
    if before is None:
        return Motion(to_x, to_y, 0, 0, at, 0)
    dx, dy = to_x - before.x, to_y - before.y
    if abs(dx) + abs(dy) < least_px:
        return before
    if dx * before.dx + dy * before.dy >= 0:
        return Motion(to_x, to_y, dx, dy, before.turned_at, before.turns)
    near = 0 <= at - before.turned_at <= within_ms
    return Motion(to_x, to_y, dx, dy, at, before.turns + 1 if near else 1)


def find_completed(before: Pointer, after: Pointer, cues: list[str], at: int, config: NavigationConfig) -> list[str]:
    """Cues of struggle this event completed."""
    runs = (
        ("navigation.rage_click", before.run, after.run, config.rage_clicks),
        ("navigation.thrashed_cursor", count_turns(before.cursor), count_turns(after.cursor), config.thrash_turns),
        ("navigation.excessive_scroll", count_turns(before.scroll), count_turns(after.scroll), config.scroll_turns),
        ("navigation.help_loop", before.help_run, after.help_run, config.help_visits),
    )
    completed = [name for name, was, now, enough in runs if was == enough - 1 and now == enough]
    if "navigation.back" in cues and before.view_at and 0 <= at - before.view_at <= config.quick_back_ms:
        completed.append("navigation.quick_back")
    return completed


def count_turns(motion: Motion | None) -> int:
    return motion.turns if motion else 0
