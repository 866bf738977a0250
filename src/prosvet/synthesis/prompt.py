"""Prompts with weights: ``(cardiomegaly:1.5), clear lungs``, the notation of the common image generators."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Clause", "plain", "weighted"]

_TOKEN = re.compile(r"\\([()\[\]\\])|([(\[])|:\s*([+-]?\d*\.?\d+)\s*\)|([)\]])|([^\\()\[\]:]+|:)")
_STEP = 1.1  # of one bare pair of round brackets; square ones divide by it
_LEAST, _MOST = 0.0, 3.0


@dataclass(frozen=True)
class Clause:
    """A stretch of a prompt and its weight, 1 where nothing was said, within 0 and 3."""

    text: str
    weight: float


def weighted(prompt: str) -> list[Clause]:
    """The clauses of `prompt`; brackets that do not close reach to its end, ``\\(`` is a bracket of the text.

    Examples
    --------
    >>> weighted("normal lungs, (cardiomegaly:1.5)")
    [Clause(text='normal lungs,', weight=1.0), Clause(text='cardiomegaly', weight=1.5)]
    >>> [round(c.weight, 3) for c in weighted("((effusion)) [nodule]")]
    [1.21, 0.909]
    """
    spans: list[tuple[str, float]] = []
    opened: list[tuple[str, int]] = []

    def close(kind: str, by: float) -> None:
        for at in range(len(opened) - 1, -1, -1):
            if opened[at][0] == kind:
                start = opened[at][1]
                del opened[at:]
                spans[start:] = [(text, weight * by) for text, weight in spans[start:]]
                return

    for literal, left, number, right, text in _TOKEN.findall(prompt):
        if left:
            opened.append((left, len(spans)))
        elif number:
            close("(", float(number))
        elif right:
            close("(" if right == ")" else "[", _STEP if right == ")" else 1 / _STEP)
        else:
            spans.append((literal or text, 1.0))
    for kind, _ in reversed(opened):
        close(kind, _STEP if kind == "(" else 1 / _STEP)
    return _joined(spans)


def _joined(spans: list[tuple[str, float]]) -> list[Clause]:
    out: list[Clause] = []
    for text, weight in spans:
        bounded = round(min(max(weight, _LEAST), _MOST), 4)
        if out and out[-1].weight == bounded:
            out[-1] = Clause(out[-1].text + text, bounded)
        else:
            out.append(Clause(text, bounded))
    return [Clause(c.text.strip(), c.weight) for c in out if c.text.strip(" \t\n,;.")]


def plain(prompt: str) -> str:
    """The prompt's words without the notation.

    Examples
    --------
    >>> plain("normal lungs, (cardiomegaly:1.5)")
    'normal lungs, cardiomegaly'
    """
    return " ".join(clause.text for clause in weighted(prompt))
