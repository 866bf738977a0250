"""What a protocol is made of: parts, their sentences with what was decided of each, and what the film showed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, NamedTuple

from prosvet.core.types import Finding, Frozen, Gates, Measurement, ModelRef

__all__ = [
    "Authorship",
    "Basis",
    "Content",
    "Decision",
    "Line",
    "Override",
    "Part",
    "Refusal",
    "Signature",
    "Span",
    "assemble",
]

Decision = Literal["open", "accepted", "rejected"]
Authorship = Literal["program", "edited", "own"]


class Line(Frozen):
    """One sentence.

    Attributes
    ----------
    id : str
        Stable within the protocol.
    sources : tuple of str
        Concepts and measurements behind it, as in a draft; a reader's own sentence has none.
    original : str
        The program's words; empty for a sentence of the reader's own.
    """

    id: str
    text: str
    sources: tuple[str, ...] = ()
    original: str = ""
    decision: Decision = "open"

    @property
    def authorship(self) -> Authorship:
        """Whose words they are: the program's, the program's as edited, or the reader's own."""
        if not self.original:
            return "own"
        return "program" if self.text == self.original else "edited"

    @property
    def kept(self) -> bool:
        """It stands in the text."""
        return self.decision != "rejected"


class Part(Frozen):
    """A part of the protocol under its heading."""

    name: str
    title: str
    lines: tuple[Line, ...] = ()

    @property
    def text(self) -> str:
        """The sentences that stand."""
        return " ".join(line.text for line in self.lines if line.kept)


class Refusal(Frozen):
    """Why the film was not read: an error of ours, and the facts that its words need."""

    code: Literal["not_chest_xray", "not_frontal", "unreadable"]
    probability: float | None = None


class Basis(Frozen):
    """What the protocol stands on: the reading of one film of the study, or why there is none.

    Attributes
    ----------
    findings : tuple of Finding or None
        None when no film was read.
    image : int or None
        The film that was read or refused; None for a study without films.
    """

    findings: tuple[Finding, ...] | None = None
    measurements: tuple[Measurement, ...] = ()
    gates: Gates | None = None
    model: ModelRef | None = None
    image: int | None = None
    refusal: Refusal | None = None


class Override(Frozen):
    """An error of the checks that the reader let stand, and why."""

    rule: str
    said: str
    reason: str


class Signature(Frozen):
    """What the signer was told: how many sentences nobody had decided on, and which errors were let stand."""

    role: str
    undecided: int
    overrides: tuple[Override, ...] = ()


class Content(Frozen):
    """A version's content. ``revision`` grows with every save of it; ``saved`` is the time of the last one, UTC."""

    revision: int = 0
    saved: datetime
    parts: tuple[Part, ...]
    basis: Basis = Basis()
    signature: Signature | None = None

    @property
    def lines(self) -> Iterator[Line]:
        """Every sentence, part by part."""
        return (line for part in self.parts for line in part.lines)

    @property
    def undecided(self) -> int:
        """Sentences of the program that were neither accepted, edited nor rejected."""
        return sum(line.decision == "open" and line.authorship == "program" for line in self.lines)


class Span(NamedTuple):
    """Where a sentence stands in the text."""

    line: str
    start: int
    end: int


def assemble(parts: tuple[Part, ...]) -> tuple[str, tuple[Span, ...]]:
    """The text of the sentences that stand, a line a part, and where each sentence is in it.

    Examples
    --------
    >>> part = Part(name="lungs", title="Lungs", lines=(Line(id="1", text="Clear."),))
    >>> assemble((part,))
    ('Lungs: Clear.', (Span(line='1', start=7, end=13),))
    """
    text, spans = "", list[Span]()
    for part in parts:
        kept = [line for line in part.lines if line.kept and line.text]
        if not kept:
            continue
        text += f"\n{part.title}:" if text else f"{part.title}:"
        for line in kept:
            spans.append(Span(line.id, len(text) + 1, len(text) + 1 + len(line.text)))
            text += f" {line.text}"
    return text, tuple(spans)
