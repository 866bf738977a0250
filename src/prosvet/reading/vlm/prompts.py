"""The words that are put to a vision-language model; the texts stand in ``ru.toml`` and ``en.toml`` beside this."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, Literal

from prosvet.core.i18n import Lang
from prosvet.core.types import Finding, Status
from prosvet.language.checks.issue import Issue
from prosvet.language.refine import Brief
from prosvet.language.vocabulary import vocabulary
from prosvet.reading.ask.wording import number, place_of

__all__ = ["Shape", "ask_prompt", "report_prompt"]

Shape = Literal["json", "line", "free"]
"""How a report is to be written: a JSON object, the four-field line, or plain sentences."""

_SPOKEN = (Status.PRESENT, Status.UNCERTAIN, Status.ABSENT)


def report_prompt(
    brief: Brief,
    shape: Shape,
    *,
    findings: bool = True,
    prior: Sequence[Finding] | None = None,
    before: str = "",
    issues: Sequence[Issue] = (),
) -> str:
    """Ask for a report.

    Parameters
    ----------
    findings : bool
        Tell the model what the compact pack found and measured. Without it, it reads alone.
    prior : sequence of Finding or None
        What was found on the earlier film that is attached; None when there is none.
    before, issues
        The text of the round before and what was wrong with it.
    """
    words = _words(brief.lang)
    parts = [words["report"].strip()]
    if findings:
        parts += _context(brief, words)
    parts.append(words["no_prior"] if prior is None else words["prior"].format(lines=_named(prior, brief.lang, words)))
    parts.append(words["form"][shape])
    if before:
        told = "\n".join(f"- {issue.message(brief.lang)}" for issue in issues)
        parts.append(words["again"]["head"].strip().format(text=before, issues=told))
    return "\n\n".join(parts)


def ask_prompt(question: str, lang: Lang) -> str:
    """Ask a question. The compact findings are not told: they are what the answer is held against."""
    words = _words(lang)["ask"]
    return "\n\n".join([words["head"].strip(), words["question"].format(question=question), words["form"]])


def _context(brief: Brief, words: dict[str, Any]) -> list[str]:
    lines = "\n".join(_line(one, brief.lang, words) for one in brief.findings if one.status in _SPOKEN)
    made = [words["findings"].strip().format(lines=lines or "- " + words["nothing"])]
    ratio = next((one.value for one in brief.measurements if one.name == "cardiothoracic_ratio"), None)
    if ratio is not None:
        made.append(words["measured"].format(ratio=number(ratio, 2, brief.lang)))
    if brief.not_assessed:
        names = ", ".join(vocabulary()[one].names[brief.lang] for one in brief.not_assessed)
        made.append(words["not_assessed"].format(names=names))
    return made


def _line(finding: Finding, lang: Lang, words: dict[str, Any]) -> str:
    place = place_of(finding, lang) if finding.status is not Status.ABSENT else ""
    name, status = vocabulary()[finding.concept].names[lang], words["status"][finding.status.value]
    return str(words["line"].format(name=name, place=f" ({place})" if place else "", status=status))


def _named(findings: Sequence[Finding], lang: Lang, words: dict[str, Any]) -> str:
    told = [one for one in findings if one.status is Status.PRESENT]
    named = [f"{vocabulary()[one.concept].names[lang]}{_placed(one, lang)}" for one in told]
    return ", ".join(named) or str(words["nothing"])


def _placed(finding: Finding, lang: Lang) -> str:
    place = place_of(finding, lang)
    return f" ({place})" if place else ""


@cache
def _words(lang: Lang) -> dict[str, Any]:
    return tomllib.loads(resources.files("prosvet.reading.vlm").joinpath(f"{lang}.toml").read_text(encoding="utf-8"))
