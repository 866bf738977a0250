"""What an editor sends: new words of a sentence or of a whole part, and decisions on sentences."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from pydantic import Field, model_validator

from prosvet.core.errors import NotFound
from prosvet.core.types import Frozen
from prosvet.language.stem import sentence_spans
from prosvet.reading.protocols.content import Content, Decision, Line, Part

__all__ = ["LONGEST", "Change", "apply_changes"]

LONGEST = 20_000
"""Characters of one part."""

_ALIKE = 0.6  # from this ratio on, a changed sentence is the program's as edited, not a new one


class Change(Frozen):
    """One change: of a sentence (`line`: its text, its decision or both) or of a whole part (`part`: its text)."""

    line: str | None = Field(default=None, max_length=40, description="Id of a sentence.")
    part: str | None = Field(default=None, max_length=40, description="Name of a part.")
    text: str | None = Field(default=None, max_length=LONGEST, description="The new words.")
    decision: Decision | None = Field(default=None, description="open, accepted or rejected.")

    @model_validator(mode="after")
    def _one_target(self) -> Change:
        if (self.line is None) == (self.part is None):
            raise ValueError("name a line or a part")
        if self.text is None and (self.decision is None or self.part is not None):
            raise ValueError("nothing to change")
        return self


def apply_changes(content: Content, changes: Sequence[Change]) -> Content:
    """`content` with `changes` made in their order.

    Raises
    ------
    NotFound
        When a sentence or a part is not there.
    """
    parts = content.parts
    for change in changes:
        parts = _rewritten(parts, change) if change.part is not None else _changed(parts, change)
    return content.model_copy(update={"parts": parts})


def _changed(parts: tuple[Part, ...], change: Change) -> tuple[Part, ...]:
    if all(line.id != change.line for part in parts for line in part.lines):
        raise NotFound(kind="sentence", name=change.line)
    made = []
    for part in parts:
        lines = [_line(line, change) if line.id == change.line else line for line in part.lines]
        # a sentence of the reader's own that is emptied leaves nothing to restore
        kept = tuple(line for line in lines if line.text or line.original)
        made.append(part.model_copy(update={"lines": kept}))
    return tuple(made)


def _line(line: Line, change: Change) -> Line:
    decision, text = change.decision or line.decision, line.text
    if change.text is not None:
        text = " ".join(change.text.split())
        if not text:
            return line.model_copy(update={"text": line.original, "decision": "rejected"})
        decision = change.decision or "accepted"
    return line.model_copy(update={"text": text, "decision": decision})


def _rewritten(parts: tuple[Part, ...], change: Change) -> tuple[Part, ...]:
    if all(part.name != change.part for part in parts):
        raise NotFound(kind="part", name=change.part)
    serial = 1 + max((int(line.id) for part in parts for line in part.lines), default=0)
    made = []
    for part in parts:
        if part.name == change.part:
            part = part.model_copy(update={"lines": _matched(part.lines, change.text or "", serial)})
        made.append(part)
    return tuple(made)


def _matched(old: tuple[Line, ...], text: str, serial: int) -> tuple[Line, ...]:
    """The sentences of `text`, each as the old sentence that it is or comes from; the program's others are struck."""
    rows = (row for row in text.splitlines() if row.strip())
    said = [" ".join(row[start:end].split()) for row in rows for start, end in sentence_spans(row)]
    said = [sentence for sentence in said if sentence]
    left = list(old)
    exact: dict[int, Line] = {}
    for place, sentence in enumerate(said):
        same = next((line for line in left if line.text == sentence), None)
        if same is not None:
            left.remove(same)
            exact[place] = same if same.kept else same.model_copy(update={"decision": "accepted"})
    lines: list[Line] = []
    for place, sentence in enumerate(said):
        if place in exact:
            lines.append(exact[place])
            continue
        near = max((line for line in left if line.kept), key=lambda line: _ratio(line.text, sentence), default=None)
        if near is not None and _ratio(near.text, sentence) >= _ALIKE:
            left.remove(near)
            lines.append(near.model_copy(update={"text": sentence, "decision": "accepted"}))
        else:
            lines.append(Line(id=str(serial), text=sentence, decision="accepted"))
            serial += 1
    struck = [line.model_copy(update={"text": line.original, "decision": "rejected"}) for line in left if line.original]
    return (*lines, *struck)


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower(), autojunk=False).ratio()
