"""The capability `ask`: a question about a film, answered from what was read of it, or an abstention that says why."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from prosvet.archive.blind import ensure_open
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.i18n import Lang
from prosvet.core.types import Finding, Frozen, Measurement, ModelRef, View
from prosvet.imaging.film import Film
from prosvet.imaging.load import load_film
from prosvet.language.detect import detect_language
from prosvet.reading.ask.answer import reply
from prosvet.reading.ask.understand import Kind, understand
from prosvet.reading.ask.wording import evidence_words, examples, name_of, place_of, reply_words
from prosvet.reading.several import Looked, Several
from prosvet.reading.stored import StoredImage, film_of, images_of

__all__ = ["AskRequest", "AskResult", "Because", "chosen_image", "run"]


class AskRequest(Frozen):
    """A question, and the film it is about: one of the archive, or a file.

    Attributes
    ----------
    question : str
        In Russian or English, up to 500 characters.
    study, image
        A study of the archive; its first frontal film when `image` is None.
    film : Path or None
        A file that is not in the archive; nothing of it is kept.
    lang : {"ru", "en"} or None
        Of the answer; the context's when None.
    """

    question: str = Field(min_length=1, max_length=500)
    study: str | None = Field(default=None, max_length=200)
    image: int | None = Field(default=None, ge=1)
    film: Path | None = None
    lang: Lang | None = None

    @model_validator(mode="after")
    def _one_film(self) -> Self:
        if (self.study is None) == (self.film is None):
            raise ValueError("study or film: one of the two")
        return self


class Because(Frozen):
    """A finding that an answer stands on: its name, place and evidence in words; `shown` when it has a heat map."""

    finding: Finding
    name: str
    place: str
    evidence: tuple[str, ...]
    shown: bool


class AskResult(Frozen):
    """An answer, or an abstention.

    Attributes
    ----------
    kind : str or None
        How the question was understood; None when it was not.
    answered : bool
        False: the model abstains, and `reason` is the code of why; `text` says it in words.
    answer : {"yes", "no"} or None
        Of questions that have one.
    because : tuple of Because
        What the answer stands on.
    can : tuple of str
        After an abstention: questions that can be answered.
    """

    question: str
    kind: Kind | None
    answered: bool
    answer: Literal["yes", "no"] | None = None
    text: str
    reason: str | None = None
    because: tuple[Because, ...] = ()
    measurement: Measurement | None = None
    view: View
    can: tuple[str, ...] = ()
    file: str
    study: str | None = None
    image: int | None = None
    model: ModelRef


def run(request: AskRequest, context: Context) -> AskResult:
    """Answer a question about one film.

    Raises
    ------
    QueryLanguage
        For a question in a third language.
    NotFound
        When there is no such study or film for the context's actor.
    ImageError
        When the file is not one grey image.
    """
    lang = request.lang or context.lang
    detect_language(request.question)
    image = chosen_image(request.study, request.image, context) if request.study is not None else None
    if image is not None:
        AuditLog.from_context(context).write("ask", study=image.study, image=image.id)
    several = context.get(Several)
    file, looked = _looked(request, image, several, context)
    asked, card = understand(request.question), several.card()
    said = reply(asked, looked)
    return AskResult(
        question=request.question,
        kind=asked.kind if asked is not None else None,
        answered=said.answered,
        answer=said.answer,
        text=reply_words(said, asked, lang),
        reason=None if said.answered else said.said,
        because=tuple(
            Because(
                finding=one,
                name=name_of(one.concept, lang),
                place=place_of(one, lang),
                evidence=tuple(evidence_words(one, card, looked.model.operating_point, lang)),
                shown=any(part.kind == "map" for part in one.evidence),
            )
            for one in said.findings
        ),
        measurement=said.measurement,
        view=looked.gates.view,
        can=() if said.answered else examples(lang),
        file=file,
        study=image.study if image is not None else None,
        image=image.id if image is not None else None,
        model=looked.model,
    )


def chosen_image(study: str, image: int | None, context: Context) -> StoredImage:
    """The image of `study` that is meant: the one named, else the first frontal one, else the first.

    Raises
    ------
    NotFound
        When the study is not there for the context's actor, or has no such image.
    BlindReading
        When the actor reads it blind.
    """
    ensure_visible(context.get(Store), study, context.actor)
    ensure_open(context.get(Store), study, context.actor)
    images = images_of(study, context)
    if image is None:
        images = [one for one in images if one.view is View.FRONTAL] or images
    else:
        images = [one for one in images if one.id == image]
    if not images:
        raise NotFound(kind="image", name=str(image) if image is not None else study)
    return images[0]


def _looked(
    request: AskRequest, image: StoredImage | None, several: Several, context: Context
) -> tuple[str, Looked]:  # fmt: skip
    if image is not None:
        known = several.known(image.version)
        return image.file, known or several.look(film_of(image, context, windowed=True), image.version)
    film: Film = load_film(request.film or Path(), context.settings)
    return film.name, several.known(film.sha256) or several.look(film, film.sha256)
