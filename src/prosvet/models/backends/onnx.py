"""Networks in ONNX files, run by onnxruntime on the processor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prosvet.core.errors import ModelError

__all__ = ["OnnxNetwork"]


class OnnxNetwork:
    """One session; answers are arrays in the order of the file's outputs."""

    def __init__(self, path: Path, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin between calls would take the cores from decoding and from the other networks.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own exceptions share no base below Exception
            raise ModelError(name=path.name, reason=str(error).splitlines()[0]) from None
        self._input: str = self._session.get_inputs()[0].name

    def __call__(self, batch: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run a batch (N, 1, S, S) of standardised squares."""
        answer: list[NDArray[np.float32]] = self._session.run(None, {self._input: np.ascontiguousarray(batch)})
        return answer
