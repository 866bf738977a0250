"""A tower that learned from films with reports finds films and texts in the archive, by a card of its own."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from sqlalchemy import insert, select

from prosvet.archive.encode_api import EncodeRequest
from prosvet.archive.encode_api import run as encode
from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image, ImageVector, Patient, Study
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.models.encode import Encoder
from prosvet.models.vlm.add import add_card
from prosvet.search.api import SearchRequest
from prosvet.search.api import run as search
from prosvet.training.vlm.chain.pairs import train_pairs
from prosvet.training.vlm.chain.recipe import Pairs

pytestmark = pytest.mark.timeout(300)  # torch is imported and films are read: slow where other tests run beside
GATES = {"is_chest_xray": True, "chest_xray_probability": 1.0, "view": "frontal", "lateral_probability": 0.0,
         "inverted": False, "inverted_probability": 0.0, "rotated": 0, "quality": []}  # fmt: skip
FILMS = 4


def with_films(context: Context, archive: Path) -> None:
    with tarfile.open(archive) as tar:
        members = [member for member in tar if member.isfile()][:FILMS]
        films = [tar.extractfile(member).read() for member in members]  # type: ignore[union-attr]
    for n, data in enumerate(films, start=1):
        kept = context.get(FileStore).add(data)
        with context.get(Store).write() as db:
            db.execute(insert(Patient).values(id=f"P{n}"))
            db.execute(insert(Study).values(id=f"S{n}", patient_id=f"P{n}", date_shifted=False, source="test",
                                            description=""))  # fmt: skip
            db.execute(insert(Image).values(
                id=n, study_id=f"S{n}", sha256=kept, source_sha256=kept, file=f"{n}.png", format="png", rows=8, cols=8,
                view="frontal", is_chest_xray=True, gates=GATES, scores={}, state="examined"))  # fmt: skip


def test_a_pretrained_tower_is_an_encoder_of_the_archive(
    listing: Path, siglip: Path, shared_data: Path, tmp_path: Path
) -> None:
    recipe = Pairs.model_validate({"kind": "pairs", "name": "pairs", "encoder": siglip, "data": listing,
                                   "loop": {"steps": 3, "batch": 4, "lr": 0.003}})  # fmt: skip
    home = tmp_path / "home"
    with Context(load_settings({}, home=home, threads=1)) as context:
        train_pairs(recipe, tmp_path / "run", context)
        card = {"name": "own-pairs", "task": "encode", "backend": "transformers", "licence": "none",
                "title": {"ru": "проба", "en": "trial"}, "limits": {"ru": [], "en": []},
                "text": "{text}", "languages": ["ru", "en"]}  # fmt: skip
        (tmp_path / "card.toml").write_text(tomli_w.dumps(card), encoding="utf-8")
        add_card(str(tmp_path / "card.toml"), context, weights=tmp_path / "run" / "encoder", revision="r1")
    with Context(load_settings({}, home=home, threads=1, encoder="own-pairs")) as context:
        with_films(context, shared_data / "cxr" / "test-000.tar")
        assert encode(EncodeRequest(), context).encoded == FILMS
        found = search(SearchRequest(text="выпот", in_="images", k=FILMS), context)
        assert found.model == "own-pairs@r1"
        like = [hit.image for hit in search(SearchRequest(stored_image=2, in_="images", k=FILMS), context).hits]
        assert like and 2 not in like
        with context.get(Store).read() as db:
            stored = [np.frombuffer(row.vector, dtype="<f2") for row in db.execute(select(ImageVector.vector))]
        trained, former = (_texts(folder) for folder in (tmp_path / "run" / "encoder", siglip))
        said = context.get(Encoder).texts(["выпот"])[0]
        assert np.allclose(said, trained, atol=1e-4) and not np.allclose(said, former, atol=1e-3)
        assert len({vector.tobytes() for vector in stored}) == FILMS


def _texts(folder: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The vector of a text by a folder's weights, without our code."""
    import torch
    from transformers import AutoTokenizer, SiglipModel

    words = AutoTokenizer.from_pretrained(folder)
    words.padding_side = "right"
    ids = words(["выпот"], padding="max_length", max_length=64, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        vector = SiglipModel.from_pretrained(folder).text_model(input_ids=ids).pooler_output[0].numpy()
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
