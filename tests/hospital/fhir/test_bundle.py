"""What a bundle says, in both versions, and that it is what the standard allows."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from prosvet.core.errors import ResultError
from prosvet.core.types import Finding, Side, Status
from prosvet.hospital.fhir import bundle, write
from prosvet.hospital.objects import Results
from prosvet.hospital.objects.results import Part, Signed
from prosvet.imaging.geometry import Box
from result_films import AT, square_results, wrapped

SIGNER = Signed("Иванова^Мария", AT, "ГКБ № 1", "digest")
VERSIONS = ("R4", "R5")


@pytest.fixture
def film() -> Dataset:
    return wrapped(np.random.default_rng(2).random((64, 48), dtype=np.float32))


@pytest.fixture
def results(film: Dataset) -> Results:
    return square_results(film, Box(20, 12, 40, 30))


def of(made: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one["resource"] for one in made["entry"] if one["resource"]["resourceType"] == kind]


def observed(made: dict[str, Any], code: str) -> dict[str, Any]:
    return next(one for one in of(made, "Observation") if one["code"]["coding"][0]["code"] == code)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_programs_word_is_preliminary_and_says_so(version: Any, film: Dataset, results: Results) -> None:
    made = bundle([film], results, at=AT, version=version)
    (report,) = of(made, "DiagnosticReport")
    assert report["status"] == "preliminary"
    assert report["conclusion"].startswith("Не для диагностики")
    words = base64.b64decode(report["presentedForm"][0]["data"]).decode()
    assert words.startswith("Не для диагностики")
    assert "Лёгочные поля прозрачны" in words
    assert {one["status"] for one in of(made, "Observation")} == {"preliminary"}
    (device,) = of(made, "Device")
    assert (device["modelNumber"], device["version"]) == ("compact", [{"value": "2026.11.2"}])
    (whose,) = of(made, "Provenance")
    assert [one["who"].get("display") for one in whose["agent"]] == ["compact@2026.11.2"]
    assert report["imagingStudy" if version == "R4" else "study"]


def test_what_r4b_allows_and_r4_does_not_is_not_said(film: Dataset, results: Results) -> None:
    """Elements are the same 262 in both; R4B lets a report and an observation be of five more kinds of subject."""
    for one in (results, replace(results, signed=SIGNER)):
        made = bundle([film], one, at=AT, version="R4")
        subjects = [each["subject"] for kind in ("DiagnosticReport", "Observation") for each in of(made, kind)]
        assert len(subjects) > 2
        assert {each["type"] for each in subjects} == {"Patient"}
        assert not any("reference" in each for each in subjects)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_signed_protocol_is_final_and_names_its_signer(version: Any, film: Dataset, results: Results) -> None:
    signed = replace(results, signed=SIGNER)
    made = bundle([film], signed, at=AT, version=version)
    (report,) = of(made, "DiagnosticReport")
    assert report["status"] == "final"
    assert report["resultsInterpreter"][0]["display"] == "Иванова Мария, ГКБ № 1"
    assert report["conclusion"] == "Патологии не выявлено."
    (whose,) = of(made, "Provenance")
    kinds = {one["type"]["coding"][0]["code"]: one["who"]["display"] for one in whose["agent"]}
    assert kinds == {"attester": "Иванова Мария, ГКБ № 1", "assembler": "compact@2026.11.2"}
    assert "component" not in observed(made, "36118008"), "a signer gives no probability"
    added = replace(signed, parts=(*signed.parts, Part("addendum", "Дополнение", "Уточнено.")))
    (report,) = of(bundle([film], added, at=AT, version=version), "DiagnosticReport")
    assert report["status"] == "appended"


def test_findings_have_their_codes_places_and_probabilities(film: Dataset, results: Results) -> None:
    effusion = Finding(
        concept="pleural_effusion", status=Status.PRESENT, side=Side.LEFT, severity="small", probability=0.913
    )
    made = bundle([film], replace(results, findings=(*results.findings, effusion)), at=AT)
    absent = observed(made, "36118008")
    assert absent["valueCodeableConcept"]["text"] == "нет"
    assert absent["component"][0]["valueQuantity"] == {
        "value": 2.0, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"
    }  # fmt: skip
    (present,) = [one for one in of(made, "Observation") if one["code"]["text"] == "плевральный выпот"]
    assert present["valueCodeableConcept"]["text"] == "есть"
    assert "слева" in present["bodySite"]["text"]
    assert len(present["component"]) == 3
    ratio = next(one for one in of(made, "Observation") if "valueQuantity" in one)
    assert ratio["valueQuantity"]["value"] == results.measurements[0].value
    assert {one["valueQuantity"]["unit"] for one in ratio["component"]} == {"mm"}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_not_assessed_has_no_value(version: Any, film: Dataset, results: Results) -> None:
    one = observed(bundle([film], results, at=AT, version=version), "fracture")
    assert "valueCodeableConcept" not in one
    assert one["dataAbsentReason"]["text"] == "не оценивалось"
    nothing = Results("ru", model=results.model)
    unread = of(bundle([film], nothing, at=AT, version=version), "Observation")
    assert len(unread) > 5
    assert all(one["dataAbsentReason"]["coding"][0]["code"] == "not-performed" for one in unread)


def test_every_reference_leads_somewhere_and_twice_is_the_same(film: Dataset, results: Results) -> None:
    made = bundle([film], results, at=AT)
    text = write(made).decode()
    known = {one["fullUrl"] for one in made["entry"]}
    asked = {word for word in text.split('"') if word.startswith("urn:uuid:")}
    assert asked <= known
    assert text == write(bundle([film], results, at=AT)).decode()
    signed = bundle([film], replace(results, signed=SIGNER), at=AT)
    ours, theirs = ({one["request"]["url"] for one in each["entry"]} for each in (made, signed))
    both = {url.partition("/")[0] for url in ours & theirs}
    assert both == {"Device", "ImagingStudy"}, "a doctor's word replaces none of the program's, nor the other way"
    (study,) = [one for one in made["entry"] if one["resource"]["resourceType"] == "ImagingStudy"]
    assert study["request"]["ifNoneExist"] == "identifier=urn:dicom:uid|urn:oid:2.25.1001"


def test_a_patient_without_anything_is_still_a_patient(results: Results) -> None:
    film = wrapped(np.random.default_rng(2).random((64, 48), dtype=np.float32), person=False, charset=None)
    (report,) = of(bundle([film], results, at=AT), "DiagnosticReport")
    assert report["subject"] == {"type": "Patient", "display": "пациент не указан"}
    assert "effectiveDateTime" not in report
    assert "basedOn" not in report


def test_a_time_without_its_zone_is_a_date(film: Dataset, results: Results) -> None:
    (report,) = of(bundle([film], results, at=AT), "DiagnosticReport")
    assert report["effectiveDateTime"] == "2026-01-01"
    film.TimezoneOffsetFromUTC = "+0300"
    (report,) = of(bundle([film], results, at=AT), "DiagnosticReport")
    assert report["effectiveDateTime"] == "2026-01-01T10:11:12+03:00"


def test_a_refused_value_is_not_quoted(film: Dataset, results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    from prosvet.hospital.fhir import making

    real = making.imaging_study
    monkeypatch.setattr(making, "imaging_study", lambda scene: {**real(scene), "numberOfSeries": "Иванова"})
    with pytest.raises(ResultError) as told:
        bundle([film], results, at=AT)
    assert "Иванова" not in told.value.message("ru")
    assert "numberOfSeries" in told.value.message("ru")


def test_markup_in_a_text_stays_text(film: Dataset, results: Results) -> None:
    parts = (Part("impression", "Заключение", '<b>КТИ < 0,5</b> & "норма"'),)
    (report,) = of(bundle([film], replace(results, parts=parts), at=AT), "DiagnosticReport")
    assert "&lt;b&gt;КТИ &lt; 0,5&lt;/b&gt;" in report["text"]["div"]
    assert json.loads(write({"a": report}))["a"] == report
