"""Single statements of a draft: a finding present, in doubt or absent, and what stands behind it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

from prosvet.core.errors import UnknownName
from prosvet.core.i18n import Lang
from prosvet.core.types import Finding, Measurement, Sentence, Status
from prosvet.language.inflect import phrase_in_case
from prosvet.language.templates import fill, spot_of, table, tidy, usable, variants
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

    def pick(self, options: Sequence[str], key: str) -> str:
        """One of `options`, by the seed and `key`."""
        if self._seed == 0:
            return options[0]
        return options[zlib.crc32(f"{self._seed}:{key}".encode()) % len(options)]

    def frame(self, kind: str, **values: str) -> str:
        """A sentence of the frame (``review``, ``nothing``, ...)."""
        options: list[str] = table()["frame"][self.lang][kind]
        return tidy(self.pick(options, kind).format(**values))

    def finding(self, finding: Finding, merged: Iterable[str] = ()) -> Sentence:
        """What is said of a finding in the protocol; `merged` are concepts that it speaks for as well."""
        text = self._said(finding, finding.status.value)
        if finding.status is Status.PRESENT and finding.probability is not None:
            text = f"{text.removesuffix('.')} ({self._certainty(finding.probability)})"
        return Sentence(text=_stopped(text), sources=(finding.concept, *merged))

    def conclusion(self, finding: Finding, merged: Iterable[str] = ()) -> Sentence:
        """What is said of a finding in the conclusion."""
        kind = "impression" if finding.status is Status.PRESENT else finding.status.value
        return Sentence(text=_stopped(self._said(finding, kind)), sources=(finding.concept, *merged))

    def absent(self, concepts: Sequence[str], merged: Iterable[str] = ()) -> Sentence:
        """One sentence that denies all of `concepts`."""
        if len(concepts) == 1:
            text = self._said(Finding(concept=concepts[0], status=Status.ABSENT), "absent")
        else:
            case = "gent" if self.lang == "ru" else "nomn"
            short: dict[str, str] = table()["listed"][self.lang]
            names = [self._name(short.get(c, vocabulary()[c].names[self.lang]), case) for c in concepts]
            text = self.frame("listed_absent", list=self.enumerate(names))
        return Sentence(text=_stopped(text), sources=(*concepts, *merged))

    def enumerate(self, names: Sequence[str]) -> str:
        """Names joined by commas and, before the last, "и" or "or"."""
        join: str = table()["frame"][self.lang]["and"]
        return join.join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]

    def name(self, concept: str) -> str:
        """The concept's name, nominative."""
        return vocabulary()[concept].names[self.lang]

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

    def _said(self, finding: Finding, kind: str) -> str:
        spot = spot_of(finding.side, finding.zone)
        options = usable(variants(finding.concept, self.lang, kind), finding.concept, spot)
        return fill(self.pick(options, f"{finding.concept}:{kind}"), finding.concept, self.lang, spot)

    def _name(self, name: str, case: str) -> str:
        return phrase_in_case(name, case) if self.lang == "ru" else name

    def _certainty(self, probability: float) -> str:
        bands: list[dict[str, str | float]] = table()["certainty"]
        return next(str(band[self.lang]) for band in bands if probability >= float(band["from"]))

    def _number(self, value: float) -> str:
        text = f"{value:.2f}"
        return text.replace(".", ",") if self.lang == "ru" else text


def _relation(status: Status, high: bool) -> str:
    if status is Status.ABSENT:
        return "differs_high" if high else "agrees"
    return "agrees" if high else "differs_low"


def _stopped(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
