"""One conversation: its turns, replies, typing and clicks over time, as events of the contracts, with the truths."""

from random import Random
from typing import Any, NamedTuple

from agents.recordings.model import Event, Line, Truth
from agents.simulator import behaviour, facts, phrases
from agents.simulator.personas import Person
from agents.simulator.scenario import FRUSTRATED, Scenario
from schemas.json_form import read_record
from schemas.records import record
from schemas.topics import RECORD_OF, Name

TURN_GAP_S = (20.0, 180.0)
SLOWER = {"email": 4.0, "social": 1.5}
TYPED = ("chat", "email")
BOT_FIRST = 0.4
UNANSWERED = 0.07
ABANDONED = 0.15
BURSTS_WITHOUT_CONSENT = 0.1
RATED = 0.12


class Scene(NamedTuple):
    """What a conversation starts from. ``starts_at`` is the time of the first message, milliseconds."""

    conversation_id: str
    channel: str
    topic: str
    person: Person
    scenario: Scenario
    starts_at: int


class Conversation:
    """Plays a scene.

    Attributes:
        lines: events and truths, in no order.
        ends_at: time of the last event, milliseconds.
    """

    def __init__(self, rng: Random, scene: Scene) -> None:
        self._rng, self._scene = rng, scene
        known = facts.draw_facts(rng, scene.person.name)
        self._customer = phrases.Customer(rng, known, scene.topic, scene.person.style)
        self._operator = phrases.Operator(rng, known)
        self._online = scene.channel in TYPED
        self._typing_seen = self._online and (scene.person.consent or rng.random() < BURSTS_WITHOUT_CONSENT)
        self._bot_turns = rng.randint(1, 2) if rng.random() < BOT_FIRST else 0
        self._operator_id = f"op-{rng.randint(1, 24):02d}"
        self._abandoned = rng.random() < ABANDONED
        self._counts: dict[Name, int] = {}
        self.lines: list[Line] = []
        self.ends_at = scene.starts_at
        self._play()

    def _play(self) -> None:
        at = self._scene.starts_at
        since = at - self._rng.randint(20_000, 120_000)
        for turn, frustration in enumerate(self._scene.scenario.frustration, 1):
            self._customer_turn(turn, frustration, at, since)
            gap = self._gap_ms(frustration)
            since = self._answer(turn, frustration, at, gap)
            at += gap
        if self._rng.random() < RATED:
            self._rate(self.ends_at + self._rng.randint(20_000, 240_000))

    def _gap_ms(self, frustration: float) -> int:
        """Time to the next customer turn; frustrated people answer a little faster."""
        seconds = self._rng.lognormvariate(4.1, 0.55) * (1 - 0.15 * frustration)
        return round(min(max(seconds, TURN_GAP_S[0]), TURN_GAP_S[1]) * 1000 * SLOWER.get(self._scene.channel, 1.0))

    def _customer_turn(self, turn: int, frustration: float, at: int, since: int) -> None:
        text = self._words(turn, frustration)
        if self._online:
            self._navigate(frustration, since, at)
        if self._typing_seen:
            self._type(text, frustration, at, since)
        consent = self._scene.person.consent if turn == 1 and self._online else None
        self._message(at, "customer", self._scene.person.customer_id, text, keystroke_consent=consent)
        frustrated = frustration >= FRUSTRATED
        self.lines.append(Truth(self._scene.conversation_id, turn, at, frustration, frustrated))

    def _words(self, turn: int, frustration: float) -> str:
        level = phrases.draw_band(self._rng, frustration, self._scene.person.style)
        if turn == 1:
            return self._customer.opening(level)
        if self._is_last(turn) and not self._abandoned:
            return self._customer.last(level)
        return self._customer.turn(level)

    def _answer(self, turn: int, frustration: float, at: int, gap: int) -> int:
        """The reply within the gap, if there is one; returns when the customer may act again."""
        replied_at = at + round(gap * self._rng.uniform(0.2, 0.6))
        if self._is_last(turn):
            if not self._abandoned:
                self._reply(replied_at, self._operator.goodbye(), "resolved")
        elif turn <= self._bot_turns:
            self._message(replied_at, "bot", "bot-1", self._operator.bot_reply())
        elif self._rng.random() >= UNANSWERED:
            self._reply(replied_at, self._operator.reply(frustration), "open")
        return replied_at

    def _reply(self, at: int, text: str, status: str) -> None:
        self._message(at, "operator", self._operator_id, text, status=status)

    def _is_last(self, turn: int) -> bool:
        return turn == len(self._scene.scenario.frustration)

    def _message(self, at: int, role: str, who: str | None, text: str, **more: Any) -> None:
        fields = {"participant_role": role, "participant_id": who, "text": text, "language": "en", **more}
        self._add(Name.MESSAGES, "m", at, fields)

    def _type(self, text: str, frustration: float, at: int, since: int) -> None:
        person = self._scene.person
        for burst in behaviour.type_text(self._rng, text, person.rhythm, frustration, at, since):
            keys = {"keys": burst.keys, "pressed_ms": burst.pressed_ms, "dwell_ms": burst.dwell_ms}
            self._add(Name.KEYSTROKES, "k", burst.at, {"consent": person.consent is True, **keys})

    def _navigate(self, frustration: float, since: int, at: int) -> None:
        calm_actions = self._rng.choices((0, 1, 2, 3), (46, 32, 16, 6))[0]
        for action in behaviour.draw_actions(self._rng, frustration, since, at, calm_actions):
            self._add(Name.NAVIGATION, "n", action.at, action.fields)

    def _rate(self, at: int) -> None:
        mood = 5 - 4 * self._scene.scenario.frustration[-1]
        scores = {name: self._draw_score(mood) for name in ("clarity", "tone", "resonance")}
        rater = {"rater_id": self._scene.person.customer_id or "anonymous", "rater_role": "customer"}
        self._add(Name.RATINGS, "r", at, {**rater, **scores, "felt_understood": scores["resonance"] >= 3})

    def _draw_score(self, mood: float) -> int:
        return min(max(round(mood + self._rng.gauss(0.0, 0.8)), 1), 5)

    def _add(self, topic: Name, letter: str, at: int, fields: dict[str, Any]) -> None:
        scene = self._scene
        number = self._counts[topic] = self._counts.get(topic, 0) + 1
        event = {
            "event_id": f"{scene.conversation_id}:{letter}{number:03d}",
            "conversation_id": scene.conversation_id,
            "event_time": at,
            "channel": scene.channel,
            "customer_id": scene.person.customer_id,
            **fields,
        }
        datum = read_record(record(RECORD_OF[topic]).published, event, "")
        self.lines.append(Event(str(topic), scene.conversation_id, datum))
        self.ends_at = max(self.ends_at, at)
