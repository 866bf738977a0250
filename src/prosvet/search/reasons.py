"""Why a hit was found, in words, in the user's language."""

from __future__ import annotations

import math
from collections.abc import Iterable

from prosvet.archive.filters import StudyFilter
from prosvet.archive.rows import FindingRow, ImageRow, ReportRow
from prosvet.core.i18n import Lang, numeral, text
from prosvet.core.types import LIKELY, Side, Status, Zone
from prosvet.index.text import TextIndex
from prosvet.language.mentions import Mention, find_mentions
from prosvet.language.stem import sentence_spans
from prosvet.language.vocabulary import vocabulary
from prosvet.search.ask import Question
from prosvet.search.match import Thresholds
from prosvet.search.query import QueryConcept

__all__ = ["concept_name", "possible_concepts", "present_concepts", "reasons", "said_concepts"]

_QUOTE = 140  # characters
_CLEAR = 0.5  # cosine from which texts are said to be close in meaning

Row = ImageRow | ReportRow


def reasons(
    row: Row, cosine: float, question: Question, thresholds: Thresholds, words: TextIndex | None, lang: Lang
) -> tuple[str, ...]:
    """Why `row` answers `question`: concepts first, then likeness, words, conditions; at least one."""
    said = list(_likeness(row, cosine, question, thresholds, lang)) if question.asked != "text" else []
    if question.asked == "text":
        said += [reason for c in question.query.wanted if (reason := _wanted(row, c, thresholds, lang))]
        said += [reason for c in question.query.excluded if (reason := _without(row, c, lang))]
    if isinstance(row, ReportRow) and words is not None and question.asked == "text":
        own = words.matched_words(question.query.free_text, row.text)
        matched = own or words.matched_words(question.words, row.text)  # the names of concepts in the other language
        if matched:
            said.append(text("search.reasons.words", lang, words=", ".join(matched[:8])))
    if question.asked == "text" and not math.isnan(cosine) and (cosine >= _CLEAR or not said):
        said.append(text("search.reasons.meaning", lang, value=_decimal(cosine, lang)))
    conditions = _conditions(row, question.query.filters, lang)
    if conditions:
        said.append(conditions)
    return tuple(dict.fromkeys(said)) or (text("search.reasons.conditions_met", lang),)


def concept_name(concept: str, lang: Lang, side: Side | None = None, zone: Zone | None = None) -> str:
    """A concept with its place, as in a sentence: «плевральный выпот справа, в нижнем отделе»."""
    known = vocabulary().concepts.get(concept)
    words = known.names[lang] if known is not None else concept
    if side is not None:
        words += " " + text(f"search.side.{side.value}", lang)
    if zone is not None:
        words += ", " + text(f"search.zone.{zone.value}", lang)
    return words


def present_concepts(row: Row, thresholds: Thresholds) -> tuple[str, ...]:
    """Ids of what the row has: claimed present, or scored at the operating point; claims first.

    "Normal" said of a part ("normal cardiac contour") beside a finding is left out.
    """
    claimed = [f.concept for f in row.findings if f.status is Status.PRESENT]
    found = dict.fromkeys([*claimed, *_scored(row, thresholds)])
    if not _looks_normal(set(found)):
        found.pop("normal", None)
    return tuple(found)


def said_concepts(row: Row, present: Iterable[str]) -> tuple[str, ...]:
    """Those of `present` that a label or a report claims, not the model alone."""
    said = {f.concept for f in row.findings if f.status is Status.PRESENT and not f.origin.startswith("model:")}
    return tuple(concept for concept in present if concept in said)


def possible_concepts(row: Row, present: Iterable[str]) -> tuple[str, ...]:
    """Those of `present` that the model alone says, and thinks possible rather than present, as a reading would.

    What a film has and the model did not score is not among them.
    """
    said = set(said_concepts(row, present))
    chances = [(f.concept, f.probability) for f in row.findings if f.probability is not None]
    if isinstance(row, ImageRow):
        chances += row.scores.items()
    highest: dict[str, float] = {}
    for concept, chance in chances:
        highest[concept] = max(chance, highest.get(concept, 0.0))
    return tuple(concept for concept in present if concept not in said and highest.get(concept, 1.0) < LIKELY)


def _scored(row: Row, thresholds: Thresholds) -> Iterable[str]:
    if isinstance(row, ImageRow):
        for concept, value in sorted(row.scores.items(), key=lambda item: -item[1]):
            threshold = thresholds[concept]
            if threshold is not None and value >= threshold:
                yield concept


def _family(concept: str) -> frozenset[str]:
    known = concept in vocabulary().concepts
    return frozenset({concept}) | (vocabulary().descendants(concept) if known else frozenset())


def _wanted(row: Row, asked: QueryConcept, thresholds: Thresholds, lang: Lang) -> str | None:
    """How the row has the concept asked for: in its report's words, by a label, or by the model's probability."""
    family = _family(asked.id)
    if isinstance(row, ReportRow):
        quoted = _quote(row, family, (Status.PRESENT, Status.UNCERTAIN), asked.side)
        if quoted is not None:
            mention, sentence = quoted
            key = "report" if mention.status is Status.PRESENT else "report_uncertain"
            name = concept_name(mention.concept, lang, mention.side, mention.zone)
            return text(f"search.reasons.{key}", lang, concept=name, quote=sentence)
    claims = [f for f in row.findings if f.concept in family and f.status in (Status.PRESENT, Status.UNCERTAIN)]
    people = [f for f in claims if not f.origin.startswith("model:")]
    if people:
        first = min(people, key=lambda f: (f.status is not Status.PRESENT, f.concept != asked.id))
        return _claim(first, lang)
    return _probability(row, asked.id, family, claims, thresholds, lang)


def _claim(finding: FindingRow, lang: Lang) -> str:
    name = concept_name(finding.concept, lang, finding.side, finding.zone)
    key = "study_report" if finding.origin == "report" else "label"
    if finding.status is Status.UNCERTAIN:
        key += "_uncertain"
    return text(f"search.reasons.{key}", lang, concept=name)


def _probability(
    row: Row, concept: str, family: frozenset[str], claims: list[FindingRow], thresholds: Thresholds, lang: Lang
) -> str | None:
    if not isinstance(row, ImageRow):
        return None
    if concept == "normal" and "abnormal" in row.scores and "normal" not in row.scores:
        return text(
            "search.reasons.model",
            lang,
            concept=concept_name(concept, lang),
            value=_decimal(1 - row.scores["abnormal"], lang),
        )
    scored = [c for c in ((concept,) if concept in row.scores else sorted(family & row.scores.keys()))]
    if not scored:
        return None
    best = max(scored, key=lambda c: row.scores[c])
    threshold = thresholds[best]
    key = "model" if threshold is None or row.scores[best] >= threshold else "model_below"
    place = next((f for f in claims if f.concept == best), None)
    name = concept_name(best, lang, place.side if place else None, place.zone if place else None)
    return text(f"search.reasons.{key}", lang, concept=name, value=_decimal(row.scores[best], lang))


def _without(row: Row, asked: QueryConcept, lang: Lang) -> str | None:
    """That a report denies what the query excludes; silence is no reason."""
    if not isinstance(row, ReportRow):
        return None
    quoted = _quote(row, _family(asked.id), (Status.ABSENT,), None)
    if quoted is None:
        return None
    return text("search.reasons.denied", lang, concept=concept_name(asked.id, lang, asked.side), quote=quoted[1])


def _quote(
    row: ReportRow, family: frozenset[str], statuses: tuple[Status, ...], side: Side | None
) -> tuple[Mention, str] | None:
    """The mention that answers best, and its sentence."""
    body = row.text
    mentions = [m for m in find_mentions(body) if m.concept in family and m.status in statuses]
    if not mentions:
        return None
    best = min(mentions, key=lambda m: (statuses.index(m.status), side is not None and m.side != side, m.start))
    return best, _sentence(body, best)


def _sentence(body: str, mention: Mention) -> str:
    start, end = next(
        (span for span in sentence_spans(body) if span[0] <= mention.start < span[1]), (mention.start, mention.end)
    )
    sentence = " ".join(body[start:end].split()).rstrip(".;")
    if len(sentence) <= _QUOTE:
        return sentence
    left = max(0, min(mention.start - start - 50, len(sentence) - _QUOTE))
    return ("…" if left else "") + sentence[left : left + _QUOTE].strip() + "…"


def _likeness(row: Row, cosine: float, question: Question, thresholds: Thresholds, lang: Lang) -> Iterable[str]:
    """What a film or a report shares with the one asked about."""
    mine = set(present_concepts(row, thresholds))
    broad = {"abnormal"} if len(mine) > 1 else set()
    shared = [c.id for c in question.query.wanted if c.id not in broad and _family(c.id) & mine]
    names = ", ".join(concept_name(c, lang) for c in shared[:5])
    both_normal = question.findings.get("normal", 0.0) >= _CLEAR and _looks_normal(mine)
    if both_normal and (not names or shared == ["normal"]):
        names = text("search.reasons.no_findings", lang)
    what = "film" if isinstance(row, ImageRow) and question.asked == "image" else "other"
    if not math.isnan(cosine):
        key = f"search.reasons.similar_{what}" + ("_shared" if names else "")
        yield text(key, lang, value=_decimal(cosine, lang), concepts=names)
    elif names:
        yield text("search.reasons.shared", lang, concepts=names)
    if isinstance(row, ReportRow):
        for c in question.query.wanted[:3]:
            quoted = _quote(row, _family(c.id), (Status.PRESENT,), c.side)
            if quoted is not None and c.id != "abnormal":
                name = concept_name(quoted[0].concept, lang, quoted[0].side, quoted[0].zone)
                yield text("search.reasons.report", lang, concept=name, quote=quoted[1])


def _looks_normal(present: set[str]) -> bool:
    found = {c for c in present if c in vocabulary().concepts and "abnormal" in {c, *vocabulary().ancestors(c)}}
    return not found


def _decimal(value: float, lang: Lang) -> str:
    return numeral(f"{value:.2f}", lang)


def _conditions(row: Row, filters: StudyFilter, lang: Lang) -> str | None:
    """The facts that met the conditions."""
    facts = []
    if filters.sex is not None and row.sex is not None:
        facts.append(text(f"search.sex.{row.sex}", lang))
    if (filters.age_min is not None or filters.age_max is not None) and row.age is not None:
        facts.append(text("search.age", lang, age=math.floor(row.age)))
    if (filters.date_from is not None or filters.date_to is not None) and row.date is not None:
        facts.append(row.date.isoformat() if lang == "en" else row.date.strftime("%d.%m.%Y"))
    if filters.view is not None:
        facts.append(text(f"search.view.{filters.view.value}", lang))
    if filters.source is not None:
        facts.append(text("search.source", lang, source=row.source))
    return text("search.reasons.conditions", lang, facts=", ".join(facts)) if facts else None
