"""The capability `ask`: a question about a film, answered from what was read of it, or an abstention that says why."""

from __future__ import annotations

from pathlib import Path

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.i18n import Lang
from prosvet.core.types import Finding
from prosvet.imaging.film import Film
from prosvet.imaging.load import load_film
from prosvet.language.detect import detect_language
from prosvet.models.card import Card
from prosvet.reading.ask.answer import Reply, reply
from prosvet.reading.ask.by_reader import answer_by_reader
from prosvet.reading.ask.change import Since, change_reply
from prosvet.reading.ask.confidence import confidence_of
from prosvet.reading.ask.follow import in_context
from prosvet.reading.ask.shapes import AskRequest, AskResult, Because
from prosvet.reading.ask.understand import Asked, understand
from prosvet.reading.ask.wording import evidence_words, examples, name_of, place_of, reply_words
from prosvet.reading.chosen import chosen_image
from prosvet.reading.several import Looked, Several
from prosvet.reading.stored import StoredImage, film_of, prior_of

__all__ = ["AskRequest", "AskResult", "Because", "run"]


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
    VlmError, ModelNotFound, MissingExtra
        When a reader was named and does not answer.
    """
    detect_language(request.question)
    image = chosen_image(request.study, request.image, context) if request.study is not None else None
    if image is not None:
        AuditLog.from_context(context).write("ask", study=image.study, image=image.id)
    found = _compact(request, image, context)
    if request.reader is None or not found.asked_of_a_film:
        return found.result
    return _by_reader(request, found, image, context)


class _Found:
    """What the compact pack says, and what it stands on."""

    def __init__(self, result: AskResult, looked: Looked, lang: Lang) -> None:
        self.result, self.looked, self.lang = result, looked, lang

    @property
    def asked_of_a_film(self) -> bool:
        """Not where the gates say that it is no chest film: no model should then speak of one."""
        return self.looked.gates.is_chest_xray


def _compact(request: AskRequest, image: StoredImage | None, context: Context) -> _Found:
    lang = request.lang or context.lang
    several = context.get(Several)
    file, looked = _looked(request, image, several, context)
    question = in_context(request.question, [one.question for one in request.history])
    asked, card = understand(question), several.card()
    said, since, prior = _replied(asked, looked, image, several, context)
    point = looked.model.operating_point
    result = AskResult(
        question=request.question,
        understood_as=question if question != request.question else None,
        kind=asked.kind if asked is not None else None,
        answer=reply_words(said, asked, lang, since),
        abstained=not said.answered,
        verdict=said.answer,
        confidence=confidence_of(said, asked, looked),
        reason=None if said.answered else said.said,
        evidence=tuple(_because(one, card, point, lang) for one in said.findings),
        measurement=said.measurement,
        view=looked.gates.view,
        can=() if said.answered else examples(lang),
        file=file,
        study=image.study if image is not None else None,
        image=image.id if image is not None else None,
        prior=prior,
        model=looked.model,
    )
    return _Found(result, looked, lang)


def _because(finding: Finding, card: Card, point: str, lang: Lang) -> Because:
    return Because(
        finding=finding,
        name=name_of(finding.concept, lang),
        place=place_of(finding, lang),
        box=next((one.box for one in finding.evidence if one.box is not None), None),
        reasons=tuple(evidence_words(finding, card, point, lang)),
        shown=any(part.kind == "map" for part in finding.evidence),
    )


def _replied(
    asked: Asked | None, looked: Looked, image: StoredImage | None, several: Several, context: Context
) -> tuple[Reply, Since, str | None]:  # fmt: skip
    """The reply; where a change is asked for, also its concepts by course, and the study compared with."""
    if asked is None or asked.kind != "change" or looked.refusal is not None:
        return reply(asked, looked), {}, None
    prior = prior_of(image.study, context) if image is not None else None
    if prior is None:
        return *change_reply(asked.claims, looked, None), None
    old = chosen_image(prior, None, context)
    AuditLog.from_context(context).write("ask", study=old.study, image=old.id)
    before = several.known(old.version) or several.look(film_of(old, context, windowed=True), old.version)
    return *change_reply(asked.claims, looked, before), prior


def _by_reader(request: AskRequest, found: _Found, image: StoredImage | None, context: Context) -> AskResult:
    """The reader's answer in the place of the compact one, whose findings stay as its evidence."""
    said, told, confidence = answer_by_reader(
        request, _film(request, image, context), found.looked, found.lang, context
    )
    changed = {
        "answer": said.answer, "abstained": said.abstained, "confidence": confidence, "reader": told, "can": (),
        "verdict": None, "reason": "reader_abstains" if said.abstained else None,
    }  # fmt: skip
    return found.result.model_copy(update=changed)


def _looked(
    request: AskRequest, image: StoredImage | None, several: Several, context: Context
) -> tuple[str, Looked]:  # fmt: skip
    if image is not None:
        known = several.known(image.version)
        return image.file, known or several.look(_film(request, image, context), image.version)
    film = _film(request, None, context)
    return film.name, several.known(film.sha256) or several.look(film, film.sha256)


def _film(request: AskRequest, image: StoredImage | None, context: Context) -> Film:
    if image is not None:
        return film_of(image, context, windowed=True)
    return load_film(request.film or Path(), context.settings)
