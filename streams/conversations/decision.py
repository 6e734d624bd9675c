"""The decision: is this a decision point, is an intervention possible, and which?

A decision point is a customer turn that leaves frustration raised while no outcome is awaited. Whatever is
chosen, and where nothing can be chosen, is recorded: the experiment needs the nights it did not rain.
"""

from typing import Any, NamedTuple

import msgspec

from streams import ids
from streams.belief import estimator
from streams.config.model import Config
from streams.conversations import eligibility, outcome
from streams.customers import profile_priors
from streams.experiment.holdout import is_in_holdout
from streams.interventions.options import CONTROL, InterventionOption, constraints_record
from streams.outputs import Output, scope
from streams.policy import context, policy
from streams.policy.policy import Policy
from streams.state import OutcomeWindow, State


class ActivePolicy(NamedTuple):
    """The policy a tenant's decisions are drawn by, and where its snapshot stands."""

    policy: Policy | None = None
    offset: int | None = None


UNIFORM = ActivePolicy()


def decide(
    state: State, conversation_id: str, cues: list[str], config: Config, in_use: ActivePolicy = UNIFORM
) -> tuple[State, list[Output]]:
    """The state and records after a customer turn; nothing where it is no decision point."""
    if not state.belief.raised or state.window is not None or state.handed_over:
        return state, []
    kind = kind_of(state, config)
    options = eligibility.eligible(state, config, in_use.policy.disabled if in_use.policy else frozenset())
    reason = unavailable(state, options, kind, config)
    decision = describe(state, conversation_id, kind, cues, config, in_use)
    decision |= {"eligible": [option.id for option in options], "unavailable_reason": reason}
    state = msgspec.structs.replace(state, decisions=state.decisions + 1, failed=None)
    if reason is not None:
        return state, [Output("decision", decision["decision_id"], nothing_chosen(decision))]
    return choose(state, decision, options, config, in_use.policy)


def kind_of(state: State, config: Config) -> str:
    """Why this is a decision point: a symbol of DecisionKind."""
    if state.failed is not None:
        return "escalation" if state.failures >= config.decision.max_failures else "reroute"
    return "repeat" if state.decisions else "first"


def unavailable(state: State, options: list[InterventionOption], kind: str, config: Config) -> str | None:
    """Why no intervention is possible, or None. A reroute does not wait, and a last resort costs nothing."""
    since_s = (state.customer_at - state.decided_at) / 1000
    if kind == "repeat" and state.decided_at and since_s < config.decision.cooldown_s:
        return "cooldown"
    if state.spent >= config.decision.burden and kind != "escalation":
        return "burden"
    return None if options else "no_option"


def choose(
    state: State, decision: dict[str, Any], options: list[InterventionOption], config: Config, learned: Policy | None
) -> tuple[State, list[Output]]:
    """Draw, open the outcome window, and say what to do."""
    share = control_share(decision, config)
    chances = policy.option_probabilities(options, decision["context"], learned, config, share)
    lottery = ids.lottery(decision["decision_id"], config.decision.salt)
    name, propensity = policy.draw_option(chances.propensities, lottery)
    decision |= {
        "available": True,
        "propensities": [{"option": option, "probability": p} for option, p in chances.propensities],
        "predicted_reward": chances.predicted,
        "lottery": lottery,
        "option": name,
        "control": name == CONTROL,
        "propensity": propensity,
    }
    outputs = [Output("decision", decision["decision_id"], decision)]
    chosen = next((option for option in options if option.id == name), None)
    if chosen is not None:
        outputs.append(
            intervention(
                decision, eligibility.adapted(chosen, state), profile_priors.describe_history(state.usual), config
            )
        )
    return opened(state, decision, chosen), outputs


def control_share(decision: dict[str, Any], config: Config) -> float:
    """Probability of being left alone."""
    if decision["holdout"]:
        return 1.0
    # Where only a hand-over is left after repeated failures, nobody is left alone for the sake of the experiment.
    return 0.0 if decision["kind"] == "escalation" else config.decision.control_share


def opened(state: State, decision: dict[str, Any], chosen: InterventionOption | None) -> State:
    """The state with the decision's outcome window open."""
    window = OutcomeWindow(
        decision_id=decision["decision_id"],
        decided_at=decision["event_time"],
        option=decision["option"],
        control=decision["control"],
        propensity=decision["propensity"],
        level=state.belief.level,
        variance=state.belief.variance,
        turns=0,
    )
    return msgspec.structs.replace(
        state,
        window=window,
        decided_at=decision["event_time"],
        spent=state.spent + (chosen.burden if chosen else 0.0),
        handed_over=state.handed_over or (chosen is not None and chosen.constraints.hand_over),
    )


def describe(
    state: State, conversation_id: str, kind: str, cues: list[str], config: Config, in_use: ActivePolicy
) -> dict[str, Any]:
    """What every decision records, before anything is chosen."""
    index = state.decisions + 1
    return {
        "decision_id": ids.stable_id("decision", state.tenant, conversation_id, state.opened, index),
        "event_time": state.customer_at,
        **scope(state, conversation_id),
        "decision_index": index,
        "turn": state.turn,
        "kind": kind,
        "previous_decision_id": state.failed,
        **reading(state),
        "context": context.build_context(state),
        "context_version": context.VERSION,
        "holdout": is_in_holdout(state.tenant, state.customer_id, conversation_id, config),
        "excluded": list(state.excluded),
        "predicted_reward": None,
        "policy_version": in_use.policy.version if in_use.policy else config.decision.policy_version,
        "snapshot_offset": in_use.offset,
        "window_turns": config.outcome.window_turns,
        "window_s": config.outcome.window_s,
        "contributions": estimator.rank_shares(state.belief.evidence),
        "cues": cues,
        **outcome.story(state),
        "raised_at": state.course.raised_at or state.customer_at,  # by this very turn, where it was not before
        "config_version": config.version,
    }


def reading(state: State) -> dict[str, float | None]:
    """The belief as records show it."""
    return {
        "level": state.belief.level,
        "level_sd": state.belief.variance**0.5,
        "slope": estimator.fit_slope(state.recent),
        "alarm": state.belief.alarm,
    }


def nothing_chosen(decision: dict[str, Any]) -> dict[str, Any]:
    return decision | {
        "available": False,
        "propensities": [],
        "lottery": None,
        "option": None,
        "control": False,
        "propensity": None,
    }


def intervention(decision: dict[str, Any], chosen: InterventionOption, experience: str, config: Config) -> Output:
    """What the platform should do, until the outcome window closes. ``experience`` is of earlier conversations."""
    datum = {
        "intervention_id": decision["decision_id"],
        "decision_id": decision["decision_id"],
        "event_time": decision["event_time"],
        "expires_at": decision["event_time"] + config.outcome.window_ms,
        **{name: decision[name] for name in ("tenant", "conversation_id", "customer_id", "channel")},
        "option": chosen.id,
        "constraints": constraints_record(chosen.constraints),
        "guidance": chosen.guidance,
        "prompt": chosen.prompt,
        "reason": because(decision) + experience,
        "escalation": decision["kind"] == "escalation",
        "config_version": config.version,
    }
    return Output("intervention", decision["decision_id"], datum)


def because(decision: dict[str, Any]) -> str:
    """Why, in one sentence."""
    strongest = [c["signal"] for c in decision["contributions"] if c["share"] > 0][:3]
    told = {
        "first": "The frustration signal rose",
        "repeat": "The frustration signal is still raised",
        "reroute": "The last intervention did not help",
        "escalation": "Interventions failed repeatedly",
    }
    return f"{told[decision['kind']]}, mostly by {', '.join(strongest) or 'no single signal'}."
