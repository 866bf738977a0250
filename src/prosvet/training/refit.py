"""A second, strongly held last layer for the findings of few films, averaged with the network's own.

Last-layer retraining (Kirichenko et al., 2023, arXiv:2204.02937): a linear head on frozen features, held by a strong
ridge, errs differently from the head that was trained along. Both are linear in the same features, so their average is
again one head: nothing is added to the network.

Training leaves unknown cells alone, so nothing there keeps a head that learned oedema from one archive from seeing it
in every child of another: left so, the ten surest of many findings came from an archive whose films say nothing of
them. Here an unknown cell is drawn weakly towards "rare": a prior on the share of films, not a label of any film.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from prosvet.training.data import FINDINGS, Films, label_matrix
from prosvet.training.encoder import sampling_weights
from prosvet.training.nets import FindingNet

__all__ = ["RARE", "REFITTED", "RIDGE", "UNKNOWN", "refit", "with_prior"]

REFITTED = tuple(f for f in FINDINGS if f not in {"pneumonia", "tuberculosis", "covid19_pneumonia"})
"""What NIH speaks of beside other sources; the three left out have thousands of films of their own."""

RIDGE = 0.3
RARE = 0.02  # the share of films with a finding where nothing is known of it
UNKNOWN = 0.3  # the weight of a cell of which nothing is known, beside 1


def refit(net: FindingNet, features: NDArray[np.float32], logits: NDArray[np.float64], films: Films) -> None:
    """Average the classifier of `net`, in place, with one fitted anew on its `features` (N, 1280) of `films`.

    `logits` (N, K) are the network's own on the same films. Both heads enter with equal spread.
    """
    labels, weights = with_prior(films)
    chances = sampling_weights(films)
    with torch.no_grad():
        for finding in REFITTED:
            column = FINDINGS.index(finding)
            known = weights[:, column] > 0
            if len(np.unique(labels[known, column] > 0.5)) < 2:
                continue
            slope, shift = _fit(features[known], labels[known, column], (chances * weights[:, column])[known])
            fresh = features[known] @ slope + shift
            ratio = float(logits[known, column].std() / max(float(fresh.std()), 1e-6))
            weight, bias = net.classifier.weight[column, :, 0, 0], net.classifier.bias
            if bias is None:
                raise ValueError("the classifier has a bias")
            weight.copy_((weight + ratio * torch.from_numpy(slope)) / 2)
            bias[column] = (bias[column] + ratio * shift) / 2


def with_prior(films: Films) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Labels and weights, each (N, K), of :func:`label_matrix` with the prior in the unknown cells.

    `abnormal` is left unknown where it is: it is not rare anywhere.
    """
    labels, weights = label_matrix(films.rows)
    unknown = weights == 0
    unknown[:, FINDINGS.index("abnormal")] = False
    return np.where(unknown, np.float32(RARE), labels), np.where(unknown, np.float32(UNKNOWN), weights)


def _fit(
    features: NDArray[np.float32], labels: NDArray[np.float32], chances: NDArray[np.float64]
) -> tuple[NDArray[np.float32], float]:
    """Ridge logistic regression on standardised features (N, D): slope (D,) and shift in the features' own units."""
    share = torch.from_numpy((chances / chances.sum()).astype(np.float32))
    middle = (share[:, None].numpy() * features).sum(axis=0)
    spread = features.std(axis=0) + 1e-3
    x, y = torch.from_numpy((features - middle) / spread), torch.from_numpy(labels)
    slope, shift = torch.zeros(x.shape[1], requires_grad=True), torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.LBFGS([slope, shift], max_iter=60, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        entropy = F.binary_cross_entropy_with_logits(x @ slope + shift, y, reduction="none")
        loss = (share * entropy).sum() + RIDGE * slope.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    with torch.enable_grad():
        optimiser.step(closure)  # type: ignore[no-untyped-call]
    plain = (slope.detach().numpy() / spread).astype(np.float32)
    return plain, float(shift.item() - float(middle @ plain))
