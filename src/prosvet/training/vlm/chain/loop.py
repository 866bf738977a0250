"""The loop of every stage here, on one processor or several devices: seeded steps, checkpoints, a log of losses."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from prosvet.core.errors import TuningError
from prosvet.core.optional import require
from prosvet.training.vlm.chain.recipe import Loop

__all__ = ["BatchOf", "once", "run_loop", "trained_state"]

log = logging.getLogger(__name__)

BatchOf = Callable[[torch.Generator], Mapping[str, Tensor]]
"""What one process learns from in one step, drawn with the generator alone."""


def run_loop(model: nn.Module, batch_of: BatchOf, loop: Loop, out: Path, run: str) -> list[float]:
    """Train what has ``requires_grad`` in `model`, whose call gives the loss; returns the loss of every step.

    Each step's batch and its dropout are seeded by the step and the process, so that a run that was stopped and goes
    on ends with the weights of an unbroken one. Under ``accelerate launch`` the gradients are averaged over processes.

    Parameters
    ----------
    run : str
        Identifies the run; a checkpoint of another one in `out` is refused.

    Raises
    ------
    TuningError
        When `out` holds another run, or the loss is no number.
    """
    accelerate = require("accelerate", "vlm")
    # A tower may have parts that this loss does not reach, a pooling head for one.
    spread = accelerate.DistributedDataParallelKwargs(find_unused_parameters=True)
    device = accelerate.Accelerator(mixed_precision=loop.precision, kwargs_handlers=[spread])
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], loop.lr,
                                  weight_decay=loop.weight_decay)  # fmt: skip
    saved = _saved(out / "last.pt", run)
    if saved is not None:
        model.load_state_dict(saved["model"], strict=False)
    wrapped, optimiser = device.prepare(model, optimiser)
    losses: list[float] = []
    if saved is not None:
        optimiser.load_state_dict(saved["optimiser"])
        losses = list(saved["losses"])
    out.mkdir(parents=True, exist_ok=True)
    for step in range(len(losses), loop.steps):
        losses.append(_step(wrapped, optimiser, batch_of, loop, step, device))
        if not math.isfinite(losses[-1]):
            raise TuningError(reason="loss_no_number", step=step)
        done = step + 1
        if done % loop.save_every == 0 or done == loop.steps:
            log.info("%s: step %d of %d, loss %.4f", out.name, done, loop.steps, losses[-1])
            device.wait_for_everyone()
            if device.is_main_process:
                _save(out / "last.pt", model, optimiser, losses, run, device.num_processes)
    device.wait_for_everyone()
    return losses


def once(write: Callable[[], object]) -> None:
    """Let one of the processes write while the others wait."""
    state = require("accelerate", "vlm").PartialState()
    if state.is_main_process:
        write()
    state.wait_for_everyone()


def trained_state(model: nn.Module) -> dict[str, Tensor]:
    """The tensors that train, on the processor."""
    wanted = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    return {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items() if name in wanted}


def _step(model: Any, optimiser: Any, batch_of: BatchOf, loop: Loop, step: int, device: Any) -> float:
    for group in optimiser.param_groups:
        group["lr"] = _rate(loop, step)
    model.train()
    total = 0.0
    for part in range(loop.accumulate):
        seed = ((loop.seed * 1_000_003 + step) * loop.accumulate + part) * device.num_processes + device.process_index
        torch.manual_seed(seed)  # dropout
        batch = batch_of(torch.Generator().manual_seed(seed))
        with device.autocast():
            loss = model(**{name: tensor.to(device.device) for name, tensor in batch.items()})
        device.backward(loss / loop.accumulate)
        total += float(device.reduce(loss.detach(), reduction="mean")) / loop.accumulate
    device.clip_grad_norm_(model.parameters(), loop.clip)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return total


def _rate(loop: Loop, step: int) -> float:
    """Rising, then a cosine down to a twentieth of the peak."""
    warm = max(1, round(loop.warmup * loop.steps))
    if step < warm:
        return loop.lr * (step + 1) / warm
    share = (step - warm) / max(1, loop.steps - warm)
    return loop.lr * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * share)))


def _saved(path: Path, run: str) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    saved: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if saved["run"] != run:
        raise TuningError(reason="other_recipe", name=path.parent.name)
    return saved


def _save(path: Path, model: nn.Module, optimiser: Any, losses: list[float], run: str, processes: int) -> None:
    fresh = path.with_suffix(".tmp")
    state = {"model": trained_state(model), "optimiser": optimiser.state_dict(), "losses": losses, "run": run,
             "processes": processes}  # fmt: skip
    torch.save(state, fresh)
    fresh.replace(path)
