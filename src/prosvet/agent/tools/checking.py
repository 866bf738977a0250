"""Tools over texts: check a report against the film, and measure a draft against a doctor's report."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import Field

from prosvet.agent.case import Case, Known
from prosvet.agent.tools.tool import Arguments, NoArguments, Told, Tool
from prosvet.core.errors import NotFound
from prosvet.core.i18n import Lang, text
from prosvet.evaluation.reports.api import ReportsRequest
from prosvet.evaluation.reports.api import run as evaluate
from prosvet.evaluation.result import Evaluation
from prosvet.language.check_api import CheckRequest, CheckResult
from prosvet.language.check_api import run as check
from prosvet.language.checks.registry import DRAFT_CHECKS
from prosvet.reading.ask.wording import number

__all__ = ["CHECK", "EVALUATE"]

_FIGURES = ("rouge_l", "bleu_4", "chexpert_f1_micro")
_SHUFFLES, _RESAMPLES = 1, 1


class Report(Arguments):
    """The report to check; the one that came with the task when empty."""

    text: str = Field(default="", max_length=20_000)


def _check(given: Report, case: Case, known: Known) -> CheckRequest:
    """Raises NotFound where there is no report, or the film was not read yet."""
    words = given.text or case.report
    if not words.strip():
        raise NotFound(kind="report", name="task")
    if not known.findings:
        raise NotFound(kind="reading", name=case.film.name)
    return CheckRequest(
        text=words,
        findings=[finding for finding, _ in known.findings.values()],
        measurements=[measured for measured, _ in known.measurements.values()],
        prior=known.compared,
        rules=list(DRAFT_CHECKS),
        lang=case.lang,
    )


def _tell_check(result: CheckResult, lang: Lang) -> Told:
    problems = [{"rule": one.rule, "severity": one.severity, "said": one.said} for one in result.problems]
    words = "; ".join(one.said for one in result.problems if one.severity == "error")
    said = text("agent.said.check_clean", lang) if result.clean else text("agent.said.check", lang, list=words)
    return Told({"clean": result.clean, "problems": problems}, said)


def _evaluate(_: NoArguments, case: Case, known: Known) -> ReportsRequest:
    """Raises NotFound where there is no report to measure against, or no draft yet."""
    if not case.report.strip():
        raise NotFound(kind="report", name="task")
    if not known.draft:
        raise NotFound(kind="reading", name=case.film.name)
    predictions = _line(case.folder / "draft.jsonl", known.draft)
    references = _line(case.folder / "reference.jsonl", case.report)
    return ReportsRequest(predictions=predictions, references=references, shuffles=_SHUFFLES, resamples=_RESAMPLES)


def _line(path: Path, words: str) -> Path:
    path.write_text(json.dumps({"id": "1", "text": words}, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _tell_evaluate(result: Evaluation, lang: Lang) -> Told:
    found = {name: one.value for name, one in result.metrics.items() if one.value is not None}
    named = "; ".join(f"{name} {number(found[name], 2, lang)}" for name in _FIGURES if name in found)
    # One report has no interval, and says nothing of the model in general: the sentence says so.
    return Told({"figures": found, "n": 1}, text("agent.said.evaluate", lang, list=named))


CHECK = Tool("check_report", "check", Report, CheckRequest, CheckResult, _check, check, _tell_check)
EVALUATE = Tool(
    "evaluate", "evaluate.reports", NoArguments, ReportsRequest, Evaluation, _evaluate, evaluate, _tell_evaluate,
    fits=lambda case: bool(case.report.strip()),
)  # fmt: skip
