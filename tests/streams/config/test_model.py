"""The settings of the domain, and the digest that names them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from streams.config.model import BeliefConfig, Config, DecisionConfig, NavigationConfig, OutcomeConfig, SignalConfig
from streams.interventions.options import InterventionOption


def changed(value: Any) -> Any:
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return value * 0.99 + 1e-7
        case str():
            return value + "x"
        case tuple():
            return (*value, "x")
        case None:
            return 7
    raise TypeError(value)


def variants(node: Any) -> Iterator[tuple[str, Any]]:
    """The dataclass with one value changed, for each value at any depth, by its path."""
    for field in fields(node):
        value = getattr(node, field.name)
        if is_dataclass(value):
            yield from ((f"{field.name}.{path}", replace(node, **{field.name: one})) for path, one in variants(value))
        elif field.name == "protocols":
            yield from ((f"protocols.{path}", replace(node, protocols=one)) for path, one in catalogues(value))
        else:
            yield field.name, replace(node, **{field.name: changed(value)})


def catalogues(protocols: tuple[InterventionOption, ...]) -> Iterator[tuple[str, tuple[InterventionOption, ...]]]:
    yield "fewer", protocols[1:]
    yield "order", protocols[::-1]
    for i, protocol in enumerate(protocols):
        for path, one in variants(protocol):
            yield f"{protocol.id}.{path}", (*protocols[:i], one, *protocols[i + 1 :])


VARIANTS = dict(variants(Config()))


def test_every_value_was_found() -> None:
    assert len(VARIANTS) > 90
    assert {"signals.text_sd", "belief.slope_points", "decision.salt", "outcome.idle_s"} <= set(VARIANTS)


@pytest.mark.parametrize("path", VARIANTS)
def test_a_change_of_any_single_value_changes_the_version(path: str) -> None:
    assert VARIANTS[path].version != Config().version


def test_no_two_changes_share_a_version() -> None:
    assert len({variant.version for variant in VARIANTS.values()}) == len(VARIANTS)


def test_the_version_is_16_hex_digits_and_the_same_for_the_same_settings() -> None:
    assert len(Config().version) == 16
    assert Config().version == Config().version


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_the_version_is_the_same_in_every_process(seed: str) -> None:
    command = [sys.executable, "-c", "from streams.config.model import Config; print(Config().version)"]
    environment = os.environ | {"PYTHONHASHSEED": seed}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == Config().version


def test_settings_cannot_be_changed_in_passing() -> None:
    with pytest.raises(AttributeError):
        Config().belief.threshold = 1.0  # type: ignore[misc]


REFUSED: list[tuple[type[Any], dict[str, Any], str]] = [
    (SignalConfig, {"text_sd": 0.0}, "text_sd must be above 0, not 0.0"),
    (SignalConfig, {"typing_sd": float("inf")}, "typing_sd must be above 0, not inf"),
    (SignalConfig, {"usual_z": -0.1}, "usual_z must be 0 or more, not -0.1"),
    (SignalConfig, {"typing_share": 1.1}, "typing_share must be between 0 and 1, not 1.1"),
    (NavigationConfig, {"dead_ms": 0.0}, "dead_ms must be above 0, not 0.0"),
    (NavigationConfig, {"rage_clicks": 1}, "rage_clicks must be 2 or more, not 1"),
    (BeliefConfig, {"prior_sd": -0.1}, "prior_sd must be above 0, not -0.1"),
    (BeliefConfig, {"prior_sd": 0.6}, r"prior_sd must be at most max_sd \(0.5\), not 0.6"),
    (BeliefConfig, {"drift": -1e-9}, "drift must be 0 or more, not -1e-09"),
    (BeliefConfig, {"noise_floor": float("nan")}, "noise_floor must be 0 or more, not nan"),
    (BeliefConfig, {"clip": 0.0}, "clip must be above 0, not 0.0"),
    (BeliefConfig, {"shift": 0.7}, r"shift must be at most shift_most \(0.6\), not 0.7"),
    (BeliefConfig, {"threshold": 2.5}, r"clear must be below threshold \(2.5\), not 2.5"),
    (BeliefConfig, {"threshold": 12.0}, r"threshold must be below ceiling \(12.0\), not 12.0"),
    (BeliefConfig, {"clear": -1.0}, "clear must be 0 or more, not -1.0"),
    (BeliefConfig, {"defer": -1}, "defer must be 0 or more, not -1"),
    (BeliefConfig, {"slope_points": 1}, "slope_points must be 2 or more, not 1"),
    (DecisionConfig, {"control_share": 1.1}, "control_share must be between 0 and 1, not 1.1"),
    (DecisionConfig, {"control_share": -0.1}, "control_share must be between 0 and 1, not -0.1"),
    (DecisionConfig, {"cooldown_s": -1.0}, "cooldown_s must be 0 or more, not -1.0"),
    (DecisionConfig, {"burden": -1.0}, "burden must be 0 or more, not -1.0"),
    (DecisionConfig, {"max_failures": 0}, "max_failures must be 1 or more, not 0"),
    (OutcomeConfig, {"window_turns": 0}, "window_turns must be 1 or more, not 0"),
    (OutcomeConfig, {"window_s": 0.0}, "window_s must be above 0, not 0.0"),
    (OutcomeConfig, {"margin": -0.1}, "margin must be 0 or more, not -0.1"),
    (OutcomeConfig, {"idle_s": float("nan")}, "idle_s must be above 0, not nan"),
]


@pytest.mark.parametrize(("group", "setting", "sentence"), REFUSED)
def test_a_setting_the_domain_cannot_work_with_is_refused_by_name(
    group: type[Any], setting: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        group(**setting)


@pytest.mark.parametrize(
    ("group", "setting"),
    [
        (SignalConfig, {"usual_z": 0.0, "typing_share": 0.0, "latency_share": 1.0}),
        (NavigationConfig, {"rage_clicks": 2, "thrash_turns": 2, "scroll_turns": 2, "help_visits": 2}),
        (BeliefConfig, {"drift": 0.0, "noise_floor": 0.0, "clear": 0.0, "defer": 0, "slope_points": 2}),
        (BeliefConfig, {"shift": 0.6, "prior_sd": 0.5}),
        (DecisionConfig, {"control_share": 0.0, "cooldown_s": 0.0, "burden": 0.0, "max_failures": 1}),
        (DecisionConfig, {"control_share": 1.0}),
        (OutcomeConfig, {"margin": 0.0, "window_turns": 1}),
    ],
)
def test_the_ends_of_the_ranges_are_allowed(group: type[Any], setting: dict[str, Any]) -> None:
    group(**setting)


def test_every_number_has_its_range() -> None:
    """None of them can be what no number is."""
    for group in (SignalConfig(), NavigationConfig(), BeliefConfig(), DecisionConfig(), OutcomeConfig()):
        for field in fields(group):
            if isinstance(getattr(group, field.name), float):
                with pytest.raises(ValueError, match=field.name):
                    replace(group, **{field.name: float("nan")})
