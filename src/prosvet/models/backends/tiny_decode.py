"""The tiny model's networks and the ways through its words: greedy, drawn, or by beam, in numpy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prosvet.core.errors import ModelError
from prosvet.models.backends.bytes_bpe import ByteBpe
from prosvet.models.backends.onnx import open_session

__all__ = ["Said", "TinyNetworks", "beam", "greedy", "walk"]

END, ANSWER = 1, 2
Floats = NDArray[np.float32]
Choose = Callable[[NDArray[np.float64]], int]


@dataclass(frozen=True)
class Said:
    """Tokens without the last sign, the log-probability of each, and whether the model came to an end by itself."""

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    ended: bool


@dataclass(frozen=True)
class _State:
    """After some tokens: log-probabilities of the next (B, V), and the keys and values so far."""

    next: NDArray[np.float64]
    past: Floats
    length: int


class TinyNetworks:
    """``projector.onnx`` (features to a prefix) and ``decoder.onnx`` (prefix and tokens to the next one).

    Parameters
    ----------
    folder : Path
        With both files and ``bpe.json``.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        self.bpe = ByteBpe.load(folder / "bpe.json")
        self._projector: Any = open_session(folder / "projector.onnx", threads)
        self._decoder: Any = open_session(folder / "decoder.onnx", threads)
        facts = self._decoder.get_modelmeta().custom_metadata_map
        if {"layers", "heads", "head_width", "context", "vocabulary"} - set(facts):
            raise ModelError(name="decoder.onnx", reason="its metadata do not say its shape")
        self.context = int(facts["context"])
        self._empty = (int(facts["layers"]), 2, int(facts["heads"]), int(facts["head_width"]))
        if int(facts["vocabulary"]) != len(self.bpe):
            raise ModelError(name="bpe.json", reason=f"{len(self.bpe)} tokens, the decoder has {facts['vocabulary']}")

    def start(self, features: Floats, prompt: Sequence[int]) -> _State:
        """Films' features (B, 528) and one prompt for all of them."""
        prefix = self._projector.run(None, {"features": np.ascontiguousarray(features, dtype=np.float32)})[0]
        layers, two, heads, width = self._empty
        past = np.zeros((layers, two, len(features), heads, 0, width), dtype=np.float32)
        ids = np.tile(np.array([*prompt, ANSWER], dtype=np.int64), (len(features), 1))
        return self._run(prefix, ids, past)

    def go_on(self, state: _State, tokens: Sequence[int], rows: Sequence[int] | None = None) -> _State:
        """One token more for each row; `rows` says which former row each goes on from."""
        past = state.past if rows is None else state.past[:, :, list(rows)]
        prefix = np.zeros((len(tokens), 0, self._empty[2] * self._empty[3]), dtype=np.float32)
        return self._run(prefix, np.array(tokens, dtype=np.int64)[:, None], past)

    def _run(self, prefix: Floats, ids: NDArray[np.int64], past: Floats) -> _State:
        logits, kept = self._decoder.run(None, {"prefix": prefix, "ids": ids, "past": past})
        shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
        return _State(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)), kept, kept.shape[4])


def walk(
    networks: TinyNetworks, features: Floats, prompt: Sequence[int], most: int, choose: Choose | None = None
) -> Iterator[tuple[int, float]]:
    """Tokens of one film's answer as they come, with their log-probabilities; the last may be the end sign.

    Parameters
    ----------
    most : int
        Tokens at most; the model's own limit holds as well.
    choose : callable, optional
        Which token, given log-probabilities (V,); the likeliest when None.
    """
    state = networks.start(features[None], prompt)
    for _ in range(most):
        token = int(state.next[0].argmax()) if choose is None else choose(state.next[0])
        yield token, float(state.next[0][token])
        if token == END or state.length >= networks.context:
            return
        state = networks.go_on(state, [token])


def greedy(networks: TinyNetworks, features: Floats, prompt: Sequence[int], most: int) -> list[Said]:
    """The likeliest token each time, for many films (B, 528) and one prompt together."""
    state = networks.start(features, prompt)
    tokens: list[list[int]] = [[] for _ in features]
    chances: list[list[float]] = [[] for _ in features]
    ended = np.zeros(len(features), dtype=bool)
    for _ in range(most):
        chosen = state.next.argmax(axis=1)
        for row in np.flatnonzero(~ended):
            chances[row].append(float(state.next[row, chosen[row]]))
            if chosen[row] == END:
                ended[row] = True
            else:
                tokens[row].append(int(chosen[row]))
        if ended.all() or state.length >= networks.context:
            break
        state = networks.go_on(state, chosen.tolist())
    return [Said(tuple(t), tuple(c), bool(e)) for t, c, e in zip(tokens, chances, ended, strict=True)]


def beam(networks: TinyNetworks, features: Floats, prompt: Sequence[int], most: int, width: int) -> Said:
    """The best of `width` ways through one film's answer, by the mean log-probability of a token."""
    state = networks.start(features[None], prompt)
    ways: list[tuple[tuple[int, ...], tuple[float, ...]]] = [((), ())]
    done: list[Said] = []
    for _ in range(most):
        sums = np.array([sum(chances) for _, chances in ways])[:, None] + state.next
        order = np.argsort(-sums, axis=None, kind="stable")[: 2 * width]
        parents, tokens = np.unravel_index(order, sums.shape)
        kept: list[tuple[int, int]] = []
        for parent, token in zip(parents.tolist(), tokens.tolist(), strict=True):
            said, chances = ways[parent]
            if token == END:
                done.append(Said(said, (*chances, float(state.next[parent, token])), ended=True))
            elif len(kept) < width:
                kept.append((parent, token))
        ways = [((*ways[p][0], t), (*ways[p][1], float(state.next[p, t]))) for p, t in kept]
        if len(done) >= width or state.length >= networks.context:
            break
        state = networks.go_on(state, [token for _, token in kept], [parent for parent, _ in kept])
    open_ways = [Said(tokens, chances, ended=False) for tokens, chances in ways]
    return max(done or open_ways, key=lambda said: sum(said.logprobs) / max(1, len(said.logprobs)))
