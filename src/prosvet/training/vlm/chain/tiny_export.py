"""The tiny model as files that run without torch: two ONNX graphs, the tokens, and whose eyes it needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from prosvet.core.errors import ModelError
from prosvet.core.optional import require
from prosvet.models.backends.bytes_bpe import ByteBpe
from prosvet.models.backends.onnx import open_session
from prosvet.models.card import Card
from prosvet.training.export import store_half
from prosvet.training.vlm.chain.tiny_net import TinyVlm

__all__ = ["export_tiny"]

_TOLERANCE = 5e-2  # greatest difference of a logit between torch in float32 and the stored file with its halved weights


class _Look(nn.Module):
    def __init__(self, net: TinyVlm) -> None:
        super().__init__()
        self.net = net

    def forward(self, features: Tensor) -> Tensor:
        return self.net.look(features)


class _Next(nn.Module):
    """Only the last place's logits leave the graph."""

    def __init__(self, net: TinyVlm) -> None:
        super().__init__()
        self.net = net

    def forward(self, prefix: Tensor, ids: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        logits, kept = self.net(prefix, ids, past)
        return logits[:, -1], kept


def export_tiny(net: TinyVlm, bpe: ByteBpe, eyes: Card, folder: Path) -> Path:
    """Write ``projector.onnx``, ``decoder.onnx``, ``bpe.json`` and ``encoder.json`` to `folder`.

    Parameters
    ----------
    eyes : Card
        Of the encoder whose features the model was trained on.

    Raises
    ------
    ModelError
        When a stored file does not say what torch says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    net.eval()
    features = net.mean + torch.randn(2, net.shape.features, generator=torch.Generator().manual_seed(0)) * net.deviation
    _write(_Look(net), folder / "projector.onnx", {"features": features}, {"prefix": {0: "films"}}, {0: "films"})
    with torch.no_grad():
        prefix = net.look(features)
    _write_decoder(net, folder / "decoder.onnx", prefix)
    _check(net, folder, features[:1].repeat(3, 1))  # of another size than what was traced
    bpe.save(folder / "bpe.json")
    told = {"card": eyes.name, "revision": eyes.revision, "sha256": eyes.files["encoder"].sha256}
    (folder / "encoder.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return folder


def _write_decoder(net: TinyVlm, path: Path, prefix: Tensor) -> None:
    inputs = {"prefix": prefix, "ids": torch.ones(2, 3, dtype=torch.long), "past": net.nothing(2)}
    torch.onnx.export(
        _Next(net).eval(),
        tuple(inputs.values()),
        str(path),
        input_names=list(inputs),
        output_names=["logits", "kept"],
        opset_version=17,
        dynamic_axes={
            "prefix": {0: "films", 1: "seen"},
            "ids": {0: "films", 1: "new"},
            "past": {2: "films", 4: "before"},
            "logits": {0: "films"},
            "kept": {2: "films", 4: "after"},
        },
        dynamo=False,
    )
    store_half(path)
    shape = net.shape
    facts = {"layers": shape.layers, "heads": shape.heads, "head_width": shape.width // shape.heads,
             "context": shape.context, "vocabulary": shape.vocabulary}  # fmt: skip
    onnx: Any = require("onnx", "train")
    model = onnx.load(str(path))
    for key, value in facts.items():
        model.metadata_props.add(key=key, value=str(value))
    onnx.save(model, str(path))


def _write(
    graph: nn.Module, path: Path, inputs: dict[str, Tensor], outputs: dict[str, dict[int, str]], free: dict[int, str]
) -> None:
    torch.onnx.export(
        graph.eval(),
        tuple(inputs.values()),
        str(path),
        input_names=list(inputs),
        output_names=list(outputs),
        opset_version=17,
        dynamic_axes={name: free for name in inputs} | outputs,
        dynamo=False,
    )
    store_half(path)


@torch.no_grad()
def _check(net: TinyVlm, folder: Path, features: Tensor) -> None:
    """The files must say what torch says, all at once and token by token."""
    look, follow = (open_session(folder / name, 1) for name in ("projector.onnx", "decoder.onnx"))
    prefix = look.run(None, {"features": features.numpy()})[0]
    films = len(features)
    ids = torch.arange(3, 9)[None].repeat(films, 1)
    wanted = net(net.look(features), ids, net.nothing(films))[0][:, -1].numpy()
    got, past = follow.run(None, {"prefix": prefix, "ids": ids[:, :1].numpy(), "past": net.nothing(films).numpy()})
    for place in range(1, ids.shape[1]):
        empty = np.zeros((films, 0, net.shape.width), dtype=np.float32)
        got, past = follow.run(None, {"prefix": empty, "ids": ids[:, place : place + 1].numpy(), "past": past})
    difference = float(np.abs(got - wanted).max())
    if difference > _TOLERANCE * max(1.0, float(np.abs(wanted).max())):
        raise ModelError(name="decoder.onnx", reason=f"differs from torch by {difference:.3f}")
