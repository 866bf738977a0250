"""The last layer of a shipped network, in the ONNX file itself: read, moved, and written back; no torch.

A pack's encoder averages one or more networks. In each, a convolution of one pixel gives a plane a finding from the
feature planes, and the mean of both over positions gives logits and features; so the logits are linear in the
features, and a change of the head is a change of two arrays. Nothing else in the file moves: the vector, and every
finding that keeps its head, stay as they were to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prosvet.core.errors import ModelError
from prosvet.core.optional import require

__all__ = ["HeadGraph"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Head:
    """One network's head: the names of its weight (as stored), its bias, and its pooled features."""

    weight: str
    bias: str
    features: str
    width: int


class HeadGraph:
    """The heads of an encoder.

    Raises
    ------
    ModelError
        When the file has no head of this shape.
    MissingExtra
        Without the package ``onnx``.
    """

    def __init__(self, path: Path, labels: int) -> None:
        onnx: Any = require("onnx", "train")
        self._onnx, self._path = onnx, path
        self._model = onnx.load(str(path))
        self._stored = {tensor.name: tensor for tensor in self._model.graph.initializer}
        self._heads = self._find(labels)
        if not self._heads:
            raise ModelError(name=path.name, reason=f"no last layer with {labels} findings")

    def _find(self, labels: int) -> list[_Head]:
        graph = self._model.graph
        cast = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Cast"}
        pooled = {node.input[0]: node.output[0] for node in graph.node if node.op_type == "ReduceMean"}
        heads = []
        for node in graph.node:
            if node.op_type != "Conv" or len(node.input) != 3:
                continue
            weight = cast.get(node.input[1], node.input[1])
            tensor = self._stored.get(weight)
            if tensor is None or node.input[2] not in self._stored or node.input[0] not in pooled:
                continue
            if list(tensor.dims) == [labels, *tensor.dims[1:2], 1, 1]:
                heads.append(_Head(weight, node.input[2], pooled[node.input[0]], int(tensor.dims[1])))
        return sorted(heads, key=lambda head: head.weight)

    @property
    def width(self) -> int:
        """Numbers in a film's features, all networks together."""
        return sum(head.width for head in self._heads)

    @property
    def slopes(self) -> Floats:
        """The head (K, D): logits are ``features @ slopes.T`` and a bias."""
        arrays = [self._onnx.numpy_helper.to_array(self._stored[head.weight])[:, :, 0, 0] for head in self._heads]
        made: Floats = np.concatenate(arrays, axis=1).astype(np.float64) / len(self._heads)
        return made

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the features in the graph, network by network."""
        return tuple(head.features for head in self._heads)

    def with_features(self, path: Path) -> None:
        """Write a copy that also gives the features: its outputs are ``logits``, then one array (N, D) a network."""
        model = self._onnx.ModelProto()
        model.CopyFrom(self._model)
        kept = [output for output in model.graph.output if output.name == "logits"]
        del model.graph.output[:]
        model.graph.output.extend(kept)
        for head in self._heads:
            made = self._onnx.helper.make_tensor_value_info(
                head.features, self._onnx.TensorProto.FLOAT, ["batch", head.width]
            )
            model.graph.output.append(made)
        self._onnx.save(model, str(path))

    def moved(self, slopes: Floats, shifts: Floats, path: Path) -> None:
        """Write the network whose logits are higher by ``features @ slopes.T + shifts`` (slopes (K, D), shifts (K,)).

        Findings with nothing but zeros keep their head to the bit.
        """
        model = self._onnx.ModelProto()
        model.CopyFrom(self._model)
        stored = {tensor.name: tensor for tensor in model.graph.initializer}
        start, networks = 0, len(self._heads)
        for head in self._heads:
            part = slopes[:, start : start + head.width, None, None]
            self._add(stored[head.weight], networks * part)
            self._add(stored[head.bias], shifts)
            start += head.width
        self._onnx.checker.check_model(model)
        self._onnx.save(model, str(path))

    def _add(self, tensor: Any, change: Floats) -> None:
        values = self._onnx.numpy_helper.to_array(tensor)
        made = np.where(change == 0, values, (values.astype(np.float64) + change)).astype(values.dtype)
        tensor.CopyFrom(self._onnx.numpy_helper.from_array(made, tensor.name))
