"""The checks of a report's text, over a protocol: each problem beside the sentence that it is in."""

from __future__ import annotations

from prosvet.core.context import Context
from prosvet.core.i18n import Lang
from prosvet.core.types import Frozen
from prosvet.language.check_api import CheckRequest, Problem, run
from prosvet.language.checks.issue import Edit, Severity
from prosvet.reading.protocols.content import Content, Span, assemble

__all__ = ["LineProblem", "problems_of"]


class LineProblem(Frozen):
    """A problem and where it is.

    Attributes
    ----------
    line : str or None
        The sentence; None for what the text lacks, and for what no single sentence is at fault for.
    start, end : int
        In characters of the sentence.
    edit : Edit or None
        What would mend it, in characters of the sentence.
    """

    rule: str
    severity: Severity
    said: str
    concept: str | None
    line: str | None
    start: int = 0
    end: int = 0
    edit: Edit | None = None


def problems_of(content: Content, lang: Lang, *, prior: bool, context: Context) -> tuple[LineProblem, ...]:
    """What is wrong with the text of `content`, in itself and against its film; errors first.

    Parameters
    ----------
    lang : {"ru", "en"}
        The language that the text should be in; the messages are in the context's.
    prior : bool
        The patient has an earlier study.
    """
    text, spans = assemble(content.parts)
    if not spans:
        return ()  # nothing is written yet, and nothing empty is signed
    basis = content.basis
    request = CheckRequest(
        text=text,
        expect=lang,
        findings=None if basis.findings is None else list(basis.findings),
        measurements=None if basis.findings is None else list(basis.measurements),
        prior=prior,
        lang=context.lang,
    )
    return tuple(_placed(problem, spans) for problem in run(request, context).problems)


def _placed(problem: Problem, spans: tuple[Span, ...]) -> LineProblem:
    # what is missing is said at the text's end, and belongs to no sentence
    nowhere = problem.start == problem.end and problem.edit is None
    span = next((s for s in spans if s.start <= problem.start < s.end and problem.end <= s.end), None)
    plain = {name: getattr(problem, name) for name in ("rule", "severity", "said", "concept")}
    if span is None or nowhere:
        return LineProblem(**plain, line=None)
    edit = problem.edit
    inside = edit is not None and span.start <= edit.start <= edit.end <= span.end
    return LineProblem(
        **plain,
        line=span.line,
        start=problem.start - span.start,
        end=problem.end - span.start,
        edit=_moved(edit, span.start) if inside and edit is not None else None,
    )


def _moved(edit: Edit, by: int) -> Edit:
    return Edit(start=edit.start - by, end=edit.end - by, replacement=edit.replacement)
