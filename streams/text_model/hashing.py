"""Words to hashed terms: what leaves ingest instead of text.

A term is the CRC-32 of a token or of two neighbouring tokens, cut to ``BITS`` bits: a fixed seed, so that every
process and every version reads the same. Terms are no secret: who has the vocabulary can look them up.
"""

import re
from collections.abc import Iterable, Sequence
from zlib import crc32

BITS = 24
MASK = (1 << BITS) - 1
MAX_TOKENS = 300
TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+|[!?.,]+|[^\w\s]")
START, END = "^", "$"


def tokens(text: str) -> list[str]:
    """Lower-case words, marks and numbers (every number is ``0``), at most ``MAX_TOKENS``."""
    return ["0" if token[0].isdigit() else token for token in TOKEN.findall(text.lower())[:MAX_TOKENS]]


def terms(found: list[str]) -> list[int]:
    """Distinct hashed tokens and pairs of neighbours, in order of appearance. Empty for no tokens."""
    if not found:
        return []
    # No token holds white space, so all are encoded at once. The hash of a pair goes on where its first token's ended.
    encoded = " ".join([START, *found, END]).encode(errors="replace")
    single = list(map(crc32, encoded.split(b" ")))
    pairs = map(crc32, encoded.replace(b" ", b"\n ").split(b"\n")[1:], single)
    return list(dict.fromkeys([term & MASK for term in [*single[1:-1], *pairs]]))


def hashed(term: str) -> int:
    """The hash of a term, 0 to 2**BITS - 1. Half a surrogate pair, which has no UTF-8, counts as ``?``."""
    return crc32(term.encode(errors="replace")) & MASK


SKETCH = 16


def sketch(shingles: Iterable[int]) -> tuple[int, ...]:
    """The ``SKETCH`` smallest of the hashes, ascending: a bottom-k sketch (Broder 1997)."""
    return tuple(sorted(set(shingles))[:SKETCH])


def sketched_on(earlier: tuple[int, ...], shingles: Sequence[int]) -> tuple[int, ...]:
    """The sketch after more shingles: into a full one, only those below its largest can come."""
    if len(earlier) == SKETCH:
        shingles = [shingle for shingle in shingles if shingle < earlier[-1]]
    return sketch((*shingles, *earlier)) if shingles else earlier


def containment(one: tuple[int, ...], earlier: tuple[int, ...]) -> float | None:
    """Share of one text's shingles that an earlier one had, estimated, 0 to 1; None where either is empty.

    Where the earlier sketch is full, only hashes up to its largest can be compared.
    """
    if not one or not earlier:
        return None
    limit = earlier[-1] if len(earlier) == SKETCH else MASK
    comparable = [shingle for shingle in one if shingle <= limit]
    return sum(map(set(earlier).__contains__, comparable)) / len(comparable) if comparable else None
