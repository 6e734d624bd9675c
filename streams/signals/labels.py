"""Descriptions of signals and cues, for people who read alerts. This is the only place that has them.

A description says what was measured, never what somebody felt.
"""

from collections.abc import Iterable, Mapping
from typing import Any

STRONGEST = 3

DESCRIPTIONS = {
    "dialogue": "the course of the conversation so far",
    "dialogue.answer": "the last answer the customer got",
    "dialogue.answers": "how many answers there were",
    "dialogue.turn": "how long the conversation goes on",
    "latency.reply": "the customer replies faster than usual",
    "latency.unanswered": "the customer writes again without an answer",
    "latency.wait": "the answer took longer than usual",
    "level.settling": "nothing new was said",
    "navigation.back": "going back",
    "navigation.click": "a click",
    "navigation.cursor": "movement of the pointer",
    "navigation.dead_click": "clicks that nothing answers",
    "navigation.error": "an error on the page",
    "navigation.error_click": "clicks that end in an error",
    "navigation.excessive_scroll": "scrolling up and down the page",
    "navigation.help": "asking for help on the page",
    "navigation.help_loop": "help pages opened again and again",
    "navigation.help_page": "a help page",
    "navigation.other_page": "another page",
    "navigation.page_view": "a page was opened",
    "navigation.quick_back": "pages left at once",
    "navigation.rage_click": "rapid repeated clicks",
    "navigation.scroll": "scrolling",
    "navigation.thrashed_cursor": "a pointer moved to and fro",
    "operator.apology": "an apology",
    "operator.on_topic": "an answer on the topic",
    "operator.promise": "a promise",
    "operator.question": "a question back",
    "operator.reassurance": "reassurance",
    "operator.refusal": "a refusal",
    "operator.repeats": "an answer that was given before",
    "prosody.f0_sd_semitones": "a voice that moves more than usual",
    "prosody.f0_semitones": "a higher voice than usual",
    "prosody.hnr_db": "a harsher voice than usual",
    "prosody.jitter": "a rougher voice than usual",
    "prosody.loudness_db": "a louder voice than usual",
    "prosody.shimmer": "a less steady voice than usual",
    "prosody.speech_rate": "faster speech than usual",
    "text.asks_human": "asks for a person",
    "text.blame": "blames us",
    "text.capitals": "capital letters",
    "text.defensive": "says it was told or tried before",
    "text.displeasure": "words of displeasure",
    "text.distress": "words of distress",
    "text.echo": "repeats what was written before",
    "text.exclamations": "exclamation marks",
    "text.form": "length, marks and capitals",
    "text.gratitude": "gratitude",
    "text.leaving": "speaks of leaving, money back or a complaint",
    "text.negations": "negations",
    "text.passive": "passive voice",
    "text.profanity": "swear words",
    "text.questions": "question marks",
    "text.relief": "relief",
    "text.repeats": "says it happens again",
    "text.repetition": "repeats the own words",
    "text.second_person": "speaks of you and yours",
    "text.sentiment": "negative words",
    "text.severity": "strong words about the matter",
    "text.terms": "the words used",
    "text.unresolved": "says it is not solved",
    "text.waiting": "speaks of waiting",
    "text.words": "length of the message",
    "topic.delay": "speaks of delay",
    "topic.price": "speaks of price",
    "topic.security": "speaks of security",
    "topic.trust": "speaks of trust",
    "turn.echoes": "repeats what was written before",
    "turn.repeats": "repeats the own words",
    "typing.backspace_rate": "more corrections than usual",
    "typing.dwell_ms": "keys held for less time than usual",
    "typing.flight_ms": "keys pressed sooner after each other than usual",
    "typing.pause_ms": "longest pause while typing",
    "typing.pause_share": "more pauses while typing than usual",
    "typing.speed": "typing faster than usual",
    "wording.acknowledgement": "an answer that acknowledges",
    "wording.apology": "an answer that apologises",
    "wording.blame": "an answer that blames the customer",
    "wording.hedges": "an answer that hedges",
    "wording.jargon": "an answer in jargon",
    "wording.options": "an answer that offers a choice",
    "wording.passive": "an answer in passive voice",
    "wording.promise": "an answer that promises",
    "wording.question": "an answer that asks",
    "wording.words": "length of the answer",
}


def describe(name: str) -> str:
    """Description of a signal or cue; its own name, if it has no description."""
    return DESCRIPTIONS.get(name) or name.rpartition(".")[2].replace("_", " ") or name


def describe_strongest(contributions: Iterable[Mapping[str, Any]]) -> list[str]:
    """The strongest signals that raised frustration, in words with their share of the evidence; at most three.

    Args:
        contributions: signals with their signed share, strongest first.
    """
    raising = [contribution for contribution in contributions if contribution["share"] > 0][:STRONGEST]
    return [f"{describe(contribution['signal'])} ({contribution['share']:.0%})" for contribution in raising]
