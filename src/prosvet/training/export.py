"""From trained weights to ONNX files: checked against torch, weights stored in half precision, hashes taken."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from prosvet.core.errors import ModelError
from prosvet.core.optional import require
from prosvet.training.data import FINDINGS
from prosvet.training.nets import AnatomyNet, FindingNet, GateNet

__all__ = [
    "EncoderGraph",
    "export_anatomy",
    "export_encoder",
    "export_gates",
    "export_int8",
    "export_member",
    "sha256_of",
    "store_half",
]

log = logging.getLogger(__name__)

_ANY_SIZE = {0: "batch", 2: "height", 3: "width"}
_HALF_ABOVE = 512  # numbers; smaller tensors (norms, biases) stay in full precision
_TOLERANCE = 2e-2  # greatest difference of a logit between torch in float32 and the stored file


class EncoderGraph(nn.Module):
    """Several finding networks as one: mean logits and maps, and the projected unit vector."""

    def __init__(self, members: Sequence[FindingNet], projection: nn.Linear) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.projection = projection

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Squares (N, 1, S, S) -> logits (N, K), maps (N, K, S/32, S/32), unit vectors (N, 512)."""
        answers = [member(x) for member in self.members]
        logits = torch.stack([a[0] for a in answers]).mean(0)
        maps = torch.stack([a[1] for a in answers]).mean(0)
        vector = self.projection(torch.cat([a[2] for a in answers], dim=1))
        return logits, maps, F.normalize(vector, dim=1)


class _GateGraph(nn.Module):
    def __init__(self, net: GateNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        logits = self.net(x)
        return torch.cat([torch.sigmoid(logits[:, :3]), torch.softmax(logits[:, 3:], dim=1)], dim=1)


class _AnatomyGraph(nn.Module):
    def __init__(self, net: AnatomyNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        planes = torch.sigmoid(self.net(x))
        return F.interpolate(planes, scale_factor=2.0, mode="bilinear", align_corners=False)


class _MemberGraph(nn.Module):
    def __init__(self, net: FindingNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        logits, _, features = self.net(x)
        return logits, features


def export_member(net: FindingNet, path: Path) -> str:
    """Write one finding network with its logits and features (N, 1280); returns the SHA-256."""
    return _export(_MemberGraph(net), path, 224, ["logits", "features"], _ANY_SIZE)


def export_encoder(members: Sequence[FindingNet], projection: nn.Linear, path: Path) -> str:
    """Write the finding networks and the projection as one graph; returns its SHA-256."""
    return _export(EncoderGraph(members, projection), path, 224, ["logits", "maps", "vector"], _ANY_SIZE)


def export_int8(whole: Path, squares: NDArray[np.float32], path: Path) -> str:
    """Write the network `whole` with 8-bit weights and activations to `path`; returns its SHA-256.

    The ranges of the activations are taken from `squares` (N, 1, S, S), films as the network sees them. Stems, heads
    and depthwise convolutions stay in floating point: their channels differ in range by orders of magnitude, and one
    step for all would turn the vector away.
    """
    quantization: Any = require("onnxruntime.quantization", "train")
    with TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        quantization.shape_inference.quant_pre_process(str(whole), str(ready), skip_symbolic_shape=True)
        quantization.quantize_static(
            str(ready),
            str(path),
            _Squares(squares),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            op_types_to_quantize=["Conv", "Add"],
            nodes_to_exclude=_delicate(ready),
        )
    store_half(path)
    log.info("%s: %.1f MB", path.name, path.stat().st_size / 1e6)
    return sha256_of(path)


class _Squares:
    """Squares one by one, as onnxruntime's calibration asks for them."""

    def __init__(self, squares: NDArray[np.float32]) -> None:
        self._left = iter(squares)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        square = next(self._left, None)
        return None if square is None else {"image": square[None]}


def _delicate(path: Path) -> list[str]:
    """Convolutions over one channel (stems, depthwise), and those that give one plane per finding (heads)."""
    onnx: Any = require("onnx", "train")
    graph = onnx.load(str(path)).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    convolutions = [(node.name, shapes.get(node.input[1], (0, 0))) for node in graph.node if node.op_type == "Conv"]
    return [name for name, (outputs, inputs, *_) in convolutions if inputs == 1 or outputs == len(FINDINGS)]


def export_gates(net: GateNet, path: Path) -> str:
    """Write the gate network with probabilities out; returns its SHA-256."""
    return _export(_GateGraph(net), path, 128, ["probabilities"], {0: "batch"})


def export_anatomy(net: AnatomyNet, path: Path) -> str:
    """Write the anatomy network with probabilities out at full size; returns its SHA-256."""
    return _export(_AnatomyGraph(net), path, 256, ["planes"], {0: "batch"})


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _export(graph: nn.Module, path: Path, side: int, outputs: list[str], free: dict[int, str]) -> str:
    graph.eval()
    example = torch.randn(2, 1, side, side, generator=torch.Generator().manual_seed(0))
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        graph,
        (example,),
        str(path),
        input_names=["image"],
        output_names=outputs,
        opset_version=17,
        dynamic_axes={"image": free} | {name: {0: "batch"} for name in outputs},
        dynamo=False,
    )
    store_half(path)
    _compare(graph, path, example)
    log.info("%s: %.1f MB", path.name, path.stat().st_size / 1e6)
    return sha256_of(path)


def store_half(path: Path) -> None:
    """Keep large weights as float16 with a cast in front: half the file, computed in float32 all the same."""
    onnx: Any = require("onnx", "train")
    model = onnx.load(str(path))
    casts = []
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size <= _HALF_ABOVE:
            continue
        name = tensor.name
        tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(
            onnx.helper.make_node("Cast", [f"{name}.half"], [name], name=f"cast.{name}", to=onnx.TensorProto.FLOAT)
        )
    nodes = casts + list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _compare(graph: nn.Module, path: Path, example: Tensor) -> None:
    """The file must say what torch says.

    Raises
    ------
    ModelError
        When an output differs by more than the tolerance.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        wanted = graph(example)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    for name, mine, other in zip(
        (o.name for o in session.get_outputs()), session.run(None, {"image": example.numpy()}), wanted, strict=True
    ):
        difference = float(np.abs(mine - other.numpy()).max())
        if difference > _TOLERANCE * max(1.0, float(np.abs(mine).max())):
            raise ModelError(name=path.name, reason=f"{name} differs from torch by {difference:.4f}")
