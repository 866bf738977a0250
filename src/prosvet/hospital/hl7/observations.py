"""OBX segments: findings with their probabilities, measurements, the protocol part by part, the study's UID."""

from __future__ import annotations

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from prosvet.core.i18n import text
from prosvet.core.types import Finding, Measurement, Status
from prosvet.hospital.hl7.words import coded, components, escaped, field
from prosvet.hospital.objects.codes import (
    SCHEME,
    concept_code,
    laterality_code,
    own,
    severity_code,
    site_code,
    status_code,
)
from prosvet.hospital.objects.results import Part, Results
from prosvet.hospital.objects.said import findings_of, widths_of
from prosvet.hospital.objects.sources import Sources

__all__ = ["observations", "result_status"]

_PERCENT, _RATIO, _MILLIMETRE = "%^percent^UCUM", "{ratio}^ratio^UCUM", "mm^millimeter^UCUM"
_SECTIONS = {"impression": codes.DCM.Impression, "addendum": codes.DCM.Addendum}


def result_status(results: Results) -> str:
    """``P`` of the program; of a doctor ``F``, and ``C`` once there is an addendum (tables 0085, 0123)."""
    if results.signed is None:
        return "P"
    return "C" if any(part.name == "addendum" for part in results.parts) else "F"


def observations(sources: Sources, results: Results) -> list[str]:
    """The segments, numbered from 1."""
    rows = [("HD", coded(codes.DCM.Study), "", escaped(sources.study), "", "F")]
    for one in results.measurements:
        rows += _measured(one, sources, results)
    for number, finding in enumerate(findings_of(results), start=1):
        rows += _finding(finding, str(number), results)
    rows += [_part(part, results) for part in results.parts]
    return [_segment(number, row, results) for number, row in enumerate(rows, start=1)]


_Row = tuple[str, str, str, str, str, str]  # type, name, sub-id, value, units, status


def _segment(number: int, row: _Row, results: Results) -> str:
    kind, name, sub, value, units, status = row
    fields = [""] * 18
    fields[0], fields[1], fields[2], fields[3], fields[4] = "OBX", str(number), kind, name, sub
    fields[5], fields[6], fields[11] = value, units, status
    if results.signed:
        family, _, rest = results.signed.name.replace("^", " ").strip().partition(" ")
        fields[16] = components(("", family, rest))
    if results.model and kind != "HD":
        # Observation method: the equipment's own field (OBX-18) is too short for a name and a revision.
        model = results.model
        words = f"{model.name}@{model.revision}, operating_point={model.operating_point}"
        fields[17] = components(("algorithm", words, SCHEME))
    return field(*fields)


def _finding(finding: Finding, sub: str, results: Results) -> list[_Row]:
    """Presence; place, extent and probability under the same sub-id. What was not assessed has status X."""
    lang, state = results.lang, result_status(results)
    said = coded(status_code(finding.status, lang))
    name = concept_code(finding.concept, lang)
    state = "X" if finding.status is Status.NOT_ASSESSED else state
    rows: list[_Row] = [("CE", coded(name), sub, said, "", state)]
    site = site_code(finding, lang)
    if site is not None:
        rows.append(
            ("CE", coded(_named(codes.SCT.FindingSite, "fhir.finding_site", results)), sub, coded(site), "", state)
        )
        side = laterality_code(finding, site, lang)
        if side is not None:
            rows.append(
                ("CE", coded(_named(codes.SCT.Laterality, "fhir.laterality", results)), sub, coded(side), "", state)
            )
    if finding.severity:
        rows.append(("CE", coded(_named(codes.SCT.Severity, "objects.names.severity", results)), sub,
                     coded(severity_code(finding.severity, lang)), "", state))  # fmt: skip
    if finding.probability is not None and results.signed is None and results.model:
        chance = f"{100 * finding.probability:.1f}"
        rows.append(
            (
                "NM",
                coded(_named(codes.DCM.Probability, "objects.names.probability", results)),
                sub,
                chance,
                _PERCENT,
                state,
            )
        )
    return rows


def _measured(one: Measurement, sources: Sources, results: Results) -> list[_Row]:
    state = result_status(results)
    name = own(one.name, text(f"objects.names.{one.name}", results.lang))
    rows: list[_Row] = [("NM", coded(name), "", f"{one.value:g}", _RATIO, state)]
    for width in widths_of(one, sources, results):
        rows.append(("NM", coded(width.code), "", f"{width.millimetres:.1f}", _MILLIMETRE, state))
    return rows


def _part(part: Part, results: Results) -> _Row:
    known = _SECTIONS.get(part.name, codes.DCM.Finding)
    name = Code(known.value, known.scheme_designator, part.title[:64])
    return ("FT", coded(name), "", escaped(part.text), "", result_status(results))


def _named(code: Code, key: str, results: Results) -> Code:
    return Code(code.value, code.scheme_designator, text(key, results.lang))
