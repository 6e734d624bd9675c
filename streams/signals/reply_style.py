"""Reply style: how an operator or bot worded a reply, measured where the words can still be seen.

Features, 1 when the answer has it and 0 when not; only the length is a number:
    wording.words            length in words and numbers, of the first ``MAX_TOKENS`` tokens.
    wording.apology          says sorry: "I apologise for", "my mistake".
    wording.acknowledgement  takes up what the customer feels, did or said: "I understand", "that must be".
    wording.question         asks: a question mark, or a sentence that begins as "Could you".
    wording.options          offers a choice: "either … or", "would you prefer", "two ways", "I can … or …".
    wording.promise          says what will happen: "we will send", "you'll receive", "will be refunded".
    wording.blame            puts it on the customer: "you should have", "you didn't read", "as I already said".
    wording.passive          a passive construction: "was charged", "been told".
    wording.jargon           words of the house or of the trade: "as per", "ticket", "escalate", "firmware".
    wording.hedges           leaves it open: "perhaps", "it seems", "should be able", "I think".

Lists and patterns are ours. They are short, look at words and not at what is meant, and miss irony and most rewordings;
what an effect is worth depends on that. Read on the tokens of a text, joined by single spaces.
English only; other languages are null with the reason ``language``.
"""

import re
from collections.abc import Mapping
from operator import itemgetter

PARTICIPLE = r"(?:\w{2,}ed|told|sent|given|made|done|taken|lost|left|kept|put|held|sold|paid|said|hung)"
PASSIVE = rf"(?:am|is|are|was|were|been|being|be|got|gets)(?: \w+ly)? {PARTICIPLE}"
ASKING = r"(?:(?:could|can|would|will|do|did|have|are|were) you|may i|shall (?:i|we))"
WILL = r"(?:i'll|we'll|(?:i|we) (?:will|shall|am going to|are going to)|(?:i'm|we're) going to)"
DUTY = (
    r"(?:read|follow|provid|enter|check|send|sent|pay|paid|updat|confirm|complet|reply|repli|respond|answer|give|gave"
    r"|tell|told|tick|choose|select|set|us(?:e|ed|ing)|install|restart|mention|inform|contact|register|submit|sign|log"
    r"|notic|cancel|return|listen|ask)"
)
FEELING = r"(?:frustrat|annoy|upset|stressful|disappoint|hard|difficult|worr)\w*"
CLAUSE = r"[^.?!]{1,80}"
PHRASES = {
    "wording.apology": (
        r"sorry",
        r"(?<!need to )(?<!have to )apolog\w+",
        r"(?:my|our) (?:bad|mistake|fault|error)",
        r"(?:i|we) regret",
        r"(?:forgive|pardon) (?:me|us)",
    ),
    "wording.acknowledgement": (
        r"i (?:\w+ )?(?:understand|hear you|appreciate|realise|realize|can see|can imagine)",
        r"i (?:see|know) (?:that|this|why|how|what)",
        r"(?:that|this|it|which) (?:sounds|must be|must have been)",
        rf"(?:must|can) be (?:\w+ )?{FEELING}",
        r"(?:you're|you are) (?:\w+ )?right",
        r"thanks? (?:you )?for (?:your patience|being patient|bearing|waiting)",
        r"thanks? (?:you )?for (?:telling|letting|explaining|pointing|bringing)",
        r"(?:fair point|no wonder|makes sense)",
    ),
    "wording.question": (r"\S*\?\S*", rf"(?:(?<=^ )|[.!,]+ |and |so ){ASKING}"),
    "wording.options": (
        rf"either {CLAUSE} or",
        r"(?:would|do|did) you (?:rather|prefer)",
        r"(?:if|as) (?:you'd|you would|you) prefer",
        r"which (?:\w+ )?(?:would you|do you|of these)",
        r"(?:two|three|several|a few|following|other|0) (?:options|choices|ways)",
        r"(?:alternatively|whichever|up to you|your choice|you can choose|feel free)",
        rf"(?:would you like|do you want|shall i|shall we|(?:i|we|you) (?:can|could)) {CLAUSE} or(?! not )",
    ),
    "wording.promise": (
        rf"{WILL}(?! not | never | need | have to | be honest )",
        r"(?:you'll|you will|you are going to) (?:receive|get|hear|have|see)",
        r"(?:i|we) (?:promise|guarantee)",
        r"will be (?:with you|here|there|back|fixed|refunded|credited)",
        r"will be (?:sent|delivered|resolved|replaced|repaired|shipped)",
    ),
    "wording.blame": (
        rf"you (?:didn't|did not|haven't|have not|never|failed to|forgot to|neglected to) {DUTY}\w*",
        r"you (?:should|could|must|ought to) have",
        r"you (?:were|are) (?:supposed|meant|required) to",
        r"you (?:\w+ )?(?:misread|misunderstood|forgot|failed|neglected|entered the wrong)",
        r"(?<!not )(?<!n't )your (?:own )?(?:fault|mistake|error|negligence|responsibility)",
        r"(?:as|like) (?:i|we)(?: have)?(?: already| just)? (?:said|told|explained|mentioned|stated)",
    ),
    "wording.passive": (PASSIVE,),
    "wording.jargon": (
        r"(?:as per|per our|pursuant|hereby|herewith|aforementioned|in accordance with|please be advised)",
        r"(?:at your earliest convenience|terms and conditions|going forward|root cause)",
        r"(?:escalat|triag|expedit|remediat|utilis|utiliz|facilitat|provision|authenticat)\w*",
        r"(?:tickets?|tier 0|stakeholders?|firmware|backend|cache|downtime|credentials|ip address)",
        r"(?:sla|kpi|crm|erp|rma|sop|api|dns)",
    ),
    "wording.hedges": (
        r"(?:maybe|perhaps|possibly|probably|presumably|apparently|likely|hopefully|might)",
        r"may (?:be|have|take|not|need|also|still)",
        r"(?:could be|seems?|appears? to|should be able|should (?:work|arrive|be))",
        r"i (?:think|believe|guess|suppose|assume)",
        r"(?:not (?:entirely |quite )?sure|as far as i|to my knowledge|i'm afraid)",
    ),
}
FEATURES = ("wording.words", *PHRASES)
# A pattern that begins with a plain space is searched several times as fast as one that begins with a boundary.
PATTERNS = tuple(re.compile(f" (?:{'|'.join(phrases)}) ") for phrases in PHRASES.values())

Numbers = Mapping[str, float | None]
# In the order of FEATURES. Empty: nothing was answered; None: what was answered could not be read.
Answer = tuple[int, ...] | None


def measure(tokens: list[str]) -> dict[str, float | None]:
    """Features of a message.

    Args:
        tokens: its tokens in lower case, as ``streams.text_model.terms.tokens`` gives them; one at least.
    """
    text = f" {' '.join(tokens)} "
    words = sum(map(str.isalnum, map(itemgetter(0), tokens)))
    flags = [1.0 if pattern.search(text) else 0.0 for pattern in PATTERNS]
    return dict(zip(FEATURES, [float(words), *flags], strict=True))


def add_message(before: Answer, numbers: Numbers) -> Answer:
    """The reply since the customer's last turn, with one more message.

    Messages in a row are one reply: its length is their sum, and it has each feature that any of them has. If one
    cannot be read, the style of the reply is unknown.
    """
    message = [value for name in FEATURES if (value := numbers.get(name)) is not None]
    if before is None or len(message) < len(FEATURES):
        return None
    words, *flags = map(int, message)
    earlier, *had = before or (0,) * len(FEATURES)
    return earlier + words, *map(max, had, flags)


def name_features(answer: Answer) -> dict[str, float] | None:
    """Features of a reply by name; None without a reply, or if it could not be read."""
    return dict(zip(FEATURES, map(float, answer), strict=True)) if answer else None
