"""The capability on a real film: an answer that agrees with the reading, an audit line, refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from prosvet.core.context import Context
from prosvet.core.errors import NotFound, QueryLanguage
from prosvet.reading.api import ReadRequest
from prosvet.reading.api import run as read
from prosvet.reading.ask.api import AskRequest, run


def test_a_real_film_is_answered_as_it_is_read(shared_data: Path, context: Context) -> None:
    film = shared_data / "fullsize/cxr18995.png"
    reading = read(ReadRequest(files=[film]), context).items[0].result
    assert reading is not None
    ratio = run(AskRequest(question="How big is the heart?", film=film, lang="en"), context)
    assert ratio.measurement == reading.measurements[0]
    assert f"{reading.measurements[0].value:.2f}" in ratio.answer
    found = {one.concept: one for one in reading.findings}
    answer = run(AskRequest(question="Is there pneumonia?", film=film, lang="en"), context)
    assert answer.evidence[0].finding == found["pneumonia"]
    assert (answer.study, answer.file, answer.model.name) == (None, "cxr18995.png", "compact")
    what = run(AskRequest(question="Что это за пациент?", film=film, lang="ru"), context)
    assert (what.abstained, what.reason) == (True, "not_understood")
    assert len(what.can) >= 5


def test_a_third_language_and_an_unknown_study_are_refused(context: Context) -> None:
    with pytest.raises(QueryLanguage):
        run(AskRequest(question="患者に肺炎はありますか", study="S1"), context)
    with pytest.raises(NotFound):
        run(AskRequest(question="Есть ли выпот?", study="S1"), context)


def test_a_question_is_about_one_film() -> None:
    with pytest.raises(ValidationError):
        AskRequest(question="Есть ли выпот?")
    with pytest.raises(ValidationError):
        AskRequest(question="", study="S1")
