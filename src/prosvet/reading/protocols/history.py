"""The versions of a protocol side by side: who, when, what changed since the one before, whether it is as signed."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Literal

from prosvet.core.types import Frozen, Moment
from prosvet.reading.protocols.versions import Version, chained

__all__ = ["Entry", "Piece", "history_of"]

_TOKEN = re.compile(r"\n|[^\S\n]+|[^\s]+")


class Piece(Frozen):
    """A stretch of text and what became of it."""

    kind: Literal["same", "added", "removed"]
    text: str


class Entry(Frozen):
    """A version in the history.

    Attributes
    ----------
    changes : tuple of Piece
        From the version before it (of the report; an addendum has none before it).
    intact : bool or None
        Of a signed one: it and all signed before it are what was signed. None for a draft.
    """

    number: int
    kind: str
    state: str
    author: str
    language: str
    created: Moment
    saved: Moment
    signed: Moment | None
    model: str | None
    sha256: str | None
    intact: bool | None
    changes: tuple[Piece, ...]


def history_of(study: str, found: tuple[Version, ...]) -> tuple[Entry, ...]:
    """Every version with what it changed, the latest first."""
    entries = []
    before: Version | None = None
    for place, version in enumerate(found):
        same_tongue = before is not None and before.language == version.language and version.kind == "report"
        # the first words of a language, and an addendum, have nothing before them to differ from
        old = before.text if before is not None and same_tongue else version.text
        entries.append(_entry(study, version, difference(old, version.text), found[: place + 1]))
        before = version if version.kind == "report" else before
    return tuple(reversed(entries))


def difference(old: str, new: str) -> tuple[Piece, ...]:
    """Word by word, from `old` to `new`.

    Examples
    --------
    >>> [(piece.kind, piece.text) for piece in difference("Clear lungs.", "Clear right lung.")]
    [('same', 'Clear '), ('removed', 'lungs.'), ('added', 'right lung.')]
    """
    one, two = _TOKEN.findall(old), _TOKEN.findall(new)
    pieces: list[Piece] = []
    for step, start, end, begin, stop in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        if step == "equal":
            pieces.append(Piece(kind="same", text="".join(one[start:end])))
            continue
        if end > start:
            pieces.append(Piece(kind="removed", text="".join(one[start:end])))
        if stop > begin:
            pieces.append(Piece(kind="added", text="".join(two[begin:stop])))
    return tuple(pieces)


def _entry(study: str, version: Version, changes: tuple[Piece, ...], until: tuple[Version, ...]) -> Entry:
    return Entry(
        number=version.number, kind=version.kind, state=version.state, author=version.author,
        language=version.language, created=version.created, saved=version.content.saved, signed=version.signed,
        model=version.model, sha256=version.sha256, changes=changes,
        intact=chained(study, until) if version.state == "signed" else None,
    )  # fmt: skip
