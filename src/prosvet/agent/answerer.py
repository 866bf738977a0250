"""The agent as an answerer of the VQA runners: each question is a task of its own."""

from __future__ import annotations

from pathlib import Path

from prosvet.agent.api import AgentRequest, AgentResult, run
from prosvet.core.context import Context
from prosvet.core.i18n import Lang
from prosvet.core.types import ModelRef
from prosvet.evaluation.vqa.answerer import Abstain
from prosvet.evaluation.vqa.item import Question
from prosvet.language.check_api import main_language
from prosvet.models.examine import Examiner

__all__ = ["AgentAnswerer"]


class AgentAnswerer:
    """Answers yes, no, or with the one option that holds, by what the agent's tools returned.

    Attributes
    ----------
    model : ModelRef
        The reading model behind the tools.
    done : dict of str to list of AgentResult
        The runs behind each question's answer, by its id.
    """

    def __init__(self, context: Context, planner: str = "fixed") -> None:
        self._context, self._planner = context, planner
        self.model: ModelRef | None = context.get(Examiner).ref
        self.done: dict[str, list[AgentResult]] = {}

    def reset(self) -> None:
        """Every task begins anew: nothing is kept between questions."""

    def answer(self, question: Question) -> str | Abstain:
        """Yes, no, an option's letter, or an abstention with why."""
        if len(question.images) != 1:
            return Abstain(reason="no_image" if not question.images else "several_images")
        if question.kind == "open" or question.several:
            return Abstain(reason="open_question")
        film, lang = question.images[0], main_language(question.text)
        if question.kind == "yes_no":
            return self._verdict(question.id, question.text, film, lang)
        return self._choice(question, film, lang)

    def _choice(self, question: Question, film: Path, lang: Lang) -> str | Abstain:
        """The one option that holds, each asked as a task; "no finding" only where the others were denied."""
        said = {one.letter: self._verdict(question.id, one.text, film, lang) for one in question.options}
        held = [letter for letter, verdict in said.items() if verdict == "yes"]
        if any(isinstance(one, Abstain) and one.reason == "uncertain" for one in said.values()):
            return Abstain(reason="uncertain")
        if len(held) != 1:
            return Abstain(reason="several_present" if held else "not_assessed")
        return held[0]

    def _verdict(self, name: str, task: str, film: Path, lang: Lang) -> str | Abstain:
        result = run(AgentRequest(task=task, film=film, planner=self._planner, lang=lang), self._context)
        self.done.setdefault(name, []).append(result)
        asked = [step.result for step in result.trace.steps if step.tool == "ask" and step.result is not None]
        if result.abstained or not asked:
            return Abstain(reason=result.trace.stopped if not asked else "not_assessed")
        verdict = asked[-1]["verdict"]
        return str(verdict) if verdict is not None else Abstain(reason="no_verdict")
