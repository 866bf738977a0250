"""The agent answers the questions of a benchmark by its tools, and does not guess where they do not say."""

from __future__ import annotations

from pathlib import Path

from prosvet.agent.answerer import AgentAnswerer
from prosvet.core.context import Context
from prosvet.evaluation.vqa.answerer import Abstain
from prosvet.evaluation.vqa.item import Question, lettered


def question(text: str, film: Path, *options: str) -> Question:
    """One question about `film`."""
    values = {"id": "1", "text": text, "kind": "choice" if options else "yes_no", "options": lettered(options)}
    return Question.model_validate({**values, "images": (film,)})


def test_a_finding_is_answered_by_the_run_behind_it(film: Path, warm: Context) -> None:
    agent = AgentAnswerer(warm)
    assert agent.answer(question("Is there pneumonia?", film)) == "yes"
    (run,) = agent.done["1"]
    assert [step.tool for step in run.trace.steps] == ["read", "ask"]
    assert agent.answer(question("Is there pneumonia?", film, "No", "Yes")) == "B"


def test_a_question_whose_words_turn_the_options_round_is_not_answered(film: Path, warm: Context) -> None:
    agent = AgentAnswerer(warm)
    asked = question("Which of these is NOT present?", film, "Pneumonia", "Cardiomegaly")
    assert agent.answer(asked) == Abstain(reason="not_understood")
    assert agent.done == {}
