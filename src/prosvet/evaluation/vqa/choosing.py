"""From what is said of one claim at a time to the answer of a whole question, for answerers that know no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from prosvet.evaluation.vqa.answerer import Abstain
from prosvet.evaluation.vqa.item import Question
from prosvet.reading.ask.presence import asked, left_over

__all__ = ["answer_by_verdicts"]

Verdict = Callable[[str], str | Abstain]
"""Given a claim or a question about the film: yes, no, or an abstention."""


def answer_by_verdicts(question: Question, verdict: Verdict) -> str | Abstain:
    """Yes, no, or the letter of the one option that holds; an abstention for any other question.

    A question with options is answered by a verdict on each: only where its own words ask for what is present, and
    "no finding" only where each of the others was looked for and is absent.
    """
    if len(question.images) != 1:
        return Abstain(reason="no_image" if not question.images else "several_images")
    if question.kind == "open" or question.several:
        return Abstain(reason="open_question")
    return verdict(question.text) if question.kind == "yes_no" else _choice(question, verdict)


def _choice(question: Question, verdict: Verdict) -> str | Abstain:
    by_word = {option.text.strip(" .").casefold(): option.letter for option in question.options}
    for yes, no in (("yes", "no"), ("да", "нет")):
        if set(by_word) == {yes, no}:
            said = verdict(question.text)
            return said if isinstance(said, Abstain) else by_word[{"yes": yes, "no": no}[said]]
    if left_over(question.text, []):
        return Abstain(reason="not_understood")
    claims = {option.letter: asked(option.text) for option in question.options}
    answers = {option.letter: verdict(option.text) for option in question.options}
    return _chosen(answers, [letter for letter, one in claims.items() if one is not None and one.concept == "normal"])


def _chosen(answers: Mapping[str, str | Abstain], normal: Sequence[str]) -> str | Abstain:
    holds = [letter for letter, answer in answers.items() if answer == "yes"]
    if any(isinstance(one, Abstain) and one.reason == "uncertain" for one in answers.values()):
        return Abstain(reason="uncertain")
    if len(holds) != 1:
        return Abstain(reason="several_present" if holds else "not_assessed")
    if holds[0] in normal and any(answer != "no" for letter, answer in answers.items() if letter != holds[0]):
        return Abstain(reason="not_assessed")
    return holds[0]
