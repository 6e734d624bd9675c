"""Hashes words into terms: what leaves ingest instead of text.

A term is the CRC-32 of a token or of two neighbouring tokens, cut to ``BITS`` bits: a fixed seed, so that every
process and every version reads the same. Terms are not secret: anyone with the vocabulary can look them up.
"""

import re
from collections.abc import Iterable, Sequence
from zlib import crc32

BITS = 24
MASK = (1 << BITS) - 1
MAX_TOKENS = 300
TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+|[!?.,]+|[^\w\s]")
START, END = "^", "$"


def tokenize(text: str) -> list[str]:
    """Lower-case words, punctuation and numbers (every number becomes ``0``), at most ``MAX_TOKENS``."""
    return ["0" if token[0].isdigit() else token for token in TOKEN.findall(text.lower())[:MAX_TOKENS]]


def hash_terms(tokens: list[str]) -> list[int]:
    """Distinct hashed tokens and pairs of neighbours, in order of appearance. Empty for no tokens."""
    if not tokens:
        return []
    # No token holds white space, so encode all at once. The hash of a pair continues that of its first token.
    encoded = " ".join([START, *tokens, END]).encode(errors="replace")
    single = list(map(crc32, encoded.split(b" ")))
    pairs = map(crc32, encoded.replace(b" ", b"\n ").split(b"\n")[1:], single)
    return list(dict.fromkeys([term & MASK for term in [*single[1:-1], *pairs]]))


def hash_term(term: str) -> int:
    """The hash of a term, 0 to 2**BITS - 1. A lone surrogate, which has no UTF-8 form, counts as ``?``."""
    return crc32(term.encode(errors="replace")) & MASK


SKETCH = 16


def sketch(shingles: Iterable[int]) -> tuple[int, ...]:
    """The ``SKETCH`` smallest of the hashes, ascending: a bottom-k sketch (Broder 1997)."""
    return tuple(sorted(set(shingles))[:SKETCH])


def extend_sketch(earlier: tuple[int, ...], shingles: Sequence[int]) -> tuple[int, ...]:
    """The sketch with more shingles. A full sketch only takes those below its largest."""
    if len(earlier) == SKETCH:
        shingles = [shingle for shingle in shingles if shingle < earlier[-1]]
    return sketch((*shingles, *earlier)) if shingles else earlier


def containment(current: tuple[int, ...], earlier: tuple[int, ...]) -> float | None:
    """Estimated share of a text's shingles that an earlier text also has, 0 to 1; None where either is empty.

    If the earlier sketch is full, only hashes up to its largest can be compared.
    """
    if not current or not earlier:
        return None
    limit = earlier[-1] if len(earlier) == SKETCH else MASK
    comparable = [shingle for shingle in current if shingle <= limit]
    return sum(map(set(earlier).__contains__, comparable)) / len(comparable) if comparable else None
