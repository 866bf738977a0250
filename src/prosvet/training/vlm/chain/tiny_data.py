"""Batches for the tiny model, drawn so that neither the hospital nor the class gives the answer away.

A question is drawn finding first, then a source that holds both films with the finding and films without it, then the
film: within a source the asked-for finding stands in as many films as not. A report is drawn source first (by the
root of its size, NIH more often), then normal or not, then by the rarest of its findings.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prosvet.core.errors import TuningError
from prosvet.core.i18n import Lang
from prosvet.models.backends.bytes_bpe import ByteBpe
from prosvet.models.findings import FINDINGS
from prosvet.training.data import label_matrix
from prosvet.training.encoder import NIH_WEIGHT
from prosvet.training.vlm.chain.features import Seen
from prosvet.training.vlm.chain.tiny_texts import Kind, Known, answer, known_of, prompts

__all__ = ["ASKED", "WORDINGS", "Batch", "Drawer", "knowns"]

log = logging.getLogger(__name__)

ASKED = FINDINGS[1:]
"""What may be asked about: every scored finding; ``abnormal`` is what the conclusion says."""
WORDINGS = 4
_LANGS: tuple[Lang, Lang] = ("ru", "en")
_PAD, _END, _ANSWER = 0, 1, 2


@dataclass(frozen=True)
class Batch:
    """Features (B, F), ids (B, T) padded with 0, and where an answer's tokens stand (B, T)."""

    features: NDArray[np.float32]
    ids: NDArray[np.int64]
    spoken: NDArray[np.bool_]


def knowns(seen: Seen) -> list[Known]:
    """What each film's row knows."""
    labels, weights = label_matrix(seen.rows)
    return [known_of(row, weight, FINDINGS) for row, weight in zip(labels.tolist(), weights.tolist(), strict=True)]


class Drawer:
    """Draws batches by a generator of its own for each step, so that a resumed run sees the same ones.

    Parameters
    ----------
    share : float
        Of questions about findings that are answered with yes.

    Raises
    ------
    TuningError
        When no source has films with and without any one finding.
    """

    def __init__(self, seen: Seen, bpe: ByteBpe, *, share: float = 0.5) -> None:
        self._seen, self._bpe, self._share = seen, bpe, share
        self._known = knowns(seen)
        source = np.array([row["source"] for row in seen.rows])
        self._report_chances = _report_chances(source, self._known)
        pools = {concept: _pools(concept, source, self._known) for concept in ASKED}
        self._pools = {concept: found for concept, found in pools.items() if found[0]}
        self._asked = tuple(self._pools)
        if not self._asked:
            raise TuningError(reason="nothing_to_ask", n=len(source))
        if missing := [concept for concept in ASKED if concept not in self._pools]:
            log.warning("never asked about, no source has films with and without: %s", ", ".join(missing))

    def draw(self, kind: Kind, size: int, generator: np.random.Generator) -> Batch:
        """A batch of one kind of prompt, languages and wordings mixed."""
        if kind == "ask":
            drawn = [self._question(generator) for _ in range(size)]
        else:
            films = generator.choice(len(self._known), size, p=self._report_chances)
            drawn = [(int(film), "") for film in films]
        rows = [self._row(kind, film, concept, generator) for film, concept in drawn]
        return self._padded([film for film, _ in drawn], rows)

    def _question(self, generator: np.random.Generator) -> tuple[int, str]:
        concept = self._asked[generator.integers(len(self._asked))]
        pools, chances = self._pools[concept]
        with_it, without = pools[generator.choice(len(pools), p=chances)]
        films = with_it if generator.random() < self._share else without
        return int(films[generator.integers(len(films))]), concept

    def _row(self, kind: Kind, film: int, concept: str, generator: np.random.Generator) -> tuple[list[int], list[int]]:
        lang = _LANGS[generator.integers(2)]
        wordings = prompts(kind, lang, concept)
        prompt = wordings[generator.integers(len(wordings))]
        said = answer(kind, self._known[film], lang, int(generator.integers(WORDINGS)), concept)
        return [*self._bpe.encode(prompt), _ANSWER], [*self._bpe.encode(said), _END]

    def _padded(self, films: list[int], rows: list[tuple[list[int], list[int]]]) -> Batch:
        longest = max(len(prompt) + len(said) for prompt, said in rows)
        ids = np.full((len(rows), longest), _PAD, dtype=np.int64)
        spoken = np.zeros(ids.shape, dtype=bool)
        for n, (prompt, said) in enumerate(rows):
            ids[n, : len(prompt) + len(said)] = prompt + said
            spoken[n, len(prompt) : len(prompt) + len(said)] = True
        return Batch(self._seen.features[films], ids, spoken)


def _report_chances(source: NDArray[np.str_], known: list[Known]) -> NDArray[np.float64]:
    """Chance of each film (N,) to be drawn for a report."""
    chances = np.zeros(len(source))
    normal = np.array([not any(present for _, present in film) for film in known])
    for name in np.unique(source):
        weight = (NIH_WEIGHT if name.startswith("nih") else 1.0) * math.sqrt((source == name).sum())
        halves = [half for half in ((source == name) & normal, (source == name) & ~normal) if half.any()]
        for half in halves:
            rare = _rarity([known[n] for n in np.flatnonzero(half)])
            chances[half] = weight / len(halves) * rare / rare.sum()
    total: NDArray[np.float64] = chances / chances.sum()
    return total


def _rarity(known: list[Known]) -> NDArray[np.float64]:
    """One over the root of how often a film's rarest finding is among `known`."""
    counts: dict[str, int] = {}
    for film in known:
        for concept, present in film:
            counts[concept] = counts.get(concept, 0) + present
    found = [min((counts[c] for c, present in film if present), default=1) for film in known]
    return 1 / np.sqrt(np.array(found, dtype=np.float64))


def _pools(
    concept: str, source: NDArray[np.str_], known: list[Known]
) -> tuple[list[tuple[NDArray[np.int64], NDArray[np.int64]]], NDArray[np.float64]]:
    """Films with and without `concept` of each source that has both, and how often a source is drawn; none if none."""
    state = np.array([dict(film).get(concept, -1) for film in known])
    pools, weights = [], []
    for name in np.unique(source):
        with_it, without = (
            np.flatnonzero((source == name) & (state == 1)),
            np.flatnonzero((source == name) & (state == 0)),
        )
        if len(with_it) and len(without):
            pools.append((with_it, without))
            weights.append((NIH_WEIGHT if name.startswith("nih") else 1.0) * math.sqrt(len(with_it)))
    return pools, np.array(weights) / max(sum(weights), 1e-9)
