"""How much the networks disagree on a film: the pack's own two encoders, and one encoder on copies of the film.

The encoder that the pack ships is the mean of several members in one ONNX file, of which only the mean comes out. The
members' own answers are tensors inside it; naming them as outputs costs no further work. An ONNX file is one protobuf
message, and messages of one type that are written one after the other are read as one whose lists are joined (Protocol
Buffers, Encoding, "Last One Wins"), so that the outputs are asked for by a few bytes at the end of the verified file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prosvet.core.context import Context
from prosvet.core.errors import ModelError
from prosvet.imaging.film import Film
from prosvet.models.card import Card, verified_path
from prosvet.models.deployed import card_in_force
from prosvet.models.prepare import prepare

__all__ = ["Spread", "Views", "copies", "with_outputs"]

Square = NDArray[np.float32]

_MEMBER = re.compile(rb"/members\.(\d+)/ReduceMean_output_0")
_SHIFT = 0.03  # of the side
_TURN = 3.0  # degrees


@dataclass(frozen=True)
class Spread:
    """Standard deviations of the logit of ``abnormal``: between members (None where there is one) and copies."""

    members: float | None
    copies: float


class Views:
    """The encoder of one card with its members' answers beside the mean."""

    def __init__(self, card: Card, threads: int) -> None:
        import onnxruntime

        content = verified_path(card, "encoder").read_bytes()
        self._members = sorted({found.group(0).decode() for found in _MEMBER.finditer(content)})
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        whole = with_outputs(content, self._members)
        try:
            self._session: Any = onnxruntime.InferenceSession(whole, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own exceptions share no base below Exception
            raise ModelError(name=card.name, reason=str(error).splitlines()[0]) from None
        self._input: str = self._session.get_inputs()[0].name
        self._size, self._at = card.input.size, card.labels.index("abnormal")
        self._scale = card.calibration["abnormal"].scale

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """Of the model in force."""
        return cls(card_in_force(context.settings), context.settings.threads)

    def spread(self, film: Film) -> Spread:
        """The disagreement on an upright frontal film; one run of the encoder on the film and its four copies."""
        square, _ = prepare(film).square(self._size)
        batch = np.stack([square, *copies(square)])[:, None].astype(np.float32)
        answers = self._session.run(["logits", *self._members], {self._input: batch})
        mean, *members = [self._scale * answer.reshape(len(batch), -1)[:, self._at] for answer in answers]
        apart = float(np.std([member[0] for member in members])) if len(members) > 1 else None
        return Spread(apart, float(np.std(mean)))


def copies(square: Square) -> list[Square]:
    """The square mirrored, moved both ways along its diagonal, and turned a little: the same film each time.

    Examples
    --------
    >>> [one.shape for one in copies(np.zeros((8, 8), dtype=np.float32))]
    [(8, 8), (8, 8), (8, 8), (8, 8)]
    """
    step = max(1, round(_SHIFT * len(square)))
    edge = np.pad(square, step, mode="edge")
    side = len(square)
    turned = Image.fromarray(square).rotate(_TURN, Image.Resampling.BILINEAR, fillcolor=float(square.min()))
    return [
        np.ascontiguousarray(square[:, ::-1]), edge[:side, :side], edge[2 * step :, 2 * step :],
        np.asarray(turned, dtype=np.float32),
    ]  # fmt: skip


def with_outputs(content: bytes, names: list[str]) -> bytes:
    """An ONNX file that gives the tensors `names` too: ``ModelProto.graph`` (7), ``output`` (12), ``name`` (1)."""
    outputs = b"".join(_field(12, _field(1, name.encode())) for name in names)
    return content + _field(7, outputs) if names else content


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])
