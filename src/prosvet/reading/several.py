"""Films examined by any of the models, and the last readings remembered: a film is asked of again and again."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Self

from prosvet.core.context import Context
from prosvet.core.types import Finding, Frozen, Gates, Measurement, ModelRef
from prosvet.imaging.film import Film
from prosvet.models.card import Card
from prosvet.models.examine import Examination, Examiner
from prosvet.reading.decide import decide

__all__ = ["Looked", "Several"]

_REMEMBERED = 64  # readings, some 10 kB each


class Looked(Frozen):
    """What one model says of one film; no findings where a gate refuses it."""

    gates: Gates
    findings: tuple[Finding, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    model: ModelRef

    @property
    def refusal(self) -> str | None:
        """Why the film is not read: ``not_chest_xray``, ``not_frontal``, or None."""
        if self.findings:
            return None
        return "not_frontal" if self.gates.is_chest_xray else "not_chest_xray"


class Several:
    """One examiner a card, each loaded when first asked for."""

    def __init__(self, context: Context) -> None:
        self._settings, self._context = context.settings, context
        self._examiners: dict[str, Examiner] = {}
        self._known: OrderedDict[tuple[str, ModelRef], Looked] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The models of the context's archive."""
        return cls(context)

    def examiner(self, model: str | None = None) -> Examiner:
        """The examiner of the card `model`, without an adapter; with None, or by its name, what is in force.

        Raises
        ------
        ModelNotFound, ModelError
        """
        used = self._context.get(Examiner)
        name = model or used.card.name
        if name == used.card.name:
            return used
        with self._lock:
            if name not in self._examiners:
                changed = self._settings.model_copy(update={"model": name})
                self._examiners[name] = Examiner.from_context(Context(changed))
            return self._examiners[name]

    def card(self, model: str | None = None) -> Card:
        """The card of `model`."""
        return self.examiner(model).card

    def examine(self, film: Film, model: str | None = None) -> tuple[Examination, Looked]:
        """Examine `film` with maps and anatomy, and decide."""
        examiner = self.examiner(model)
        examination = examiner.examine(film, maps=True)
        looked = Looked(gates=examination.gates, model=examination.model)
        if examination.readable:
            ratio = examination.anatomy.cardiothoracic_ratio() if examination.anatomy else None
            findings, measured = decide(examination, examiner.card), (ratio,) if ratio is not None else ()
            looked = looked.model_copy(update={"findings": findings, "measurements": measured})
        return examination, looked

    def look(self, film: Film, version: str, model: str | None = None) -> Looked:
        """As :meth:`examine`, remembered under `version`, which changes when the picture does."""
        key = version, self.examiner(model).ref
        _, looked = self.examine(film, model)
        with self._lock:
            self._known[key] = looked
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return looked

    def known(self, version: str, model: str | None = None) -> Looked | None:
        """What was said of the film `version`, if it is remembered."""
        key = version, self.examiner(model).ref
        with self._lock:
            return self._known.get(key)
