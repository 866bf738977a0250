"""The agent as an answerer of the VQA runners: each question is a task of its own."""

from __future__ import annotations

from prosvet.agent.api import AgentRequest, AgentResult, run
from prosvet.core.context import Context
from prosvet.core.types import ModelRef
from prosvet.evaluation.vqa.answerer import Abstain
from prosvet.evaluation.vqa.choosing import answer_by_verdicts
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
        return answer_by_verdicts(question, lambda words: self._verdict(question, words))

    def _verdict(self, question: Question, task: str) -> str | Abstain:
        film, lang = question.images[0], main_language(question.text)
        result = run(AgentRequest(task=task, film=film, planner=self._planner, lang=lang), self._context)
        self.done.setdefault(question.id, []).append(result)
        asked = [step.result for step in result.trace.steps if step.tool == "ask" and step.result is not None]
        if result.abstained or not asked:
            return Abstain(reason=result.trace.stopped if not asked else "not_assessed")
        verdict = asked[-1]["verdict"]
        return str(verdict) if verdict is not None else Abstain(reason="no_verdict")
