"""A step of the fold: takes a conversation's state, returns it with the part changed that the step owns.

Steps of one signal share a ``Context``: what they read (signal, config, model, policy) and what they hand on (what the
words said, the records to publish). A step changes nothing else.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from streams.belief.estimator import Observation
from streams.config.model import Config
from streams.conversations.decision import ActivePolicy
from streams.outputs import Output
from streams.state import State
from streams.text_model.model import Forecast, Reading, TextModel

Signal = Mapping[str, Any]


class TurnReading(NamedTuple):
    """What the words of a customer turn said; None where they could not be read.

    Attributes:
        forecast: what the text model expected before it saw the turn.
        reading: what the text model says of the turn.
        observation: the same beyond what this customer usually says.
        words: the same before that was taken off.
        model_version: version of the text model.
    """

    forecast: Forecast
    reading: Reading | None
    observation: Observation | None
    words: Observation | None
    model_version: str


class Context:
    """One signal on its way through the steps.

    Attributes:
        signal: a record of tenor.signals.
        at: its event time, milliseconds.
        config: every number of the domain.
        model: the text model in use.
        policy: the policy in use.
        outputs: records to publish so far, in order.
        was_raised: whether frustration was raised before the signal.
        withdrawn: whether the signal ended the consent to typing analysis.
        reading: what the words of a customer turn said; None for every other signal, and before they are read.
    """

    __slots__ = (
        "at",
        "config",
        "model",
        "outputs",
        "policy",
        "reading",
        "signal",
        "was_raised",
        "withdrawn",
    )

    def __init__(self, signal: Signal, config: Config, model: TextModel, policy: ActivePolicy) -> None:
        self.signal, self.config, self.model, self.policy = signal, config, model, policy
        self.at: int = signal["event_time"]
        self.outputs: list[Output] = []
        self.was_raised = self.withdrawn = False
        self.reading: TurnReading | None = None

    @property
    def conversation_id(self) -> str:
        conversation_id: str = self.signal["conversation_id"]
        return conversation_id


Step = Callable[[State, Context], State]
