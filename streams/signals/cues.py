"""Cues: phrases in a message that indicate trouble or its end, found by patterns.

Of a customer's turn they are named ``text.*``, of an operator's or bot's message ``operator.*``. No effect sizes are
published for blame or repetition: what each weighs, the text model learns.

Topics a customer mentions are named ``topic.*``. A topic is not trouble in itself, so the text model does not read it.
It shows later, over all of a customer's conversations, with which topics the level rose.

Most messages have few cues, and a search costs as much as reading the words. So a customer's pattern is searched only
if the message has one of its required words.
"""

import re
from collections.abc import Iterable, Mapping

from streams.text_model.hashing import MAX_TOKENS

CUSTOMER_CUES = {
    "text.asks_human": r"\b(?:(?:speak|talk|transfer|connect|put) (?:me )?(?:to|with|through)|real|actual|live) "
    r"(?:an? |some|the )?(?:human|person|agent|manager|supervisor|someone|one|representative|somebody)",
    "text.blame": r"\byou(?:r| guys| people)? (?:\w+ )?(?:never|always|keep|failed|lied|messed|broke|promised|ruined)\b"
    r"|\byour (?:fault|mistake|incompetence)\b",
    "text.defensive": r"\bi (?:already|did|have already) (?:\w+ )?(?:said|told|did|tried|explained|sent|given|gave)\b"
    r"|\bas i said\b|\blike i said\b",
    "text.repeats": r"\b(?:again|(?:second|third|fourth|fifth|\d+(?:th|rd|nd)) time|how many times"
    r"|still (?:not|no|the same|waiting|doesn't|isn't|won't|can't|broken)|keeps? (?:on )?happening)\b",
    "text.unresolved": r"\b(?:doesn't|does not|didn't|did not|won't|isn't|not|never) (?:help|helping|work|working"
    r"|worked|fixed|resolved|arrive|arrived|solve|solved)\b|\bno(?:body| one) (?:helps|answers|replies|cares)\b",
    "text.waiting": r"\b(?:been|still) (?:waiting|on hold)\b|\bhow (?:much )?longer?\b"
    r"|\bfor (?:hours|days|weeks|ages)\b",
    "text.leaving": r"\b(?:money back|complain(?:t|ing)?|lawyer|sue|bad review|competitor|switch(?:ing)? to"
    r"|(?:close|cancel) (?:my|this|the) (?:account|contract|subscription)|never (?:again|buying|using|ordering))\b",
    "text.profanity": r"\b(?:damn|hell|crap|shit\w*|fuck\w*|wtf|bullshit|bloody|pissed|sucks?|ass)\b",
    "text.severity": r"\b(?:ridiculous|unacceptable|terrible|horrible|awful|worst|useless|pathetic|joke|disgusting"
    r"|disappoint\w*|frustrat\w*|annoy\w*|angry|furious|fed up|sick of|nightmare|outrageous|appalling)\b",
    "text.gratitude": r"\b(?:thanks?|thank you|thx|appreciate|great|perfect|awesome|lovely|brilliant)\b",
    "text.relief": r"\b(?:that (?:works?|helps?|worked|helped|did it)|it works|sorted|makes sense|got it|no problem)\b",
    "topic.price": r"\b(?:pric(?:e|es|ed|ing|ey)|costs?|expensive|overpriced|charge[ds]?|overcharged?|fees?"
    r"|refund(?:s|ed|ing)?|invoices?|bill(?:s|ed|ing)?|discounts?|money|pay(?:s|ing|ments?)?|paid|afford(?:able)?)\b",
    "topic.security": r"\b(?:security|secured?|insecure|safe(?:ty|ly)?|unsafe|privacy|hack(?:s|ed|er|ers|ing)?"
    r"|fraud(?:ulent)?|scam(?:s|med|mers?)?|phishing|stolen|steal(?:s|ing)?|leak(?:s|ed|ing)?|breach(?:es|ed)?"
    r"|passwords?|identity theft)\b",
    "topic.delay": r"\b(?:wait(?:s|ed|ing)?|delay(?:s|ed|ing)?|late|overdue|slow(?:er|ly)?|deadlines?"
    r"|how (?:much )?longer?|for (?:hours|days|weeks|months|ages))\b",
    "topic.trust": r"\b(?:trust(?:s|ed|ing|worthy)?|distrust|promise[ds]?|lie[ds]?|lying|liars?|honest(?:ly)?|dishonest"
    r"|mislead(?:s|ing)?|misled|believed?|(?:un)?reliable|cheat(?:s|ed|ing)?|guarantee[ds]?)\b",
}
TOPICS = tuple(name for name in CUSTOMER_CUES if name.startswith("topic."))
OPERATOR_CUES = {
    "operator.apology": r"\b(?:sorry|apolog\w+|regret)\b",
    "operator.refusal": r"\b(?:can(?:'t|not)|unable|not (?:able|possible|allowed)|unfortunately|policy)\b",
    "operator.promise": r"\b(?:i will|i'll|we will|we'll)\b",
    "operator.question": r"\?",
    "operator.reassurance": r"\b(?:don't worry|rest assured|is safe|no risk|you are covered|is secure)\b",
}
# A message with the cue has at least one of these words. Words with open ends (``\w*``) have ``STEM`` letters or more.
REQUIRED_WORDS = {
    "text.asks_human": "speak talk transfer connect put real actual live",
    "text.blame": "never always keep failed lied messed broke promised ruined fault mistake incompetence",
    "text.defensive": "said told did tried explained sent given gave",
    "text.repeats": "again time times still happening",
    "text.unresolved": "help helping work working worked fixed resolved arrive arrived solve solved helps answers "
    "replies cares",
    "text.waiting": "waiting hold longe longer hours days weeks ages",
    "text.leaving": "money complain complaint complaining lawyer sue bad competitor switch switching account contract "
    "subscription never",
    "text.profanity": "damn hell crap shit fuck wtf bullshit bloody pissed suck sucks ass",
    "text.severity": "ridiculous unacceptable terrible horrible awful worst useless pathetic joke disgusting "
    "disappoint frustrat annoy angry furious fed sick nightmare outrageous appalling",
    "text.gratitude": "thank thanks thx appreciate great perfect awesome lovely brilliant",
    "text.relief": "works work helps help worked helped did sorted sense got problem",
    "topic.price": "price pricing pricy cost costs expensive overpriced charge overcharge fee fees refund invoice bill "
    "discount money pay pays paying payment paid afford",
    "topic.security": "security insecure safe unsafe privacy hack fraud scam phishing stolen steal leak breach "
    "password identity",
    "topic.delay": "wait delay late overdue slow deadline longe longer hours days weeks months ages",
    "topic.trust": "trust distrust promise lie lies lied lying liar honest dishonest mislead misled believe unreliable "
    "reliable cheat guarantee",
}
STEM = 4

Patterns = list[tuple[str, re.Pattern[str]]]


def compile_patterns(cues: Mapping[str, str]) -> Patterns:
    return [(name, re.compile(pattern)) for name, pattern in cues.items()]


def stems(words: Iterable[str]) -> set[str]:
    """First ``STEM`` letters of words."""
    return {word[:STEM] for word in words}


CUSTOMER_PATTERNS, OPERATOR_PATTERNS = compile_patterns(CUSTOMER_CUES), compile_patterns(OPERATOR_CUES)
STEMS = {name: frozenset(stems(words.split())) for name, words in REQUIRED_WORDS.items()}


def find_customer_cues(lower: str, tokens: list[str]) -> list[str]:
    """Names of the cues in a customer's lower-case text with these tokens."""
    if len(tokens) == MAX_TOKENS or not lower.isascii():  # some words may not be tokens
        return search(CUSTOMER_PATTERNS, lower)
    word_stems = stems(
        " ".join(tokens).replace("'", " ").split()
    )  # a pattern takes what an apostrophe joins for two words
    return search([named for named in CUSTOMER_PATTERNS if not STEMS[named[0]].isdisjoint(word_stems)], lower)


def find_operator_cues(lower: str) -> list[str]:
    """Names of the cues in an operator's or bot's lower-case text."""
    return search(OPERATOR_PATTERNS, lower)


def search(patterns: Patterns, text: str) -> list[str]:
    return [name for name, pattern in patterns if pattern.search(text)]
