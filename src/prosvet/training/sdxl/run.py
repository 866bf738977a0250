"""The run: the set, latents, steps over one or several processes, checkpoints, and in the end the adapter."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from prosvet.core.context import Context
from prosvet.core.errors import TuningError
from prosvet.core.optional import require
from prosvet.synthesis.sdxl.memory import freed, shortage
from prosvet.training.sdxl.checkpoints import ADAPTER, last_checkpoint, load_adapter, save_adapter, save_checkpoint
from prosvet.training.sdxl.films import Case
from prosvet.training.sdxl.latents import Encoded, encode_all
from prosvet.training.sdxl.recipe import Lora, Recipe, Steps
from prosvet.training.sdxl.steps import draw, loss_of, which

__all__ = ["Trained", "train", "with_adapter"]

log = logging.getLogger(__name__)

_DONE, _LOSSES = "done.json", "losses.jsonl"
_TOLD_EVERY = 10
_DTYPES = {"fp16": torch.float16, "bf16": torch.bfloat16, "no": torch.float32}


@dataclass(frozen=True)
class Trained:
    """What came of training: the first and the last loss, parameters that train, steps skipped for want of numbers.

    ``resumed`` is the step it went on from; ``processes`` trained together.
    """

    steps: int
    trainable: int
    first: float
    last: float
    skipped: int
    resumed: int | None
    processes: int
    optimiser: str


def train(recipe: Recipe, cases: Sequence[Case], out: Path, context: Context) -> Trained:
    """Train, or go on training; returns at once when it is done already.

    Raises
    ------
    TuningError
        When no layer matches, numbers are none for too long, or memory runs out; the last checkpoint stays.
    """
    if (out / _DONE).is_file():
        return Trained(**json.loads((out / _DONE).read_text(encoding="utf-8")))
    accelerator = _accelerator(recipe.steps)
    with accelerator.main_process_first():
        encoded, scheduler, scale = _material(recipe, cases, out, str(accelerator.device))
    unet = _unet(recipe, accelerator)
    told = _Loop(recipe, out, accelerator, unet, encoded, scheduler, scale, context).run()
    if accelerator.is_main_process:
        save_adapter(accelerator.unwrap_model(unet), out / ADAPTER, _said(recipe, told.steps))
        fresh = out / "done.tmp"
        fresh.write_text(json.dumps(asdict(told)), encoding="utf-8")
        fresh.replace(out / _DONE)
    accelerator.wait_for_everyone()
    return told


def _accelerator(steps: Steps) -> Any:
    precision = steps.precision
    if precision == "auto":
        precision = "fp16" if torch.cuda.is_available() else "no"
    return require("accelerate", "synth").Accelerator(mixed_precision=precision, cpu=not torch.cuda.is_available())


def _material(recipe: Recipe, cases: Sequence[Case], out: Path, device: str) -> tuple[Encoded, Any, float]:
    """Everything but the UNet: used once, then let go of."""
    from prosvet.synthesis.sdxl.pipeline import open_pipeline

    diffusers = require("diffusers", "synth")
    with shortage():
        pipe = open_pipeline(recipe.model, "float32", device, without=("unet",))
        scheduler = diffusers.DDPMScheduler.from_config(pipe.scheduler.config)
        scale = float(pipe.vae.config.scaling_factor)
        encoded = encode_all(cases, pipe, out, recipe.data.size)
    del pipe
    freed()
    return encoded, scheduler, scale


def _unet(recipe: Recipe, accelerator: Any) -> Any:
    """The base's UNet in half precision where asked for, frozen; its adapter in float32."""
    unet = require("diffusers", "synth").UNet2DConditionModel.from_pretrained(
        str(recipe.model / "unet"), dtype=_DTYPES[accelerator.mixed_precision], local_files_only=True
    )
    return with_adapter(unet.to(accelerator.device), recipe.lora, recipe.steps)


def with_adapter(unet: Any, lora: Lora, steps: Steps) -> Any:
    """`unet` frozen, with a fresh adapter in float32 that trains.

    Raises
    ------
    TuningError
        When no layer matches the recipe's pattern.
    """
    peft = require("peft", "synth")
    try:
        pattern = re.compile(lora.targets)
    except re.error:
        raise TuningError(reason="sdxl_targets", name=lora.targets) from None
    layers = [name for name, module in unet.named_modules()
              if pattern.fullmatch(name) and isinstance(module, torch.nn.Linear | torch.nn.Conv2d)]  # fmt: skip
    if not layers:
        raise TuningError(reason="sdxl_targets", name=lora.targets)
    unet.requires_grad_(False)
    torch.manual_seed(steps.seed)
    unet.add_adapter(
        peft.LoraConfig(r=lora.rank, lora_alpha=lora.alpha, init_lora_weights="gaussian", target_modules=layers)
    )
    for parameter in unet.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    if steps.gradient_checkpointing:
        unet.enable_gradient_checkpointing()
    return unet.train()


def optimiser_of(parameters: list[Any], steps: Steps) -> tuple[Any, str]:
    """The optimiser that the recipe asks for as far as this machine has it, and its name."""
    given: dict[str, Any] = {"lr": steps.lr, "weight_decay": steps.weight_decay}
    if steps.optimiser == "adamw8bit":
        if torch.cuda.is_available():
            return require("bitsandbytes", "vlm").optim.AdamW8bit(parameters, **given), "adamw8bit"
        log.warning("8-bit AdamW needs a GPU: AdamW in float32 is used")
    return torch.optim.AdamW(parameters, **given), "adamw"


class _Loop:
    """Steps from where the last checkpoint stands to the end."""

    def __init__(
        self, recipe: Recipe, out: Path, accelerator: Any, unet: Any, encoded: Encoded, scheduler: Any, scale: float,
        context: Context,
    ) -> None:  # fmt: skip
        self.recipe, self.out, self.accelerator, self.context = recipe, out, accelerator, context
        self.encoded, self.scheduler, self.scale = encoded, scheduler, scale
        self.trained = [parameter for parameter in unet.parameters() if parameter.requires_grad]
        optimiser, self.kind = optimiser_of(self.trained, recipe.steps)
        self.resumed: int | None = None
        self.skipped = self.bad = 0
        self.losses: list[float] = []
        self._resume(unet, optimiser)
        self.unet, self.optimiser = accelerator.prepare(unet, optimiser)

    def _resume(self, unet: Any, optimiser: Any) -> None:
        found = last_checkpoint(self.out)
        if found is None:
            (self.out / _LOSSES).unlink(missing_ok=True)
            return
        state = found.state()
        load_adapter(unet, found.folder / ADAPTER)
        optimiser.load_state_dict(state["optimiser"])
        if self.accelerator.scaler is not None and state["scaler"]:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        self.resumed, self.skipped, self.bad = found.step, state["skipped"], state["bad"]
        self.losses = _cut(self.out / _LOSSES, found.step) if self.accelerator.is_main_process else []
        log.info("going on from step %d", found.step)

    def run(self) -> Trained:
        steps, start = self.recipe.steps, self.resumed or 0
        todo = range(start, steps.most)
        for step in self.context.progress.track(todo, "sdxl.steps", len(todo)):
            try:
                with shortage():
                    loss = self._step(step)
            except MemoryError:
                freed()
                raise TuningError(reason="sdxl_memory", step=step + 1) from None
            self._tell(step + 1, loss)
            if (step + 1) % steps.checkpoint_every == 0 or step + 1 == steps.most:
                self._keep(step + 1)
        known = [loss for loss in self.losses if math.isfinite(loss)]
        return Trained(
            steps=steps.most, trainable=sum(p.numel() for p in self.trained),
            first=known[0] if known else math.nan, last=known[-1] if known else math.nan, skipped=self.skipped,
            resumed=self.resumed, processes=int(self.accelerator.num_processes), optimiser=self.kind,
        )  # fmt: skip

    def _step(self, step: int) -> float:
        """One step of the optimiser over all its small batches; NaN when it was skipped."""
        steps, accelerator = self.recipe.steps, self.accelerator
        total = torch.zeros((), device=accelerator.device)
        for part in range(steps.accumulate):
            batch = self._batch(step * steps.accumulate + part)
            last = part == steps.accumulate - 1
            with accelerator.autocast():
                loss = loss_of(self.unet, batch)
            total = total + loss.detach() / steps.accumulate
            if last:
                accelerator.backward(loss / steps.accumulate)
            else:
                with accelerator.no_sync(self.unet):
                    accelerator.backward(loss / steps.accumulate)
        norm = accelerator.clip_grad_norm_(self.trained, steps.clip)
        mean = accelerator.reduce(total, "mean")
        # The mean over all processes is none if one of theirs is; so all skip together, or none.
        if bool(mean.isfinite()) and (accelerator.scaler is not None or bool(torch.as_tensor(norm).isfinite())):
            self.optimiser.step()
            fine = not self.optimiser.step_was_skipped
        else:
            fine = False
            if accelerator.scaler is not None:
                accelerator.scaler.update(accelerator.scaler.get_scale() / 2)
        self.optimiser.zero_grad()
        self._guard(fine, step)
        return float(mean) if fine else math.nan

    def _batch(self, place: int) -> Any:
        """The batch of this process at a place of the run."""
        steps, accelerator = self.recipe.steps, self.accelerator
        mine = place * accelerator.num_processes + accelerator.process_index
        chosen = which(len(self.encoded), mine, steps.batch, steps.seed)
        return draw(self.encoded, chosen, self.scheduler, self.scale, (steps.seed, mine), accelerator.device)

    def _guard(self, fine: bool, step: int) -> None:
        if fine:
            self.bad = 0
            return
        self.bad += 1
        self.skipped += 1
        log.warning("step %d: the loss or its gradient is no number; the step is skipped", step + 1)
        if self.bad >= self.recipe.steps.bad:
            raise TuningError(reason="sdxl_nan_steps", n=self.bad)

    def _tell(self, step: int, loss: float) -> None:
        if not self.accelerator.is_main_process:
            return
        self.losses.append(loss)
        with (self.out / _LOSSES).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"step": step, "loss": None if math.isnan(loss) else loss}) + "\n")
        if step % _TOLD_EVERY == 0:
            log.info("step %d of %d: loss %.4f", step, self.recipe.steps.most, loss)

    def _keep(self, step: int) -> None:
        if self.accelerator.is_main_process:
            scaler = self.accelerator.scaler
            state = {
                "optimiser": _plain(self.optimiser).state_dict(), "skipped": self.skipped, "bad": self.bad,
                "scaler": scaler.state_dict() if scaler is not None else {},
            }  # fmt: skip
            unet = self.accelerator.unwrap_model(self.unet)
            save_checkpoint(self.out, step, unet, state, _said(self.recipe, step))
            log.info("checkpoint at step %d", step)
        self.accelerator.wait_for_everyone()


def _plain(optimiser: Any) -> Any:
    return getattr(optimiser, "optimizer", optimiser)


def _cut(path: Path, step: int) -> list[float]:
    """Losses up to `step`; what was written after the checkpoint is taken back, for those steps come again."""
    if not path.is_file():
        return []
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    kept = [row for row in rows if row["step"] <= step]
    path.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
    return [math.nan if row["loss"] is None else float(row["loss"]) for row in kept]


def _said(recipe: Recipe, step: int) -> dict[str, str]:
    """What the adapter's file says of itself."""
    told = {"recipe": recipe.name, "digest": recipe.digest(), "step": step, "rank": recipe.lora.rank,
            "trigger": recipe.data.trigger, "set": recipe.data.kind, "size": recipe.data.size}  # fmt: skip
    return {"prosvet": json.dumps(told, ensure_ascii=False)}
