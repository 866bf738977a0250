"""The tiny model behind the door: the compact encoder's eyes, a few million numbers of words, no torch.

It knows three prompts in two languages (describe, conclude, is there such a finding) and maps what it is asked to one
of them; ``Answer.prompt`` says which. Everything else it refuses rather than answers at random.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prosvet.core.context import Context
from prosvet.core.errors import ModelError, NotChestXray, NotFrontal, VlmError, VlmTimeout
from prosvet.core.i18n import Lang
from prosvet.imaging.film import Film
from prosvet.language.detect import detect_language
from prosvet.language.mentions import find_mentions
from prosvet.language.vocabulary import vocabulary
from prosvet.models.backends.tiny_decode import END, TinyNetworks, walk
from prosvet.models.backends.tiny_features import features_of
from prosvet.models.card import load_card
from prosvet.models.examine import Examiner
from prosvet.models.findings import FINDINGS
from prosvet.models.vlm.card import VlmCard
from prosvet.models.vlm.types import Answer, Cancelled, Form, Picture, Question
from prosvet.models.vlm.weights import verified_folder

__all__ = ["PROMPTS", "TinyReader", "own_prompt"]

PROMPTS: dict[Lang, dict[str, str]] = {
    "ru": {"describe": "Опиши рентгенограмму.", "sum_up": "Дай заключение.", "ask": "Есть ли {name}?"},
    "en": {"describe": "Describe the X-ray.", "sum_up": "Give the impression.", "ask": "Is there {name}?"},
}
_SHORT: dict[Lang, tuple[str, ...]] = {"ru": ("заключени",), "en": ("impression", "conclusion")}
_LONG: dict[Lang, tuple[str, ...]] = {"ru": ("опис", "опиш", "протокол"), "en": ("descri", "findings", "report")}
"""Words of a prompt that wants the whole: its description ends with a conclusion of its own."""
_OPERATING_POINT = "balanced"  # thresholds are not used: the scores are


def own_prompt(prompt: str, lang: Lang) -> str:
    """The model's own prompt that `prompt` means.

    A question that names one finding it has learned asks for that; one that names another finding is refused; a
    prompt that speaks of a conclusion alone asks for that; anything else asks for a description.

    Raises
    ------
    VlmError
        For a question about a finding that the model has never learned.

    Examples
    --------
    >>> own_prompt("Виден ли плевральный выпот?", "ru")
    'Есть ли плевральный выпот?'
    >>> own_prompt("Write a report of this chest film: the findings, then the impression.", "en")
    'Describe the X-ray.'
    """
    named = {mention.concept for mention in find_mentions(prompt, lang)} if prompt.rstrip().endswith("?") else set()
    known = [concept for concept in FINDINGS[1:] if concept in named]
    if len(known) == 1:
        return PROMPTS[lang]["ask"].format(name=vocabulary()[known[0]].names[lang])
    if named - set(FINDINGS) and not known:
        raise VlmError(name="tiny", reason="not_learned", asked=", ".join(sorted(named)))
    said = prompt.lower()
    whole = any(word in said for word in _LONG[lang])
    short = any(word in said for word in _SHORT[lang]) and not whole and not named
    return PROMPTS[lang]["sum_up" if short else "describe"]


class TinyReader:
    """A reader of one frontal film; see :class:`prosvet.models.vlm.Reader`."""

    def __init__(self, card: VlmCard, context: Context) -> None:
        folder = verified_folder(card.name, card.weights_folder, card.files)
        self._card = card
        self._networks = TinyNetworks(folder, context.settings.threads)
        self._examiner = _eyes(card, context)

    @classmethod
    def open(cls, card: VlmCard, context: Context, *, remote_code: bool = False) -> Self:
        """The model of a card; it never runs code that came with weights.

        Raises
        ------
        VlmError, ModelHashMismatch, ModelError
            When a file is missing or another than described, or the encoder is not the one it was trained with.
        """
        return cls(card, context)

    @property
    def name(self) -> str:
        """Of its card."""
        return self._card.name

    @property
    def revision(self) -> str:
        """As pinned in its card."""
        return self._card.revision

    @property
    def forms(self) -> frozenset[Form]:
        """Plain sentences only."""
        return frozenset(("free",))

    def generate(self, question: Question, cancelled: Cancelled | None = None) -> Answer:
        """Answer one question about one frontal film.

        Raises
        ------
        NotChestXray, NotFrontal
            When the picture is not what the encoder can see.
        VlmError
            For no picture or several, a form, an unknown finding, or when time ran out.
        """
        prompt = self._prompt(question)
        tokens, chances, ended, stopped = [], [], False, False
        for token, chance in self._walk(question, prompt):
            if token == END:
                ended = True
                break
            tokens.append(token)
            chances.append(chance)
            if cancelled is not None and cancelled():
                stopped = True
                break
        bpe = self._networks.bpe
        text = bpe.decode(tokens).strip()
        if not text and not stopped:
            raise VlmError(name=self.name, reason="empty")
        return Answer(
            text=text,
            tokens=tuple(bpe.token(token) for token in tokens),
            logprobs=tuple(chances) if question.logprobs else None,
            finish="cancelled" if stopped else "stop" if ended else "length",
            prompt=prompt,
            model=self.name,
            revision=self.revision,
        )

    def generate_many(self, questions: Sequence[Question], cancelled: Cancelled | None = None) -> list[Answer]:
        """Answer several, one after another: the model is too small to gain by more."""
        return [self.generate(question, cancelled) for question in questions]

    def stream(self, question: Question, cancelled: Cancelled | None = None) -> Iterator[str]:
        """The answer piece by piece, never half a letter."""
        waiting: list[int] = []
        for token, _ in self._walk(question, self._prompt(question)):
            if token == END or (cancelled is not None and cancelled()):
                break
            waiting.append(token)
            piece = self._networks.bpe.decode(waiting)
            if not piece.endswith("\ufffd"):
                waiting = []
                yield piece
        if waiting:
            yield self._networks.bpe.decode(waiting)

    def close(self) -> None:
        """Nothing is held but memory."""

    def _prompt(self, question: Question) -> str:
        if question.schema is not None or question.pattern is not None:
            raise VlmError(name=self.name, reason="plain_only")
        if len(question.pictures) != 1:
            raise VlmError(name=self.name, reason="too_many_pictures", count=len(question.pictures), most=1)
        found = detect_language(question.prompt)
        return own_prompt(question.prompt, question.lang if found == "mixed" else found)

    def _walk(self, question: Question, prompt: str) -> Iterator[tuple[int, float]]:
        features = self._see(question.pictures[0])
        choose = _Draw(question.temperature, question.seed) if question.temperature > 0 else None
        latest = time.monotonic() + question.timeout
        for said in walk(self._networks, features, self._networks.bpe.encode(prompt), question.max_tokens, choose):
            if time.monotonic() > latest:
                raise VlmTimeout(name=self.name, seconds=question.timeout)
            yield said

    def _see(self, picture: Picture) -> NDArray[np.float32]:
        held = picture.pixels
        grey: Any = held.convert("L") if isinstance(held, Image.Image) else held
        film = Film(np.asarray(grey, dtype=np.float32), picture.role, "", "picture")
        seen = self._examiner.examine(film, anatomy=False)
        if not seen.gates.is_chest_xray:
            raise NotChestXray(name=picture.role, probability=seen.gates.chest_xray_probability)
        if seen.vector is None:
            raise NotFrontal(name=picture.role, probability=seen.gates.lateral_probability)
        return features_of(seen.scores, seen.vector)


class _Draw:
    """Draws a token at a temperature, the same for the same seed."""

    def __init__(self, temperature: float, seed: int | None) -> None:
        self._temperature, self._generator = temperature, np.random.default_rng(seed)

    def __call__(self, logprobs: NDArray[np.float64]) -> int:
        raised = np.exp((logprobs - logprobs.max()) / self._temperature)
        return int(self._generator.choice(len(raised), p=raised / raised.sum()))


def _eyes(card: VlmCard, context: Context) -> Examiner:
    """The very encoder that the words were learned from, whatever is deployed at this site.

    Raises
    ------
    ModelError
        When the compact pack's encoder is another one.
    """
    path: Path = card.weights_folder / "encoder.json"
    wanted = json.loads(path.read_text(encoding="utf-8"))
    eyes = load_card(wanted["card"])
    if eyes.files["encoder"].sha256 != wanted["sha256"]:
        raise ModelError(name=card.name, reason=f"it was trained with another encoder than {eyes.name} {eyes.revision}")
    return Examiner(eyes, context.settings.threads, _OPERATING_POINT)
