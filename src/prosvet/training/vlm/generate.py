"""What a model in training says of cases: greedy, in batches, from the words and pictures that it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image

from prosvet.training.vlm.case import Case
from prosvet.training.vlm.prompts import messages

__all__ = ["Asked", "answers", "losses", "shuffled_partner", "undisturbed"]


@dataclass(frozen=True)
class Asked:
    """A question: its words and its pictures, read when it is asked."""

    words: str
    pictures: Callable[[], list[Image.Image]]


@contextmanager
def undisturbed(model: Any) -> Iterator[None]:
    """Generation in the midst of training: it leaves the model's mode and the random numbers as they were."""
    was, cached = model.training, model.config.use_cache if hasattr(model.config, "use_cache") else None
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices), torch.no_grad():
        model.eval()
        try:
            yield
        finally:
            model.train(was)
            if cached is not None:
                model.config.use_cache = cached


def answers(model: Any, processor: Any, asked: Sequence[Asked], *, tokens: int, batch: int) -> Iterator[str]:
    """An answer to each question, in their order; greedy, so that the same weights say the same."""
    for start in range(0, len(asked), batch):
        some = asked[start : start + batch]
        pictures = [one.pictures() for one in some]
        texts = [
            processor.apply_chat_template(messages(one.words, len(seen)), add_generation_prompt=True, tokenize=False)
            for one, seen in zip(some, pictures, strict=True)
        ]
        inputs = processor(
            text=texts, images=pictures, return_tensors="pt", padding=True, padding_side="left",
            add_special_tokens=False,
        ).to(model.device)  # fmt: skip
        if "pixel_values" in inputs:
            inputs["pixel_values"] = inputs["pixel_values"].to(model.dtype)
        with undisturbed(model):
            made = model.generate(**inputs, max_new_tokens=tokens, do_sample=False, use_cache=True)
        for row in made[:, inputs["input_ids"].shape[1] :]:
            yield processor.tokenizer.decode(row, skip_special_tokens=True).strip()


def losses(model: Any, collate: Callable[[list[dict[str, Any]]], Any], rows: Any) -> Iterator[float]:
    """The loss a token (nats) of the answer that each row has, one row at a time: padding then plays no part."""
    with undisturbed(model):
        for row in rows:
            inputs = {name: value.to(model.device) for name, value in collate([row]).items()}
            if "pixel_values" in inputs:
                inputs["pixel_values"] = inputs["pixel_values"].to(model.dtype)
            yield float(model(**inputs, use_cache=False).loss.float())


def shuffled_partner(cases: Sequence[Case]) -> list[int]:
    """For each case the row of another patient's case whose picture it is shown: each is shown once, none its own.

    Cases are put in an order of patients and turned by the number of cases of the patient with the most. Where one
    patient has more than half of the cases that cannot be, and those that are left over meet their own.

    Examples
    --------
    >>> some = [Case(str(i), "s", p, (), "") for i, p in enumerate("aabc")]
    >>> [some[j].patient != case.patient for case, j in zip(some, shuffled_partner(some))]
    [True, True, True, True]
    """
    order = sorted(range(len(cases)), key=lambda row: (cases[row].patient, row))
    sizes: dict[str, int] = {}
    for case in cases:
        sizes[case.patient] = sizes.get(case.patient, 0) + 1
    turn = max(sizes.values(), default=0)
    partner = [0] * len(cases)
    for place, row in enumerate(order):
        partner[row] = order[(place + turn) % len(order)]
    return partner
