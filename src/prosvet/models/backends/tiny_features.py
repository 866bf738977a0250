"""What the tiny model sees of a film: the compact encoder's vector and the logits of its calibrated scores."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from prosvet.core.errors import ModelError
from prosvet.models.findings import FINDINGS

__all__ = ["FEATURES", "features_of"]

_VECTOR = 512
FEATURES = _VECTOR + len(FINDINGS)
_LEAST = 1e-4  # the archive keeps four places of a score


def features_of(scores: Mapping[str, float], vector: NDArray[np.floating]) -> NDArray[np.float32]:
    """One film's features (528,): its vector, then the logits of its scores.

    Raises
    ------
    ModelError
        When a score is missing or the vector is of another length: the encoder is not the one that was trained with.
    """
    missing = [concept for concept in FINDINGS if concept not in scores]
    if missing or vector.shape != (_VECTOR,):
        raise ModelError(name="tiny", reason=f"vector {vector.shape}, scores missing: {', '.join(missing) or '-'}")
    p = np.clip([scores[concept] for concept in FINDINGS], _LEAST, 1 - _LEAST)
    return np.concatenate([np.asarray(vector, dtype=np.float32), np.log(p / (1 - p)).astype(np.float32)])
