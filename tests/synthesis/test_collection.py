"""Sets for retraining: even over places and severities, checked, and never what a model is judged by."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest, ModelError, SynthesisError
from prosvet.core.types import Status
from prosvet.imaging.film import Film
from prosvet.imaging.provenance import marks_of
from prosvet.language.labels import report_labels
from prosvet.models.examine import Examiner
from prosvet.synthesis.card import GeneratorCard, load_generator_card
from prosvet.synthesis.collection.api import SetRequest, run
from prosvet.synthesis.collection.cells import cells_of, words_of
from prosvet.synthesis.collection.checks import Checks, Verdict
from prosvet.synthesis.collection.files import Made, Record, write_set
from prosvet.synthesis.make import Task
from prosvet.synthesis.making import provenance_of
from prosvet.synthesis.marked import file_bytes, marked
from prosvet.synthesis.prints import Prints, distances_apart
from prosvet.synthesis.zones import Anatomist
from prosvet.training.data import prepare
from prosvet.training.pipeline.folders import FolderFilms, folder_rows, labels_of
from prosvet.training.pipeline.freeze import freeze_into
from prosvet.training.pipeline.manifest import read_rows
from prosvet.training.pipeline.plan import FreezePlan

pytestmark = pytest.mark.timeout(400)

PATTERNS = [
    {"side": side, "zone": zone, "zones": (0.0,) * 6, "films": 30}
    for side in ("right", "left")
    for zone in ("", "upper", "middle", "lower")
]


def card_with(films: dict[str, int], card: GeneratorCard) -> GeneratorCard:
    return GeneratorCard.model_validate(card.model_dump() | {"films_of": films, "patterns": PATTERNS})


@pytest.fixture
def known(lit: Context) -> GeneratorCard:
    """The tiny generator's card as if it had learned from more films and places."""
    card = load_generator_card("compact-generator", lit.settings.home)
    return card_with({"pneumonia": 900, "pleural_effusion": 100, "cardiomegaly": 100, "hernia": 13}, card)


@pytest.fixture(scope="module")
def real(shared_data: Path) -> NDArray[np.uint8]:
    """Forty prepared normal films of the validation part, of as many patients."""
    with (shared_data / "cxr" / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == "val" and row["labels"] == "normal"]
    one_each = {row["patient"] or row["id"]: Path(row["file"]).name for row in rows}
    wanted, found = set(list(one_each.values())[:40]), []
    for path in sorted((shared_data / "cxr").glob("val-*.tar")):
        with tarfile.open(path) as archive:
            for member in archive:
                stream_ = archive.extractfile(member) if Path(member.name).name in wanted else None
                if stream_ is not None:
                    grey = np.asarray(Image.open(io.BytesIO(stream_.read())).convert("L"), dtype=np.float32)
                    found.append(np.round(255 * prepare(grey)).astype(np.uint8))
    return np.stack(found)


@pytest.mark.parametrize(("finding", "cells"), [("pneumonia", 18), ("pleural_effusion", 6), ("cardiomegaly", 3)])
def test_every_cell_is_asked_for_in_words_that_are_understood(finding: str, cells: int, known: GeneratorCard) -> None:
    made = cells_of(finding, known)
    assert len(set(made)) == cells
    for cell in made:
        for number in (0, 1):  # either language
            (said,) = [f for f in report_labels(words_of(finding, cell, number)) if f.concept == finding]
            place = (said.side and said.side.value, said.zone and said.zone.value)
            assert (said.status, place, said.severity) == (Status.PRESENT, (cell.side, cell.zone), cell.severity)


def test_only_the_places_that_were_named(known: GeneratorCard) -> None:
    made = cells_of("pneumonia", known, ("left_lower",), ("large",))
    assert [cell.name for cell in made] == ["left lower large"]


@pytest.mark.parametrize(
    ("finding", "zones", "reason"),
    [("hernia", (), "too_few_films"), ("abnormal", (), "too_few_films"), ("pneumonia", ("heart",), "no_such_place")],
)
def test_what_the_generator_cannot_do_is_refused(
    finding: str, zones: tuple[str, ...], reason: str, known: GeneratorCard
) -> None:
    with pytest.raises(SynthesisError) as refused:
        cells_of(finding, known, zones)
    assert refused.value.details["reason"] == reason


def spoilt(film: NDArray[np.uint8], seed: int) -> NDArray[np.float32]:
    """A copy that hides: shifted, of other contrast, noisy, mirrored by turns."""
    random = np.random.default_rng(seed)
    moved = np.roll(film / 255, tuple(random.integers(-8, 9, 2)), (0, 1))
    moved = np.clip(moved * random.uniform(0.7, 1.3) + random.uniform(-0.1, 0.1), 0, 1)
    moved = moved[:, ::-1] if seed % 2 else moved
    return np.clip(moved + random.normal(0, 0.03, moved.shape), 0, 1).astype(np.float32)


def test_copies_are_found_though_they_hide_and_other_patients_are_not(real: NDArray[np.uint8]) -> None:
    prints = Prints.of(real[:20])
    copies = [prints.nearest(spoilt(film, n)) for n, film in enumerate(real[:20])]
    assert [one.film for one in copies] == list(range(20))
    assert max(one.distance for one in copies) < distances_apart(prints, real[20:]).min()


def test_prints_come_back_and_other_files_are_refused(real: NDArray[np.uint8], tmp_path: Path) -> None:
    prints = Prints.of(real[:5])
    prints.save(tmp_path / "seen.npz")
    again = Prints.load(tmp_path / "seen.npz")
    assert np.array_equal(again.bits, prints.bits) and np.array_equal(again.mean, prints.mean)
    np.savez(tmp_path / "other.npz", bits=np.zeros((3, 5), dtype=np.uint8), mean=np.zeros(3, dtype=np.float32))
    (tmp_path / "text.npz").write_text("no archive")
    for name in ("other.npz", "text.npz"):
        with pytest.raises(ModelError):
            Prints.load(tmp_path / name)


def test_a_near_copy_noise_and_a_finding_that_is_not_seen_are_refused(
    real: NDArray[np.uint8], context: Context
) -> None:
    prints = Prints.of(real[:20])
    checks = Checks(context.get(Examiner), context.get(Anatomist), prints, 0.15)
    copied = [checks.judge(spoilt(film, 2 * n), "pneumothorax") for n, film in enumerate(real[:6])]
    assert {one.refused for one in copied} == {"not_seen"}  # what is not there is said before what is copied
    free = Checks(context.get(Examiner), context.get(Anatomist), prints, 0.0)
    normal = [n for n, film in enumerate(real[:20]) if free.judge(film / np.float32(255), None).refused is None]
    assert normal, "none of twenty films passes as normal"
    for n in normal[:3]:
        assert checks.judge(real[n] / np.float32(255), None).refused == "near_copy"
    noise = np.random.default_rng(1).random((256, 256), dtype=np.float32)
    assert checks.judge(noise, "pneumonia").refused == "not_a_film"


def films_of(lit: Context, count: int = 4) -> list[Made]:
    """Films with a finding and their twins, as the tiny generator paints them."""
    from prosvet.synthesis.loaded import Loaded

    out = []
    with lit.get(Loaded).using("compact-generator") as generator:
        for number in range(count):
            for finding, words in (("pneumonia", "Пневмония слева."), (None, "Норма.")):
                task = Task(prompt=words, seed=number, steps=2)
                made = provenance_of(generator, task, None)
                png = file_bytes(marked(generator.make(task), burn_in=False), made, "png", burned_in=False)
                out.append(Made(number, png, finding, "left", made, Verdict(refused=None, score=0.9, distance=0.3)))
    return out


@pytest.fixture
def made_set(lit: Context, tmp_path: Path) -> Path:
    record = Record(
        name="more", finding="pneumonia", sha256="", generator="compact-generator", revision="tiny", model="compact",
        model_revision="1", films={"left": 4}, asked=4, refused={"not_seen": 1},
    )  # fmt: skip
    whole = write_set(tmp_path / "more", films_of(lit), record)
    assert len(whole.sha256) == 64
    return tmp_path / "more"


def test_a_set_is_read_as_training_reads_any_folder_and_says_of_each_film_how_it_was_made(made_set: Path) -> None:
    rows = folder_rows(made_set, ("train",))
    assert [labels for labels in labels_of(rows)] == [
        {"abnormal": 1, "pneumonia": 1},
        {"abnormal": 0, "pneumonia": 0},
    ] * 4
    assert len({row["patient"] for row in rows}) == 4
    films = FolderFilms(made_set)
    told = [json.loads(line) for line in (made_set / "provenance.jsonl").read_text().splitlines()]
    assert [one["id"] for one in told] == [row["id"] for row in rows]
    for row, one in zip(rows, told, strict=True):
        data = films.read(Path(row["file"]).name)
        with Image.open(io.BytesIO(data)) as picture:
            marks = marks_of(data, Film(np.asarray(picture, dtype=np.float32), "", "", "png"))
        assert marks.provenance is not None and marks.provenance.seed == one["made"]["seed"]


def test_made_films_are_learned_from_and_never_judged_by(
    made_set: Path, shared_data: Path, lit: Context, tmp_path: Path, real_folder: Callable[[int], Path]
) -> None:
    folder = real_folder(30)
    plan = FreezePlan(archive=False, data=folder, synthetic=(made_set,), check_share=0.5)
    (tmp_path / "run").mkdir()
    freeze_into(tmp_path / "run", plan, lit)
    counts = json.loads((tmp_path / "run" / "frozen.json").read_text())
    rows = read_rows(tmp_path / "run", counts["manifest"])
    assert {row.part for row in rows if row.origin == "synthetic"} == {"train"}
    assert counts["origins"] == {"folder": 30, "synthetic": 8}


def test_made_films_that_are_given_as_real_ones_are_left_out(
    made_set: Path, lit: Context, tmp_path: Path, real_folder: Callable[[int], Path]
) -> None:
    plan = FreezePlan(archive=False, data=real_folder(30), sets=(f"{made_set}:train",), check_share=0.5)
    (tmp_path / "run").mkdir()
    freeze_into(tmp_path / "run", plan, lit)
    counts = json.loads((tmp_path / "run" / "frozen.json").read_text())
    assert counts["origins"] == {"folder": 30} and counts["left_out"]["made"] == 8


@pytest.fixture
def real_folder(shared_data: Path, tmp_path: Path) -> Callable[[int], Path]:
    """A folder of the first films of the training part, as its own data."""

    def build(count: int) -> Path:
        folder = tmp_path / "real"
        (folder / "cxr").mkdir(parents=True)
        with (shared_data / "cxr" / "manifest.csv").open(newline="", encoding="utf-8") as stream:
            table = csv.DictReader(stream)
            rows = [row for row in table if row["split"] == "train" and row["source"].startswith("nih")][:count]
        with (folder / "cxr" / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
            out = csv.DictWriter(stream, list(rows[0]))
            out.writeheader()
            out.writerows(rows)
        wanted = {Path(row["file"]).name for row in rows}
        with tarfile.open(folder / "cxr" / "train-000.tar", "w") as packed:
            for path in sorted((shared_data / "cxr").glob("train-*.tar")):
                with tarfile.open(path) as archive:
                    for member in archive:
                        if Path(member.name).name in wanted:
                            packed.addfile(member, archive.extractfile(member))
        return folder

    return build


def test_a_generator_that_paints_noise_gives_no_set_and_says_what_was_refused(lit: Context) -> None:
    home = lit.settings.home
    asked = SetRequest(finding="cardiomegaly", name="none", films=1, severities=("large",), steps=2)
    with pytest.raises(SynthesisError) as refused:
        run(asked, lit)
    assert refused.value.details["reason"] == "nothing_kept" and "not_a_film" in refused.value.details["refused"]
    assert not (home / "synthetic-sets" / "none").exists()


def test_a_set_is_never_changed_and_a_severity_that_is_none_is_refused(lit: Context) -> None:
    folder = lit.settings.home / "synthetic-sets" / "first"
    folder.mkdir(parents=True)
    (folder / "set.json").write_text("{}")
    with pytest.raises(InvalidRequest):
        run(SetRequest(finding="cardiomegaly", name="first"), lit)
    with pytest.raises(InvalidRequest):
        run(SetRequest(finding="cardiomegaly", name="other", severities=("huge",)), lit)
