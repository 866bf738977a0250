"""Memorisation as it stands on the card: the share of copies with its upper bound, and the nearest pairs to look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prosvet.evaluation.result import Cell, Figure, Table
from prosvet.evaluation.statistics import as_figure
from prosvet.evaluation.synthesis.copies import (
    Nearest,
    Rule,
    copied_share,
    nearest_by_encoder,
    nearest_by_outline,
    rule_of,
)
from prosvet.evaluation.synthesis.films import Shots
from prosvet.evaluation.synthesis.judge import Judged
from prosvet.evaluation.synthesis.material import Section

__all__ = ["Memory", "memorisation", "memory_of"]

_SHOWN = 12


@dataclass(frozen=True)
class Memory:
    """Nearest training films of made pictures and of real films of other patients, by each distance, and the rules."""

    made: dict[str, Nearest]
    real: dict[str, Nearest]
    rules: dict[str, Rule]

    def copied(self, name: str, of_real: bool = False) -> NDArray[np.bool_]:
        """Which pictures (N,) are copies by one distance."""
        return self.rules[name].copies((self.real if of_real else self.made)[name].distance)

    def any_copied(self, of_real: bool = False) -> NDArray[np.bool_]:
        """By either distance."""
        either: NDArray[np.bool_] = np.logical_or.reduce([self.copied(name, of_real) for name in self.rules])
        return either

    def foremost(self) -> NDArray[np.int64]:
        """Rows of the pictures that come nearest to the bound by either distance, nearest first."""
        near = [self.made[name].distance / max(rule.bound, 1e-9) for name, rule in self.rules.items()]
        return np.argsort(np.min(near, axis=0), kind="stable")[:_SHOWN]


def memory_of(
    pictures: NDArray[np.uint8], judged: Judged, training: tuple[Shots, Judged], reference: tuple[Shots, Judged]
) -> Memory:
    """Look for each picture, and for each reference film, among the training films.

    `training` and `reference` are films with what the encoder says of them.
    """
    films, seen = training
    others, theirs = reference
    known = seen.features.astype(np.float32)

    def by_encoder(one: Judged) -> Nearest:
        return nearest_by_encoder(one.features.astype(np.float32), one.mirrored.astype(np.float32), known)

    made = {"outline": nearest_by_outline(pictures, films.pixels), "encoder": by_encoder(judged)}
    real = {"outline": nearest_by_outline(others.pixels, films.pixels), "encoder": by_encoder(theirs)}
    return Memory(made, real, {name: rule_of(nearest.distance) for name, nearest in real.items()})


def memorisation(memory: Memory, training: Shots) -> Section:
    """The share of copies, by each distance and by either; beside it the same of real films of other patients."""
    metrics, controls = {"copied": _share(memory.any_copied())}, {"real.copied": _share(memory.any_copied(True))}
    rows: list[tuple[Cell, ...]] = []
    for name, rule in memory.rules.items():
        metrics[f"copied_by.{name}"] = _share(memory.copied(name))
        controls[f"real.copied_by.{name}"] = _share(memory.copied(name, of_real=True))
        median = [float(np.median(side[name].distance)) for side in (memory.made, memory.real)]
        least = [float(side[name].distance.min()) for side in (memory.made, memory.real)]
        rows.append((f"synthesis.{name}", rule.bound, rule.quantile, least[0], median[0], least[1], median[1]))
    columns = ("distance", "bound", "quantile_1", "made_least", "made_median", "real_least", "real_median")
    rules = Table(id="synthesis_rules", columns=columns, rows=tuple(rows))
    return Section(metrics, dict(controls), (rules, _nearest(memory, training)))


def _share(copied: NDArray[np.bool_]) -> Figure:
    return as_figure(copied_share(copied), "clopper_pearson_upper", higher_is_better=False)


def _nearest(memory: Memory, training: Shots) -> Table:
    rows = []
    for row in memory.foremost():
        one = {name: nearest.distance[row] for name, nearest in memory.made.items()}
        films = [training.known[nearest.row[row]].id for nearest in memory.made.values()]
        rows.append((int(row), films[0], float(one["outline"]), films[1], float(one["encoder"])))
    columns = ("picture", "film_by_outline", "outline", "film_by_encoder", "encoder")
    return Table(id="synthesis_nearest", columns=columns, rows=tuple(rows))
