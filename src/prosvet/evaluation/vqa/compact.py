"""The compact pack as an answerer: presence of findings that it assesses; it abstains from everything else.

What a question means and what the reading says of it is :mod:`prosvet.reading.ask.presence`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from prosvet.core.context import Context
from prosvet.core.types import Finding, ModelRef
from prosvet.evaluation.vqa.answerer import Abstain
from prosvet.evaluation.vqa.choosing import answer_by_verdicts
from prosvet.evaluation.vqa.item import Question
from prosvet.imaging.load import load_film
from prosvet.models.examine import Examiner
from prosvet.reading.ask.presence import Held, asked, holds
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
        return answer_by_verdicts(question, lambda words: self._verdict(words, question.images[0]))

    def _verdict(self, words: str, film: Path) -> str | Abstain:
        findings = self._findings(film)
        if isinstance(findings, Abstain):
            return findings
        claim = asked(words)
        held = Held(reason="not_understood") if claim is None else holds(claim, findings)
        return held.answer or Abstain(reason=held.reason)

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
