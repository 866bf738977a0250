"""Encoders by card: real films encoded by tiny models of the real architectures, indexed, and found again."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import insert, select

from prosvet.archive.encode_api import EncodeRequest, run
from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image, ImageVector, Patient, Study
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import InvalidSettings, VlmError
from prosvet.core.settings import load_settings
from prosvet.index.service import Indexes
from prosvet.models.encode import Encoder
from prosvet.models.vlm.weights import described
from prosvet.search.api import SearchRequest
from prosvet.search.api import run as search
from tiny_models import save_clip, save_dinov2, save_siglip, save_siglip2

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("torch", "transformers")), reason="transformers is not installed"
)

GATES = {"is_chest_xray": True, "chest_xray_probability": 1.0, "view": "frontal", "lateral_probability": 0.0,
         "inverted": False, "inverted_probability": 0.0, "rotated": 0, "quality": []}  # fmt: skip
TWO_TOWERS = 'pooling = "features"\ntext = "a chest film with {text}"\nlanguages = ["en"]\n'
KINDS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "siglip": (save_siglip, TWO_TOWERS), "siglip2": (save_siglip2, TWO_TOWERS), "clip": (save_clip, TWO_TOWERS),
    "dinov2": (save_dinov2, 'pooling = "cls"\n'),
}  # fmt: skip


def write_card(home: Path, name: str, weights: Path, more: str, backend: str = "transformers") -> None:
    """A card for a folder of weights."""
    (home / "models").mkdir(parents=True, exist_ok=True)
    lines = [f'name = "{name}"', 'title = { ru = "проба", en = "trial" }', 'task = "encode"', f'backend = "{backend}"',
             'revision = "r1"', 'licence = "none"', f'weights = "{weights}"', 'limits = { ru = [], en = [] }',
             more]  # fmt: skip
    for file, entry in described(weights).items():
        lines += [f'[files."{file}"]', f'path = "{file}"', f'sha256 = "{entry.sha256}"', f"bytes = {entry.bytes}"]
    (home / "models" / f"{name}.toml").write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def films(shared_data: Path) -> list[bytes]:
    """Six real chest films."""
    with tarfile.open(shared_data / "cxr" / "test-000.tar") as tar:
        names = [m for m in tar if m.isfile() and m.name.endswith((".jpg", ".png", ".jpeg"))][:6]
        return [tar.extractfile(m).read() for m in names]  # type: ignore[union-attr]


def with_films(context: Context, films: list[bytes]) -> None:
    files = context.get(FileStore)
    for n, data in enumerate(films, start=1):
        kept = files.add(data)
        with context.get(Store).write() as db:
            db.execute(insert(Patient).values(id=f"P{n}"))
            db.execute(insert(Study).values(id=f"S{n}", patient_id=f"P{n}", date_shifted=False, source="test",
                                            description=""))  # fmt: skip
            db.execute(insert(Image).values(
                id=n, study_id=f"S{n}", sha256=kept, source_sha256=kept, file=f"{n}.png", format="png", rows=8, cols=8,
                view="frontal", is_chest_xray=True, gates=GATES, scores={}, state="examined"))  # fmt: skip


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_film_finds_itself_by_every_encoder(kind: str, own_home: Path, films: list[bytes], tmp_path: Path) -> None:
    save, more = KINDS[kind]
    write_card(own_home, kind, save(tmp_path / kind), more)
    with Context(load_settings({}, home=own_home, threads=1, encoder=kind)) as context:
        with_films(context, films)
        first = run(EncodeRequest(), context)
        assert (first.encoded, first.total) == (6, 6)
        assert run(EncodeRequest(), context).encoded == 0
        assert context.get(Indexes).image_vectors.model == f"{kind}@r1"
        for n in (1, 4):
            found = search(SearchRequest(image_bytes=films[n - 1], in_="images", k=3), context)
            assert found.hits[0].image == n and found.model == f"{kind}@r1"
        kept = search(SearchRequest(stored_image=2, in_="images", k=3), context)
        assert 2 not in [hit.image for hit in kept.hits] and kept.hits
        events = [json.loads(line)["event"] for line in (own_home / "audit.jsonl").read_text().splitlines()]
        assert "films_encoded" in events


def test_a_text_is_compared_by_the_encoders_own_tower(own_home: Path, films: list[bytes], tmp_path: Path) -> None:
    write_card(own_home, "siglip", save_siglip(tmp_path / "w"), TWO_TOWERS)
    with Context(load_settings({}, home=own_home, threads=1, encoder="siglip")) as context:
        with_films(context, films)
        run(EncodeRequest(), context)
        encoder = context.get(Encoder)
        text = encoder.texts(["pleural effusion"])[0]
        with context.get(Store).read() as db:
            rows = db.execute(select(ImageVector.image_id, ImageVector.vector)).all()
        cosines = {
            row.image_id: float(np.frombuffer(row.vector, dtype="<f2").astype(np.float32) @ text) for row in rows
        }
        assert np.linalg.norm(text) == pytest.approx(1, abs=1e-5)
        found = search(SearchRequest(text="выпот", in_="images", k=6), context)
        order = [hit.image for hit in found.hits]
        assert order == sorted(order, key=lambda n: -cosines[n or 0]) and found.model == "siglip@r1"
        # A word that the tower's languages do not have, and no concept of ours: nothing is compared.
        report = search(SearchRequest(report="Heart size is normal.", in_="images", k=6), context)
        assert all("cosine" not in reason for hit in report.hits for reason in hit.reasons)


def test_an_encoder_of_pictures_alone_knows_no_texts(own_home: Path, films: list[bytes], tmp_path: Path) -> None:
    write_card(own_home, "dino", save_dinov2(tmp_path / "w"), 'pooling = "mean"\n')
    with Context(load_settings({}, home=own_home, threads=1, encoder="dino")) as context:
        with_films(context, films)
        run(EncodeRequest(), context)
        with pytest.raises(VlmError, match="no tower"):
            context.get(Encoder).texts(["effusion"])
        found = search(SearchRequest(text="effusion", in_="images", k=6), context)
        assert not found.hits  # these films have no findings, and a text has no place among the vectors


def test_no_encoder_is_named(context: Context) -> None:
    with pytest.raises(InvalidSettings, match="encoder"):
        run(EncodeRequest(), context)
