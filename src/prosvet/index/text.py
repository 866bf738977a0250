"""BM25 over reports in Russian and English: one sparse matrix of weights worked out in advance.

Okapi BM25 (Robertson, Zaragoza 2009, "The Probabilistic Relevance Framework"), with the idf that is never negative.
All of a weight but the query is known when the index is built, so a query is a sum of a few sparse columns.
"""

from __future__ import annotations

import json
import re
from array import array
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from prosvet.index.base import Allowed, Ids, as_mask
from prosvet.language.stem import tokens

__all__ = ["TextHits", "TextIndex"]

_K1, _B = 1.2, 0.75  # the usual values; reports are short and of one kind, so nothing is gained by tuning
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


class TextHits(NamedTuple):
    """Reports found, best first, all with a score above 0.

    Attributes
    ----------
    ids : ndarray, shape (n,), int64
    scores : ndarray, shape (n,), float32
        BM25, 0 and up; comparable within one query only.
    """

    ids: Ids
    scores: NDArray[np.float32]


class TextIndex:
    """Reports by their words.

    Examples
    --------
    >>> index = TextIndex.build(np.array([1, 2]), ["Left pleural effusion.", "The heart is enlarged."])
    >>> index.search("enlarged hearts", 5).ids.tolist()
    [2]
    """

    def __init__(self, ids: Ids, terms: dict[str, int], weights: Any) -> None:
        self._ids, self._terms, self._weights = ids, terms, weights

    @property
    def ids(self) -> Ids:
        """The ids held, in index order."""
        return self._ids

    def __len__(self) -> int:
        return len(self._ids)

    @classmethod
    def build(cls, ids: Ids, texts: Sequence[str]) -> Self:
        """Index N texts under N distinct ids.

        Raises
        ------
        ValueError
            When the numbers differ, or an id occurs twice.
        """
        ids = np.ascontiguousarray(ids, dtype=np.int64)
        if ids.shape != (len(texts),) or len(np.unique(ids)) != len(texts):
            raise ValueError("each text needs its own id")
        terms: dict[str, int] = {}
        rows, columns, counts = array("i"), array("i"), array("i")
        for row, text in enumerate(texts):
            for term, count in Counter(tokens(text)).items():
                rows.append(row)
                columns.append(terms.setdefault(term, len(terms)))
                counts.append(count)
        shape = (len(texts), len(terms))
        frequency = sparse.csr_matrix(
            (np.asarray(counts, np.float32), (np.asarray(rows, np.int32), np.asarray(columns, np.int32))), shape=shape
        )
        return cls(ids, terms, _weights(frequency))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what :meth:`save` wrote."""
        terms = json.loads((folder / "terms.json").read_text(encoding="utf-8"))
        weights = sparse.load_npz(folder / "weights.npz").tocsc()
        return cls(np.load(folder / "ids.npy"), {term: column for column, term in enumerate(terms)}, weights)

    def save(self, folder: Path) -> None:
        """Write ``weights.npz``, ``terms.json`` and ``ids.npy`` into an existing folder."""
        sparse.save_npz(folder / "weights.npz", self._weights, compressed=False)
        (folder / "terms.json").write_text(json.dumps(list(self._terms), ensure_ascii=False), encoding="utf-8")
        np.save(folder / "ids.npy", self._ids)

    def scores(self, query: str) -> NDArray[np.float32]:
        """BM25 of every report, in index order, shape (N,); 0 where no word of the query occurs."""
        found = Counter(column for stem in tokens(query) if (column := self._terms.get(stem)) is not None)
        if not found:
            return np.zeros(len(self._ids), dtype=np.float32)
        columns = self._weights[:, list(found)]
        # A word said twice in a long query counts, with less and less each time.
        weight = np.sqrt(np.array(list(found.values()), dtype=np.float32))
        return np.asarray(columns @ weight, dtype=np.float32).ravel()

    def search(self, query: str, k: int, allowed: Allowed | None = None) -> TextHits:
        """The `k` best reports for the words of `query`, among `allowed` when given."""
        scores = self.scores(query)
        if allowed is not None:
            scores = np.where(as_mask(self._ids, allowed), scores, np.float32(0))
        candidates = np.flatnonzero(scores > 0)
        if len(candidates) > k:
            candidates = candidates[np.argpartition(-scores[candidates], k - 1)[:k]]
        # Equal scores in order of id: the same query gives the same page twice.
        order = np.lexsort((self._ids[candidates], -scores[candidates]))
        best = candidates[order]
        return TextHits(self._ids[best], scores[best])

    def matched_words(self, query: str, text: str) -> list[str]:
        """The words of `query`, as written, whose stem occurs in `text`; in order, each once."""
        there = set(tokens(text))
        words = [w.lower() for w in _WORD.findall(query)]
        return list(dict.fromkeys(w for w in words if len(w) > 2 and there.intersection(tokens(w))))


def _weights(frequency: Any) -> Any:
    """Counts (N, T) to BM25 weights, by column."""
    length = np.asarray(frequency.sum(axis=1)).ravel()
    average = max(float(length.mean()), 1.0) if len(length) else 1.0
    documents = np.bincount(frequency.indices, minlength=frequency.shape[1])
    idf = np.log1p((frequency.shape[0] - documents + 0.5) / (documents + 0.5))
    entries = frequency.tocoo()
    norm = _K1 * (1 - _B + _B * length[entries.row] / average)
    values = idf[entries.col] * entries.data * (_K1 + 1) / (entries.data + norm)
    return sparse.csc_matrix((values.astype(np.float32), (entries.row, entries.col)), shape=frequency.shape)
