"""What the flow is told of each training film: a sentence's vector, findings, measurements and the archive's style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from prosvet.core.i18n import LANGS, Lang
from prosvet.core.types import Side, Status, Zone
from prosvet.language.templates import sentences_for
from prosvet.models.text import TextEncoder
from prosvet.training.data import FINDINGS, Films, label_matrix
from prosvet.training.generator.measured import MEASURES, spot
from prosvet.training.generator.transformer import STYLES, TEXT

__all__ = ["ANY_STYLE", "STYLES_NAMED", "STYLE_OF", "Conditions", "conditions_of", "drop"]

ANY_STYLE = STYLES - 1
STYLE_OF = {
    "lundis/covid19_radiography": 0,
    "kermany": 1,  # children of one to five
    "lundis/mendeley_tb": 2,
    "nih": 3,
    "cohen": 4,
    "covid317": 4,
    "wingspan": 5,
    "jsrt": 5,
}

STYLES_NAMED = {name.split("/")[-1]: number for name, number in STYLE_OF.items()}
"""The styles by the short names of their archives."""

_TEXTS = 6  # wordings kept of each film
_PLACED = ("pneumonia", "consolidation", "tuberculosis", "covid19_pneumonia", "pleural_effusion", "mass", "nodule")


@dataclass(frozen=True)
class Conditions:
    """Of N films: sentence vectors (N, 6, 512), values and known (N, 16), measures and known (N, 7), style (N,)."""

    texts: Tensor
    findings: Tensor
    known: Tensor
    measures: Tensor
    measured: Tensor
    style: Tensor


def conditions_of(films: Films, measures: NDArray[np.float32], encoder: TextEncoder, seed: int = 42) -> Conditions:
    """What is known of `films`, `measures` (N, 7) with NaN where nothing was measured; texts drawn with `seed`."""
    random = np.random.default_rng(seed)
    labels, weights = label_matrix(films.rows)
    said = [
        _sentence(label, weight, spot(measure[1:]), random)
        for label, weight, measure in zip(labels, weights, measures, strict=True)
        for _ in range(_TEXTS)
    ]
    once, which = np.unique(np.array(said), return_inverse=True)  # few wordings differ
    vectors = encoder.encode(once.tolist())[which].reshape(len(films.rows), _TEXTS, TEXT)
    measured = ~np.isnan(measures)
    style = [STYLE_OF.get(row["source"].split("(")[0], ANY_STYLE) for row in films.rows]
    return Conditions(
        torch.from_numpy(vectors).half(),
        torch.from_numpy(labels),
        torch.from_numpy((weights > 0).astype(np.float32)),
        torch.from_numpy(np.nan_to_num(measures)),
        torch.from_numpy(measured.astype(np.float32)),
        torch.tensor(style),
    )


def _sentence(
    label: NDArray[np.float32],
    weight: NDArray[np.float32],
    place: tuple[Side | None, Zone | None],
    random: np.random.Generator,
) -> str:
    """One way to say what a film is known to show; empty where nothing is known."""
    lang: Lang = LANGS[int(random.integers(len(LANGS)))]
    present = [f for f, value, known in zip(FINDINGS, label, weight, strict=True) if known and value > 0.5]
    named: Sequence[str] = [f for f in present if f != "abnormal"] or present
    if not named:
        normal = weight[0] > 0 and label[0] < 0.5
        return str(random.choice(sentences_for("normal", lang))) if normal else ""
    chosen = random.permutation(np.array(named))[:3]
    side, zone = place if random.random() < 0.6 else (None, None)
    return " ".join(
        str(random.choice(sentences_for(f, lang, Status.PRESENT, *((side, zone) if f in _PLACED else ()))))
        for f in chosen
    )


def drop(conditions: Conditions, rows: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """What is asked (N, 559) and the style (N,) of the films at `rows`, with parts left out at random.

    A tenth knows nothing at all, for guidance (Ho and Salimans 2022, https://arxiv.org/abs/2207.12598); of the rest
    each part is left out on its own, so that any part alone is obeyed: the text by 0.25, the findings by 0.3, the
    measurements by 0.4, the style by 0.3.
    """
    count = len(rows)

    def kept(missing: float) -> Tensor:
        return (torch.rand(count, 1, generator=generator) >= missing).float()

    something = kept(0.1)
    pick = torch.randint(conditions.texts.shape[1], (count,), generator=generator)
    text = conditions.texts[rows, pick].float()
    has_text = kept(0.25) * something * (text.norm(dim=1, keepdim=True) > 0.5)
    known = conditions.known[rows] * kept(0.3) * something
    measured = conditions.measured[rows] * kept(0.4) * something
    measured = measured * torch.where(torch.rand(count, MEASURES, generator=generator) < 0.15, 0.0, 1.0)
    values, numbers = conditions.findings[rows] * known, conditions.measures[rows] * measured
    asked = torch.cat([text * has_text, has_text, values, known, numbers, measured], dim=1)
    style = torch.where((kept(0.3) * something)[:, 0] > 0, conditions.style[rows], torch.tensor(ANY_STYLE))
    return asked, style
