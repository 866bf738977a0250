"""Train the tiny model: resumable steps; the averaged weights of the last one are kept, nothing is chosen."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from prosvet.models.backends.bytes_bpe import ByteBpe, train_bpe
from prosvet.models.backends.tiny_features import FEATURES
from prosvet.models.findings import FINDINGS
from prosvet.training.runner import Schedule, run_steps
from prosvet.training.vlm.chain.features import Seen
from prosvet.training.vlm.chain.tiny_data import ASKED, WORDINGS, Drawer, knowns
from prosvet.training.vlm.chain.tiny_net import Shape, TinyVlm
from prosvet.training.vlm.chain.tiny_texts import Kind, every_text

__all__ = ["TinyRecipe", "load_tiny", "train_tiny"]

log = logging.getLogger(__name__)

_KINDS: tuple[Kind, Kind, Kind] = ("ask", "sum_up", "describe")


@dataclass(frozen=True)
class TinyRecipe:
    """Everything that decides a run.

    Attributes
    ----------
    kinds : (float, float, float)
        How often a step holds questions, conclusions and whole descriptions.
    sizes : (int, int, int)
        Films in a step of each kind.
    blur, score_blur : float
        Gaussian noise on the vector and on the scores' logits, in their deviations over the training films: the
        encoder knew these films, and is surer of them than it will be of others.
    share : float
        Of questions that are answered with yes.
    """

    steps: int = 3000
    vocabulary: int = 1400
    width: int = 160
    layers: int = 4
    heads: int = 5
    prefix: int = 6
    dropout: float = 0.1
    kinds: tuple[float, float, float] = (0.55, 0.25, 0.2)
    sizes: tuple[int, int, int] = (64, 48, 24)
    lr: float = 1.5e-3
    weight_decay: float = 0.05
    ema: float = 0.995
    blur: float = 0.5
    score_blur: float = 0.5
    share: float = 0.5
    seed: int = 1


def train_tiny(seen: Seen, out: Path, recipe: TinyRecipe) -> Path:
    """Train and write ``tiny.pt`` (averaged weights), ``bpe.json`` and ``recipe.json`` to `out`.

    Stopping and starting again with the same recipe goes on from the last checkpoint.
    """
    out.mkdir(parents=True, exist_ok=True)
    bpe = _tokens(seen, out / "bpe.json", recipe)
    (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1), encoding="utf-8")
    torch.manual_seed(recipe.seed)
    features = torch.from_numpy(seen.features)
    net = TinyVlm(_shape(recipe, len(bpe)), features.mean(0), features.std(0).clamp(min=1e-3))
    drawer = Drawer(seen, bpe, share=recipe.share)
    noise = torch.full((FEATURES,), recipe.blur)
    noise[-len(FINDINGS) :] = recipe.score_blur

    def loss_of(step: int, generator: torch.Generator) -> Tensor:
        numpy = np.random.default_rng((recipe.seed, step))
        kind = int(numpy.choice(3, p=recipe.kinds))
        batch = drawer.draw(_KINDS[kind], recipe.sizes[kind], numpy)
        x = torch.from_numpy(batch.features)
        x = x + torch.randn(x.shape, generator=generator) * noise * net.deviation
        return spoken_loss(net, x, torch.from_numpy(batch.ids), torch.from_numpy(batch.spoken))

    schedule = Schedule(recipe.steps, recipe.sizes[0], recipe.lr, recipe.weight_decay, recipe.ema, recipe.seed)
    log.info(
        "tiny: %d parameters, %d films, %d tokens", sum(p.numel() for p in net.parameters()), len(features), len(bpe)
    )
    return run_steps(net, loss_of, schedule, out, "tiny")


def spoken_loss(net: TinyVlm, features: Tensor, ids: Tensor, spoken: Tensor) -> Tensor:
    """Cross-entropy of the answers' tokens, given the film and all tokens before."""
    prefix = net.look(features)
    logits, _ = net(prefix, ids[:, :-1], net.nothing(len(ids)))
    after = logits[:, prefix.shape[1] :]
    return F.cross_entropy(after[spoken[:, 1:]], ids[:, 1:][spoken[:, 1:]])


def load_tiny(folder: Path) -> tuple[TinyVlm, ByteBpe]:
    """The trained network, for use without training, and its tokens."""
    bpe = ByteBpe.load(folder / "bpe.json")
    recipe = TinyRecipe(**json.loads((folder / "recipe.json").read_text(encoding="utf-8")))
    net = TinyVlm(_shape(recipe, len(bpe)))
    net.load_state_dict(torch.load(folder / "tiny.pt", map_location="cpu", weights_only=True))
    return net.eval(), bpe


def _tokens(seen: Seen, path: Path, recipe: TinyRecipe) -> ByteBpe:
    if path.is_file():
        return ByteBpe.load(path)
    bpe = train_bpe(every_text(sorted(set(knowns(seen))), WORDINGS, ASKED), recipe.vocabulary)
    bpe.save(path)
    return bpe


def _shape(recipe: TinyRecipe, vocabulary: int) -> Shape:
    return Shape(
        features=FEATURES,
        vocabulary=vocabulary,
        prefix=recipe.prefix,
        width=recipe.width,
        layers=recipe.layers,
        heads=recipe.heads,
        dropout=recipe.dropout,
    )
