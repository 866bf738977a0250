"""Facts of real films for ``benchmarks/monitoring.py``: each film examined once, with its source, label, age and sex.

``python benchmarks/monitoring_films.py DATA OUT`` reads the manifest and the tars under DATA/cxr and writes OUT
(``.npz``), which belongs to the data and is never committed. Films of NIH are also examined as negatives.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from prosvet.archive.catch_up import thresholds
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.imaging.film import Film
from prosvet.imaging.load import load_bytes
from prosvet.models.examine import Examination, Examiner
from prosvet.monitoring.observe import film_facts, gate_of, prediction_facts

WANTED = {  # source of the manifest -> (group, films at most)
    "nih(jrzech)": ("nih", 1000),
    "nih(muhammedtalo)": ("nih", 1000),
    "nih(dl-web-xray)": ("nih", 1000),
    "lundis/mendeley_tb": ("other_hospital", 400),
    "jsrt(eveningdong)": ("other_hospital_jsrt", 175),
    "kermany": ("children", 400),
}
NEGATIVES = 400
SPLITS = ("train", "val", "lateral")
BATCH = 16


def chosen(data: Path, seed: int) -> list[dict[str, str]]:
    """Rows of the manifest: so many of each source, drawn with a seed, and every side view."""
    with (data / "cxr" / "manifest.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    rng, out = np.random.default_rng(seed), []
    for source, (group, most) in WANTED.items():
        found = [row | {"group": group} for row in rows if row["source"] == source and row["split"] in SPLITS[:2]]
        out += [found[i] for i in sorted(rng.permutation(len(found))[:most])]
    out += [row | {"group": "lateral"} for row in rows if row["split"] == "lateral"]
    nih = [row for row in out if row["group"] == "nih"]
    picked = sorted(rng.permutation(len(nih))[:NEGATIVES])
    return out + [nih[i] | {"group": "negatives", "id": nih[i]["id"] + "-"} for i in picked]


def films(data: Path, rows: list[dict[str, str]]) -> Iterator[tuple[dict[str, str], Film]]:
    """Each row with its film; a negative is the film with its greys turned round, as a negative comes in."""
    settings = load_settings({})
    wanted: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        wanted.setdefault(row["id"].removesuffix("-"), []).append(row)
    for tar in sorted((data / "cxr").glob("*.tar")):
        if tar.name.split("-")[0] not in SPLITS:
            continue
        with tarfile.open(tar) as archive:
            for member in archive:
                for row in wanted.get(Path(member.name).stem, ()):
                    stream = archive.extractfile(member)
                    if stream is not None:
                        yield row, _turned(stream.read(), member.name, settings, row["group"] == "negatives")


def _turned(data: bytes, name: str, settings: Any, negative: bool) -> Film:
    if negative:
        from PIL import Image, ImageOps

        stream = io.BytesIO()
        ImageOps.invert(Image.open(io.BytesIO(data)).convert("L")).save(stream, "PNG")
        data = stream.getvalue()
    return load_bytes(data, Path(name).name, settings)


def facts_of(row: dict[str, str], film: Film, seen: Examination, limit: float) -> dict[str, Any]:
    """What monitoring would have noted of it on its way in; the format apart, which a negative here has of its own."""
    facts = film_facts(film) | prediction_facts(seen.scores, limit)
    facts |= {"gate": gate_of(seen.gates.model_dump(mode="json")), "view": seen.gates.view.value}
    facts["age"] = float(row["age"]) if row["age"] else None
    facts["sex"] = row["sex"] or None
    return {name: value for name, value in facts.items() if name not in ("format", "megapixels")}


def main() -> None:
    made = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    made.add_argument("data", type=Path)
    made.add_argument("out", type=Path)
    made.add_argument("--seed", type=int, default=0)
    given = made.parse_args()
    rows = chosen(given.data, given.seed)
    kept: list[tuple[dict[str, str], dict[str, Any], Any]] = []
    with Context(load_settings({}, threads=1)) as context:
        examiner = context.get(Examiner)
        limit = thresholds(examiner)["abnormal"]
        batch: list[tuple[dict[str, str], Film]] = []
        for one in [*films(given.data, rows), None]:
            if one is not None:
                batch.append(one)
            if batch and (one is None or len(batch) == BATCH):
                seen = examiner.examine_many([film for _, film in batch])
                kept += [
                    (row, facts_of(row, film, found, limit), found.vector)
                    for (row, film), found in zip(batch, seen, strict=True)
                ]
                batch = []
        model = f"{examiner.ref.name}@{examiner.ref.revision}"
    empty = np.full(512, np.nan, dtype=np.float16)
    np.savez_compressed(
        given.out,
        ids=np.array([row["id"] for row, *_ in kept]),
        group=np.array([row["group"] for row, *_ in kept]),
        source=np.array([row["source"] for row, *_ in kept]),
        normal=np.array(["normal" in row["labels"].split("|") for row, *_ in kept]),
        facts=np.array([json.dumps(facts) for _, facts, _ in kept]),
        vectors=np.stack([empty if vector is None else vector.astype(np.float16) for *_, vector in kept]),
        model=np.array(model),
    )


if __name__ == "__main__":
    main()
