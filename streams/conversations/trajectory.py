"""The trajectory: one point for each customer turn, with the belief after it and what moved it."""

import msgspec

from streams import ids
from streams.belief import estimator
from streams.conversations.decision import reading
from streams.conversations.step import Context
from streams.outputs import Output, scope
from streams.signals import reply_style
from streams.state import State


def write_point(state: State, context: Context) -> State:
    """Step: publish the trajectory point of this turn; movements and replies are counted anew from here on."""
    context.outputs.append(trajectory_point(state, context))
    return msgspec.structs.replace(state, belief=msgspec.structs.replace(state.belief, moved={}), answer=())


def trajectory_point(state: State, context: Context) -> Output:
    """The belief after this customer turn."""
    signal, turn = context.signal, context.reading
    assert turn is not None, "the words of a customer turn are read before its point is written"
    point_id = ids.stable_id("point", state.tenant, context.conversation_id, state.opened, state.turn)
    datum = {
        "point_id": point_id,
        "event_id": signal["event_id"],
        "event_time": context.at,
        **scope(state, context.conversation_id),
        "turn": state.turn,
        **reading(state),
        "raised": state.belief.raised,
        "observation": turn.observation.value if turn.observation else None,
        "p_now": turn.reading.now if turn.reading else None,
        "p_next": turn.forecast.next,
        "p_rise": turn.forecast.rise,
        "model_version": turn.model_version,
        "reply": reply_style.name_features(state.answer),
        "level_before": level_before(state),
        "contributions": estimator.rank_movements(state.belief.moved, level_change(state)),
        "cues": list(signal["cues"]),
        "source": dict(signal["source"]),
        "config_version": context.config.version,
    }
    return Output("trajectory_point", point_id, datum)


def level_change(state: State) -> float:
    """How far the level moved since the trajectory point before this one, or since the conversation began."""
    return state.belief.level - (level_before(state) or 0.0)


def level_before(state: State) -> float | None:
    """Level at the trajectory point before this one; None when this is the first."""
    return state.recent[-2][1] if len(state.recent) > 1 else None
