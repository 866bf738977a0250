"""Everything the networks say of a film: gates, anatomy, scores, maps and the vector. No words, no judgement.

:class:`Examiner` runs the model that is deployed at the site, with the site's adapter when there is one. A film that
is not a frontal chest X-ray comes back with its gates alone; it is for the caller to refuse it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Self

import numpy as np
from numpy.typing import NDArray

from prosvet.core.context import Context
from prosvet.core.errors import ModelError
from prosvet.core.settings import Settings
from prosvet.core.types import Gates, ModelRef, View
from prosvet.imaging.film import Film
from prosvet.imaging.geometry import Placement
from prosvet.imaging.quality import quality_reasons
from prosvet.models.adapter import Adapter
from prosvet.models.anatomy import PARTS, Anatomy, clean_plane
from prosvet.models.backends.onnx import OnnxNetwork
from prosvet.models.card import Card, verified_path
from prosvet.models.deployed import Deployment, deployed, in_force
from prosvet.models.prepare import Prepared, prepare

__all__ = ["Examination", "Examiner", "FindingMap"]

_GATE_SIZE, _ANATOMY_SIZE = 128, 256
_BATCH = 4  # larger ones fall out of the processor's cache and take half as long again


@dataclass(frozen=True)
class FindingMap:
    """Where the network saw a finding: logits per position (h, w) of a square, and the square's place."""

    plane: NDArray[np.float32]
    placement: Placement


@dataclass(frozen=True)
class Examination:
    """What the networks say of one film.

    Attributes
    ----------
    film : Film
        Upright: a negative turned positive, a rotation undone.
    scores : dict of concept to probability
        Calibrated; empty unless the film is a frontal chest X-ray.
    base_scores : dict of concept to probability
        Those of the model before the site's adapter; empty without one.
    vector : ndarray, shape (512,), float32, or None
        Unit vector in the space of the sentence encoder.
    """

    film: Film
    gates: Gates
    model: ModelRef
    scores: dict[str, float] = field(default_factory=dict)
    vector: NDArray[np.float32] | None = None
    maps: dict[str, FindingMap] = field(default_factory=dict)
    anatomy: Anatomy | None = None
    base_scores: dict[str, float] = field(default_factory=dict)

    @property
    def readable(self) -> bool:
        """It is a chest X-ray and not a side view."""
        return self.gates.is_chest_xray and self.gates.view is not View.LATERAL


class Examiner:
    """The networks of one card, loaded strictly (hash checked) on first use.

    Parameters
    ----------
    card : Card
        With an adapter, the adapted one (:func:`prosvet.models.adapter.adapted`).
    """

    def __init__(self, card: Card, threads: int, operating_point: str, adapter: Adapter | None = None) -> None:
        if operating_point not in card.operating_points:
            known = ", ".join(sorted(card.operating_points))
            raise ModelError(name=card.name, reason=f"operating point {operating_point}: choose from {known}")
        self.card = card
        self.ref = ModelRef(name=card.name, revision=card.revision, operating_point=operating_point)
        self.adapter = adapter
        self._of: tuple[Settings, Deployment] | None = None
        self._threads = threads
        self._networks: dict[str, OnnxNetwork] = {}
        self._loading = Lock()
        self._scale = np.array([card.calibration[label].scale for label in card.labels], dtype=np.float64)
        self._shift = np.array([card.calibration[label].shift for label in card.labels], dtype=np.float64)

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The examiner of the model in force at the settings' site."""
        settings = context.settings
        found = in_force(settings)
        made = cls(found.card, settings.threads, settings.operating_point, found.adapter)
        made._of = settings, found.deployment
        return made

    def stale(self) -> bool:
        """Whether another model or adapter was deployed since; one look at a file's time."""
        return self._of is not None and deployed(self._of[0]) != self._of[1]

    def _network(self, part: str) -> OnnxNetwork:
        with self._loading:  # sessions themselves may run in many threads at once
            if part not in self._networks:
                self._networks[part] = OnnxNetwork(verified_path(self.card, part), self._threads)
            return self._networks[part]

    def examine(self, film: Film, *, maps: bool = False, anatomy: bool = True) -> Examination:
        """Examine one film; see :meth:`examine_many`."""
        return self.examine_many([film], maps=maps, anatomy=anatomy)[0]

    def examine_many(self, films: Sequence[Film], *, maps: bool = False, anatomy: bool = False) -> list[Examination]:
        """Examine films in batches.

        Parameters
        ----------
        maps : bool
            Keep the localisation map of each finding.
        anatomy : bool
            Find lungs and heart (about twice the work).

        Raises
        ------
        ModelError, ModelHashMismatch
            When the weights are missing or not the ones that the card describes.
        """
        done: list[Examination] = []
        for start in range(0, len(films), _BATCH):
            done += self._batch(films[start : start + _BATCH], maps=maps, anatomy=anatomy)
        return done

    def _batch(self, films: Sequence[Film], *, maps: bool, anatomy: bool) -> list[Examination]:
        upright: list[Film] = []
        squares: list[Prepared] = []
        gates: list[Gates] = []
        for film, (found, prepared) in zip(films, self._gate(films), strict=True):
            turned = film.upright(inverted=found.inverted, rotated=found.rotated)
            upright.append(turned)
            squares.append(prepared if turned is film else prepare(turned))
            gates.append(found)
        readable = [n for n, g in enumerate(gates) if g.is_chest_xray and g.view is not View.LATERAL]
        organs = self._anatomy([squares[n] for n in readable]) if anatomy else [None] * len(readable)
        answers = self._findings([squares[n] for n in readable], maps=maps)
        results = [Examination(film, found, self.ref) for film, found in zip(upright, gates, strict=True)]
        for n, organ, (scores, vector, places) in zip(readable, organs, answers, strict=True):
            mine = self.adapter.scores(scores, vector) if self.adapter else scores
            base = scores if self.adapter else {}
            results[n] = Examination(upright[n], gates[n], self.ref, mine, vector, places, organ, base)
        return [replace(one, gates=one.gates.model_copy(update={"quality": _quality(one)})) for one in results]

    def _gate(self, films: Sequence[Film]) -> list[tuple[Gates, Prepared]]:
        prepared = [prepare(film) for film in films]
        batch = np.stack([p.square(_GATE_SIZE)[0] for p in prepared])[:, None]
        answers = self._network("gates")(batch)[0]
        limits = self.card.gate_thresholds
        out = []
        for row, ready in zip(answers, prepared, strict=True):
            chest, lateral, inverted = (float(v) for v in row[:3])
            quarter = int(row[3:].argmax())
            rotated = 90 * quarter if row[3 + quarter] >= limits["rotated"] else 0
            is_chest = chest >= limits["chest_xray"]
            view = View.UNKNOWN if not is_chest else View.LATERAL if lateral >= limits["lateral"] else View.FRONTAL
            gates = Gates(
                is_chest_xray=is_chest,
                chest_xray_probability=chest,
                view=view,
                lateral_probability=lateral,
                inverted=is_chest and inverted >= limits["inverted"],
                inverted_probability=inverted,
                rotated=rotated if is_chest else 0,
            )
            out.append((gates, ready))
        return out

    def _anatomy(self, squares: Sequence[Prepared]) -> list[Anatomy | None]:
        if not squares:
            return []
        inputs = [p.square(_ANATOMY_SIZE) for p in squares]
        planes = self._network("anatomy")(np.stack([s for s, _ in inputs])[:, None])[0]
        out: list[Anatomy | None] = []
        for answer, (_, placement) in zip(planes, inputs, strict=True):
            masks = {part: clean_plane(plane) for part, plane in zip(PARTS, answer, strict=True)}
            out.append(Anatomy({part: mask for part, mask in masks.items() if mask is not None}, placement))
        return out

    def _findings(
        self, squares: Sequence[Prepared], *, maps: bool
    ) -> list[tuple[dict[str, float], NDArray[np.float32], dict[str, FindingMap]]]:
        if not squares:
            return []
        inputs = [p.square(self.card.input.size) for p in squares]
        batch = np.stack([s for s, _ in inputs])[:, None]
        logits, planes, vectors = self._network("encoder")(batch)
        if self.card.input.mirrored:
            mirrored, _, others = self._network("encoder")(batch[..., ::-1])
            logits, vectors = np.stack([logits, mirrored]).mean(axis=0), vectors + others
            vectors /= np.sqrt((vectors**2).sum(axis=1, keepdims=True))
        probabilities = 1 / (1 + np.exp(-(self._scale * logits + self._shift)))
        out = []
        for row, plane, vector, (_, placement) in zip(probabilities, planes, vectors, inputs, strict=True):
            scores = {label: round(float(p), 4) for label, p in zip(self.card.labels, row, strict=True)}
            places = (
                {label: FindingMap(plane[k], placement) for k, label in enumerate(self.card.labels)} if maps else {}
            )
            out.append((scores, vector, places))
        return out


def _quality(one: Examination) -> tuple[str, ...]:
    """Reasons for caution; cut lungs are looked for where both lungs were found."""
    anatomy, shape = one.anatomy, one.film.shape
    if anatomy is None or not {"right_lung", "left_lung"} <= set(anatomy.masks):
        return quality_reasons(one.film) + (("lungs_not_found",) if anatomy is not None else ())
    right, left = anatomy.on_film("right_lung", shape), anatomy.on_film("left_lung", shape)
    return quality_reasons(one.film, right_lung=right, left_lung=left)
