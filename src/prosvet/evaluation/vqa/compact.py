"""The compact pack as an answerer: presence of findings that it assesses; it abstains from everything else.

What a question means and what the reading says of it is :mod:`prosvet.reading.ask.presence`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from prosvet.core.context import Context
from prosvet.core.types import Finding, ModelRef
from prosvet.evaluation.vqa.answerer import Abstain
from prosvet.evaluation.vqa.item import Question
from prosvet.imaging.load import load_film
from prosvet.models.examine import Examiner
from prosvet.reading.ask.presence import Held, asked, holds, left_over
from prosvet.reading.decide import decide

__all__ = ["CompactAnswerer"]


class CompactAnswerer:
    """Answers with the reading model of the settings; see the module."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.model: ModelRef | None = context.get(Examiner).ref
        self._read: tuple[Path, Mapping[str, Finding] | Abstain] | None = None

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The answerer of the context's model."""
        return cls(context)

    def reset(self) -> None:
        """Nothing was said that could be remembered; the reading that is kept follows from its film alone."""

    def answer(self, question: Question) -> str | Abstain:
        """Yes, no, or an option's letter; an abstention where the reading does not say."""
        if len(question.images) != 1:
            return Abstain(reason="no_image" if not question.images else "several_images")
        if question.kind == "open" or question.several:
            return Abstain(reason="open_question")
        findings = self._findings(question.images[0])
        if isinstance(findings, Abstain):
            return findings
        return _yes_or_no(question.text, findings) if question.kind == "yes_no" else _choice(question, findings)

    def _findings(self, path: Path) -> Mapping[str, Finding] | Abstain:
        """The findings of a film by concept; an abstention where a gate refuses it."""
        if self._read is None or self._read[0] != path:  # questions about one film come one after another
            self._read = path, self._examine(path)
        return self._read[1]

    def _examine(self, path: Path) -> Mapping[str, Finding] | Abstain:
        examiner = self._context.get(Examiner)
        examination = examiner.examine(load_film(path, self._context.settings), maps=True)
        if not examination.readable:
            return Abstain(reason="not_frontal" if examination.gates.is_chest_xray else "not_chest_xray")
        return {finding.concept: finding for finding in decide(examination, examiner.card)}


def _yes_or_no(text: str, findings: Mapping[str, Finding]) -> str | Abstain:
    claim = asked(text)
    held = Held(reason="not_understood") if claim is None else holds(claim, findings)
    return held.answer or Abstain(reason=held.reason)


def _choice(question: Question, findings: Mapping[str, Finding]) -> str | Abstain:
    by_word = {option.text.strip(" .").casefold(): option.letter for option in question.options}
    for yes, no in (("yes", "no"), ("да", "нет")):
        if set(by_word) == {yes, no}:
            said = _yes_or_no(question.text, findings)
            return said if isinstance(said, Abstain) else by_word[{"yes": yes, "no": no}[said]]
    if left_over(question.text, []):
        return Abstain(reason="not_understood")
    claims = {option.letter: asked(option.text) for option in question.options}
    answers = {option.letter: _yes_or_no(option.text, findings) for option in question.options}
    return _chosen(answers, [letter for letter, one in claims.items() if one is not None and one.concept == "normal"])


def _chosen(answers: Mapping[str, str | Abstain], normal: Sequence[str]) -> str | Abstain:
    """The one option that holds; "no findings" only where each of the others was looked for and is absent."""
    holds = [letter for letter, answer in answers.items() if answer == "yes"]
    if any(isinstance(one, Abstain) and one.reason == "uncertain" for one in answers.values()):
        return Abstain(reason="uncertain")
    if len(holds) != 1:
        return Abstain(reason="several_present" if holds else "not_assessed")
    if holds[0] in normal and any(answer != "no" for letter, answer in answers.items() if letter != holds[0]):
        return Abstain(reason="not_assessed")
    return holds[0]
