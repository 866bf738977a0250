"""Assemble the compact pack: projection, calibration, operating points, ONNX files and the card, from trained runs."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from prosvet.core.optional import require
from prosvet.models.backends.onnx import OnnxNetwork
from prosvet.models.card import Card
from prosvet.models.text import TextEncoder
from prosvet.training.align import AlignRecipe, train_projection
from prosvet.training.calibrate import LEAST_POSITIVES, fit_platt, operating_points
from prosvet.training.data import FINDINGS, Films, label_matrix, load_films
from prosvet.training.encoder import nih_dev, sampling_weights, squares
from prosvet.training.export import (
    export_anatomy,
    export_encoder,
    export_gates,
    export_int8,
    export_member,
    sha256_of,
)
from prosvet.training.nets import AnatomyNet, FindingNet, GateNet
from prosvet.training.refit import refit
from prosvet.training.words import LIMITS, SOURCES, TITLE, TITLE_INT8

__all__ = ["GATE_THRESHOLDS", "PackRecipe", "answers_of", "build_pack", "calibration_of", "head", "thinned"]

log = logging.getLogger(__name__)

_FILES = ("encoder", "gates", "anatomy")
_RANGES_FROM = 160  # films that give the 8-bit graph its ranges

GATE_THRESHOLDS = {"chest_xray": 0.5, "lateral": 0.9, "inverted": 0.8, "rotated": 0.8}
"""Policy, not a fit: with a handful of errors in thousands there is nothing to fit. To refuse, or to turn, a good film
is worse than to pass a doubtful one on as it came, so these ask for more than an even chance."""

Answer = tuple[NDArray[np.float64], NDArray[np.float32]]


@dataclass(frozen=True)
class PackRecipe:
    """Which runs make the pack.

    Attributes
    ----------
    encoders : tuple of Path
        Folders of encoder runs, averaged; the last one must have kept NIH patients out (``nih_dev``), for calibration.
    gates, anatomy : Path
        Folders of the other two runs.
    size : int
        Side of the input, pixels.
    mirrored : bool
        Average over the film and its mirror image.
    """

    encoders: tuple[Path, ...]
    gates: Path
    anatomy: Path
    size: int = 224
    mirrored: bool = False
    revision: str = "1"
    per_group: int = 450


def _members(recipe: PackRecipe) -> list[FindingNet]:
    members = []
    for folder in recipe.encoders:
        net = FindingNet(len(FINDINGS))
        net.load_state_dict(torch.load(folder / "encoder.pt", map_location="cpu", weights_only=True), strict=True)
        members.append(net.eval().to(memory_format=torch.channels_last))  # type: ignore[call-overload]
    return members


def answers_of(net: FindingNet, films: Films, recipe: PackRecipe, cache: Path) -> Answer:
    """Logits and features of films, averaged over mirror images where the pack will do so; kept in `cache`.

    The network runs as the exported graph: several times the speed of torch on a processor, and what ships.
    """
    graph = cache / "member.onnx"
    mark = hashlib.sha256(export_member(net, graph).encode() + films.pixels[::7, ::9, ::9].tobytes())
    mark.update(f"{recipe.size}{recipe.mirrored}".encode())
    stored = cache / f"answers-{mark.hexdigest()[:16]}.npz"
    if stored.exists():
        with np.load(stored) as kept:
            return kept["logits"], kept["features"]
    run = OnnxNetwork(graph, torch.get_num_threads())
    logits, features = [], []
    for start in range(0, len(films.pixels), 32):
        batch = squares(films.pixels[start : start + 32], recipe.size)
        views = [run(batch), run(batch[..., ::-1])] if recipe.mirrored else [run(batch)]
        logits.append(np.mean([view[0] for view in views], axis=0))
        features.append(np.mean([view[1] for view in views], axis=0))
    answer = np.concatenate(logits).astype(np.float64), np.concatenate(features)
    np.savez(stored, logits=answer[0], features=answer[1])
    return answer


def head(net: FindingNet, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Logits (N, K) from features (N, 1280): the classifier is linear, so the mean over positions may come first."""
    with torch.inference_mode():
        weight, bias = net.classifier.weight[:, :, 0, 0], net.classifier.bias
        logits: NDArray[np.float64] = F.linear(torch.from_numpy(features), weight, bias).double().numpy()
    return logits


def thinned(films: Films, most: int, seed: int = 1) -> Films:
    """At most `most` films of each source and class, drawn at random: enough for one linear layer."""
    groups = [f"{row['source']}/{'normal' in row['labels']}" for row in films.rows]
    order = np.random.default_rng(seed).permutation(len(groups))
    seen: Counter[str] = Counter()
    keep = np.zeros(len(groups), dtype=bool)
    for number in order:
        if seen[groups[number]] < most or films.rows[number]["text"]:
            keep[number] = True
            seen[groups[number]] += 1
    return films.where(keep)


def calibration_of(
    logits: NDArray[np.float64], films: Films
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, dict[str, Any]]]]:
    """Platt scaling and operating points of each label, from films (N) not trained on, sources in balance."""
    labels, weights = label_matrix(films.rows)
    source = np.array([s.split("(")[0] for s in films.column("source")])
    calibration: dict[str, dict[str, Any]] = {}
    points: dict[str, dict[str, dict[str, Any]]] = {"sensitive": {}, "balanced": {}}
    for column, label in enumerate(FINDINGS):
        # Normals of a source without the finding would be easy negatives: it would look rarer and surer than it is.
        speaks = np.isin(source, source[labels[:, column] == 1])
        known = (speaks if speaks.any() else True) & (weights[:, column] > 0)
        y, z = labels[known, column].astype(np.float64), logits[known, column]
        share = np.array([1 / (source[known] == s).sum() ** 0.5 for s in source[known]])
        platt = fit_platt(z, y, share / share.mean())
        counts = {"positives": int((y == 1).sum()), "negatives": int((y == 0).sum())}
        where = " + ".join(sorted({"nih-kept-out" if s == "nih" else "val" for s in source[known]}, reverse=True))
        calibration[label] = {
            "scale": round(platt.scale, 4),
            "shift": round(platt.shift, 4),
            "chosen_on": where,
            **counts,
        }
        for name, (threshold, sensitivity, specificity) in operating_points(platt(z), y).items():
            points[name][label] = {
                "threshold": round(threshold, 4),
                "sensitivity": round(sensitivity, 3),
                "specificity": round(specificity, 3),
                "chosen_on": where,
                **counts,
            }
        if label not in points["balanced"]:
            log.warning(
                "%s: %d positives kept out, fewer than %d: no threshold", label, counts["positives"], LEAST_POSITIVES
            )
    return calibration, points


def build_pack(data: Path, recipe: PackRecipe, text: TextEncoder, folder: Path, cache: Path) -> Path:
    """Write ``weights/compact/*.onnx`` and two cards below `folder`; returns the path of ``cards/compact.toml``.

    ``compact-int8`` is the same network in 8 bits; calibration and thresholds are those of the float one.

    Figures are not written here: the benchmarks print them and ``scripts/card.py`` enters them.
    """
    members = _members(recipe)
    train, val = load_films(data, ("train",), cache), load_films(data, ("val",), cache)
    share = float(json.loads((recipe.encoders[-1] / "recipe.json").read_text())["nih_dev"])
    dev = train.where(nih_dev(train, share))
    thin = thinned(train, recipe.per_group)
    answers = [[answers_of(member, films, recipe, cache) for films in (thin, val, dev)] for member in members]
    seen = ~nih_dev(thin, share)
    for member, ((logits, features), *_) in zip(members, answers, strict=True):
        refit(member, features[seen], logits[seen], thin.where(seen))
    wide = np.concatenate([on_thin[1] for on_thin, *_ in answers], axis=1)
    projection, loss = train_projection(wide, thin, sampling_weights(thin), text, AlignRecipe())
    log.info("projection: loss %.4f on %d films", loss, len(thin.rows))

    on_val = np.mean([head(member, a[1][1]) for member, a in zip(members, answers, strict=True)], axis=0)
    # Only the last member never saw the kept-out NIH patients: it alone speaks for them.
    on_dev = head(members[-1], answers[-1][2][1])
    apart = Films(np.concatenate([val.pixels, dev.pixels]), val.rows + dev.rows)
    calibration, points = calibration_of(np.concatenate([on_val, on_dev]), apart)

    weights = folder / "weights" / "compact"
    gates, anatomy = GateNet(), AnatomyNet()
    gates.load_state_dict(torch.load(recipe.gates / "gates.pt", map_location="cpu", weights_only=True), strict=True)
    anatomy.load_state_dict(
        torch.load(recipe.anatomy / "anatomy.pt", map_location="cpu", weights_only=True), strict=True
    )
    export_encoder(members, projection, weights / "encoder.onnx")
    drawn = np.random.default_rng(0).choice(len(thin.rows), min(_RANGES_FROM, len(thin.rows)), replace=False)
    in_ranges = squares(thin.pixels[drawn], recipe.size)
    export_int8(weights / "encoder.onnx", in_ranges, weights / "encoder-int8.onnx")
    export_gates(gates, weights / "gates.onnx")
    export_anatomy(anatomy, weights / "anatomy.onnx")
    counts = Counter(row["source"].split("(")[0] for row in train.rows)
    content = {
        "task": "read",
        "backend": "onnx",
        "revision": recipe.revision,
        "licence": "research use only; see the licences of the training sources",
        "input": {
            "size": recipe.size,
            "sizes": [192, 224, 256],
            "normalisation": "film-v1",
            "mirrored": recipe.mirrored,
        },
        "labels": list(FINDINGS),
        "calibration": calibration,
        "operating_points": points,
        "gate_thresholds": GATE_THRESHOLDS,
        "training": [{"name": SOURCES[s][0], "films": n, "licence": SOURCES[s][1]} for s, n in counts.most_common()],
        "figures": [],
        "limits": LIMITS,
    }
    _write_card(folder, content | {"name": "compact-int8", "title": TITLE_INT8}, {"encoder": "encoder-int8"})
    return _write_card(folder, content | {"name": "compact", "title": TITLE}, {})


def _write_card(folder: Path, content: dict[str, Any], instead: dict[str, str]) -> Path:
    """Write ``cards/NAME.toml``; `instead` names the files that stand in for the usual ones."""
    weights = {name: folder / "weights" / "compact" / f"{instead.get(name, name)}.onnx" for name in _FILES}
    files = {
        name: {
            "path": f"../weights/compact/{path.name}",
            "sha256": sha256_of(path),
            "bytes": path.stat().st_size,
        }
        for name, path in weights.items()
    }
    whole = content | {"files": files}
    Card.model_validate(whole)
    card: Path = folder / "cards" / f"{content['name']}.toml"
    card.parent.mkdir(parents=True, exist_ok=True)
    card.write_text(require("tomli_w", "train").dumps(whole, multiline_strings=False), encoding="utf-8")
    return card
