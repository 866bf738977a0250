"""A stretch of a text that tells who somebody is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

__all__ = ["Kind", "Span", "merged"]

Kind = Literal["name", "date", "phone", "document", "number", "address", "contact", "organisation", "known"]


class Span(NamedTuple):
    """``text[start:end]`` is a `kind`."""

    start: int
    end: int
    kind: Kind


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in their order, of which no two overlap; the one that begins first gives the kind.

    Examples
    --------
    >>> merged([Span(3, 8, "name"), Span(0, 5, "known"), Span(9, 10, "date")])
    [Span(start=0, end=8, kind='known'), Span(start=9, end=10, kind='date')]
    """
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if found and span.start < found[-1].end:
            found[-1] = found[-1]._replace(end=max(found[-1].end, span.end))
        else:
            found.append(span)
    return found
