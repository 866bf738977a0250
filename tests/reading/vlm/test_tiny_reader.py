"""The tiny model of the package writes a report and answers questions without being told which form it can give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.reading.api import ReadRequest, run
from prosvet.reading.ask.api import AskRequest
from prosvet.reading.ask.api import run as ask


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    home = tmp_path_factory.mktemp("tiny") / "archive"
    with Context(load_settings({}, home=home, lang="ru", threads=1)) as made:
        yield made


@pytest.fixture
def film(shared_data: Path) -> Path:
    return shared_data / "fullsize" / "cxr18995.png"


def test_a_report_comes_in_the_form_that_the_model_can_give(film: Path, warm: Context) -> None:
    (item,) = run(ReadRequest(files=[film], reader="tiny"), warm).items
    assert item.error is None and item.result is not None
    written, reader = item.result.report, item.result.reader
    assert written is not None and reader is not None
    assert reader.shape == "free"
    assert reader.asked[0].prompt == "Опиши рентгенограмму."
    assert "Заключение" in written.text


def test_a_form_that_it_cannot_give_is_refused_and_not_exchanged_for_another(film: Path, warm: Context) -> None:
    (item,) = run(ReadRequest(files=[film], reader="tiny", shape="json"), warm).items
    assert item.result is None and item.error is not None
    assert "только обычный текст" in item.error.message


def test_a_question_is_answered_in_plain_sentences(film: Path, warm: Context) -> None:
    found = ask(AskRequest(question="Есть ли пневмония?", film=film, reader="tiny"), warm)
    assert found.reader is not None
    assert found.reader.prompt == "Есть ли пневмония?"
    assert found.answer == found.reader.text.strip() != ""
