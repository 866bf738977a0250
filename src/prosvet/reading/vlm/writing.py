"""A vision-language model as a generator of reports: each round is asked anew, with what was wrong with the last."""

from __future__ import annotations

from collections.abc import Sequence

from prosvet.core.errors import VlmError
from prosvet.core.types import Finding, Frozen
from prosvet.language.checks.issue import Issue
from prosvet.language.refine import Brief
from prosvet.models.vlm import Answer, Picture, Question, Reader
from prosvet.reading.vlm.forms import LINE, REPORT, report_text
from prosvet.reading.vlm.prompts import Shape, report_prompt

__all__ = ["Asked", "ReaderGenerator"]

_TOKENS = 1024  # three times what a long report takes


class Asked(Frozen):
    """One exchange with the model, word for word; `finish` is how the answer ended."""

    prompt: str
    text: str
    finish: str


class ReaderGenerator:
    """Writes reports of `pictures` with `reader`.

    Attributes
    ----------
    asked : list of Asked
        The exchange of each round.
    """

    def __init__(
        self, reader: Reader, pictures: tuple[Picture, ...], shape: Shape, *,
        findings: bool = True, prior: Sequence[Finding] | None = None, timeout: float = 300.0,
    ) -> None:  # fmt: skip
        self._reader, self._pictures, self._shape = reader, pictures, shape
        self._findings, self._prior, self._timeout = findings, prior, timeout
        self._before = ""
        self.asked: list[Asked] = []

    def generate(self, brief: Brief, feedback: Sequence[Issue]) -> str:
        """A report for `brief`.

        Raises
        ------
        VlmError
            When the model gives no answer, half a one, or one that is not in the form.
        """
        prompt = report_prompt(
            brief, self._shape, findings=self._findings, prior=self._prior, before=self._before if feedback else "",
            issues=feedback,
        )  # fmt: skip
        answer = self._answer(brief, prompt)
        self._before = report_text(answer, self._shape, brief.lang)
        if not self._before.strip():
            raise VlmError(name=self._reader.name, reason="empty")
        return self._before

    def _answer(self, brief: Brief, prompt: str) -> Answer:
        question = Question(
            prompt=prompt,
            pictures=self._pictures,
            schema=REPORT if self._shape == "json" else None,
            pattern=LINE if self._shape == "line" else None,
            max_tokens=_TOKENS,
            seed=brief.seed % 2**31,
            timeout=self._timeout,
            lang=brief.lang,
        )
        answer = self._reader.generate(question)
        self.asked.append(Asked(prompt=answer.prompt or prompt, text=answer.text, finish=answer.finish))
        return answer
