"""One question over one kind of thing: who may be found, who is worth scoring, and their scores."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prosvet.archive.filters import StudyFilter
from prosvet.archive.store import Store
from prosvet.archive.visible import hidden_images, hidden_reports, synthetic_images, synthetic_reports
from prosvet.core.actor import Actor
from prosvet.index.base import Ids
from prosvet.index.facts import Facts
from prosvet.index.layered import Layered
from prosvet.index.service import Indexes, Kind
from prosvet.index.text import TextIndex
from prosvet.search.ask import Question
from prosvet.search.fuse import WEIGHTS, Signal, combine_degrees, fuse, scaled
from prosvet.search.match import Matcher, Thresholds, agreement

__all__ = ["Found", "allowed_rows", "find"]

log = logging.getLogger(__name__)

_CANDIDATES = 300
"""The best so many by each signal are scored by all of them; three times k where that is more."""
_SETTLED = _CANDIDATES // 3
_FLOOR = 1e-6
_UNLIKE = 0.3  # cosine below which two texts have nothing in common: "hello world" reaches 0.24 over 3,927 reports

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Found:
    """The best of one kind, best first.

    Attributes
    ----------
    ids : ndarray, shape (n,), int64
    scores : ndarray, shape (n,), 0..1
    cosines : ndarray, shape (n,)
        Likeness of vectors, NaN where there is none.
    total : int
        How many were considered: all that the conditions and exclusions left.
    model : str
        Whose vectors were searched; empty for none.
    """

    kind: Kind
    ids: Ids
    scores: Values
    cosines: Values
    total: int
    model: str


def find(
    kind: Kind, question: Question, k: int, store: Store, indexes: Indexes, thresholds: Thresholds, actor: Actor,
    *, settled: bool = False,
) -> Found:  # fmt: skip
    """The `k` best images or reports for a question, of those that `actor` may see.

    The more are wanted, the more are compared, which can move them a little among themselves. With `settled` the
    first hundred stand as they stood when no more were wanted, for lists that are shown a page at a time.
    """
    if k > _SETTLED and settled:
        first = _find(kind, question, _SETTLED, store, indexes, thresholds, actor)
        return _continued(first, _find(kind, question, k, store, indexes, thresholds, actor), k)
    return _find(kind, question, k, store, indexes, thresholds, actor)


def _continued(first: Found, wide: Found, k: int) -> Found:
    """`first`, then what `wide` adds to it, never above the last of `first`."""
    rows = np.flatnonzero(~np.isin(wide.ids, first.ids))[: k - len(first.ids)]
    ceiling = first.scores[-1] if len(first.scores) else np.float32(1)
    return replace(
        first,
        ids=np.concatenate([first.ids, wide.ids[rows]]),
        scores=np.concatenate([first.scores, np.minimum(wide.scores[rows], ceiling)]),
        cosines=np.concatenate([first.cosines, wide.cosines[rows]]),
    )


def _find(
    kind: Kind, question: Question, k: int, store: Store, indexes: Indexes, thresholds: Thresholds, actor: Actor
) -> Found:
    facts = indexes.image_facts if kind == "images" else indexes.report_facts
    vectors = indexes.image_vectors if kind == "images" else indexes.report_vectors
    matcher = Matcher(facts, thresholds, people=not (question.asked == "image" and kind == "images"))
    allowed = allowed_rows(kind, question, store, Matcher(facts, thresholds), actor)
    width = max(_CANDIDATES, 3 * k)
    concepts = _concept_signal(question, matcher)
    words = _words(question.words, indexes.report_text, facts) if kind == "reports" and question.words else None
    ranked = [_best(signal, allowed, width) for signal in (concepts, words) if signal is not None]
    usable = _usable(kind, question, vectors)
    if usable is not None:
        ranked.append(_near(facts, vectors, usable, allowed, width, concepts))
    rows = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *ranked]))
    if not ranked:  # conditions alone: whatever meets them, newest first
        rows = np.flatnonzero(allowed)[::-1][:width]
    signals, cosines = _signals(rows, facts, vectors, usable, concepts, words)
    scores = _scores(kind, question, signals, cosines)
    keep = np.flatnonzero(scores > _FLOOR)
    # Equal scores in order of id, so that the same question gives the same page twice.
    order = keep[np.lexsort((facts.ids[rows[keep]], -scores[keep]))][:k]
    return Found(kind, facts.ids[rows[order]], scores[order], cosines[order], int(allowed.sum()), vectors.model)


def _scores(kind: Kind, question: Question, signals: dict[Signal, Values], cosines: Values) -> Values:
    """Fused; where the vector is the only signal, the plain cosine, since the best of a bad lot is no answer."""
    if not signals:
        return np.ones(len(cosines), dtype=np.float32)
    if set(signals) > {"vector"} or "vector" not in signals:
        return fuse(WEIGHTS[question.asked, kind], signals)
    plain = np.maximum(np.nan_to_num(cosines), 0).astype(np.float32)
    return np.where(plain < _UNLIKE, np.float32(0), plain) if kind == "reports" else plain


def allowed_rows(
    kind: Kind, question: Question, store: Store, matcher: Matcher, actor: Actor
) -> NDArray[np.bool_]:  # fmt: skip
    """Rows that `actor` may see, that meet the conditions and have nothing that is excluded."""
    facts = matcher.facts
    allowed = np.ones(len(facts), dtype=np.bool_)
    filters = question.query.filters
    if filters != StudyFilter():
        ids = store.select_images(filters) if kind == "images" else store.select_reports(filters)
        positions = facts.positions(ids)
        allowed[:] = False
        allowed[positions[positions >= 0]] = True
    else:
        positions = facts.positions(synthetic_images(store) if kind == "images" else synthetic_reports(store))
        allowed[positions[positions >= 0]] = False
    if question.asked == "text":
        for concept in question.query.excluded:
            allowed &= ~matcher.has(concept.id, concept.side)
        allowed &= ~_denied(question, matcher)
    if question.study:
        own = StudyFilter(studies=(question.study,))
        positions = facts.positions(store.select_images(own) if kind == "images" else store.select_reports(own))
        allowed[positions[positions >= 0]] = False
    return allowed & ~_hidden(kind, store, facts, actor)


def _hidden(kind: Kind, store: Store, facts: Facts, actor: Actor) -> NDArray[np.bool_]:
    """Rows of studies that belong to somebody else."""
    hidden = np.zeros(len(facts), dtype=np.bool_)
    positions = facts.positions(hidden_images(store, actor) if kind == "images" else hidden_reports(store, actor))
    hidden[positions[positions >= 0]] = True
    return hidden


def _denied(question: Question, matcher: Matcher) -> NDArray[np.bool_]:
    """Rows of which a wanted finding is denied and none is there: likeness alone must not bring them in."""
    denied, there = (np.zeros(len(matcher.facts), dtype=np.bool_) for _ in range(2))
    for concept in question.query.wanted:
        degrees = matcher.degree(concept.id)
        denied |= degrees == 0
        there |= degrees > 0
    return denied & ~there


def _concept_signal(question: Question, matcher: Matcher) -> Values | None:
    if question.asked != "text":
        places = {c.id: (c.side, c.zone) for c in question.query.wanted}
        return agreement(question.findings, matcher, places) if question.findings else None
    wanted = question.query.wanted
    if not wanted:
        return None
    return combine_degrees([matcher.degree(c.id, c.side, c.zone) for c in wanted])


def _words(query: str, index: TextIndex, facts: Facts) -> Values:
    """Scores of words in the order of `facts`: a write may have come between the reading of the two."""
    scores = index.scores(query)
    if np.array_equal(index.ids, facts.ids):
        return scores
    aligned, positions = np.zeros(len(facts), dtype=np.float32), facts.positions(index.ids)
    aligned[positions[positions >= 0]] = scores[positions >= 0]
    return aligned


def _usable(kind: Kind, question: Question, vectors: Layered) -> Values | None:
    """The question's vector, when it lies in the space of the index."""
    if not len(vectors):
        return None
    if question.asked != "image" and kind == "images" and question.vector_model:
        # Films were encoded by another encoder: a text is compared with them by its own tower, or not at all.
        return question.image_vector if question.vector_model == vectors.model else None
    if question.vector is None:
        return None
    if question.asked == "image" and kind == "images" and question.vector_model != vectors.model:
        log.warning("vectors of %s cannot be compared with those of %s", question.vector_model, vectors.model)
        return None
    if len(question.vector) != vectors.width:
        log.warning("the index holds vectors of %s, which texts cannot be compared with", vectors.model)
        return None
    return question.vector


def _best(signal: Values, allowed: NDArray[np.bool_], width: int) -> NDArray[np.int64]:
    """The rows with the highest values above 0, at most `width`."""
    rows = np.flatnonzero(allowed & (signal > _FLOOR))
    if len(rows) <= width:
        return rows
    return rows[np.argpartition(-signal[rows], width - 1)[:width]]


def _near(
    facts: Facts, vectors: Layered, vector: Values, allowed: NDArray[np.bool_], width: int, concepts: Values | None
) -> NDArray[np.int64]:
    """Rows nearest by vector; where more rows tie on concepts than are scored, the nearest among those too."""
    everything = bool(allowed.all())
    near = vectors.search(vector, width, None if everything else facts.ids[allowed]).ids
    if concepts is not None:
        best = _best(concepts, allowed, width)
        if len(best) == width:
            tied = allowed & (concepts >= concepts[best].min())
            near = np.union1d(near, vectors.search(vector, width, facts.ids[tied]).ids)
    rows = facts.positions(near)
    return rows[rows >= 0]


def _signals(
    rows: NDArray[np.int64], facts: Facts, vectors: Layered, vector: Values | None, concepts: Values | None,
    words: Values | None,
) -> tuple[dict[Signal, Values], Values]:  # fmt: skip
    """Every signal of the chosen rows, 0..1, and their cosines."""
    signals: dict[Signal, Values] = {}
    cosines = np.full(len(rows), np.nan, dtype=np.float32)
    if concepts is not None:
        signals["concepts"] = concepts[rows]
    if words is not None and bool((words[rows] > 0).any()):
        signals["words"] = scaled(words[rows])
    if vector is not None and len(rows):
        near = vectors.search(vector, len(rows), facts.ids[rows])
        place = np.searchsorted(facts.ids[rows], near.ids)
        cosines[place] = near.scores
        signals["vector"] = scaled(cosines)
    return signals, cosines
