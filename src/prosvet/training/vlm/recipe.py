"""A recipe of fine-tuning: one TOML file, every key known, every number with its range."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from prosvet.core.types import Frozen
from prosvet.training.recipes import read_recipe

__all__ = [
    "LANGUAGE_PATTERN", "Base", "Continual", "Lora", "Prompt", "Recipe", "Refine", "Score", "Source", "Steps",
    "load_recipe",
]  # fmt: skip

LANGUAGE_PATTERN = r".*text_model\.layers\.\d+\.(self_attn\.(q|k|v|o)_proj|mlp\.(gate|up|down)_proj)"
"""The linear layers of the language model of SmolVLM and Idefics3, and of nothing else."""


class Base(Frozen):
    """The model that is tuned.

    Attributes
    ----------
    path : Path
        A folder with weights, tokenizer and image processor; nothing is fetched.
    quantisation : str
        ``nf4``: 4 bits, double quantisation, computing in bfloat16.
    longest_edge : int or None
        Pixels of the longer side before the model's own tiling; the processor's own when None.
    split_images : bool or None
        Whether large images are cut into tiles; the processor's own when None.
    """

    path: Path
    quantisation: Literal["none", "nf4"] = "nf4"
    dtype: Literal["float32", "bfloat16"] = "bfloat16"
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    longest_edge: int | None = Field(default=None, ge=32, le=8192)
    split_images: bool | None = None


class Lora(Frozen):
    """Which layers get an adapter, and how wide.

    Attributes
    ----------
    targets : str
        Regular expression that a layer's whole name must match.
    rank : int
    ranks : dict of str to int
        Other ranks, by the end of a layer's name (a regular expression): ``{"mlp\\\\.(gate|up|down)_proj" = 10}``.
    touches : str
        ``language`` refuses a pattern that reaches any layer outside the language model.
    expected : int or None
        How many parameters must train; any other number is refused before the first step.
    """

    targets: str = Field(default=LANGUAGE_PATTERN, min_length=1)
    rank: int = Field(default=8, ge=1, le=1024)
    ranks: dict[str, int] = Field(default_factory=dict)
    alpha: float = Field(default=8.0, gt=0)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    init: Literal["default", "gaussian"] = "gaussian"
    touches: Literal["language", "language+vision"] = "language"
    expected: int | None = Field(default=None, ge=1)


class Source(Frozen):
    """Films with texts.

    Attributes
    ----------
    kind : str
        ``multicare``, ``iu`` (R2Gen's annotation.json), ``padchest``, ``mimic`` (MIMIC-CXR-JPG with its reports),
        ``archive`` (this archive's signed protocols).
    path : Path or None
        The folder; none for ``archive``.
    target : str
        ``text``: the source's own words. ``rendered``: a protocol in `lang` written from the findings.
    split : str
        ``hash``: 70/10/20 by the patient's hash. ``own``: the split that the source publishes.
    limit : int or None
        Cases at most, chosen by the hash of the patient.
    """

    kind: Literal["multicare", "iu", "padchest", "mimic", "archive"]
    path: Path | None = None
    target: Literal["text", "rendered"] = "text"
    lang: Literal["ru", "en"] = "ru"
    split: Literal["hash", "own"] = "hash"
    images: int = Field(default=1, ge=1, le=8)
    limit: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kind != "archive" and self.path is None:
            raise ValueError(f"the source {self.kind} needs a path")
        if self.kind == "padchest" and self.target == "text":
            raise ValueError("PadChest's own words are stems of Spanish: its target is rendered")
        if self.split == "own" and self.kind not in ("iu", "mimic"):
            raise ValueError(f"{self.kind} publishes no split")
        return self


class Prompt(Frozen):
    """What the model is asked and what it answers.

    Attributes
    ----------
    answer : str
        ``four_fields``: ``Image Labels | Gender | Age | Image Caption``. ``text``: the report alone.
    context : int
        Characters of the clinical case that go into the prompt; 0 leaves it out.
    """

    instruction: str = Field(min_length=1)
    answer: Literal["four_fields", "text"] = "four_fields"
    context: int = Field(default=500, ge=0, le=20_000)
    context_title: str = "Clinical case:"


class Steps(Frozen):
    """How it is trained. ``batch`` is that of one process; ``most`` steps end it early, whatever the epochs.

    Attributes
    ----------
    evaluate_every : int
        Steps between two evaluations on the dev part; a checkpoint is written at each.
    patience : int
        Evaluations without a better loss after which it ends.
    samples : int
        Dev cases that the model answers after each epoch, for the page of samples.
    """

    epochs: float = Field(default=1.0, gt=0)
    most: int | None = Field(default=None, ge=1)
    batch: int = Field(default=4, ge=1)
    accumulate: int = Field(default=4, ge=1)
    lr: float = Field(default=1e-4, gt=0, lt=1)
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    warmup: int = Field(default=50, ge=0)
    weight_decay: float = Field(default=0.01, ge=0)
    clip: float = Field(default=1.0, gt=0)
    seed: int = Field(default=1, ge=0, le=2**31)
    evaluate_every: int = Field(default=100, ge=1)
    patience: int = Field(default=3, ge=1)
    keep: int = Field(default=2, ge=1)
    gradient_checkpointing: bool = True
    samples: int = Field(default=8, ge=0, le=100)
    sample_tokens: int = Field(default=160, ge=1, le=2048)


class Refine(Frozen):
    """The self-refining term of the loss: see :mod:`prosvet.training.vlm.refine`. A weight of 0 leaves it out."""

    weight: float = Field(default=0.0, ge=0, le=10)
    kind: Literal["cosine", "contrastive"] = "cosine"
    temperature: float = Field(default=0.07, gt=0)


class Score(Frozen):
    """How the model is scored before and after.

    Attributes
    ----------
    cases : int
        Test cases at most, chosen by hash.
    bertscore, wordnet : Path or None
        Folders of the encoder and of WordNet; without the encoder there is no BERTScore, and the result says so.
    """

    cases: int = Field(default=500, ge=1)
    tokens: int = Field(default=256, ge=1, le=4096)
    batch: int = Field(default=8, ge=1)
    bertscore: Path | None = None
    bertscore_layer: int | None = Field(default=None, ge=1)
    wordnet: Path | None = None
    resamples: int = Field(default=1000, ge=100)


class Continual(Frozen):
    """Tuning on from a former run without forgetting what it knew.

    Attributes
    ----------
    former : Path or None
        Folder of the former run: its adapter is where this one starts, its training cases are replayed, its test cases
        are the frozen set.
    replay : float
        Share of the training cases that are the former run's, 0..0.9.
    margin : float
        By how much ROUGE-L on the frozen set may be worse at the lower end of the 95 % interval of the difference.
    margin_loss : float
        The same for the loss a token (nats), at the upper end.
    least : int
        Patients of the frozen set below which nothing is promoted.
    """

    former: Path | None = None
    replay: float = Field(default=0.3, ge=0, le=0.9)
    margin: float = Field(default=0.05, gt=0, le=1)
    margin_loss: float = Field(default=0.1, gt=0)
    least: int = Field(default=30, ge=2)


class Recipe(Frozen):
    """All of it, as one file says."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")
    model: Base
    lora: Lora = Lora()
    sources: tuple[Source, ...] = Field(min_length=1)
    shares: tuple[float, float, float] = (0.7, 0.1, 0.2)
    check_images: bool = True
    prompt: Prompt
    steps: Steps = Steps()
    refine: Refine = Refine()
    score: Score = Score()
    continual: Continual = Continual()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if abs(sum(self.shares) - 1) > 1e-9 or min(self.shares) <= 0:
            raise ValueError("the shares of train, dev and test are positive and make 1")
        return self

    def digest(self) -> str:
        """A hash of all that decides what is trained: two runs with the same one are the same run.

        Where the weights lie and how the result is scored are not part of it.
        """
        body = self.model_dump(mode="json", exclude={"score": True, "model": {"path", "device"}})
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe. Paths in it are taken from the folder where the program was started.

    Raises
    ------
    NotFound
        When there is no such file.
    InvalidSettings
        With the key and the reason, for anything that is not understood.
    """
    return read_recipe(path, Recipe.model_validate)
