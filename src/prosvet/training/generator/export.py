"""From trained networks of the generator to ONNX files with 8-bit weights, checked against torch."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from prosvet.core.errors import ModelError
from prosvet.core.optional import require
from prosvet.training.export import sha256_of, store_half
from prosvet.training.generator.coder import LATENT, Coder
from prosvet.training.generator.transformer import ASKED, STYLES, Flow

__all__ = ["export_decoder", "export_encoder", "export_flow"]

log = logging.getLogger(__name__)

_BYTES_ABOVE = 4096  # numbers; smaller tensors stay as they are
_TOLERANCE = 0.05  # mean difference from torch, against the spread of the answer


class _Encode(nn.Module):
    def __init__(self, net: Coder) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor) -> Tensor:
        return self.net.encode(picture)


class _Decode(nn.Module):
    def __init__(self, net: Coder) -> None:
        super().__init__()
        self.net = net

    def forward(self, latents: Tensor) -> Tensor:
        return self.net.decode(latents)


def export_encoder(net: Coder, path: Path) -> str:
    """Write pictures (N, 1, 256, 256) -> latents (N, 32, 16, 16); returns the SHA-256."""
    return _export(_Encode(net), {"picture": torch.rand(2, 1, 256, 256)}, "latents", path, small=False)


def export_decoder(net: Coder, path: Path) -> str:
    """Write latents (N, 32, 16, 16) -> pictures (N, 1, 256, 256); returns the SHA-256."""
    return _export(_Decode(net), {"latents": torch.randn(2, *LATENT)}, "pictures", path, small=False)


def export_flow(net: Flow, path: Path) -> str:
    """Write the flow with 8-bit weights; inputs ``latents``, ``time``, ``asked``, ``style``. Returns the SHA-256."""
    example = {
        "latents": torch.randn(2, *LATENT),
        "time": torch.tensor([0.3, 0.7]),
        "asked": torch.randn(2, ASKED) / 10,
        "style": torch.tensor([0, STYLES - 1]),
    }
    return _export(net, example, "velocity", path, small=True)


def _export(graph: nn.Module, example: dict[str, Tensor], output: str, path: Path, *, small: bool) -> str:
    graph.eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        graph, tuple(example.values()), str(path), input_names=list(example), output_names=[output], opset_version=18,
        dynamic_axes={name: {0: "batch"} for name in (*example, output)}, dynamo=False,
    )  # fmt: skip
    if small:
        _store_bytes(path)
    store_half(path)
    _compare(graph, example, path)
    log.info("%s: %.1f MB", path.name, path.stat().st_size / 1e6)
    return sha256_of(path)


def _store_bytes(path: Path) -> None:
    """Keep the matrices as signed bytes with a step for each output; they are multiplied in float32 all the same."""
    onnx: Any = require("onnx", "train")
    model = onnx.load(str(path))
    used = {node.input[1] for node in model.graph.node if node.op_type in ("MatMul", "Gemm")}
    turned = {node.input[1] for node in model.graph.node if node.op_type == "Gemm" and _transposed(node)}
    kept, nodes = [], []
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if tensor.name not in used or values.ndim != 2 or values.size <= _BYTES_ABOVE:
            kept.append(tensor)
            continue
        outputs = 0 if tensor.name in turned else 1
        step = np.maximum(np.abs(values).max(axis=1 - outputs), 1e-8).astype(np.float32) / 127
        whole = np.round(values / np.expand_dims(step, 1 - outputs)).astype(np.int8)
        name = tensor.name
        kept.append(onnx.numpy_helper.from_array(whole, f"{name}.bytes"))
        kept.append(onnx.numpy_helper.from_array(step, f"{name}.step"))
        nodes.append(onnx.helper.make_node("DequantizeLinear", [f"{name}.bytes", f"{name}.step"], [name], axis=outputs))
    rest = list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes + rest)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _transposed(node: Any) -> bool:
    return any(attribute.name == "transB" and attribute.i for attribute in node.attribute)


def _compare(graph: nn.Module, example: dict[str, Tensor], path: Path) -> None:
    import onnxruntime

    with torch.inference_mode():
        wanted = graph(*example.values()).numpy()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {name: values.numpy() for name, values in example.items()})
    difference = float(np.abs(found - wanted).mean())
    if difference > _TOLERANCE * float(wanted.std() + 1e-6):
        raise ModelError(name=path.name, reason=f"differs from torch by {difference:.4f}")
