"""Reports and answers by a model behind the door: a scripted server that is good, inventing, omitting, truncated; and a
tiny random model that runs for real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from prosvet.core.context import Context
from prosvet.core.errors import VlmError
from prosvet.core.settings import load_settings
from prosvet.reading.api import Reading, ReadRequest, run
from prosvet.reading.ask.api import AskRequest
from prosvet.reading.ask.api import run as ask
from prosvet.reading.vlm.readers import Readers
from scripted_chat import Chat, Reply, said, scripted_chat, write_card

NO_TRANSFORMERS = "transformers is not installed"
pytestmark = pytest.mark.skipif(find_spec("openai") is None, reason=NO_TRANSFORMERS)


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    home = tmp_path_factory.mktemp("vlm") / "archive"
    with Context(load_settings({}, home=home, lang="en", threads=1)) as made:
        yield made


@pytest.fixture
def film(shared_data: Path) -> Path:
    return shared_data / "fullsize" / "cxr18995.png"


def report(findings: str, impression: str) -> Reply:
    return said(json.dumps({"findings": findings, "impression": impression}, ensure_ascii=False))


GOOD = report(
    "Pneumonia in the right middle zone. Possible consolidation in the right middle zone. Possible atelectasis.",
    "Right pneumonia.",
)
INVENTED = report("Pneumonia in the right middle zone. Cavitary tuberculosis on the left.", "Pneumonia, tuberculosis.")
OMITTED = report("The film is of good quality.", "Follow-up.")


@contextmanager
def read(context: Context, film: Path, *replies: Reply, **more: Any) -> Iterator[tuple[Reading, Chat]]:
    with scripted_chat(*replies) as chat:
        name = write_card(context.settings.home, chat.url)
        context.get(Readers).close()
        item = run(ReadRequest(files=[film], reader=name, **more), context).items[0]
        assert item.result is not None, item.error
        yield item.result, chat


def test_a_good_report_is_kept_with_its_prompt(film: Path, warm: Context) -> None:
    with read(warm, film, GOOD) as (found, chat):
        assert found.report is not None and found.reader is not None
        assert found.report.text.startswith("Pneumonia in the right middle zone.")
        assert "Impression: Right pneumonia." in found.report.text
        assert found.report.checks.clean and found.reader.flags == ()
        assert len(found.reader.asked) == len(chat.asked) == 1
        assert "Another program marked the film" in found.reader.asked[0].prompt
        assert any(part.get("type") == "image_url" for part in chat.asked[0]["messages"][-1]["content"])


def test_what_is_invented_is_told_to_the_model_and_mended(film: Path, warm: Context) -> None:
    with read(warm, film, INVENTED, GOOD) as (found, chat):
        assert found.report is not None and found.reader is not None
        assert len(chat.asked) == 2
        assert "What is wrong with it" in found.reader.asked[1].prompt
        assert "tuberculosis" in found.reader.asked[1].prompt
        assert "tuberculosis" not in found.report.text and found.reader.flags == ()


def test_a_model_that_keeps_inventing_or_omitting_is_flagged(film: Path, warm: Context) -> None:
    with read(warm, film, INVENTED, told_findings=False) as (found, chat):
        assert found.reader is not None and not found.reader.told_findings
        assert "invented" in {one.kind for one in found.reader.flags}
        assert len(chat.asked) == 1 and "Another program" not in found.reader.asked[0].prompt
    with read(warm, film, OMITTED, told_findings=False) as (found, _):
        assert found.reader is not None
        assert {"left_out"} == {one.kind for one in found.reader.flags}


def test_the_line_and_plain_sentences_are_read_too(film: Path, warm: Context) -> None:
    with read(
        warm, film, said("pneumonia | unknown | 54 | Pneumonia on the right."), shape="line", told_findings=False
    ) as (found, _):
        assert found.report is not None and found.report.text.startswith("Pneumonia on the right.")
    with read(warm, film, said("Pneumonia on the right."), shape="free", told_findings=False) as (found, _):
        assert found.report is not None and found.report.text.startswith("Pneumonia on the right.")


def test_a_truncated_report_is_an_error_and_never_a_report(film: Path, warm: Context) -> None:
    for shape in ("json", "free"):
        with scripted_chat(said('{"findings": "Pneumonia in the ri', finish="length")) as chat:
            name = write_card(warm.settings.home, chat.url)
            warm.get(Readers).close()
            item = run(ReadRequest(files=[film], reader=name, shape=shape), warm).items[0]
            assert item.result is None and item.error is not None
            assert item.error.code in ("vlm_error", "vlm_answer_invalid")


def test_an_earlier_film_goes_with_the_question(film: Path, shared_data: Path, warm: Context) -> None:
    prior = shared_data / "fullsize" / "cxb00281.png"
    with read(warm, film, GOOD, prior=prior) as (found, chat):
        pictures = [part for part in chat.asked[0]["messages"][-1]["content"] if part.get("type") == "image_url"]
        assert len(pictures) == 2
        assert found.reader is not None and "The previous film is attached" in found.reader.asked[0].prompt


def answer(words: str, abstained: bool = False) -> Reply:
    return said(json.dumps({"answer": words, "abstained": abstained}))


def test_an_answer_is_cross_checked(film: Path, warm: Context) -> None:
    for words, flagged in (("There is pneumonia on the right.", False), ("There is tuberculosis on the left.", True)):
        with scripted_chat(answer(words)) as chat:
            name = write_card(warm.settings.home, chat.url)
            warm.get(Readers).close()
            found = ask(AskRequest(question="What is wrong here, doctor?", film=film, reader=name), warm)
            assert found.reader is not None and found.answer == words and not found.abstained
            assert bool(found.reader.flags) is flagged
            assert found.confidence == pytest.approx(0.45 if flagged else 0.9, abs=0.01)
            assert "What is wrong here, doctor?" in found.reader.prompt


def test_a_model_that_cannot_tell_abstains(film: Path, warm: Context) -> None:
    with scripted_chat(answer("The film does not tell.", abstained=True)) as chat:
        name = write_card(warm.settings.home, chat.url)
        warm.get(Readers).close()
        before = ({"question": "Is there pneumonia?", "answer": "Yes."},)
        found = ask(AskRequest(question="How old is he?", film=film, reader=name, history=before), warm)
        assert (found.abstained, found.reason, found.confidence) == (True, "reader_abstains", None)
        assert [one["role"] for one in chat.asked[0]["messages"]][-3:] == ["user", "assistant", "user"]


def test_a_reader_that_gives_no_answer_is_an_error(film: Path, warm: Context) -> None:
    name = write_card(warm.settings.home, "http://127.0.0.1:9/v1")
    warm.get(Readers).close()
    with pytest.raises(VlmError):
        ask(AskRequest(question="Is there pneumonia?", film=film, reader=name, timeout=5), warm)


@pytest.mark.skipif(find_spec("transformers") is None or find_spec("torch") is None, reason=NO_TRANSFORMERS)
def test_a_tiny_random_model_writes_for_real_and_is_flagged(film: Path, warm: Context, tmp_path: Path) -> None:
    from prosvet.models.vlm.weights import described
    from tiny_models import save_smolvlm

    weights = save_smolvlm(tmp_path / "weights")
    files = "".join(
        f'[files."{name}"]\npath = "{name}"\nsha256 = "{one.sha256}"\nbytes = {one.bytes}\n'
        for name, one in described(weights).items()
    )
    card = warm.settings.home / "models" / "tiny.toml"
    card.parent.mkdir(parents=True, exist_ok=True)
    card.write_text(
        'name = "tiny"\ntitle = { ru = "проба", en = "trial" }\ntask = "vlm"\nbackend = "transformers"\n'
        f'revision = "r1"\nlicence = "none"\nweights = "{weights}"\nlimits = {{ ru = [], en = [] }}\n{files}',
        encoding="utf-8",
    )
    item = run(ReadRequest(files=[film], reader="tiny", shape="free", told_findings=False), warm).items[0]
    assert item.result is not None and item.result.reader is not None, item.error
    asked = item.result.reader.asked[0]
    assert asked.text and asked.finish == "stop" and "You are a radiologist" in asked.prompt
    # Random weights see nothing: what the compact pack found is missing from what they write.
    assert "left_out" in {one.kind for one in item.result.reader.flags}
