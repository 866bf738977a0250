"""Training films and their labels, from a folder laid out like the project's development data.

A folder holds ``manifest.csv`` (one row an image: id, file, split, source, labels, raw_label, patient, ...),
tar archives with the images, and, for anatomy, ``anatomy.csv`` with ``masks-heart-lungs.tar``. Films are
prepared once (border crop, intensity, letterbox to 256 px) by the same functions that serve reading, and kept
as bytes.
"""

from __future__ import annotations

import csv
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prosvet.imaging.geometry import content_box, letterbox
from prosvet.imaging.intensity import normalise
from prosvet.models.findings import FINDINGS

__all__ = ["ALIAS", "FINDINGS", "SIDE", "Films", "label_matrix", "load_films", "load_masks", "load_teacher", "swapped"]

SIDE = 256  # pixels of a prepared training film

ALIAS = {"effusion": "pleural_effusion", "covid": "covid19_pneumonia"}


@dataclass
class Films:
    """Prepared films (N, 256, 256) uint8 with the manifest row of each, in the same order."""

    pixels: NDArray[np.uint8]
    rows: list[dict[str, str]]

    def where(self, keep: NDArray[np.bool_]) -> Films:
        """The films for which `keep` (N,) is true."""
        return Films(self.pixels[keep], [row for row, k in zip(self.rows, keep, strict=True) if k])

    def column(self, name: str) -> NDArray[np.str_]:
        """One manifest column as strings (N,)."""
        return np.array([row[name] for row in self.rows])


def prepare(image: NDArray[np.float32], size: int = SIDE) -> NDArray[np.float32]:
    """Crop the border, normalise, letterbox: what reading does, to (size, size) in 0..1."""
    box = content_box(image)
    square, _ = letterbox(normalise(np.asarray(box.cut(image), dtype=np.float32)), size)
    return square


def _tar_images(folder: Path, pattern: str) -> dict[str, bytes]:
    found = {}
    for path in sorted(folder.glob(pattern)):
        with tarfile.open(path) as archive:
            for member in archive:
                stream = archive.extractfile(member)
                if stream is not None:
                    found[Path(member.name).name] = stream.read()
    return found


def load_films(data: Path, splits: tuple[str, ...], cache: Path | None = None) -> Films:
    """Read and prepare every film of `splits`; with `cache`, keep the prepared bytes there.

    Raises
    ------
    FileNotFoundError
        When the manifest or an image that it names is missing.
    """
    folder = data / "cxr"
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] in splits]
    stored = cache / f"films-{'-'.join(splits)}-{len(rows)}.npy" if cache else None
    if stored is not None and stored.exists():
        return Films(np.load(stored, mmap_mode=None), rows)
    images: dict[str, bytes] = {}
    for split in splits:
        images |= _tar_images(folder, f"{split}-*.tar")
    pixels = np.zeros((len(rows), SIDE, SIDE), dtype=np.uint8)
    for number, row in enumerate(rows):
        name = Path(row["file"]).name
        if name not in images:
            raise FileNotFoundError(f"{name} is in the manifest but in none of the archives of {folder}")
        grey = np.asarray(Image.open(io.BytesIO(images[name])).convert("L"), dtype=np.float32)
        pixels[number] = np.round(prepare(grey) * 255)
    if stored is not None:
        stored.parent.mkdir(parents=True, exist_ok=True)
        np.save(stored, pixels)
    return Films(pixels, rows)


def _known(row: dict[str, str]) -> dict[str, tuple[float, float]]:
    """Finding -> (label, weight) for what a manifest row really says; what is absent here is unknown.

    A column ``known`` (``mass=1|hernia=0``) says each label by name and is taken at its word.
    """
    if row.get("known"):
        named = (cell.split("=") for cell in row["known"].split("|"))
        return {name: (float(value), 1.0) for name, value in named if name in FINDINGS}
    source = row["source"].split("(")[0].split("/")[0]
    present = {ALIAS.get(name, name) for name in row["labels"].split("|") if name}
    if source == "nih":  # all fourteen mined from the report; the others are not spoken of
        known = {f: (float(f in present), 1.0) for f in FINDINGS if f != "tuberculosis"}
        known["abnormal"] = (float("normal" not in present), 1.0)
        if "normal" in present:
            known["tuberculosis"] = (0.0, 1.0)
        return known
    if "normal" in present:
        return {f: (0.0, 1.0) for f in FINDINGS}
    known = {f: (1.0, 1.0) for f in present if f in FINDINGS}
    if present:
        known["abnormal"] = (1.0, 1.0)
    if source == "kermany":
        known["covid19_pneumonia"] = (0.0, 1.0)  # collected before the pandemic
    if source == "jsrt" and "mask_ctr=" in row["raw_label"]:
        ratio = float(row["raw_label"].split("mask_ctr=")[1])
        if abs(ratio - 0.5) > 0.02:
            known["cardiomegaly"] = (float(ratio > 0.5), 1.0)
    if source == "wingspan" and not present:
        known["cardiomegaly"] = (0.0, 1.0)
    return known


def label_matrix(rows: list[dict[str, str]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Labels and weights, each (N, findings); weight 0 means "unknown", an absent label never means negative."""
    labels = np.zeros((len(rows), len(FINDINGS)), dtype=np.float32)
    weights = np.zeros_like(labels)
    for number, row in enumerate(rows):
        for finding, (value, weight) in _known(row).items():
            column = FINDINGS.index(finding)
            labels[number, column], weights[number, column] = value, weight
    return labels, weights


def load_teacher(data: Path, rows: list[dict[str, str]]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Published CheXNet probabilities for some films: (N, findings) and which cells are given.

    The teacher's scale is that of its own prevalence; the caller aligns it.
    """
    with (data / "cxr" / "teacher_chexnet.csv").open(newline="", encoding="utf-8") as stream:
        table = {row["id"]: row for row in csv.DictReader(stream)}
    soft = np.zeros((len(rows), len(FINDINGS)), dtype=np.float32)
    given = np.zeros(soft.shape, dtype=bool)
    for number, row in enumerate(rows):
        answers = table.get(row["id"])
        if answers is None:
            continue
        for column, finding in enumerate(FINDINGS):
            key = {"pleural_effusion": "effusion"}.get(finding, finding)
            if key in answers:
                soft[number, column], given[number, column] = float(answers[key]), True
        both = max(float(answers["infiltration"]), float(answers["consolidation"]))
        soft[number, FINDINGS.index("consolidation")] = both  # the manifest joins the two
    return soft, given


def load_masks(data: Path) -> tuple[NDArray[np.uint8], NDArray[np.bool_], list[dict[str, str]]]:
    """Films (N, 256, 256), masks (N, 3, 256, 256) of right lung, left lung, heart, and the anatomy rows.

    Films and masks are as published, not cropped: augmentation crops both alike. Right means the patient's
    right, on the left of the picture.
    """
    folder = data / "cxr"
    with (folder / "anatomy.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    images = _tar_images(folder, "train-*.tar") | _tar_images(folder, "val-*.tar")
    planes = _tar_images(folder, "masks-heart-lungs.tar")
    films = np.zeros((len(rows), SIDE, SIDE), dtype=np.uint8)
    masks = np.zeros((len(rows), 3, SIDE, SIDE), dtype=bool)
    for number, row in enumerate(rows):
        films[number] = np.asarray(Image.open(io.BytesIO(images[f"{row['id']}.jpg"])).convert("L"))
        for plane, part in enumerate(("right_lung", "left_lung", "heart")):
            masks[number, plane] = (
                np.asarray(Image.open(io.BytesIO(planes[f"{row['id']}.{part}.png"])).convert("L")) > 127
            )
    return films, masks, rows


def swapped(masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which films' masks (N, 3, H, W) have the left lung and the heart exchanged, as one published film has.

    The heart lies between the lungs: where the centre of the plane called heart lies beyond that of the left lung,
    the two names were mixed up.
    """
    columns = masks.sum(axis=2, dtype=np.float64)
    centre = (columns * np.arange(masks.shape[-1])).sum(axis=-1) / np.maximum(columns.sum(axis=-1), 1)
    exchanged: NDArray[np.bool_] = centre[:, 2] > centre[:, 1]
    return exchanged
