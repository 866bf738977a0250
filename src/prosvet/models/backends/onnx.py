"""Networks in ONNX files, run by onnxruntime on the processor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prosvet.core.errors import ModelError

__all__ = ["OnnxGraph", "OnnxNetwork", "open_session"]


def open_session(path: Path, threads: int) -> Any:
    """A session of onnxruntime on the processor.

    Raises
    ------
    ModelError
        When the file is no network that it can run.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that spin between calls would take the cores from decoding and from the other networks.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own exceptions share no base below Exception
        raise ModelError(name=path.name, reason=str(error).splitlines()[0]) from None


class OnnxGraph:
    """A network of named inputs; answers are arrays in the order of the file's `outputs`."""

    def __init__(self, path: Path, threads: int) -> None:
        self._session: Any = open_session(path, threads)
        self.inputs: tuple[str, ...] = tuple(one.name for one in self._session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(one.name for one in self._session.get_outputs())

    def __call__(self, **inputs: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Run on arrays by their names in the file."""
        given = {name: np.ascontiguousarray(values) for name, values in inputs.items()}
        answer: list[NDArray[np.float32]] = self._session.run(None, given)
        return answer


class OnnxNetwork:
    """A network of one input, a batch of pictures."""

    def __init__(self, path: Path, threads: int) -> None:
        self._graph = OnnxGraph(path, threads)

    def __call__(self, batch: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run a batch (N, 1, S, S) of standardised squares."""
        return self._graph(**{self._graph.inputs[0]: batch})
