"""Tiny made folders with the layouts in which films with texts are published, and a recipe over them."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from prosvet.training.vlm.recipe import Recipe

__all__ = ["film", "made_iu", "made_mimic", "made_multicare", "made_padchest", "recipe_dict", "tiny_recipe"]

FINDINGS = ("pleural effusion", "cardiomegaly", "clear lungs")


def film(path: Path, kind: int, seed: int, side: int = 96) -> Path:
    """A grey picture whose look tells its kind: bright below, bright in the middle, or even."""
    noise = np.random.default_rng(seed).normal(0, 6, (side, side))
    pixels = np.full((side, side), 90.0) + noise
    pixels[2 * side // 3 :] += 130.0 * (kind == 0)
    pixels[side // 3 : 2 * side // 3, side // 3 : 2 * side // 3] += 130.0 * (kind == 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
    return path


def made_multicare(folder: Path, patients: int = 24, *, parquet: bool = True) -> Path:
    """Two chest figures a patient, and one of another kind."""
    rows: list[dict[str, str]] = []
    cases: list[dict[str, Any]] = []
    for number in range(patients):
        name, kind = f"PMC{1000000 + number}_01", number % 3
        sex, age = ("Male", "Female")[number % 2], 30 + number
        told = f"A {age}-year-old {sex.lower()} came with cough. " + "History. " * 100
        cases.append({"case_id": name, "gender": sex, "age": age, "case_text": told})
        for part, labels in enumerate(("['radiology', 'x_ray', 'thorax', 'frontal']",) * 2 + ("['ct', 'head']",)):
            file = f"PMC{1000000 + number}_fig-{part}_1.jpg"
            film(folder / file[:4] / file[:5] / file, kind, number * 7 + part)
            rows.append({"file": file, "patient_id": name, "caption": f"Chest X-ray shows {FINDINGS[kind]}.",
                         "main_image": file, "gt_labels_for_semisupervised_classification": labels})  # fmt: skip
    _csv(folder / "captions_and_labels.csv", rows)
    if parquet:
        import pyarrow as pa
        import pyarrow.parquet as pq

        articles = [{"article_id": one["case_id"][:-3], "cases": [one]} for one in cases]
        pq.write_table(pa.Table.from_pylist(articles), folder / "cases.parquet")
    else:
        _csv(folder / "cases.csv", cases)
    return folder


def made_iu(folder: Path) -> Path:
    """R2Gen's ``annotation.json``: two films a study."""
    told: dict[str, list[dict[str, Any]]] = {"train": [], "val": [], "test": []}
    for number in range(12):
        side, name = ("train", "train", "val", "test")[number % 4], f"CXR{number}_IM-{number:04d}"
        for view in range(2):
            film(folder / "images" / name / f"{view}.png", number % 3, number * 3 + view)
        told[side].append({"id": name, "report": f"The lungs show\n{FINDINGS[number % 3]}.", "split": side,
                           "image_path": [f"{name}/0.png", f"{name}/1.png"]})  # fmt: skip
    (folder / "annotation.json").write_text(json.dumps(told))
    return folder


def made_mimic(folder: Path) -> Path:
    """Tables as PhysioNet has them, films as JPEG, reports beside them."""
    splits, views = [], []
    for number in range(12):
        subject, study = f"10{number:06d}", f"50{number:06d}"
        place = folder / "files" / "p10" / f"p{subject}" / f"s{study}"
        for view in ("LATERAL", "PA"):
            name = f"{number:08x}-{view.lower()}"
            film(place / f"{name}.jpg", number % 3, number)
            split = ("train", "train", "validate", "test")[number % 4]
            splits.append({"dicom_id": name, "study_id": study, "subject_id": subject, "split": split})
            views.append({"dicom_id": name, "subject_id": subject, "study_id": study, "ViewPosition": view})
        place.with_suffix(".txt").write_text(
            f" FINAL REPORT\n INDICATION:  Cough.\n\n FINDINGS:\n There is {FINDINGS[number % 3]}.\n\n"
            " IMPRESSION:  No pneumothorax.\n"
        )
    for name, rows in (("split", splits), ("metadata", views)):
        with gzip.open(folder / f"mimic-cxr-2.0.0-{name}.csv.gz", "wt", newline="") as stream:
            _rows(stream, rows)
    return folder


def made_padchest(folder: Path, patients: int = 24) -> Path:
    """The published table's columns; images in numbered folders."""
    rows = []
    for number in range(patients):
        label = ("pleural effusion", "cardiomegaly", "normal")[number % 3]
        where = ", 'loc right', 'loc basal'" if label == "pleural effusion" else ""
        rows.append({"ImageID": f"{number}.png", "ImageDir": "0", "StudyDate_DICOM": "20140915",
                     "StudyID": f"study{number}", "PatientID": f"person{number}", "PatientBirth": "1950",
                     "PatientSex_DICOM": "F", "Projection": "PA", "Report": "derram pleural",
                     "Labels": f"['{label}']", "LabelsLocalizationsBySentence": f"[['{label}'{where}]]"})  # fmt: skip
        film(folder / "0" / f"{number}.png", number % 3, number)
    _csv(folder / "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv", rows)
    return folder


def _csv(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        _rows(stream, rows)


def _rows(stream: Any, rows: list[dict[str, Any]]) -> None:
    writer = csv.DictWriter(stream, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)


def recipe_dict(model: Path, data: Path, **steps: Any) -> dict[str, Any]:
    """A recipe for the tiny model, in seconds of one core."""
    return {
        "name": "tiny",
        "model": {"path": str(model), "quantisation": "none", "dtype": "float32", "device": "cpu"},
        "lora": {"rank": 8, "alpha": 16.0, "dropout": 0.05},
        "sources": [{"kind": "multicare", "path": str(data)}],
        "shares": [0.6, 0.2, 0.2],
        "prompt": {"instruction": "Describe the image.", "context": 40},
        "steps": {
            "epochs": 50, "most": 20, "batch": 2, "accumulate": 1, "lr": 5e-3, "warmup": 0, "schedule": "constant",
            "evaluate_every": 10, "samples": 2, "sample_tokens": 8, "gradient_checkpointing": False, **steps,
        },
        "score": {"cases": 6, "tokens": 8, "batch": 3, "resamples": 100},
        "continual": {"least": 2, "margin": 0.9, "margin_loss": 5.0},
    }  # fmt: skip


def tiny_recipe(model: Path, data: Path, **steps: Any) -> Recipe:
    """The same, checked."""
    return Recipe.model_validate(recipe_dict(model, data, **steps))
