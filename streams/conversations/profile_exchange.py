"""Steps between a conversation and its customer's profile: ask for it, take it in, tell it what was learned."""

from streams.conversations.step import Context
from streams.customers import notes, profile_priors
from streams.state import State


def request_profile(state: State, context: Context) -> State:
    """Step: ask for the profile of a customer who just became known."""
    if state.customer_id == state.asked:
        return state
    state, outputs = notes.request_profile(state, context.signal, context.config)
    if outputs:
        context.withdrawn = False  # the request tells the profile already whether typing may be analysed
        context.outputs += outputs
    return state


def take_in_profile(state: State, context: Context) -> State:
    """Step: the profile arrived; from here on the customer is measured against it."""
    return profile_priors.apply_profile(state, context.signal, context.config.profile)


def write_notes(state: State, context: Context) -> State:
    """Step: tell the profile that consent was withdrawn, or what a conversation that ended has taught."""
    if not context.withdrawn and context.signal["status"] not in notes.ENDED:
        return state
    state, outputs = notes.publish_notes(state, context.signal, context.withdrawn, context.config)
    context.outputs += outputs
    return state
