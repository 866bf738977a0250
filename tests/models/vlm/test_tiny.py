"""The tiny model behind the door: one film, three prompts, two languages, no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prosvet.core.context import Context
from prosvet.core.errors import ModelHashMismatch, NotChestXray, VlmError
from prosvet.core.settings import load_settings
from prosvet.imaging import load_film
from prosvet.models.backends.bytes_bpe import ByteBpe, train_bpe
from prosvet.models.backends.tiny_decode import TinyNetworks, beam, greedy
from prosvet.models.backends.tiny_features import FEATURES
from prosvet.models.backends.tiny_vlm import TinyReader, own_prompt
from prosvet.models.vlm import Picture, Question, open_reader
from prosvet.models.vlm.door import load_vlm_card


@pytest.fixture(scope="module")
def reader() -> TinyReader:
    made = open_reader("tiny", Context(load_settings({}, home=Path("unused"), threads=1)))
    assert isinstance(made, TinyReader)
    return made


@pytest.fixture(scope="module")
def picture(pydicom_data: Path) -> Picture:
    return Picture(load_film(pydicom_data / "RG1_UNCR.dcm", load_settings({})).pixels, "frontal")


@pytest.fixture(scope="module")
def networks() -> TinyNetworks:
    return TinyNetworks(load_vlm_card("tiny").weights_folder, 1)


def ask(picture: Picture, prompt: str, **more: object) -> Question:
    return Question(prompt, (picture,), **more)  # type: ignore[arg-type]


def test_it_describes_a_film_in_the_language_of_the_prompt(reader: TinyReader, picture: Picture) -> None:
    russian = reader.generate(ask(picture, "Составь протокол рентгенограммы.", logprobs=True))
    assert "Заключение:" in russian.text
    assert russian.finish == "stop"
    assert russian.prompt == "Опиши рентгенограмму."
    assert russian.logprobs is not None
    assert len(russian.logprobs) == len(russian.tokens)
    assert "Impression:" in reader.generate(ask(picture, "Write a report.")).text


def test_a_question_is_answered_yes_or_no(reader: TinyReader, picture: Picture) -> None:
    answer = reader.generate(ask(picture, "Does the film show a pneumothorax?"))
    assert answer.text.split(".")[0] in ("Yes", "No")
    assert answer.prompt == "Is there pneumothorax?"


def test_the_same_question_gets_the_same_answer_piece_by_piece(reader: TinyReader, picture: Picture) -> None:
    question = ask(picture, "Дай заключение.")
    whole = reader.generate(question).text
    assert "".join(reader.stream(question)) == whole
    assert reader.generate(ask(picture, "Дай заключение.", temperature=1.0, seed=4)) == reader.generate(
        ask(picture, "Дай заключение.", temperature=1.0, seed=4)
    )


def test_it_stops_when_it_is_told_to_and_where_its_tokens_end(reader: TinyReader, picture: Picture) -> None:
    question = ask(picture, "Опиши снимок.")
    assert reader.generate(question, lambda: True).finish == "cancelled"
    assert reader.generate(ask(picture, "Опиши снимок.", max_tokens=2)).finish == "length"


def test_what_it_cannot_do_is_refused(reader: TinyReader, picture: Picture) -> None:
    with pytest.raises(VlmError):
        reader.generate(ask(picture, "Есть ли перелом ребра?"))
    with pytest.raises(VlmError):
        reader.generate(ask(picture, "Опиши.", schema={"type": "object"}))
    with pytest.raises(VlmError):
        reader.generate(Question("Опиши.", (picture, picture)))
    with pytest.raises(NotChestXray):
        noise = np.random.default_rng(0).integers(0, 255, (300, 300), dtype=np.uint8)
        reader.generate(ask(Picture(Image.fromarray(noise), "frontal"), "Опиши."))


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    card = load_vlm_card("tiny")
    for file in card.files.values():
        (tmp_path / file.path).write_bytes((card.weights_folder / file.path).read_bytes())
    (tmp_path / "bpe.json").write_text('{"merges": []}', encoding="utf-8")
    with pytest.raises(ModelHashMismatch):
        TinyReader(card.model_copy(update={"weights": str(tmp_path)}), Context(load_settings({}, home=tmp_path)))


def test_many_films_together_say_what_each_says_alone(networks: TinyNetworks) -> None:
    features = np.random.default_rng(1).normal(0, 0.5, (3, FEATURES)).astype(np.float32)
    ids = networks.bpe.encode("Дай заключение.")
    together = greedy(networks, features, ids, 40)
    assert [greedy(networks, one[None], ids, 40)[0].tokens for one in features] == [said.tokens for said in together]
    assert beam(networks, features[0], ids, 40, 1).tokens == together[0].tokens


def test_a_wider_beam_is_at_least_as_likely(networks: TinyNetworks) -> None:
    features = np.random.default_rng(2).normal(0, 0.5, FEATURES).astype(np.float32)
    ids = networks.bpe.encode("Дай заключение.")
    narrow, wide = (beam(networks, features, ids, 60, width) for width in (1, 4))
    assert np.mean(wide.logprobs) >= np.mean(narrow.logprobs) - 1e-6


@pytest.mark.parametrize(("prompt", "own"), [
    ("Есть ли кардиомегалия?", "Есть ли кардиомегалия?"), ("Каково заключение?", "Дай заключение."),
    ("Привет, что тут?", "Опиши рентгенограмму."),
])  # fmt: skip
def test_prompts_are_brought_to_its_own(prompt: str, own: str) -> None:
    assert own_prompt(prompt, "ru") == own


def test_tokens_spell_any_text() -> None:
    bpe = train_bpe(["Плевральный выпот справа. Pleural effusion."] * 2, 300)
    for text in ("Плевральный выпот", "невиданное ☂ слово 12,5", "Pleural\neffusion_"):
        assert bpe.decode(bpe.encode(text)) == text
    assert len(bpe.encode(" выпот")) < len(ByteBpe([]).encode(" выпот"))


def test_it_runs_without_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['transformers'] = None\n"
        "from prosvet.core.context import Context\nfrom prosvet.models.vlm import open_reader\n"
        "print(open_reader('tiny', Context()).revision)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == load_vlm_card("tiny").revision
