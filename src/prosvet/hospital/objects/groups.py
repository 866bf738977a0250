"""Findings and measurements as TID 1500 wants them: a group each, with presence, probability, place and algorithm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from highdicom import sr
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from prosvet.core.errors import ResultError
from prosvet.core.types import Finding, Measurement, Point, Status
from prosvet.hospital.objects.codes import (
    concept_code,
    laterality_code,
    own,
    severity_code,
    site_code,
    status_code,
)
from prosvet.hospital.objects.frame import Frame
from prosvet.hospital.objects.grid import Grid, grid_of
from prosvet.hospital.objects.observers import algorithm
from prosvet.hospital.objects.spacing import Spacing, spacing_of
from prosvet.language.vocabulary import SYNDROMES

__all__ = ["Group", "groups_of"]

Group = sr.MeasurementsAndQualitativeEvaluations | sr.PlanarROIMeasurementsAndQualitativeEvaluations
_CLAIMED = (Status.PRESENT, Status.UNCERTAIN)


def groups_of(frame: Frame) -> list[Group]:
    """The measurements first, then a group for each finding. A film that was not read has every finding unassessed.

    Raises
    ------
    ResultError
        When a signed text claims nothing that has a code: "not assessed" would be words that its signer did not say.
    """
    results = frame.results
    if results.signed is not None and not (results.findings or results.measurements):
        raise ResultError(reason="no_claims")
    grid = grid_of(frame.sources, results.examination) if results.examination else None
    same = _Same(frame)
    unread = () if results.signed else tuple(Finding(concept=c, status=Status.NOT_ASSESSED) for c in SYNDROMES)
    findings = results.findings or unread
    measured: list[Group] = [_measured(one, frame, grid, same) for one in results.measurements]
    return measured + [_finding(one, frame, grid, same) for one in findings]


class _Same:
    """What every group of a report says alike, made once: items that stand in many groups are one item."""

    def __init__(self, frame: Frame) -> None:
        model, film = frame.results.model, frame.sources.film
        self.by = algorithm(model) if model else None
        self.image = sr.SourceImageForMeasurementGroup(str(film.SOPClassUID), str(film.SOPInstanceUID))
        self._codes: dict[tuple[str, str, str], sr.CodedConcept] = {}

    def code(self, code: Code) -> sr.CodedConcept:
        """`code` as an item."""
        key = code.value, code.scheme_designator, code.meaning  # codes of two meanings are equal to pydicom
        if key not in self._codes:
            self._codes[key] = sr.CodedConcept.from_code(code)
        return self._codes[key]


def _finding(finding: Finding, frame: Frame, grid: Grid | None, same: _Same) -> Group:
    tracked = sr.TrackingIdentifier(frame.uid("track", finding.concept), finding.concept)
    code, sites = concept_code(finding.concept, frame.results.lang), _sites(finding, frame)
    model = frame.results.model if frame.results.signed is None else None
    by = same.by if model else None
    chance = [_probability(finding.probability, frame, same)] if model and finding.probability is not None else None
    said = _evaluations(finding, frame, same)
    box = next((one.box for one in finding.evidence if one.kind == "map" and one.box is not None), None)
    if finding.status in _CLAIMED and box is not None and grid is not None:
        return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            tracked, _region(box, frame, grid), finding_type=code, finding_sites=sites, algorithm_id=by,
            measurements=chance, qualitative_evaluations=said,
        )  # fmt: skip
    return sr.MeasurementsAndQualitativeEvaluations(
        tracked, finding_type=code, finding_sites=sites, algorithm_id=by, measurements=chance,
        qualitative_evaluations=said, source_images=[same.image],
    )  # fmt: skip


def _evaluations(finding: Finding, frame: Frame, same: _Same) -> list[sr.QualitativeEvaluation]:
    lang = frame.results.lang
    presence = codes.DCM.PresenceOfProperty
    said = [_evaluation(presence, frame.say("names.presence"), status_code(finding.status, lang), same)]
    if finding.severity:
        extent = severity_code(finding.severity, lang)
        said.append(_evaluation(codes.SCT.Severity, frame.say("names.severity"), extent, same))
    return said


def _evaluation(name: Code, words: str, value: Code, same: _Same) -> sr.QualitativeEvaluation:
    return sr.QualitativeEvaluation(same.code(Code(name.value, name.scheme_designator, words)), same.code(value))


def _sites(finding: Finding, frame: Frame) -> list[sr.FindingSite] | None:
    lang = frame.results.lang
    site = site_code(finding, lang)
    if site is None:
        return None
    return [sr.FindingSite(site, laterality=laterality_code(finding, site, lang))]


def _probability(value: float, frame: Frame, same: _Same) -> sr.Measurement:
    """Calibrated, in percent; a tenth of a percent is more than the calibration knows."""
    name = Code(codes.DCM.Probability.value, "DCM", frame.say("names.probability"))
    return sr.Measurement(name=same.code(name), value=round(100 * value, 1), unit=same.code(codes.UCUM.Percent))


def _measured(one: Measurement, frame: Frame, grid: Grid | None, same: _Same) -> Group:
    """The ratio; and the widths that it is of, in millimetres, where the source says how large its pixels are."""
    spacing = spacing_of(frame.sources.film)
    measurements = [
        sr.Measurement(
            name=own(one.name, frame.say(f"names.{one.name}")),
            value=one.value,
            unit=Code("{ratio}", "UCUM", "ratio"),
            referenced_coordinates=[_line(line, frame, grid) for line in one.lines.values()] if grid else None,
        )
    ]
    if spacing is not None and grid is not None:
        measurements += [_width(name, line, spacing, frame, grid) for name, line in one.lines.items()]
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(frame.uid("track", one.name), one.name),
        finding_sites=[sr.FindingSite(Code(codes.SCT.Heart.value, "SCT", frame.say("site.heart")))],
        algorithm_id=same.by,
        measurements=measurements,
        source_images=[same.image],
    )


def _width(name: str, line: tuple[Point, Point], spacing: Spacing, frame: Frame, grid: Grid) -> sr.Measurement:
    return sr.Measurement(
        name=own(f"{name}_width", frame.say(f"names.{name}_width")),
        value=round(spacing.length(*grid.points(line)), 1),
        unit=codes.UCUM.Millimeter,
        method=own(f"plane_{spacing.plane}", frame.say(f"plane.{spacing.plane}")),
        referenced_coordinates=[_line(line, frame, grid)],
    )


def _line(line: tuple[Point, Point], frame: Frame, grid: Grid) -> sr.CoordinatesForMeasurement:
    return sr.CoordinatesForMeasurement(
        "POLYLINE", _array(grid.points(line)), _source_image(frame), purpose=codes.DCM.SourceOfMeasurement
    )


def _region(box: tuple[float, float, float, float], frame: Frame, grid: Grid) -> sr.ImageRegion:
    left, top, right, bottom = box
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return sr.ImageRegion("POLYLINE", _array(grid.points(corners)), _source_image(frame))


def _array(points: Sequence[Point]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array(points, dtype=np.float64).reshape(-1, 2)


def _source_image(frame: Frame) -> sr.SourceImageForRegion:
    film = frame.sources.film
    return sr.SourceImageForRegion(str(film.SOPClassUID), str(film.SOPInstanceUID))
