"""BERTScore precision, recall and F1 (Zhang et al., 2020) by bert-score, with an encoder from a folder of this machine.

The number depends on the encoder and on the layer, so the result names the folder, the hash of its files and the
layer. Texts are taken as written (the encoder has its own words). Neither idf weights nor a baseline are used.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prosvet.core.errors import InvalidRequest
from prosvet.core.optional import require
from prosvet.evaluation.reports.metrics.columns import Columns
from prosvet.evaluation.reports.texts import Words

__all__ = ["BERTSCORE", "EXTRA", "Encoder", "columns", "encoder"]

BERTSCORE = {name: f"mean:{name}" for name in ("bertscore_precision", "bertscore_recall", "bertscore_f1")}
EXTRA = "bertscore"
_BATCH = 32
_REVISION = 16  # characters of the hash


@dataclass(frozen=True)
class Encoder:
    """A folder with a transformer and its tokeniser: name, hash of its files, and the layer whose vectors are used."""

    folder: Path
    name: str
    revision: str
    layer: int


def encoder(folder: Path, layer: int | None = None) -> Encoder:
    """The encoder in `folder`; without `layer` its last one.

    Raises
    ------
    InvalidRequest
        When the folder holds no transformer, or it has no such layer.
    """
    config = folder / "config.json"
    if not config.is_file():
        raise InvalidRequest(name="bertscore", reason="reports_no_encoder")
    facts = json.loads(config.read_text(encoding="utf-8"))
    layers = facts.get("num_hidden_layers") or facts.get("n_layers")
    if not isinstance(layers, int):
        raise InvalidRequest(name="bertscore", reason="reports_no_encoder")
    if layer is not None and layer > layers:
        raise InvalidRequest(name="bertscore_layer", reason="reports_no_layer", layers=layers)
    folder = folder.resolve()
    if "t5" in str(folder) and "t5" not in str(facts.get("model_type")):
        raise InvalidRequest(name="bertscore", reason="reports_t5_path")  # the package goes by the path
    return Encoder(folder, folder.name, _hash(folder), layer or layers)


def _hash(folder: Path) -> str:
    """Of names and bytes of all files: another weight or another tokeniser is another revision."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        digest.update(file.name.encode() + b"\0")
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:_REVISION]


def columns(predictions: Words, references: Words, model: Encoder) -> Columns:
    """Precision, recall and F1 of each case; an empty prediction scores 0, as the package has it.

    Raises
    ------
    MissingExtra
        Without bert-score.
    """
    bert_score = require("bert_score", EXTRA)
    scorer = bert_score.BERTScorer(model_type=str(model.folder), num_layers=model.layer, batch_size=_BATCH,
                                   device="cpu", use_fast_tokenizer=True)  # fmt: skip
    scores = np.zeros((len(BERTSCORE), len(predictions)))
    rows = [row for row, text in enumerate(predictions.raw) if text.strip()]
    if rows:
        found = scorer.score([predictions.raw[row] for row in rows], [references.raw[row] for row in rows])
        scores[:, rows] = [part.numpy() for part in found]
    return dict(zip(BERTSCORE, scores, strict=True))
