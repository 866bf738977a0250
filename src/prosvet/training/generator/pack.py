"""From the trained networks to the generator's files and card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from prosvet.core.optional import require
from prosvet.core.types import Side, Zone
from prosvet.synthesis.card import GeneratorCard
from prosvet.synthesis.prints import Prints, distances_apart
from prosvet.training.data import FINDINGS, SIDE, Films, label_matrix
from prosvet.training.export import sha256_of
from prosvet.training.generator.coder import LATENT, Coder
from prosvet.training.generator.conditions import ANY_STYLE, STYLES_NAMED
from prosvet.training.generator.export import export_decoder, export_encoder, export_flow
from prosvet.training.generator.measured import spot
from prosvet.training.generator.transformer import Flow
from prosvet.training.words import SOURCES

__all__ = ["build_generator", "load_networks"]

_LEAST = 20  # films behind a pattern
_NEAR = 0.005  # share of other patients' films that lie nearer than the limit of a copy

TITLE = {
    "ru": "Компактный генератор: рентгенограммы органов грудной клетки 256 × 256 по тексту",
    "en": "Compact generator: chest X-rays of 256 x 256 from text",
}
LIMITS = {
    "ru": (
        "Снимки вымышленные: для постановки диагноза, для оценки качества чтения и как замена редких находок без "
        "проверки не годятся.",
        "Размер 256 × 256: мелкие очаги, плевральные линии и переломы не передаются.",
        "Находка связана с источником обучающих снимков: пневмония чаще выходит детской, туберкулёз — в манере одного "
        "архива.",
        "Сторона и доля задаются яркостью зоны лёгкого, а не разметкой врача.",
        "О находках вне списка findings генератор не знает: их назовёт список unknown.",
    ),
    "en": (
        "The films are invented: unfit for diagnosis, for judging reading and, unchecked, in place of rare findings.",
        "256 x 256: small nodules, pleural lines and fractures are not rendered.",
        "A finding goes with the source of its training films: pneumonia tends to come out as a child's, tuberculosis "
        "in the manner of one archive.",
        "Side and zone are asked for by the grey of a lung zone, not from a reader's marks.",
        "Of findings outside the list `findings` the generator knows nothing: the list `unknown` names them.",
    ),
}


def build_generator(
    films: Films, others: NDArray[np.uint8], measures: NDArray[np.float32], net: Coder, flow: Flow, folder: Path,
    revision: str,
) -> Path:  # fmt: skip
    """Write ``weights/generator/*`` and ``cards/compact-generator.toml`` below `folder`; returns that card.

    `others` (M, 256, 256) are films of other patients: how near they lie to the nearest of `films` is what a copy is
    told by.
    """
    weights = folder / "weights" / "generator"
    made = {
        "encoder": export_encoder(net, weights / "encoder.onnx"),
        "decoder": export_decoder(net, weights / "decoder.onnx"),
        "flow": export_flow(flow, weights / "flow.onnx"),
    }
    prints = Prints.of(films.pixels)
    prints.save(weights / "seen.npz")
    made["seen"] = sha256_of(weights / "seen.npz")
    labels, known = label_matrix(films.rows)
    counts = Counter(row["source"].split("(")[0] for row in films.rows)
    content: dict[str, Any] = {
        "name": "compact-generator",
        "title": TITLE,
        "task": "synthesis",
        "backend": "onnx",
        "revision": revision,
        "licence": "research use only; see the licences of the training sources",
        "files": {
            name: {"path": f"../weights/generator/{file}", "sha256": sha, "bytes": (weights / file).stat().st_size}
            for name, sha in made.items()
            for file in (f"{name}.npz" if name == "seen" else f"{name}.onnx",)
        },
        "size": SIDE,
        "findings": list(FINDINGS),
        "films_of": {f: int((labels[:, k] * (known[:, k] > 0)).sum()) for k, f in enumerate(FINDINGS)},
        "styles": STYLES_NAMED | {"any": ANY_STYLE},
        "latent": list(LATENT),
        "heart": _heart(measures, labels, known),
        "patterns": list(_patterns(measures)),
        "near": round(float(np.quantile(distances_apart(prints, others), _NEAR)), 4),
        "training": [{"name": SOURCES[s][0], "films": n, "licence": SOURCES[s][1]} for s, n in counts.most_common()],
        "limits": {lang: list(said) for lang, said in LIMITS.items()},
    }
    GeneratorCard.model_validate(content)
    card = folder / "cards" / "compact-generator.toml"
    card.parent.mkdir(parents=True, exist_ok=True)
    card.write_text(require("tomli_w", "train").dumps(content, multiline_strings=False), encoding="utf-8")
    return card


def _heart(measures: NDArray[np.float32], labels: NDArray[np.float32], known: NDArray[np.float32]) -> dict[str, float]:
    """The ratio of an adult's normal heart (median of films with all findings known absent) and of large ones."""
    column = FINDINGS.index("cardiomegaly")
    ratio = measures[:, 0]
    large = ratio[(known[:, column] > 0) & (labels[:, column] > 0.5) & ~np.isnan(ratio)]
    normal = ratio[(known[:, column] > 0) & (labels[:, 0] < 0.5) & ~np.isnan(ratio)]
    at = np.percentile(large, [30, 60, 90])
    steps = {"absent": np.median(normal), "small": at[0], "moderate": at[1], "large": at[2]}
    return {name: round(float(value), 3) for name, value in steps.items()}


def _patterns(measures: NDArray[np.float32]) -> Iterator[dict[str, Any]]:
    zones = measures[:, 1:]
    places = [spot(row) for row in zones]
    for side in (Side.RIGHT, Side.LEFT):
        for zone in (None, Zone.UPPER, Zone.MIDDLE, Zone.LOWER):
            here = np.array([s is side and (zone is None or z is zone) for s, z in places])
            if here.sum() >= _LEAST:
                yield _pattern(side.value, zone.value if zone else "", zones[here])
    mean = np.nan_to_num(zones.mean(axis=1))
    both = (mean > np.percentile(mean, 90)) & np.array([s is None for s, _ in places])
    if both.sum() >= _LEAST:
        yield _pattern(Side.BILATERAL.value, "", zones[both])


def _pattern(side: str, zone: str, zones: NDArray[np.float32]) -> dict[str, Any]:
    means = [round(float(v), 3) for v in np.nanmean(zones, axis=0)]
    return {"side": side, "zone": zone, "zones": means, "films": len(zones)}


def load_networks(coder: Path, flow: Path) -> tuple[Coder, Flow]:
    """The trained networks from their averaged weights."""
    net, moving = Coder(), Flow()
    net.load_state_dict(torch.load(coder, map_location="cpu", weights_only=True), strict=True)
    moving.load_state_dict(torch.load(flow, map_location="cpu", weights_only=True), strict=True)
    return net.eval(), moving.eval()
