"""Frozen films before a model: which of them it reads, their scores, and their features before the last layer."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from prosvet.core.context import Context
from prosvet.core.errors import ImageError
from prosvet.imaging.film import Film
from prosvet.imaging.load import load_bytes
from prosvet.models.backends.onnx import OnnxNetwork
from prosvet.models.examine import Examiner
from prosvet.models.prepare import prepare
from prosvet.training.pipeline.freeze import FilmBytes
from prosvet.training.pipeline.head_graph import HeadGraph
from prosvet.training.pipeline.manifest import Row

__all__ = ["features_of", "film_features", "label_matrix", "scores_of"]

log = logging.getLogger(__name__)

_BATCH = 8


def label_matrix(rows: Sequence[Row], concepts: Sequence[str]) -> NDArray[np.float64]:
    """Labels (N, K): 1, 0, NaN where unknown."""
    return np.array([[row.labels.get(c, np.nan) for c in concepts] for row in rows], dtype=np.float64)


def _films(rows: Sequence[Row], context: Context, label: str) -> Iterator[list[tuple[int, Film]]]:
    """The films that can be read, with the numbers of their rows, a batch at a time."""
    films = FilmBytes(context)
    batch: list[tuple[int, Film]] = []
    for number, row in enumerate(context.progress.track(rows, label, len(rows))):
        data = films.read(row)
        if data is None:
            continue
        try:
            batch.append((number, load_bytes(data, row.id, context.settings)))
        except ImageError as error:
            log.warning("film %s is left out: %s", row.id, error.code)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def scores_of(rows: Sequence[Row], examiners: Sequence[Examiner], context: Context) -> list[NDArray[np.float64]]:
    """What each examiner says of the same films: probabilities (N, K) each, NaN where a film was not read.

    The findings of each are those of its card, in their order.
    """
    made = [np.full((len(rows), len(one.card.labels)), np.nan) for one in examiners]
    for batch in _films(rows, context, "retrain_evaluate"):
        for one, out in zip(examiners, made, strict=True):
            for (number, _), answer in zip(batch, one.examine_many([film for _, film in batch]), strict=True):
                if answer.readable:
                    out[number] = [answer.scores[label] for label in one.card.labels]
    return made


def features_of(
    rows: Sequence[Row], examiner: Examiner, graph: HeadGraph, context: Context
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float32]]:
    """Numbers of the rows that `examiner` reads (M,), their logits (M, K) and features (M, D)."""
    return film_features(_films(rows, context, "retrain_train"), examiner, graph, context.settings.threads)


def film_features(
    batches: Iterable[list[tuple[int, Film]]], examiner: Examiner, graph: HeadGraph, threads: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float32]]:
    """The same of numbered films that come in batches."""
    numbers: list[int] = []
    logits: list[NDArray[np.float32]] = []
    features: list[NDArray[np.float32]] = []
    policy = examiner.card.input
    with TemporaryDirectory() as folder:
        path = Path(folder) / "features.onnx"
        graph.with_features(path)
        network = OnnxNetwork(path, threads)
        for batch in batches:
            seen = examiner.examine_many([film for _, film in batch])
            readable = [(n, one) for (n, _), one in zip(batch, seen, strict=True) if one.readable]
            if not readable:
                continue
            squares = np.stack([prepare(one.film).square(policy.size)[0] for _, one in readable])[:, None]
            views = [squares, squares[..., ::-1]] if policy.mirrored else [squares]
            answers = [network(view) for view in views]
            numbers += [n for n, _ in readable]
            logits.append(np.mean([answer[0] for answer in answers], axis=0))
            features.append(np.mean([np.concatenate(answer[1:], axis=1) for answer in answers], axis=0))
    if not numbers:
        empty = np.zeros((0, graph.width), dtype=np.float32)
        return np.zeros(0, dtype=np.int64), np.zeros((0, len(examiner.card.labels))), empty
    return np.array(numbers), np.concatenate(logits).astype(np.float64), np.concatenate(features)
