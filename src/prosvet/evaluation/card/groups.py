"""Which figures stand together: rates on one axis, what has its own scale alone, figures by finding as a matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from prosvet.core.i18n import Lang
from prosvet.evaluation.card.words import heading, metric_name, say, thing_name
from prosvet.evaluation.result import Evaluation, Figure

__all__ = ["Group", "Matrix", "chance", "controls_beside", "groups", "main_figures", "matrices"]

_CHANCE = {"auroc": 0.5, "auroc_drop": 0.0, "sensitivity_drop": 0.0, "specificity_drop": 0.0}
_OWN_SCALE = frozenset({"cider", "length_ratio", "fid", "kid", "feature_spread"})
_LEADING = ("auroc", "sensitivity", "specificity")
_LEAD = 3
_FAULT = "_rate"
"""How the names of a text's faults end: contradictions, wrong sides, foreign words."""


@dataclass(frozen=True)
class Group:
    """Figures that share an axis: (name, words) of each, what they have in common, and the value of chance."""

    rows: tuple[tuple[str, str], ...]
    caption: str = ""
    reference: float | None = None


@dataclass(frozen=True)
class Matrix:
    """Several metrics of the same things: ``BASE.THING`` is a figure.

    Attributes
    ----------
    leading, rest : tuple of str
        Metrics to draw, and metrics to print as numbers.
    things : tuple of str
        Findings, most often.
    """

    leading: tuple[str, ...]
    rest: tuple[str, ...]
    things: tuple[str, ...]


def chance(base: str) -> float | None:
    """What guessing gives, or no loss, where that is one number."""
    return _CHANCE.get(base)


def groups(figures: Mapping[str, Figure], lang: Lang, *, flat: bool = False) -> list[Group]:
    """Rates; faults of the text; what has a scale of its own; then metrics of one thing, or one metric of things.

    Parameters
    ----------
    flat : bool
        Also those that :func:`matrices` would take: one group for each metric.
    """
    plain = [name for name in figures if "." not in name]
    faults = [name for name in plain if name.endswith(_FAULT)]
    rates = [name for name in plain if name not in faults and _is_rate(name, figures[name])]
    made = [Group(tuple((name, metric_name(name, lang)) for name in rates))] if rates else []
    if faults:
        made.append(Group(tuple((name, metric_name(name, lang)) for name in faults), say("faults", lang)))
    made += [Group(((name, metric_name(name, lang)),)) for name in plain if name not in rates and name not in faults]
    for bases, things in _families(figures):
        if not flat and _by_thing(bases, things):
            first = next((thing for thing in things if _repeats(thing, bases, figures)), None)
            if first is not None and made:
                made[0] = replace(made[0], caption=heading(thing_name(first, lang)))
            made += [_of_thing(thing, bases, figures, lang) for thing in things if thing != first]
        elif flat or len(bases) == 1:
            made += [_of_base(base, things, figures, lang) for base in bases]
    return made


def matrices(figures: Mapping[str, Figure]) -> list[Matrix]:
    """Families of several metrics of many things."""
    return [
        _matrix(bases, things)
        for bases, things in _families(figures)
        if len(bases) > 1 and not _by_thing(bases, things)
    ]


def main_figures(figures: Mapping[str, Figure]) -> list[str]:
    """The figures that a comparison tests when none is named: without the lesser metrics of a matrix, and without
    other definitions of a plain one.
    """
    lesser = set(figures)
    for bases, things in _families(figures):
        if not _by_thing(bases, things) or not set(_LEADING).isdisjoint(bases):
            lesser |= set(_matrix(bases, things).rest)
    return [name for name in figures if "." not in name or name.partition(".")[0] not in lesser]


def _matrix(bases: Sequence[str], things: Sequence[str]) -> Matrix:
    leading = [base for base in _LEADING if base in bases] or list(bases[:_LEAD])
    return Matrix(tuple(leading), tuple(base for base in bases if base not in leading), tuple(things))


def _families(figures: Mapping[str, Figure]) -> list[tuple[list[str], list[str]]]:
    """Metrics that speak of the same things: (metrics, things), each in the order of first appearance."""
    of: dict[str, list[str]] = {}
    for name in figures:
        base, dot, thing = name.partition(".")
        if dot:
            of.setdefault(base, []).append(thing)
    families: list[tuple[list[str], list[str]]] = []
    for base, things in of.items():
        home = next((f for f in families if set(things) <= set(f[1]) or set(f[1]) <= set(things)), None)
        if home is None:
            families.append(([base], things))
        else:
            home[0].append(base)
            home[1].extend(thing for thing in things if thing not in home[1])
    return families


def _by_thing(bases: Sequence[str], things: Sequence[str]) -> bool:
    """Many metrics of few things: definitions of relevance, and not findings."""
    return 1 < len(bases) > len(things)


def _repeats(thing: str, bases: Sequence[str], figures: Mapping[str, Figure]) -> bool:
    """Whether the plain names already say all of it."""
    return all(base in figures and figures[base] == figures.get(f"{base}.{thing}") for base in bases)


def _of_thing(thing: str, bases: Sequence[str], figures: Mapping[str, Figure], lang: Lang) -> Group:
    there = [base for base in bases if f"{base}.{thing}" in figures]
    rows = tuple((f"{base}.{thing}", metric_name(base, lang)) for base in there)
    return Group(rows, heading(thing_name(thing, lang)))


def _of_base(base: str, things: Sequence[str], figures: Mapping[str, Figure], lang: Lang) -> Group:
    names = [f"{base}.{thing}" for thing in things if f"{base}.{thing}" in figures]
    rows = tuple((name, thing_name(name.partition(".")[2], lang)) for name in names)
    return Group(rows, metric_name(base, lang), chance(base))


def _is_rate(name: str, figure: Figure) -> bool:
    """Whether it may share an axis of 0..1: CIDEr runs to 10, and would flatten the others or be flattened."""
    ends = [v for v in (figure.value, figure.low, figure.high) if v is not None]
    return name not in _OWN_SCALE and all(-1 <= v <= 1 for v in ends)


def controls_beside(name: str, evaluation: Evaluation) -> dict[str, Figure]:
    """The metric `name` under each control that has it: ``shuffled.bleu_4`` for ``bleu_4``."""
    return {
        control.partition(".")[0]: value
        for control, value in evaluation.controls.items()
        if isinstance(value, Figure) and control.partition(".")[2] == name
    }
