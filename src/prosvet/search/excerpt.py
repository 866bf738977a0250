"""The part of a report that answers a query, and where in it the words stand that answer."""

from __future__ import annotations

import re

from prosvet.core.types import Status
from prosvet.index.text import TextIndex
from prosvet.language.mentions import find_mentions
from prosvet.language.vocabulary import vocabulary
from prosvet.search.ask import Question

__all__ = ["Marks", "excerpt"]

Marks = tuple[tuple[int, int], ...]

_LONG = 300  # characters
_BEFORE = 80  # characters shown before the first mark when the beginning does not fit
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


def excerpt(text: str, question: Question, words: TextIndex | None) -> tuple[str, Marks]:
    """At most 300 characters of `text` around what answers `question`, and the marks in them."""
    marks = _marks(text, question, words)
    first = marks[0][0] if marks else 0
    start = 0 if first < _LONG - _BEFORE else text.rfind(" ", 0, first - _BEFORE) + 1
    end = min(len(text), start + _LONG)
    shown = tuple((max(a, start), min(b, end)) for a, b in marks if a < end and b > start)
    lead = "… " if start else ""
    shift = start - len(lead)
    return lead + text[start:end] + ("…" if end < len(text) else ""), tuple((a - shift, b - shift) for a, b in shown)


def _marks(text: str, question: Question, words: TextIndex | None) -> Marks:
    """Mentions of what is asked for, with the words of the query; joined where they touch."""
    spans = _mentioned(text, question)
    if words is not None and question.asked == "text" and question.query.free_text:
        spans += [
            match.span() for match in _WORD.finditer(text)
            if len(match[0]) > 2 and words.matched_words(match[0], question.query.free_text)
        ]  # fmt: skip
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _mentioned(text: str, question: Question) -> list[tuple[int, int]]:
    families = {
        member
        for concept in question.query.wanted
        if concept.id in vocabulary().concepts
        for member in (concept.id, *vocabulary().descendants(concept.id))
    } - {"abnormal"}
    there = (Status.PRESENT, Status.UNCERTAIN)
    return [(m.start, m.end) for m in find_mentions(text) if m.concept in families and m.status in there]
