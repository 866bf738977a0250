"""The tiny model's whole way, by a recipe: films encoded, words learned, files written, opened by the door."""

from __future__ import annotations

import csv
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import tomli_w

from prosvet.core.context import Context
from prosvet.core.errors import TuningError
from prosvet.core.settings import load_settings
from prosvet.imaging import load_film
from prosvet.models.backends.tiny_features import features_of
from prosvet.models.card import load_card
from prosvet.models.examine import Examiner
from prosvet.models.vlm import Picture, Question, open_reader
from prosvet.models.vlm.add import add_card
from prosvet.training.vlm.chain.api import ChainRequest, run
from prosvet.training.vlm.chain.features import Seen
from prosvet.training.vlm.chain.tiny_data import Drawer

pytestmark = pytest.mark.timeout(300)  # torch is imported and films are read: slow where other tests run beside
FILMS = 16


@pytest.fixture
def folder(shared_data: Path, tmp_path: Path) -> Path:
    """Sixteen real films of one source, half of them with a finding, laid out as the whole set is."""
    with (shared_data / "cxr" / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = {row["id"]: row for row in csv.DictReader(stream) if row["split"] == "val"}
    made = tmp_path / "data" / "cxr"
    made.mkdir(parents=True)
    kept: list[dict[str, str]] = []
    with tarfile.open(shared_data / "cxr" / "val-000.tar") as whole, tarfile.open(made / "train-000.tar", "w") as few:
        for member in whole:
            row = rows.get(Path(member.name).stem)
            if row is None or row["source"] != "kermany" or len(kept) == FILMS:
                continue
            if sum(one["labels"] == row["labels"] for one in kept) < FILMS // 2:
                few.addfile(member, whole.extractfile(member))
                kept.append(row | {"split": "train"})
    with (made / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(kept[0]))
        writer.writeheader()
        writer.writerows(kept)
    return tmp_path / "data"


def test_from_films_to_the_door(folder: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(tomli_w.dumps({"kind": "tiny", "name": "tiny-own", "data": str(folder), "steps": 4, "width": 16,
                                     "layers": 1, "heads": 2}), encoding="utf-8")  # fmt: skip
    with Context(load_settings({}, home=tmp_path / "home", threads=1)) as context:
        result = run(ChainRequest(recipe=recipe, out=tmp_path / "run"), context)
        assert sorted(path.name for path in result.path.iterdir()) == [
            "bpe.json", "decoder.onnx", "encoder.json", "projector.onnx",
        ]  # fmt: skip
        with np.load(tmp_path / "cache" / "features-train.npz") as stored:
            ids, features = stored["ids"].tolist(), stored["features"]
        assert len(ids) > FILMS // 2
        film = tmp_path / "film.jpg"
        with tarfile.open(folder / "cxr" / "train-000.tar") as films:
            member = next(one for one in films if Path(one.name).stem == ids[0])
            film.write_bytes(films.extractfile(member).read())  # type: ignore[union-attr]
        picture = load_film(film, context.settings)
        seen = Examiner(load_card("compact"), 1, "balanced").examine(picture, anatomy=False)
        assert seen.vector is not None
        assert np.allclose(features_of(seen.scores, seen.vector), features[0].astype(np.float32), atol=0.02)
        card = {"name": "tiny-own", "task": "vlm", "backend": "onnx", "licence": "none",
                "title": {"ru": "проба", "en": "trial"}, "limits": {"ru": [], "en": []}}  # fmt: skip
        (tmp_path / "card.toml").write_text(tomli_w.dumps(card), encoding="utf-8")
        add_card(str(tmp_path / "card.toml"), context, weights=result.path, revision="1")
        asked = Question("Опиши снимок.", (Picture(picture.pixels, "frontal"),), max_tokens=4)
        assert len(open_reader("tiny-own", context).generate(asked).tokens) <= 4


def test_films_that_all_say_the_same_leave_nothing_to_ask() -> None:
    from prosvet.models.backends.bytes_bpe import ByteBpe

    row = {"source": "kermany", "labels": "normal", "split": "train"}
    with pytest.raises(TuningError, match=json.dumps(3)):
        Drawer(Seen(np.zeros((3, 528), dtype=np.float32), [row] * 3), ByteBpe([]))
