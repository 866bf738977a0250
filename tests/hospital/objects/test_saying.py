"""What an object says: codes, flags, letters, time, and what it refuses."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from prosvet.core.errors import ResultError
from prosvet.hospital.objects import Results, Signed, make, write
from prosvet.hospital.objects.codes import SCHEME, concept_code, own
from prosvet.hospital.objects.results import Part
from prosvet.hospital.objects.spacing import spacing_of
from prosvet.imaging.geometry import Box
from prosvet.language.vocabulary import vocabulary
from result_films import AT, square_results, wrapped

SQUARE = Box(20, 12, 40, 30)


@pytest.fixture
def source() -> Dataset:
    return wrapped(np.zeros((64, 48), dtype=np.float32))


@pytest.fixture
def results(source: Dataset) -> Results:
    return square_results(source, SQUARE)


def signed(results: Results) -> Results:
    return replace(results, signed=Signed("Петрова Анна", datetime(2026, 11, 22, 12, 0), digest="ab"))


def test_every_concept_has_a_code_of_its_own_and_none_is_made_up() -> None:
    seen: dict[tuple[str, str], str] = {}
    for concept in vocabulary().concepts.values():
        code = concept_code(concept.id, "ru")
        assert len(code.value) <= 16
        if code.scheme_designator == SCHEME:
            assert seen.setdefault((code.scheme_designator, code.value), concept.id) == concept.id
        else:
            known = getattr(getattr(codes, code.scheme_designator), concept.codes[0].keyword)
            assert (known.value, known.scheme_designator) == (code.value, code.scheme_designator)
    assert own("cavity", "cavity").value == "cavity"


def test_the_machine_verifies_nothing_and_a_signer_does(source: Dataset, results: Results) -> None:
    for kind in ("sr", "text_sr"):
        plain = make(kind, [source], results, made_of="a", at=AT)
        assert (plain.CompletionFlag, plain.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
        assert "VerifyingObserverSequence" not in plain
        verified = make(kind, [source], signed(results), made_of="a", at=AT)
        assert (verified.VerificationFlag, verified.PreliminaryFlag) == ("VERIFIED", "FINAL")
        observer = verified.VerifyingObserverSequence[0]
        assert str(observer.VerifyingObserverName) == "Петрова^Анна"
        assert observer.VerificationDateTime == "20261122120000"
        assert observer.VerifyingOrganization == "не указана"
        assert verified.SOPInstanceUID != plain.SOPInstanceUID


def test_the_organisation_is_the_sources_own(source: Dataset, results: Results) -> None:
    source.InstitutionName = "ГКБ 1"
    made = make("sr", [source], signed(results), made_of="a", at=AT)
    assert made.VerifyingObserverSequence[0].VerifyingOrganization == "ГКБ 1"


def test_a_signed_report_bears_no_probability_of_the_machine(source: Dataset, results: Results) -> None:
    def values(made: Dataset) -> list[str]:
        return [str(e.value) for e in made.iterall() if e.keyword == "CodeValue"]

    assert codes.DCM.Probability.value in values(make("sr", [source], results, made_of="a", at=AT))
    assert codes.DCM.Probability.value not in values(make("sr", [source], signed(results), made_of="a", at=AT))


def test_who_and_by_what_stands_in_the_report(source: Dataset, results: Results) -> None:
    made = make("sr", [source], results, made_of="a", at=AT)
    words = {str(e.value) for e in made.iterall() if e.keyword in ("TextValue", "UID")}
    assert {"compact", "2026.11.2", "operating_point=balanced"} <= words
    assert any(one.startswith("2.25.") for one in words)
    assert [item.CodingSchemeDesignator for item in made.CodingSchemeIdentificationSequence] == [SCHEME]


def test_letters_that_the_characters_lack_are_refused_and_signs_are_replaced(source: Dataset, results: Results) -> None:
    typed = replace(results, parts=(Part("lungs", "Лёгкие", "Тень 2×3 см — «округлая»."),))
    made = make("text_sr", [source], typed, made_of="a", at=AT, charset="ISO_IR 144")
    read = pydicom.dcmread(io.BytesIO(write(made)))
    assert 'Тень 2x3 см - "округлая".' in [str(e.value) for e in read.iterall() if e.keyword == "TextValue"]
    source.PatientName = "Müller^Jürgen"
    with pytest.raises(ResultError, match="ISO_IR 144"):
        make("text_sr", [source], typed, made_of="a", at=AT, charset="ISO_IR 144")
    assert str(make("text_sr", [source], typed, made_of="a", at=AT).PatientName) == "Müller^Jürgen"


def test_times_are_in_the_zone_of_the_study(source: Dataset, results: Results) -> None:
    source.TimezoneOffsetFromUTC = "+0300"
    made = make("sr", [source], results, made_of="a", at=datetime(2026, 11, 22, 22, 30, tzinfo=UTC))
    assert (made.ContentDate, made.ContentTime) == ("20261123", "013000")


def test_values_that_break_their_type_are_left_out_and_the_number_stays(source: Dataset, results: Results) -> None:
    number = "Н" * 70
    source.add_new("PatientID", "LO", number)
    source["PatientBirthDate"]._value = "вчера"
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning would quote what it warns of
        made = make("sr", [source], results, made_of="a", at=AT)
    assert made.PatientID == number
    assert not made.PatientBirthDate


def test_what_cannot_be_made_says_why(source: Dataset, results: Results) -> None:
    def refused(reason: str, kind: str, sources: list[Dataset], told: Results) -> None:
        with pytest.raises(ResultError) as caught:
            make(kind, sources, told, made_of="a", at=AT)  # type: ignore[arg-type]
        assert caught.value.details["reason"] == reason

    refused("no_sources", "sr", [], results)
    refused("no_text", "text_sr", [source], replace(results, parts=()))
    refused("no_text", "pdf", [source], replace(results, parts=()))
    refused("no_contours", "seg", [source], replace(results, examination=None))
    refused("no_film", "sc", [source], replace(results, examination=None))
    refused("no_such_film", "sr", [source], replace(results, film="1.2.3"))
    refused("several_studies", "sr", [source, wrapped(np.zeros((64, 48)), study="2.25.7")], results)
    refused("no_claims", "sr", [source], replace(signed(results), findings=(), measurements=()))
    nameless = wrapped(np.zeros((64, 48)))
    del nameless.SeriesInstanceUID
    refused("no_uid", "sr", [nameless], results)


def test_an_unread_film_has_every_finding_unassessed(source: Dataset, results: Results) -> None:
    unread = replace(results, findings=(), measurements=(), examination=None)
    made = make("sr", [source], unread, made_of="a", at=AT)
    values = [str(e.value) for e in made.iterall() if e.keyword == "CodeValue"]
    assert values.count(codes.SCT.NotEvaluated.value) == 11


def test_every_object_of_the_study_is_referred_to(source: Dataset, results: Results) -> None:
    second = wrapped(np.zeros((64, 48)), number=2)
    made = make("sr", [source, second], results, made_of="a", at=AT)
    study = made.CurrentRequestedProcedureEvidenceSequence[0]
    named = {one.ReferencedSOPInstanceUID for s in study.ReferencedSeriesSequence for one in s.ReferencedSOPSequence}
    assert named == {source.SOPInstanceUID, second.SOPInstanceUID}


def test_spacing_that_is_no_size_is_not_told(source: Dataset) -> None:
    source.ImagerPixelSpacing = [0, 0]
    assert spacing_of(source) is None
    source.PixelSpacing = [0.2, 0.1]
    found = spacing_of(source)
    assert found is not None
    assert found.plane == "detector"  # nothing says that it was calibrated
    source.PixelSpacingCalibrationType = "FIDUCIAL"
    found = spacing_of(source)
    assert found is not None
    assert found.plane == "calibrated"
