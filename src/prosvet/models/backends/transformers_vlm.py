"""Image-text models of transformers behind the door: loaded strictly, asked one at a time or together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from threading import Event, Lock, Thread
from typing import Any, Literal, Self

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest, ProsvetError, VlmError, VlmRefused, VlmTimeout
from prosvet.core.optional import require
from prosvet.models.backends.guided import UNHELD, Guide, available, vocabulary_of
from prosvet.models.backends.processors import picture_processor, processor_of, tokenizer_of
from prosvet.models.backends.stepping import Pieces, Recorder, Stopper, pieces_of
from prosvet.models.backends.strict import load_strictly
from prosvet.models.vlm.card import REMOTE_CODE, VlmCard
from prosvet.models.vlm.form import form_words, formed
from prosvet.models.vlm.pictures import prepared
from prosvet.models.vlm.prompt import messages, plain, takes_turns
from prosvet.models.vlm.types import FORMS, Answer, Cancelled, Finish, Form, Question
from prosvet.models.vlm.weights import verified_folder

__all__ = ["TransformersReader"]

Held = Literal["no", "decoding", "retry"]
_DRAWING = Lock()
"""torch draws from one stream of random numbers a process: two draws at once would not be repeatable."""


@dataclass(frozen=True)
class _Batch:
    """Questions that run together, ready for the model."""

    questions: tuple[Question, ...]
    prompts: tuple[str, ...]
    inputs: Any


class TransformersReader:
    """One model in memory; generation runs one batch at a time, whoever asks."""

    def __init__(self, card: VlmCard, model: Any, processor: Any) -> None:
        self._card, self._model, self._processor = card, model, processor
        self._tokenizer = processor.tokenizer
        self._vocabulary: Any = None
        self._running = Lock()
        self._ends = _ends(model, self._tokenizer)
        self._reserved = [token for token in self._tokenizer.all_special_tokens if len(token) > 3]

    @classmethod
    def open(cls, card: VlmCard, context: Context, *, remote_code: bool = False) -> Self:
        """Load the weights of a card, after every file was held against its hash.

        Raises
        ------
        VlmError, ModelHashMismatch
        """
        transformers = require("transformers", "vlm")
        allowed = _remote_code(card, allowed=remote_code)
        folder = verified_folder(card.name, card.weights_folder, card.files)
        if allowed:
            AuditLog.from_context(context).write("vlm_remote_code", model=card.name, revision=card.revision)
        kind = getattr(transformers, card.load.architecture or "AutoModelForImageTextToText", None)
        if kind is None:
            raise VlmError(name=card.name, reason="unknown_architecture", architecture=card.load.architecture)
        if allowed:
            processor = transformers.AutoProcessor.from_pretrained(
                folder, local_files_only=True, trust_remote_code=True, backend="pil"
            )
            processor.tokenizer.padding_side = "left"
        else:
            pictures = picture_processor(card.name, folder, card.images.processor, dict(card.images.options))
            processor = processor_of(card.name, folder, tokenizer_of(folder), pictures)
        model = load_strictly(card.name, kind, folder, card.load, remote_code=allowed)
        if card.adapter:
            model = _with_adapter(card, model)
        return cls(card, model, processor)

    @property
    def name(self) -> str:
        return self._card.name

    @property
    def revision(self) -> str:
        return self._card.revision

    @property
    def forms(self) -> frozenset[Form]:
        return FORMS

    @property
    def parts(self) -> tuple[Any, Any]:
        """The model and its processor, for whoever trains it."""
        return self._model, self._processor

    def close(self) -> None:
        """Let the weights go."""
        with self._running:
            self._model = None

    def generate(self, question: Question, cancelled: Cancelled | None = None) -> Answer:
        """Answer one question; see :class:`prosvet.models.vlm.types.Reader`."""
        if question.schema is None and question.pattern is None:
            return self._answers([question], cancelled, "no")[0]
        if available():
            return formed(question, lambda asked: self._answers([asked], cancelled, "decoding")[0], self.name, tries=1)
        turns = takes_turns(self._card.prompt)
        return formed(question, lambda asked: self._answers([asked], cancelled, "retry")[0], self.name, turns=turns)

    def generate_many(self, questions: Sequence[Question], cancelled: Cancelled | None = None) -> list[Answer]:
        """Answer several; those of one kind run together, ``batch`` of the card at a time."""
        answers: dict[int, Answer] = {}
        order = sorted(range(len(questions)), key=lambda n: _kind(questions[n], n))
        for _, group in groupby(order, key=lambda n: _kind(questions[n], n)):
            members = list(group)
            for start in range(0, len(members), self._card.load.batch):
                part = members[start : start + self._card.load.batch]
                found = (
                    [self.generate(questions[part[0]], cancelled)]
                    if len(part) == 1
                    else self._answers([questions[n] for n in part], cancelled, "no")
                )
                answers |= dict(zip(part, found, strict=True))
        return [answers[n] for n in range(len(questions))]

    def stream(self, question: Question, cancelled: Cancelled | None = None) -> Iterator[str]:
        """The answer piece by piece, made on a thread of its own that has ended when this has."""
        pieces, gone, failed = Pieces(self._tokenizer), Event(), list[ProsvetError]()

        def stopped() -> bool:
            return gone.is_set() or (cancelled is not None and cancelled())

        def work() -> None:
            try:
                self._answers([question], stopped, "no", streamer=pieces)
            except ProsvetError as error:
                failed.append(error)
            finally:
                pieces.end()

        thread = Thread(target=work, name=f"stream of {self.name}", daemon=True)
        thread.start()
        try:
            while (piece := pieces.queue.get()) is not None:
                yield piece
        finally:
            gone.set()
            thread.join()
        if failed:
            raise failed[0]

    # -- one batch ----------------------------------------------------------------------------------------------------

    def _answers(
        self, questions: Sequence[Question], cancelled: Cancelled | None, constrained: Held,
        *, streamer: Pieces | None = None,
    ) -> list[Answer]:  # fmt: skip
        batch, first = self._batch(questions, constrained), questions[0]
        stopper = Stopper(min(question.timeout for question in questions), cancelled)
        recorder = Recorder() if any(question.logprobs for question in questions) else None
        start = batch.inputs["input_ids"].shape[1]
        hooks: list[Callable[[Any, Any], Any]] = [recorder] if recorder is not None else []
        if constrained == "decoding":
            hooks.append(self._guide(first, start))
        with self._running, _seeded(first):
            ids = self._run(batch, stopper, hooks, streamer)
        if stopper.late:
            raise VlmTimeout(name=self.name, seconds=first.timeout)
        chances = recorder.finish(ids) if recorder is not None else None
        return [
            self._answer(batch, n, ids[n, start:].tolist(), chances, stopper.cancelled, constrained)
            for n in range(len(questions))
        ]

    def _run(self, batch: _Batch, stopper: Stopper, hooks: list[Any], streamer: Pieces | None) -> Any:
        torch, first = require("torch", "vlm"), batch.questions[0]
        if self._model is None:
            raise VlmError(name=self.name, reason="generation", problem="closed")
        draw = {"do_sample": True, "temperature": first.temperature} if first.temperature else {"do_sample": False}
        lifted = UNHELD if any(isinstance(hook, Guide) for hook in hooks) else {}
        inputs = batch.inputs.to(self._model.device)
        for key, value in inputs.items():
            if torch.is_tensor(value) and value.is_floating_point():
                inputs[key] = value.to(self._model.dtype)
        try:
            with torch.inference_mode():
                return self._model.generate(
                    **inputs, **draw, **lifted, max_new_tokens=first.max_tokens, num_beams=1, streamer=streamer,
                    logits_processor=hooks, stopping_criteria=[stopper], top_k=0, top_p=1.0,
                )  # fmt: skip
        except torch.cuda.OutOfMemoryError:
            raise VlmError(name=self.name, reason="no_memory") from None
        except (ValueError, RuntimeError, IndexError) as error:
            # What a model's own code says of a prompt or a picture that it cannot take.
            problem = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
            raise VlmError(name=self.name, reason="generation", problem=problem) from None

    def _answer(
        self, batch: _Batch, n: int, ids: list[int], chances: list[list[float]] | None, cancelled: bool,
        constrained: Held,
    ) -> Answer:  # fmt: skip
        ended = next((place for place, token in enumerate(ids) if token in self._ends), None)
        kept = ids if ended is None else ids[:ended]
        pieces = pieces_of(self._tokenizer, kept)
        words = "".join(pieces).strip()
        finish: Finish = "stop" if ended is not None else "cancelled" if cancelled else "length"
        if not words and finish != "cancelled":
            raise VlmError(name=self.name, reason="empty")
        wanted = chances is not None and batch.questions[n].logprobs
        logprobs = tuple(chances[n][: len(kept)]) if wanted and chances is not None else None
        return Answer(words, tuple(pieces), logprobs, finish, batch.prompts[n], self.name, self.revision, constrained)

    # -- prompts and pictures -----------------------------------------------------------------------------------------

    def _batch(self, questions: Sequence[Question], constrained: str) -> _Batch:
        prompts = tuple(self._prompt(question, constrained) for question in questions)
        pictures = [prepared(question.pictures, self._card.images, self.name) for question in questions]
        for prompt, images in zip(prompts, pictures, strict=True):
            self._every_picture_has_a_place(prompt, len(images))
        given: dict[str, Any] = {"text": list(prompts), "return_tensors": "pt", "padding": True}
        if any(pictures):
            given["images"] = pictures
        try:
            inputs = self._processor(**given)
        except (ValueError, IndexError, KeyError, TypeError) as error:
            problem = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
            raise VlmError(name=self.name, reason="generation", problem=problem) from None
        inputs.pop("labels", None)  # some processors add them for training
        longest, limit = inputs["input_ids"].shape[1] + questions[0].max_tokens, _limit(self._model)
        if limit and longest > limit:
            raise VlmError(name=self.name, reason="too_long", length=longest, limit=limit)
        return _Batch(tuple(questions), prompts, inputs)

    def _every_picture_has_a_place(self, prompt: str, count: int) -> None:
        """A picture without its mark in the prompt would be passed over in silence."""
        mark = getattr(self._processor, "image_token", None)
        if isinstance(mark, str) and prompt.count(mark) != count:
            places = prompt.count(mark)
            raise VlmError(name=self.name, reason="no_picture_places", places=places, count=count)

    def _prompt(self, question: Question, constrained: str) -> str:
        """The exact words that go to the model, with its marks for pictures."""
        self._refuse_marks(question)
        # A pattern held by decoding needs no words: a tuned model is asked exactly as it was trained.
        suffix = form_words(question) if question.schema is not None or constrained == "retry" else ""
        if self._card.prompt.style == "plain":
            return plain(question, self._card.prompt, suffix)
        if not self._processor.chat_template:
            raise VlmError(name=self.name, reason="no_chat_template")
        said = messages(question, self._card.prompt, suffix)
        return str(self._processor.apply_chat_template(said, add_generation_prompt=True, tokenize=False))

    def _refuse_marks(self, question: Question) -> None:
        """What is said must not carry the model's own marks."""
        spoken = [question.prompt, *(part for turn in question.history for part in (turn.prompt, turn.answer)),
                  *(picture.role for picture in question.pictures)]  # fmt: skip
        for token in self._reserved:
            if any(token in words for words in spoken):
                raise InvalidRequest(name="prompt", reason=f"{token} is a mark of the model")

    # -- form ---------------------------------------------------------------------------------------------------------

    def _guide(self, question: Question, start: int) -> Guide:
        if self._vocabulary is None:
            self._vocabulary = vocabulary_of(self._tokenizer)
        return Guide(self.name, self._vocabulary, start, self._ends, schema=question.schema, pattern=question.pattern)


def _kind(question: Question, n: int) -> tuple[Any, ...]:
    """Questions of one kind can run together; one with a form, or drawn by chance, runs alone."""
    alone = question.schema is not None or question.pattern is not None or question.temperature > 0
    return len(question.pictures), question.max_tokens, n if alone else -1


def _remote_code(card: VlmCard, *, allowed: bool) -> bool:
    """Whether code that came with the weights may run: the card's word and the caller's, both."""
    if card.load.remote_code and not allowed:
        raise VlmRefused(name=card.name, reason="remote_code_flag")
    if allowed and not card.load.remote_code:
        raise VlmRefused(name=card.name, reason="remote_code_word", word=REMOTE_CODE)
    return allowed


def _with_adapter(card: VlmCard, model: Any) -> Any:
    peft = require("peft", "vlm")
    folder = verified_folder(card.name, card.adapter_folder, card.adapter_files)
    return peft.PeftModel.from_pretrained(model, folder, local_files_only=True).eval()


def _ends(model: Any, tokenizer: Any) -> set[int]:
    """Tokens that end an answer."""
    kept = model.generation_config.eos_token_id
    found = {kept} if isinstance(kept, int) else set(kept or ())
    return found or {tokenizer.eos_token_id}


def _limit(model: Any) -> int:
    config = model.config.get_text_config() if model is not None else None
    return int(getattr(config, "max_position_embeddings", 0) or 0)


@contextmanager
def _seeded(question: Question) -> Iterator[None]:
    """Random numbers of this question alone; those of the process go on afterwards as if nothing had been drawn."""
    if question.temperature == 0 or question.seed is None:
        yield
        return
    torch = require("torch", "vlm")
    with _DRAWING, torch.random.fork_rng():
        torch.manual_seed(question.seed)
        yield
