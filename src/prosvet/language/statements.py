"""Single statements of a draft: a finding present, in doubt or absent, and what stands behind it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence

from prosvet.core.errors import UnknownName
from prosvet.core.i18n import Lang, numeral
from prosvet.core.types import Finding, Measurement, Sentence, Status
from prosvet.language.inflect import phrase_in_case
from prosvet.language.templates import fill, kind_of, spot_of, table, tidy, usable, variants
from prosvet.language.vocabulary import vocabulary

__all__ = ["RATIO_LIMIT", "Voice"]

RATIO_LIMIT = 0.50  # adult, upright, postero-anterior: above it the heart is called wide


class Voice:
    """Chooses among the variants of a sentence in one language, the same for the same seed.

    Parameters
    ----------
    lang : {"ru", "en"}
    seed : int
        0 takes the first variant everywhere; any other number mixes them.
    """

    def __init__(self, lang: Lang, seed: int = 0) -> None:
        self.lang, self._seed = lang, seed
        self._opening = ""

    def pick(self, options: Sequence[str], key: str) -> str:
        """One of `options`, by the seed and `key`."""
        if self._seed == 0:
            return options[0]
        return options[zlib.crc32(f"{self._seed}:{key}".encode()) % len(options)]

    def frame(self, kind: str, key: str = "", **values: str) -> str:
        """A sentence of the frame (``review``, ``nothing``, ...); `key` tells apart two of a kind."""
        options: list[str] = table()["frame"][self.lang][kind]
        return tidy(self.pick(options, kind + key).format(**values))

    def finding(self, finding: Finding, merged: Iterable[str] = ()) -> Sentence:
        """What is said of a finding in the protocol; `merged` are concepts that it speaks for as well."""
        text = self._said(finding, finding.status.value, fresh=True)
        if finding.status is Status.PRESENT and finding.probability is not None:
            text = f"{text.removesuffix('.')} ({self._certainty(finding.probability)})"
        return Sentence(text=_stopped(text), sources=(finding.concept, *merged))

    def conclusion(self, finding: Finding, merged: Iterable[str] = ()) -> Sentence:
        """What is said of a finding in the conclusion."""
        kind = "impression" if finding.status is Status.PRESENT else finding.status.value
        return Sentence(text=_stopped(self._said(finding, kind)), sources=(finding.concept, *merged))

    def absent(self, concepts: Sequence[str], merged: Mapping[str, Sequence[str]]) -> list[Sentence]:
        """Sentences that deny all of `concepts`: things that are counted in one, devices in one, signs in one."""
        groups: dict[str, list[str]] = {"several": [], "object": [], "absent": []}
        for concept in concepts:
            counted = self.lang in vocabulary()[concept].plurals and kind_of(concept) == "sign"
            groups["several" if counted else "object" if kind_of(concept) == "object" else "absent"].append(concept)
        return [self._denied(group, some, merged) for group, some in groups.items() if some]

    def _denied(self, group: str, concepts: list[str], merged: Mapping[str, Sequence[str]]) -> Sentence:
        if len(concepts) == 1:
            text = self._said(Finding(concept=concepts[0], status=Status.ABSENT), "absent")
        else:
            case = "nomn" if self.lang == "en" or group == "object" else "gent"
            names = [self._listed(concept, case, several=group == "several") for concept in concepts]
            joined = self.enumerate(_headed(names) if self.lang == "ru" else names)
            text = self.frame(f"listed_{group}", key=concepts[0], list=joined)
        covered = [other for concept in concepts for other in merged.get(concept, ())]
        return Sentence(text=_stopped(text), sources=(*concepts, *covered))

    def enumerate(self, names: Sequence[str], word: str = "and") -> str:
        """Names joined by commas and, before the last, "и", "or" (`word` ``and``) or "and" (``with``)."""
        join: str = table()["frame"][self.lang][word]
        return join.join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]

    def name(self, concept: str) -> str:
        """The concept's name, nominative; of several where it is counted."""
        entry = vocabulary()[concept]
        return entry.plurals.get(self.lang, entry.names[self.lang])

    def wide(self, measurement: Measurement) -> bool:
        """Whether the ratio, as printed, lies above its limit."""
        return round(measurement.value, 2) > RATIO_LIMIT

    def measured(self, measurement: Measurement, heart: Finding | None) -> Sentence:
        """The cardiothoracic ratio, together with what is said of the heart's size.

        Raises
        ------
        UnknownName
            When the data file has no words for the measurement.
        """
        known: dict[str, dict[str, dict[str, list[str]]]] = table()["measure"]
        if measurement.name not in known:
            raise UnknownName(kind="measurement", name=measurement.name, known=", ".join(sorted(known)))
        values = {"value": self._number(measurement.value), "limit": self._number(RATIO_LIMIT)}
        high = self.wide(measurement)
        words = known[measurement.name][self.lang]
        if heart is None:
            kind = "alone_high" if high else "alone"
            return Sentence(text=self.pick(words[kind], kind).format(**values), sources=(measurement.name,))
        kind = _relation(heart.status, high)
        values["sentence"] = self.finding(heart).text.removesuffix(".")
        return Sentence(text=self.pick(words[kind], kind).format(**values), sources=(heart.concept, measurement.name))

    def _said(self, finding: Finding, kind: str, *, fresh: bool = False) -> str:
        """A sentence of a finding; a `fresh` one begins otherwise than the one before it, where a variant can."""
        concept = finding.concept
        grade = finding.severity if finding.status is Status.PRESENT else None  # what is in doubt is not measured
        spot = spot_of(concept, finding.side, finding.zone, grade)
        options = usable(variants(concept, self.lang, kind, graded=spot.grade is not None), concept, spot)
        texts = [fill(option, concept, self.lang, spot) for option in options]
        if fresh:
            texts = [text for text in texts if _opening(text) != self._opening] or texts
        text = self.pick(texts, f"{concept}:{kind}")
        if fresh:
            self._opening = _opening(text)
        return text

    def _listed(self, concept: str, case: str, *, several: bool) -> str:
        """A name as a member of a list."""
        short: dict[str, str] = table()["listed_several" if several else "listed"][self.lang]
        entry = vocabulary()[concept]
        name = short.get(concept, (entry.plurals if several else entry.names)[self.lang])
        return phrase_in_case(name, case) if self.lang == "ru" else name

    def _certainty(self, probability: float) -> str:
        bands: list[dict[str, str | float]] = table()["certainty"]
        return next(str(band[self.lang]) for band in bands if probability >= float(band["from"]))

    def _number(self, value: float) -> str:
        return numeral(f"{value:.2f}", self.lang)


def _relation(status: Status, high: bool) -> str:
    if status is Status.ABSENT:
        return "differs_high" if high else "agrees"
    return "agrees" if high else "differs_low"


def _headed(names: Sequence[str]) -> list[str]:
    """Names with one noun say it once: "узловых и объёмных образований"."""
    if len(names) < 2 or len({name.partition(" ")[2] for name in names}) > 1 or " " not in names[0]:
        return list(names)
    return [*(name.partition(" ")[0] for name in names[:-1]), names[-1]]


def _opening(text: str) -> str:
    """How a sentence begins, inflection aside: "Определяется" and "Определяются" are one beginning."""
    return text.split(" ", 1)[0][:8].lower()


def _stopped(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
