"""The whole network at a site: some steps on its own films, from the common weights, then the weights themselves.

Masked loss, augmentation and optimiser are those of :mod:`prosvet.training.encoder`; films are drawn alike, since one
site's own balance of sources is not the federation's. Weights, and the running means of the normalisation, are
averaged by films; the rows of the classifier by the films that speak of their finding.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from prosvet.core.errors import FederationError
from prosvet.imaging.intensity import MEAN, STD
from prosvet.training.augment import geometric, photometric
from prosvet.training.federated.average import Arrays, Floats, Update, weighted
from prosvet.training.federated.films import FilmSet
from prosvet.training.federated.plan import Plan
from prosvet.training.nets import FindingNet

__all__ = ["from_state", "initial_state", "network_update", "write_encoder"]

_SIZE, _STRENGTH = 224, 0.6


def initial_state(weights: Path | None, findings: int, imagenet: str | None = None) -> dict[str, Floats]:
    """Arrays of a network: from ``encoder.pt`` where `weights` names one, else with ImageNet's trunk, else random."""
    torch.manual_seed(0)
    net = FindingNet(findings)
    if weights is not None:
        net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    elif imagenet is not None:
        net.trunk.load_imagenet(imagenet)
    return _arrays(net)


def from_state(state: Arrays, findings: int) -> FindingNet:
    """The network of a round's state."""
    net = FindingNet(findings)
    like = net.state_dict()
    given = {name: torch.from_numpy(np.asarray(array)).to(like[name].dtype) for name, array in state.items()}
    net.load_state_dict(like | given)
    return net


def write_encoder(state: Arrays, findings: int, path: Path) -> None:
    """Write a round's state as ``encoder.pt``, which ``prosvet train pack`` and ``train encoder --init`` read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(from_state(state, findings).state_dict(), path)


def network_update(state: Arrays, films: FilmSet, plan: Plan, seed: int) -> Update:
    """A site's answer: the weights after ``plan.steps`` steps on its films, times their counts.

    Raises
    ------
    FederationError
        ``no_pixels``, ``other_findings``, ``too_many``.
    """
    films.check(plan)
    if films.pixels is None:
        raise FederationError(reason="no_pixels")
    net = from_state(state, len(plan.findings))
    _train(net, films.pixels, films.labels, plan, seed)
    counts = np.append((films.labels >= 0).sum(axis=0), len(films)).astype(np.float64)
    by_finding = frozenset(name for name in state if name.startswith("classifier."))
    return weighted(_arrays(net), counts, by_finding)


def _train(net: FindingNet, pixels: NDArray[np.uint8], labels: NDArray[np.int8], plan: Plan, seed: int) -> None:
    torch.manual_seed(seed)
    optimiser = torch.optim.AdamW(net.parameters(), lr=plan.rate, weight_decay=0.03)
    known, truth = (
        torch.from_numpy((labels >= 0).astype(np.float32)),
        torch.from_numpy((labels == 1).astype(np.float32)),
    )
    net.train()
    for step in range(plan.steps):
        drawer = np.random.default_rng((seed, step))
        chosen = drawer.choice(len(pixels), min(plan.batch, len(pixels)), replace=False)
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        raw = torch.from_numpy(pixels[chosen]).unsqueeze(1).float() / 255
        images, _ = geometric(raw, _SIZE, generator)
        logits = net((photometric(images, generator, strength=_STRENGTH) - MEAN) / STD)[0]
        cells = F.binary_cross_entropy_with_logits(logits, truth[chosen], reduction="none") * known[chosen]
        loss = cells.sum() / known[chosen].sum().clamp(min=1.0)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()


def _arrays(net: FindingNet) -> dict[str, Floats]:
    """Weights and running means; counters of batches are no weights."""
    return {
        name: tensor.numpy().astype(np.float64)
        for name, tensor in net.state_dict().items()
        if tensor.is_floating_point()
    }
