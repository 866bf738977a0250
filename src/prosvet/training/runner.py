"""The loop that every training shares: seeded steps, a warm cosine, averaged weights, checkpoints, a log."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Schedule", "run_steps"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Schedule:
    """Steps, films a step (for the log), peak learning rate, weight decay, averaging and where to start drawing."""

    steps: int
    batch: int
    lr: float
    weight_decay: float
    ema: float
    seed: int

    def rate(self, step: int) -> float:
        """Learning rate: 3 % of the run rising, then a cosine down to 2 % of the peak."""
        warm = max(1, int(0.03 * self.steps))
        if step < warm:
            return self.lr * (step + 1) / warm
        return self.lr * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, self.steps - warm))))


def run_steps(
    net: nn.Module, loss_of: Callable[[int, torch.Generator], Tensor], schedule: Schedule, out: Path, name: str
) -> Path:
    """Take the steps and write ``NAME.pt`` (averaged weights) and ``last.pt`` (to go on from) into `out`.

    `loss_of(step, generator)` gives one step's loss. The generator is seeded by the step, so that a run that was
    stopped and resumed sees the batches that an unbroken one would have seen.
    """
    out.mkdir(parents=True, exist_ok=True)
    decay = [p for p in net.parameters() if p.ndim > 1]
    rest = [p for p in net.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decay, "weight_decay": schedule.weight_decay}, {"params": rest, "weight_decay": 0.0}],
        lr=schedule.lr,
    )
    average = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=_averaging(schedule.ema), use_buffers=True)
    start = _resume(out / "last.pt", net, optimiser, average)
    began, running = time.monotonic(), 0.0
    for step in range(start, schedule.steps):
        generator = torch.Generator().manual_seed(schedule.seed * 1_000_003 + step)
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate(step)
        net.train()
        loss = loss_of(step, generator)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        average.update_parameters(net)
        running += loss.item()
        done = step + 1
        if done % 50 == 0:
            pace = (done - start) * schedule.batch / (time.monotonic() - began)
            log.info("%s: step %d of %d, loss %.4f, %.1f films/s", name, done, schedule.steps, running / 50, pace)
            running = 0.0
        if done % 200 == 0 or done == schedule.steps:
            _save(
                {
                    "net": net.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "average": average.state_dict(),
                    "step": done,
                },
                out / "last.pt",
            )
            _save(average.module.state_dict(), out / f"{name}.pt")
    return out / f"{name}.pt"


def _averaging(most: float) -> Callable[[Any, Any, Any], None]:
    """Averages over about the last tenth of the steps so far, at the most with the weight `most` on what was before.

    With `most` from the start, a short run would end with a part of the random weights that it began with.
    """

    def move(kept: Any, now: Any, count: Any) -> None:
        keep = min(most, float((1 + count) / (10 + count)))
        torch.optim.swa_utils.get_ema_multi_avg_fn(keep)(kept, now, count)  # type: ignore[no-untyped-call]

    return move


def _resume(state: Path, net: nn.Module, optimiser: torch.optim.Optimizer, average: nn.Module) -> int:
    if not state.exists():
        return 0
    saved = torch.load(state, map_location="cpu", weights_only=True)
    net.load_state_dict(saved["net"])
    optimiser.load_state_dict(saved["optimiser"])
    average.load_state_dict(saved["average"])
    return int(saved["step"])


def _save(state: dict[str, object], path: Path) -> None:
    fresh = path.with_suffix(".tmp")
    torch.save(state, fresh)
    fresh.replace(path)
