"""Public layouts become cases: split by patient, with targets of their own words or rendered in Russian."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prosvet.core.context import Context
from prosvet.core.errors import InvalidRecord, NotFound, TuningError
from prosvet.core.settings import load_settings
from prosvet.training.vlm.case import Case, assign, chosen, read_cases, write_cases
from prosvet.training.vlm.continual import with_replay
from prosvet.training.vlm.prompts import answer_of, asked, caption_in
from prosvet.training.vlm.recipe import Prompt, Recipe
from prosvet.training.vlm.sources.gather import gather
from prosvet.training.vlm.sources.iu import iu_cases
from prosvet.training.vlm.sources.mimic import mimic_cases
from prosvet.training.vlm.sources.multicare import multicare_cases
from vlm_folders import film, made_iu, made_mimic, made_multicare, made_padchest, recipe_dict


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(load_settings({}, home=tmp_path / "home"))


def recipe(**source: object) -> Recipe:
    body = recipe_dict(Path("none"), Path("none"))
    return Recipe.model_validate(body | {"sources": [source]})


@pytest.mark.parametrize("parquet", [True, False])
def test_multicare_gives_chest_figures_with_the_case_and_the_patient(tmp_path: Path, parquet: bool) -> None:
    cases = list(multicare_cases(made_multicare(tmp_path, 3, parquet=parquet)))
    assert len(cases) == 6  # the heads by CT are not taken
    first = cases[0]
    assert (first.patient, first.sex, first.age) == ("PMC1000000_01", "M", 30)
    assert first.text == "Chest X-ray shows pleural effusion."
    assert first.context.startswith("A 30-year-old male came with cough.")
    assert first.labels == ("frontal", "radiology", "thorax", "x_ray")


def test_the_prompt_has_five_hundred_characters_of_the_case_and_the_answer_four_fields(tmp_path: Path) -> None:
    case = next(multicare_cases(made_multicare(tmp_path, 1)))
    prompt = Prompt(instruction="Describe.")
    words = asked(case, prompt)
    assert words.startswith("Describe.\nClinical case: A 30-year-old male")
    assert len(words.partition("Clinical case: ")[2]) <= 500 < len(case.context)
    assert asked(case, prompt, "image") == "Describe."
    answer = answer_of(case, prompt)
    assert answer == "frontal, radiology, thorax, x_ray | male | 30 | Chest X-ray shows pleural effusion."
    assert caption_in(answer, prompt) == (case.text, True)
    assert caption_in("mass | he | 3 | A | mass.", prompt) == ("A | mass.", False)


def test_the_split_is_by_patient_stable_and_seventy_ten_twenty() -> None:
    cases = [Case(f"{p}-{n}", "s", f"p{p}", (), "x") for p in range(2000) for n in range(2)]
    split = assign(cases, (0.7, 0.1, 0.2), own=False)
    sides: dict[str, set[str]] = {}
    for case in split:
        sides.setdefault(case.patient, set()).add(str(case.part))
    assert all(len(found) == 1 for found in sides.values())
    shares = [sum(case.part == part for case in split) / len(split) for part in ("train", "dev", "test")]
    assert shares == pytest.approx([0.7, 0.1, 0.2], abs=0.03)
    fewer = assign(cases[:100], (0.7, 0.1, 0.2), own=False)
    assert [case.part for case in fewer] == [case.part for case in split[:100]]
    assert {case.part for case in chosen(split, 200)} == {"train", "dev", "test"}


def test_a_published_split_with_a_patient_on_two_sides_is_refused() -> None:
    cases = [Case("1", "s", "p", (), "x", part="train"), Case("2", "s", "p", (), "x", part="test")]
    with pytest.raises(TuningError, match="one patient on two sides"):
        assign(cases, (0.7, 0.1, 0.2), own=True)


def test_iu_keeps_r2gens_split_and_both_films(tmp_path: Path, context: Context) -> None:
    cases, left_out = gather(recipe(kind="iu", path=made_iu(tmp_path), split="own", images=2), context)
    assert [sum(case.part == part for case in cases) for part in ("train", "dev", "test")] == [6, 3, 3]
    assert all(len(case.images) == 2 for case in cases)
    assert cases[0].text == "The lungs show pleural effusion."
    assert left_out == {}
    (tmp_path / "annotation.json").write_text(json.dumps({"train": [{"id": 1}]}))
    with pytest.raises(InvalidRecord):
        list(iu_cases(tmp_path))


def test_mimic_joins_tables_films_and_sections(tmp_path: Path) -> None:
    cases = list(mimic_cases(made_mimic(tmp_path)))
    assert len(cases) == 12
    assert cases[0].text == "There is pleural effusion. No pneumothorax."
    assert cases[0].context == "Cough."
    assert cases[0].images[0].name.endswith("-pa.jpg")  # the frontal film first
    assert {case.part for case in cases} == {"train", "dev", "test"}
    with pytest.raises(NotFound):
        list(mimic_cases(tmp_path / "none"))


def test_padchest_is_rendered_in_russian_from_its_labels(tmp_path: Path, context: Context) -> None:
    made = made_padchest(tmp_path, 40)
    cases, _ = gather(recipe(kind="padchest", path=made, target="rendered", lang="ru"), context)
    assert len(cases) == 40
    effusion = next(case for case in cases if case.id == "study0")
    assert "выпот" in effusion.text
    assert "прав" in effusion.text.lower()
    assert "derram" not in effusion.text
    with pytest.raises(ValueError, match="stems of Spanish"):
        recipe(kind="padchest", path=made, target="text")


def test_english_reports_can_be_rendered_in_russian(tmp_path: Path, context: Context) -> None:
    made = made_mimic(tmp_path)
    cases, _ = gather(recipe(kind="mimic", path=made, target="rendered", lang="ru", split="own"), context)
    told = next(case for case in cases if case.id == "s50000000").text.lower()
    assert "выпот" in told
    assert "свободного газа" in told or "пневмоторакс" in told
    assert "pleural" not in told
    assert "требуется просмотр" not in told  # the draft's remark about itself is nothing to learn
    assert "не оценивались" not in told


def test_a_film_that_cannot_be_read_is_left_out_and_counted(tmp_path: Path, context: Context) -> None:
    made = made_iu(tmp_path)
    (tmp_path / "images" / "CXR0_IM-0000" / "0.png").write_bytes(b"no picture")
    cases, left_out = gather(recipe(kind="iu", path=made, split="own"), context)
    assert len(cases) == 11
    assert sum(left_out.values()) == 1


def test_an_empty_side_is_refused(tmp_path: Path, context: Context) -> None:
    with pytest.raises(TuningError, match="is empty"):
        gather(recipe(kind="multicare", path=made_multicare(tmp_path, 1)), context)


def test_cases_are_kept_and_a_change_is_noticed(tmp_path: Path) -> None:
    cases = list(iu_cases(made_iu(tmp_path)))
    sha = write_cases(cases, tmp_path / "cases.jsonl")
    assert read_cases(tmp_path / "cases.jsonl", sha) == cases
    (tmp_path / "cases.jsonl").write_text("{}\n")
    with pytest.raises(TuningError, match="was changed"):
        read_cases(tmp_path / "cases.jsonl", sha)


def test_replay_is_a_share_of_training_and_never_of_the_frozen_set() -> None:
    former = [Case(f"f{n}", "s", f"f{n}", (), "x", part="train" if n % 4 else "test") for n in range(400)]
    new = [Case(f"n{n}", "s", f"n{n}", (), "x", part="train") for n in range(70)]
    new += [Case("seen", "s", "f0", (), "x", part="train"), Case("dev", "s", "d", (), "x", part="dev")]
    mixed = with_replay(new, former, 0.3)
    training = [case for case in mixed if case.part == "train"]
    assert sum(case.origin == "replay" for case in training) / len(training) == pytest.approx(0.3, abs=0.01)
    assert "seen" not in {case.id for case in mixed}  # its patient is on the former test side
    assert {case.patient for case in training}.isdisjoint({c.patient for c in former if c.part == "test"})
    assert mixed == with_replay(new, former, 0.3)


def test_films_are_pictures_of_three_channels(tmp_path: Path, context: Context) -> None:
    from prosvet.archive.readers.item import FileBytes
    from prosvet.training.vlm.pictures import blank_like, picture_of

    picture = picture_of(FileBytes.of(film(tmp_path / "a.png", 0, 1, side=200)), 100, context.settings)
    assert (picture.size, picture.mode) == ((100, 100), "RGB")
    assert blank_like(picture).getextrema() == ((128, 128),) * 3
