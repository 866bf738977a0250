"""A text, a film or a report, made into one kind of question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from prosvet.archive.texts import ReportVectors
from prosvet.core.context import Context
from prosvet.core.errors import NotChestXray, NotFrontal, QueryError
from prosvet.core.i18n import Lang
from prosvet.core.types import Status
from prosvet.imaging.film import Film
from prosvet.language.vocabulary import vocabulary
from prosvet.models.adapter import base_revision
from prosvet.models.encode import Encoder
from prosvet.models.examine import Examination, Examiner
from prosvet.models.text import SentenceEncoder
from prosvet.search.match import Thresholds, lift
from prosvet.search.query import ParsedQuery, QueryConcept, parse_query
from prosvet.search.where import parse_where

__all__ = ["Question", "ask_conditions", "ask_image", "ask_query", "ask_report", "ask_text", "of_film"]

_ALIKE = 0.5  # from the operating point on, a finding of the film is one that hits should share
_STRENGTH = {Status.PRESENT: 1.0, Status.UNCERTAIN: 0.5}


@dataclass(frozen=True)
class Question:
    """What is looked for, whatever it was asked with.

    Attributes
    ----------
    asked : str
        ``text``, ``image`` or ``report``.
    query : ParsedQuery
        Concepts, filters, words.
    findings : dict of concept to degree, 0..1
        Of a film or a report: all that a hit should agree with, those at 0 too; empty for a text.
    words : str
        For BM25; empty for a film.
    vector : ndarray, shape (512,), float32, or None
        In the space of the sentence encoder.
    vector_model : str
        ``NAME@REVISION`` that made it of a film; empty for texts.
    image_vector : ndarray or None
        Of a text or report: its vector in the space `vector_model` of another encoder of films, when one is set.
    study : str
        The study that a stored film or report belongs to: it is no answer to itself; empty for none.
    """

    asked: Literal["text", "image", "report"]
    query: ParsedQuery
    findings: Mapping[str, float] = field(default_factory=dict)
    words: str = ""
    vector: NDArray[np.float32] | None = None
    vector_model: str = ""
    image_vector: NDArray[np.float32] | None = None
    study: str = ""


def ask_text(text: str, where: str, lang: Lang, context: Context) -> Question:
    """A question in words.

    Words and vector are asked in both languages: the names of the concepts stand beside the user's own words, so
    that a Russian question finds English reports, and the other way round.
    """
    return ask_query(parse_query(text, where, lang), context)


def ask_query(query: ParsedQuery, context: Context) -> Question:
    """A question that has been understood, whether as it was said or as it was changed afterwards."""
    names = [vocabulary()[c.id].names for c in query.wanted]
    phrases = [query.free_text, *(name[lang] for name in names for lang in ("ru", "en"))]
    phrases = [phrase for phrase in dict.fromkeys(phrases) if phrase]
    vectors = context.get(SentenceEncoder).encode(phrases)
    mean = vectors.sum(axis=0) if len(vectors) else None
    length = 0.0 if mean is None else float(np.linalg.norm(mean))
    vector = None if mean is None or length == 0 else (mean / length).astype(np.float32)
    space, image_vector = _by_encoder(query, context)
    return Question("text", query, words=" ".join(phrases), vector=vector, vector_model=space,
                    image_vector=image_vector)  # fmt: skip


def _by_encoder(query: ParsedQuery, context: Context) -> tuple[str, NDArray[np.float32] | None]:
    """The space and vector of a text by the encoder of the settings; none where it knows no texts."""
    if not context.settings.encoder:
        return "", None
    encoder = context.get(Encoder)
    names = [vocabulary()[c.id].names for c in query.wanted]
    phrases = [name[lang] for name in names for lang in encoder.card.languages]
    if encoder.knows(query.language) and query.free_text:
        phrases.insert(0, query.free_text)
    if not phrases:
        return encoder.space, None
    mean = encoder.texts(list(dict.fromkeys(phrases))).sum(axis=0)
    length = float(np.linalg.norm(mean))
    return encoder.space, None if length == 0 else (mean / length).astype(np.float32)


def ask_conditions(where: str, lang: Lang) -> Question:
    """Whatever meets the conditions."""
    return Question("text", ParsedQuery(language=lang, filters=parse_where(where)))


def ask_report(text: str, where: str, lang: Lang, context: Context) -> Question:
    """A question by a whole report: what it affirms is looked for, what it denies counts against.

    Raises
    ------
    QueryError, QueryLanguage
    """
    query = parse_query(text, "", lang, conditions=False)
    if where.strip():
        query = query.model_copy(update={"filters": parse_where(where)})
    findings: dict[str, float] = {c.id: 0.0 for c in query.excluded}
    for concept in query.wanted:
        findings[concept.id] = max(findings.get(concept.id, 0.0), _STRENGTH[concept.status])
    affirmed = [concept for concept, value in findings.items() if value > 0 and concept != "normal"]
    if any("abnormal" in vocabulary().ancestors(concept) for concept in affirmed):
        findings.pop("normal", None)  # "the heart is normal" of a report with a pneumonia
    elif not affirmed:
        findings["normal"] = 1.0  # everything denied is a normal film, in other words
    vector = ReportVectors(context.get(SentenceEncoder)).encode([text])[0]
    space = context.get(Encoder).space if context.settings.encoder else ""
    return Question("report", query, findings, words=query.free_text, vector=vector, vector_model=space)


def ask_image(film: Film, where: str, lang: Lang, context: Context) -> Question:
    """A question by a film.

    Raises
    ------
    NotChestXray, NotFrontal
        When the film cannot be compared.
    """
    seen = context.get(Examiner).examine(film, anatomy=False)
    _check(seen, film.name)
    thresholds = Thresholds.of(context)
    model = f"{seen.model.name}@{base_revision(seen.model.revision)}"
    vector = seen.vector
    if context.settings.encoder:
        encoder = context.get(Encoder)
        vector, model = encoder.films([seen.film])[0][0], encoder.space
    return of_film(seen.scores, vector, model, where, lang, thresholds)


def of_film(
    scores: Mapping[str, float], vector: NDArray[np.float32] | None, model: str, where: str, lang: Lang,
    thresholds: Thresholds,
) -> Question:  # fmt: skip
    """A question by what the model saw on a film: its calibrated scores and its vector."""
    findings = _degrees(scores, thresholds)
    concepts = tuple(
        QueryConcept(id=concept, status=Status.PRESENT)
        for concept, degree in sorted(findings.items(), key=lambda item: -item[1])
        if degree >= _ALIKE
    )
    query = ParsedQuery(language=lang, concepts=concepts)
    if where.strip():
        query = query.model_copy(update={"filters": parse_where(where)})
    return Question("image", query, findings, vector=vector, vector_model=model)


def _check(seen: Examination, name: str) -> None:
    if not seen.gates.is_chest_xray:
        raise NotChestXray(name=name, probability=seen.gates.chest_xray_probability)
    if not seen.readable:
        raise NotFrontal(name=name, probability=seen.gates.lateral_probability)
    if seen.vector is None and not seen.scores:
        raise QueryError(reason="no_vector", name=name)


def _degrees(scores: Mapping[str, float], thresholds: Thresholds) -> dict[str, float]:
    """Assessed findings as degrees, and "normal" as what "abnormal" leaves."""
    degrees = {}
    for concept, value in scores.items():
        threshold = thresholds[concept]
        if threshold is not None:
            degrees[concept] = float(lift(np.array([value]), threshold)[0])
    if "normal" not in degrees and "abnormal" in degrees:
        degrees["normal"] = 1 - degrees["abnormal"]
    return degrees
