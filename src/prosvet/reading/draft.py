"""The draft of a reading: written by the templates, checked as any generator's text is, with every round kept."""

from __future__ import annotations

from collections.abc import Sequence

from prosvet.core.i18n import Lang, text
from prosvet.core.types import Finding, Gates, Measurement, Report, Section, Sentence, Status
from prosvet.language import render
from prosvet.language.checks.issue import Issue
from prosvet.language.refine import Brief, Generator, Refined, refine

__all__ = ["CompactGenerator", "Draft", "brief_of", "checked_draft", "seed_of"]

ROUNDS = 3


class Draft(Report):
    """A report with what was checked of it: each round's text and issues, and whether the last is clean."""

    checks: Refined


class CompactGenerator:
    """Drafts from templates. What is wrong with one wording is answered with another: the next seed.

    Attributes
    ----------
    reports : dict of str to Report
        Each text that was written, with its sentences and their sources.
    """

    def __init__(self) -> None:
        self.reports: dict[str, Report] = {}
        self._written = 0

    def generate(self, brief: Brief, feedback: Sequence[Issue]) -> str:
        """The draft for `brief`, in the wording that its seed and the number of this round choose."""
        report = render(
            brief.findings,
            brief.measurements,
            brief.lang,
            not_assessed=brief.not_assessed,
            caution=brief.caution,
            seed=brief.seed + self._written,
        )
        self._written += 1
        self.reports[report.text] = report
        return report.text


def seed_of(sha256: str) -> int:
    """The number by which a film chooses its wordings: the same film, the same words; never the plainest, 0.

    Examples
    --------
    >>> seed_of("00000010" + 56 * "a")
    17
    """
    return int(sha256[:8], 16) + 1


def brief_of(
    findings: Sequence[Finding], measurements: Sequence[Measurement], gates: Gates, lang: Lang, seed: int = 0
) -> Brief:  # fmt: skip
    """What a draft is to be written from: what was assessed, what was not, and reasons for caution."""
    caution = list(gates.quality)
    if gates.inverted:
        caution.append("inversion_repaired")
    if gates.rotated:
        caution.append("rotation_repaired")
    return Brief(
        lang=lang,
        findings=tuple(f for f in findings if f.status is not Status.NOT_ASSESSED),
        measurements=tuple(measurements),
        not_assessed=tuple(f.concept for f in findings if f.status is Status.NOT_ASSESSED),
        caution=tuple(caution),
        seed=seed,
    )


def checked_draft(
    brief: Brief, generator: Generator | None = None, *, rules: Sequence[str] | None = None
) -> Draft:  # fmt: skip
    """Write and check a draft. One that is still not clean says so in a part of its own.

    Parameters
    ----------
    generator : Generator, optional
        The templates when None. The text of another generator becomes one part, whose sentence names no sources.
    rules : sequence of str, optional
        The checks that the text goes through; those of every draft when None.

    Raises
    ------
    ProsvetError
        When the generator fails on its first round.
    """
    templates = CompactGenerator()
    refined = refine(generator or templates, brief, rounds=ROUNDS, rules=rules, edit=generator is not None)
    report = templates.reports.get(refined.text) or _as_one(refined.text, brief.lang)
    if not refined.clean:
        report = _marked(report, refined, brief.lang)
    return Draft(language=report.language, sections=report.sections, text=report.text, checks=refined)


def _as_one(written: str, lang: Lang) -> Report:
    section = Section(name="text", title=text("checks.text", lang), sentences=(Sentence(text=written, sources=()),))
    return Report(language=lang, sections=(section,), text=written)


def _marked(report: Report, refined: Refined, lang: Lang) -> Report:
    """The report with a part that says what is still wrong with it."""
    errors = [issue for issue in refined.issues if issue.severity == "error"]
    words = "; ".join(dict.fromkeys(issue.message(lang) for issue in errors))
    sources = tuple(dict.fromkeys(f"check:{issue.rule}" for issue in errors))
    sentence = Sentence(text=text("checks.unclean", lang, issues=words), sources=sources)
    section = Section(name="checks", title=text("checks.title", lang), sentences=(sentence,))
    return report.model_copy(
        update={
            "sections": (*report.sections, section),
            "text": f"{report.text}\n{section.title}: {sentence.text}",
        }
    )
