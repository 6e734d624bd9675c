"""Learn the lexicons that are shipped, from two public sets.

    python -m benchmarks.text_model.lexicons DATA

DATA holds topical_chat.jsonl.gz and vader_gt.jsonl.gz. Writes streams/text_model/lexicons.msgpack; the same data give
the same bytes. Prints how each lexicon does on every tenth text, which it has not seen. See docs/model-card.md.
"""

import gzip
import json
import sys
from array import array
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

from scipy.sparse import csr_matrix
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression, Ridge

from streams.signals.text import clean_text
from streams.text_model import lexicon
from streams.text_model.hashing import hash_terms, tokenize
from streams.text_model.pretrained import LEXICONS

NEGATIVE = {"Angry", "Disgusted", "Fearful", "Sad"}

Labelled = list[tuple[list[int], float]]


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def hashed(text: str) -> list[int]:
    return hash_terms(tokenize(clean_text(text)))


def displeasure(data: Path) -> Labelled:
    """Texts with how negative 20 people found them on average, about -4 to 4 (vader_gt)."""
    return [(hashed(row["text"]), -row["mean"]) for row in rows(data / "vader_gt.jsonl.gz")]


def distress(data: Path) -> Labelled:
    """Messages with whether their author marked them angry, disgusted, fearful or sad (topical_chat)."""
    return [(hashed(row["text"]), row["sentiment"] in NEGATIVE) for row in rows(data / "topical_chat.jsonl.gz")]


def matrix(texts: Iterable[list[int]]) -> csr_matrix:
    """Features of texts as rows."""
    rows = [lexicon.text_features(found) for found in texts]
    starts = [0, *accumulate(map(len, rows))]
    places = [place for row in rows for place in row]
    values = [value for row in rows for value in row.values()]
    return csr_matrix((values, places, starts), shape=(len(rows), lexicon.SIZE))


def learned(regression: Any, labelled: Labelled) -> "array[float]":
    """The lexicon of a fitted regression; its intercept is left out, so 0 is usual."""
    texts, truths = zip(*labelled, strict=True)
    regression.fit(matrix(texts), truths)
    return array("f", regression.coef_.ravel())


def unseen(regression: Any, labelled: Labelled) -> float:
    """Rank correlation with the truth on every tenth text, learned from the others."""
    values = learned(regression, [one for index, one in enumerate(labelled) if index % 10])
    held_out = labelled[::10]
    scores = [lexicon.score(values, found) or 0.0 for found, _ in held_out]
    return float(spearmanr(scores, [truth for _, truth in held_out]).statistic)


def main(data: Path) -> None:
    tasks = {
        "displeasure": (Ridge(alpha=1.0, solver="sparse_cg"), displeasure(data)),
        "distress": (LogisticRegression(C=3.0, solver="liblinear"), distress(data)),
    }
    for name, (regression, labelled) in tasks.items():
        print(f"{name}: {len(labelled)} texts, rank correlation on unseen ones {unseen(regression, labelled):.3f}")
    LEXICONS.write_bytes(lexicon.pack({name: learned(*task) for name, task in tasks.items()}))
    print(f"{LEXICONS.name}: {LEXICONS.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
