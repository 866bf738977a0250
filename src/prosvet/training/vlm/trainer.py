"""The trainer: supervised tuning by trl on the answer alone, with the self-refining term where a recipe asks for it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import EarlyStoppingCallback, PrinterCallback, TrainerCallback
from transformers.trainer_callback import TrainerControl, TrainerState
from transformers.training_args import TrainingArguments

from prosvet.core.optional import require
from prosvet.training.vlm.counts import language_model
from prosvet.training.vlm.recipe import Recipe, Refine
from prosvet.training.vlm.refine import Watch, refining_loss
from prosvet.training.vlm.rows import CaseRows

__all__ = ["WHOLE", "RefiningTrainer", "arguments", "build_trainer", "last_whole"]

log = logging.getLogger(__name__)
_trl: Any = require("trl", "vlm")  # without types that a checker can follow

WHOLE = "whole.json"
"""Written into a checkpoint last of all: one without it was cut short, and nothing goes on from it."""
_TOLD_EVERY = 10


def arguments(recipe: Recipe, out: Path) -> Any:
    """What the recipe says, in trl's words."""
    steps = recipe.steps
    cpu = recipe.model.device == "cpu" or not torch.cuda.is_available()
    reentrant = {"gradient_checkpointing_kwargs": {"use_reentrant": False}} if steps.gradient_checkpointing else {}
    return _trl.SFTConfig(
        output_dir=str(out / "checkpoints"),
        num_train_epochs=steps.epochs,
        max_steps=steps.most or -1,
        per_device_train_batch_size=steps.batch,
        per_device_eval_batch_size=steps.batch,
        gradient_accumulation_steps=steps.accumulate,
        learning_rate=steps.lr,
        lr_scheduler_type=steps.schedule,
        warmup_steps=steps.warmup,
        weight_decay=steps.weight_decay,
        max_grad_norm=steps.clip,
        seed=steps.seed,
        bf16=recipe.model.dtype == "bfloat16",
        fp16=False,
        use_cpu=cpu,
        gradient_checkpointing=steps.gradient_checkpointing,
        **reentrant,
        eval_strategy="steps",
        eval_steps=steps.evaluate_every,
        save_strategy="steps",
        save_steps=steps.evaluate_every,
        save_total_limit=steps.keep,
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        logging_steps=1,
        logging_nan_inf_filter=False,
        dataloader_pin_memory=not cpu,
        remove_unused_columns=False,
        completion_only_loss=True,
        max_length=None,
        report_to="none",
        disable_tqdm=True,
    )


class RefiningTrainer(_trl.SFTTrainer):  # type: ignore[misc]
    """Supervised tuning with the term of :mod:`prosvet.training.vlm.refine` added to the language loss."""

    def __init__(self, *args: Any, refine: Refine, **given: Any) -> None:
        super().__init__(*args, **given)
        self._refine = refine
        self._watch: Watch | None = None
        if refine.weight:
            whole = self.accelerator.unwrap_model(self.model).get_base_model()
            self._watch = Watch(language_model(whole)[1])
            self._image_token = int(whole.config.image_token_id)

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The language loss, and the weighted term while training: the dev loss stays that of the language alone."""
        if self._watch is None or return_outputs or not self.model.training:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        # Not with return_outputs: that is a second forward pass, without a gradient, and the one that would be seen.
        loss = super().compute_loss(model, inputs, False, num_items_in_batch)
        if self._watch.entered is None or self._watch.left is None or not self._watch.left.requires_grad:
            raise RuntimeError("the decoder was not called, or without a gradient")
        term = refining_loss(
            self._watch.entered,
            self._watch.left,
            inputs["input_ids"],
            inputs["labels"],
            self._image_token,
            kind=self._refine.kind,
            temperature=self._refine.temperature,
        )
        self._watch.clear()
        self._metrics["train"]["refine"].append(float(term.detach()))
        # With num_items_in_batch the trainer leaves the mean over accumulated batches to the loss.
        share = 1.0 if num_items_in_batch is None else 1.0 / self.current_gradient_accumulation_steps
        return loss + self._refine.weight * share * term


class _Seal(TrainerCallback):
    """Marks a checkpoint as whole, once everything of it is on the disk."""

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """After a checkpoint."""
        folder = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"
        if state.is_world_process_zero and folder.is_dir():
            (folder / WHOLE).write_text(json.dumps({"step": state.global_step}), encoding="utf-8")


class _Tell(TrainerCallback):
    """Calls `curves` after each evaluation and `samples` after each epoch and at the end, in the main process."""

    def __init__(self, curves: Callable[[list[dict[str, Any]]], None], samples: Callable[[int], None]) -> None:
        self._curves, self._samples, self._told = curves, samples, -1

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """After a step."""
        last = state.log_history[-1] if state.log_history else {}
        if state.is_world_process_zero and "loss" in last and state.global_step % _TOLD_EVERY == 0:
            log.info("step %d of %d: loss %.4f", state.global_step, state.max_steps, float(last["loss"]))

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """After an evaluation."""
        if state.is_world_process_zero:
            self._curves(state.log_history)
            log.info("step %d of %d: dev loss %.4f", state.global_step, state.max_steps, state.log_history[-1].get(
                "eval_loss", float("nan")))  # fmt: skip

    def on_epoch_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """After an epoch; the last may be cut short by the number of steps."""
        if state.is_world_process_zero and state.global_step != self._told:
            self._told = state.global_step
            self._samples(state.global_step)


def build_trainer(
    recipe: Recipe,
    model: Any,
    processor: Any,
    train: CaseRows,
    dev: CaseRows,
    out: Path,
    *,
    curves: Callable[[list[dict[str, Any]]], None],
    samples: Callable[[int], None],
) -> RefiningTrainer:
    """The trainer of one run, ready to go."""
    callbacks = [_Seal(), _Tell(curves, samples), EarlyStoppingCallback(early_stopping_patience=recipe.steps.patience)]
    trainer = RefiningTrainer(
        model=model,
        args=arguments(recipe, out),
        train_dataset=train.dataset(),
        eval_dataset=dev.dataset(),
        processing_class=processor,
        callbacks=callbacks,
        refine=recipe.refine,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def last_whole(out: Path) -> Path | None:
    """The last checkpoint of a run that was written to its end; None where there is none."""
    sealed = [path.parent for path in (out / "checkpoints").glob(f"checkpoint-*/{WHOLE}")]
    return max(sealed, key=lambda folder: int(folder.name.rpartition("-")[2]), default=None)
