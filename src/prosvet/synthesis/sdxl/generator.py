"""SDXL at work: words, a film or a part of one in, a grey picture out; its adapter can be changed between pictures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prosvet.core.errors import Cancelled, SynthesisError, UnknownName
from prosvet.core.optional import require
from prosvet.core.types import Status
from prosvet.language.labels import report_labels
from prosvet.models.vlm.weights import verified_folder
from prosvet.synthesis.make import Picture, Preview, Task, blended
from prosvet.synthesis.prompt import plain
from prosvet.synthesis.sdxl.adapter_file import AdapterFile, check_adapter
from prosvet.synthesis.sdxl.card import SdxlCard
from prosvet.synthesis.sdxl.memory import freed, shortage
from prosvet.synthesis.sdxl.pipeline import decoded, device_name, encoded, glance, open_pipeline, scheduler_of
from prosvet.synthesis.sdxl.words import english
from prosvet.synthesis.sdxl.worn import Wardrobe
from prosvet.synthesis.wanted import Wanted

__all__ = ["SdxlGenerator"]


class SdxlGenerator:
    """One pipeline, verified when it is made, loaded for the first picture; one picture at a time."""

    def __init__(self, card: SdxlCard) -> None:
        """Check every file of the pipeline against the card.

        Raises
        ------
        ModelError, ModelHashMismatch
        """
        self.card = card
        verified_folder(card.name, card.home, card.files)
        self._pipe: Any = None
        self._wardrobe: Wardrobe | None = None
        self._asked: AdapterFile | None = None

    @property
    def adapter(self) -> str | None:
        """Name and hash of the adapter that the next picture is made with."""
        return self._asked.label if self._asked is not None else None

    def wear(self, adapter: Path | None) -> None:
        """Choose the adapter of the next pictures, None for none; only its header is read here.

        Raises
        ------
        SynthesisError
            With the reason why it is none for this base; what was chosen before stays.
        """
        self._asked = check_adapter(adapter, self.card.home) if adapter is not None else None

    def wanted(self, text: str, style: str = "") -> Wanted:
        """What `text` names; ``said`` is what the encoders read where that are not the prompt's own words."""
        if style:
            raise UnknownName(kind="style", name=style, known=sorted(self.card.styles))
        told = english(text)
        found = [one for one in report_labels(plain(text), parents=True) if one.status is not Status.UNCERTAIN]
        named = {one.concept for one in found if one.status is Status.PRESENT and not one.why.implied_by}
        known = {*self.card.findings, "normal", "abnormal"}
        unknown = tuple(sorted(named - known)) if self.card.findings else ()
        said = told.text if told.translated else ""
        return Wanted(np.zeros(0, dtype=np.float32), 0, tuple(found), unknown, said=said, lost=told.lost)

    def make(self, task: Task, preview: Preview | None = None, cancelled: Callable[[], bool] | None = None) -> Picture:
        """The picture (size, size) in 0..1 of `task`; the same for the same task on one machine.

        Raises
        ------
        SynthesisError
            When a number is not finite, nothing of a Russian prompt could be translated, or the adapter is broken.
        MemoryError
            When memory ran out; :meth:`close` gives back what is held.
        Cancelled
            When `cancelled` says so.
        """
        self.wanted(task.prompt, task.style)
        with shortage():
            pipe, wardrobe = self._opened()
            wardrobe.wear(self._asked)
            wardrobe.strength(task.adapter_strength)
            latents = self._sampled(pipe, task, self._watch(preview, cancelled))
            made = decoded(pipe, latents)
        return blended(made, task.start)

    def close(self) -> None:
        """Let go of the pipeline and its memory; the next picture loads it again."""
        pipe, self._pipe, self._wardrobe = self._pipe, None, None
        if pipe is not None:
            for name in ("unet", "vae", "text_encoder", "text_encoder_2"):
                setattr(pipe, name, None)  # whoever still holds the pipeline, an exception's trace say, holds a shell
        freed()

    def _opened(self) -> tuple[Any, Wardrobe]:
        if self._pipe is None or self._wardrobe is None:
            pipe = open_pipeline(self.card.home, self.card.dtype, device_name())
            self._pipe, self._wardrobe = pipe, Wardrobe(pipe)
        return self._pipe, self._wardrobe

    def _sampled(self, pipe: Any, task: Task, watch: Callable[..., dict[str, Any]]) -> Any:
        """Latents of the picture."""
        torch = require("torch", "synth")
        given = self._given(pipe, task) | {
            "num_inference_steps": task.steps, "guidance_scale": task.guidance, "output_type": "latent",
            "generator": torch.Generator("cpu").manual_seed(task.seed), "callback_on_step_end": watch,
        }  # fmt: skip
        runner = self._runner(pipe, task)
        runner.set_progress_bar_config(disable=True)
        with torch.no_grad():
            return runner(**given).images

    def _runner(self, pipe: Any, task: Task) -> Any:
        """The pipeline for the kind of task, on the same networks."""
        diffusers = require("diffusers", "synth")
        scheduler = scheduler_of(pipe.scheduler.config, task.scheduler)
        start = task.start
        if start is None:
            kind = diffusers.StableDiffusionXLPipeline
        elif start.mask is None:
            kind = diffusers.StableDiffusionXLImg2ImgPipeline
        else:
            kind = diffusers.StableDiffusionXLInpaintPipeline
        parts = {name: part for name, part in pipe.components.items() if name not in ("scheduler", "image_encoder")}
        parts.pop("feature_extractor", None)
        extra = {} if start is None else {"requires_aesthetics_score": False}
        return kind(scheduler=scheduler, add_watermarker=False, **parts, **extra)

    def _given(self, pipe: Any, task: Task) -> dict[str, Any]:
        """The task in the pipeline's own arguments."""
        from prosvet.synthesis.sdxl.embeddings import both

        prompt, negative = english(task.prompt), english(task.negative)
        if not prompt.clauses:
            raise SynthesisError(reason="not_translated", words=task.prompt)
        given: dict[str, Any] = dict(both(pipe, prompt.clauses, negative.clauses))
        start = task.start
        if start is None:
            return given | {"height": self.card.size, "width": self.card.size}
        latents = encoded(pipe, start.picture, task.seed)
        # Of each film at least one step is made anew, else there would be nothing to do.
        given |= {"image": latents, "strength": max(start.strength, 1 / task.steps + 1e-6)}
        if start.mask is not None:
            mask = torch_mask(start.mask, self.card.size // latents.shape[-1])
            given |= {"mask_image": mask, "height": self.card.size, "width": self.card.size}
        return given

    def _watch(self, preview: Preview | None, cancelled: Callable[[], bool] | None) -> Callable[..., dict[str, Any]]:
        """What the pipeline calls after each step."""

        def watch(runner: Any, step: int, _time: Any, values: dict[str, Any]) -> dict[str, Any]:
            if cancelled is not None and cancelled():
                raise Cancelled
            latents = values["latents"]
            if not bool(latents.isfinite().all()):
                raise SynthesisError(reason="not_finite")
            if preview is not None:
                preview(step + 1, int(runner.num_timesteps), partial(glance, latents, min(self.card.size, 512)))
            return values

        return watch


def torch_mask(mask: NDArray[np.float32], step: int) -> Any:
    """A mask (1, 1, H, W) of whole cells of the latents, each that has a part of the given one."""
    torch = require("torch", "synth")
    side = mask.shape[0] // step
    coarse = mask.reshape(side, step, side, step).max(axis=(1, 3)) > 0
    return torch.from_numpy(np.kron(coarse, np.ones((step, step))).astype(np.float32))[None, None]
