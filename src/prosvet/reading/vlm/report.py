"""A report by a vision-language model, refined and checked as any draft; the compact findings are its cross-check."""

from __future__ import annotations

from collections.abc import Sequence

from prosvet.core.context import Context
from prosvet.core.types import Finding, Frozen
from prosvet.imaging.film import Film
from prosvet.language.refine import Brief
from prosvet.reading.draft import Draft, checked_draft
from prosvet.reading.vlm.crosscheck import Flag, cross_check
from prosvet.reading.vlm.forms import shape_for
from prosvet.reading.vlm.prompts import Shape
from prosvet.reading.vlm.readers import Readers, picture_of
from prosvet.reading.vlm.writing import Asked, ReaderGenerator

__all__ = ["ByReader", "report_by_reader"]

ALONE = ("empty", "contradiction", "measurement", "identity", "foreign_words", "repetition")
"""What a text is told to mend when its writer was not told the findings: only what is wrong with it in itself."""


class ByReader(Frozen):
    """How a vision-language model came to its report.

    Attributes
    ----------
    name, revision : str
    shape : {"json", "line", "free"}
    told_findings : bool
        The prompt had the compact findings in it. Then agreeing with them proves nothing.
    asked : tuple of Asked
        The prompt of each round exactly as it was sent, with its answer.
    flags : tuple of Flag
        Where the report and the compact findings part; empty does not mean that it is right.
    """

    name: str
    revision: str
    shape: Shape
    told_findings: bool
    asked: tuple[Asked, ...]
    flags: tuple[Flag, ...]


def report_by_reader(
    reader: str, film: Film, brief: Brief, context: Context, *,
    shape: Shape | None = None, findings: bool = True, prior: tuple[Film, Sequence[Finding]] | None = None,
) -> tuple[Draft, ByReader]:  # fmt: skip
    """Have `reader` write the report of `film`.

    Parameters
    ----------
    brief : Brief
        The compact findings: told to the model when `findings` is true, and always what its text is held against.
    shape : {"json", "line", "free"} or None
        None takes the strictest that the model can give.
    prior : (Film, findings) or None
        An earlier film of the patient and what was found on it.

    Raises
    ------
    VlmError
        When there is no whole answer in the form that was asked for.
    """
    model = context.get(Readers).get(reader)
    pictures = (picture_of(film), *([picture_of(prior[0], "prior")] if prior is not None else []))
    told = prior[1] if prior is not None else None
    shape = shape_for(model, shape)
    generator = ReaderGenerator(model, pictures, shape, findings=findings, prior=told)
    known = brief.model_copy(update={"prior": prior is not None})
    draft = checked_draft(known, generator, rules=None if findings else ALONE)
    flags = cross_check(
        draft.checks.text, brief.lang, brief.findings, brief.measurements, prior=prior is not None
    )  # fmt: skip
    asked = tuple(generator.asked)
    return draft, ByReader(
        name=model.name, revision=model.revision, shape=shape, told_findings=findings, asked=asked, flags=flags
    )
