"""The compact generator at work: what is wanted in, a grey picture out, by onnxruntime and numpy alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from prosvet.core.context import Context
from prosvet.core.errors import Cancelled, SynthesisError, UnknownName
from prosvet.models.backends.onnx import OnnxGraph
from prosvet.models.card import verified_path
from prosvet.models.text import SentenceEncoder, TextEncoder
from prosvet.synthesis.card import GeneratorCard, load_generator_card
from prosvet.synthesis.prompt import plain, weighted
from prosvet.synthesis.sampling import Denoiser, Scheduler, sample, sigmas, start_of
from prosvet.synthesis.wanted import Wanted, nothing, want

__all__ = ["CompactGenerator", "Picture", "Preview", "Start", "Task", "blended"]

Latent = NDArray[np.float32]
Picture = NDArray[np.float32]
Preview = Callable[[int, int, Callable[[], Picture]], None]
"""(step, steps, gives the picture so far)"""

_SEAM = 12  # pixels of 256
_NETWORKS = ("encoder", "decoder", "flow")


@dataclass(frozen=True)
class Start:
    """A picture to go on from: (size, size) in 0..1, how much of it is forgotten (0..1), and where (None: everywhere).

    ``mask`` of the same shape is 1 where the picture may change.
    """

    picture: Picture
    strength: float
    mask: Picture | None = None


@dataclass(frozen=True)
class Task:
    """One picture to make; `style` names a look of the card, empty for any; `adapter_strength`: where one is worn."""

    prompt: str
    negative: str = ""
    seed: int = 0
    steps: int = 20
    guidance: float = 3.0
    scheduler: Scheduler = "dpmpp_2m_karras"
    style: str = ""
    start: Start | None = None
    adapter_strength: float = 1.0


class CompactGenerator:
    """The networks of one generator card, loaded strictly on first use; safe in several threads."""

    def __init__(self, card: GeneratorCard, threads: int, encoder: TextEncoder) -> None:
        self.card = card
        self._encoder = encoder
        self._graphs = {name: OnnxGraph(verified_path(card, name), threads) for name in _NETWORKS}

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The embedded default."""
        settings = context.settings
        card = load_generator_card("compact-generator", settings.home)
        return cls(card, settings.threads, context.get(SentenceEncoder))

    def wanted(self, text: str, style: str = "") -> Wanted:
        """What the generator understands of `text`."""
        return want(plain(text), self._style(style), self.card, self._encoder)

    def make(self, task: Task, preview: Preview | None = None, cancelled: Callable[[], bool] | None = None) -> Picture:
        """The picture (256, 256) in 0..1 of `task`; the same for the same task on one machine.

        `preview` is called after each step with its number, their count and a function that gives the picture so far.

        Raises
        ------
        SynthesisError
            When a number is not finite.
        Cancelled
            When `cancelled` says so.
        """
        random = np.random.default_rng(task.seed)
        levels = sigmas(task.steps, task.scheduler)
        noise = random.standard_normal((1, *self.card.latent), dtype=np.float32)
        x, denoise = noise * np.float32(levels[0]), self._denoiser(task)
        if task.start is not None:
            given = self.encode(task.start.picture)
            levels = levels[start_of(levels, task.start.strength) :]
            x = given + noise * np.float32(levels[0])
            if task.start.mask is not None:
                denoise = _only_within(task.start.mask, given, denoise)
        for step, (now, clean) in enumerate(sample(denoise, x, levels, task.scheduler, random), start=1):
            x = now
            if cancelled is not None and cancelled():
                raise Cancelled
            if not np.isfinite(x).all():
                raise SynthesisError(reason="not_finite")
            if preview is not None:
                preview(step, len(levels) - 1, partial(self.decode, clean))
        return blended(self.decode(x), task.start)

    @property
    def adapter(self) -> str | None:
        """None: this generator takes none."""
        return None

    def wear(self, adapter: Path | None) -> None:
        """Refuse an adapter.

        Raises
        ------
        SynthesisError
        """
        if adapter is not None:
            raise SynthesisError(reason="no_adapters", name=self.card.name)

    def close(self) -> None:
        """Let go of the networks; nothing can be made after it."""
        self._graphs.clear()

    def encode(self, picture: Picture) -> Latent:
        """Latents (1, 32, 16, 16) of a prepared picture (256, 256) in 0..1."""
        (latents,) = self._graphs["encoder"](picture=picture[None, None])
        return latents

    def decode(self, latents: Latent) -> Picture:
        """The picture (256, 256) in 0..1 of latents (1, 32, 16, 16)."""
        (pictures,) = self._graphs["decoder"](latents=latents)
        clipped: Picture = np.clip(pictures[0, 0], 0, 1)
        return clipped

    def _style(self, style: str) -> int:
        if style and style not in self.card.styles:
            raise UnknownName(kind="style", name=style, known=sorted(self.card.styles))
        return self.card.styles[style or "any"]

    def _denoiser(self, task: Task) -> Denoiser:
        """Guidance over the whole prompt, and over each weighted clause by what its weight differs from one.

        Clauses compose as in Liu et al. 2022 (https://arxiv.org/abs/2206.01714).
        """
        style = self._style(task.style)
        away = (
            want(plain(task.negative), style, self.card, self._encoder) if task.negative else nothing(self.card, style)
        )
        clauses = [c for c in weighted(task.prompt) if c.weight != 1]
        whole = want(plain(task.prompt), style, self.card, self._encoder)
        asked = [away, whole, *(want(c.text, style, self.card, self._encoder) for c in clauses)]
        rows = np.stack([one.asked for one in asked])
        styles = np.array([one.style for one in asked], dtype=np.int64)
        pull = np.array([task.guidance, *(task.guidance * (c.weight - 1) for c in clauses)], dtype=np.float32)

        def denoise(x: Latent, sigma: float) -> Latent:
            time = 1 / (1 + sigma)
            point = np.repeat(x * np.float32(time), len(rows), axis=0)
            times = np.full(len(rows), time, dtype=np.float32)
            (velocity,) = self._graphs["flow"](latents=point, time=times, asked=rows, style=styles)
            led = velocity[:1] + np.tensordot(pull, velocity[1:] - velocity[:1], axes=1)[None]
            clean: Latent = point[:1] + np.float32(1 - time) * led
            return clean

        return denoise


def _only_within(mask: Picture, given: Latent, denoise: Denoiser) -> Denoiser:
    """Outside the mask the denoised latents are those given, at every step (as in RePaint, Lugmayr et al. 2022)."""
    side = given.shape[-1]
    step = mask.shape[0] // side
    coarse = mask.reshape(side, step, side, step).max(axis=(1, 3))

    def within(x: Latent, sigma: float) -> Latent:
        return np.where(coarse > 0, denoise(x, sigma), given)

    return within


def blended(made: Picture, start: Start | None) -> Picture:
    """Outside the mask the picture that was given, to the pixel, with a soft seam inside it."""
    if start is None or start.mask is None:
        return made
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(start.mask > 0)
    soft = np.clip(depth * 256 / (_SEAM * made.shape[0]), 0, 1).astype(np.float32)
    seamed: Picture = soft * made + (1 - soft) * start.picture
    return seamed
