"""Every kind, of every sort of film: an independent checker finds no error, and independent readers read it."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from prosvet.hospital.objects import KINDS, Kind, Results, make, write
from prosvet.hospital.objects.kinds import Charset
from prosvet.imaging.geometry import Box
from prosvet.imaging.naming import IMPLEMENTATION_UID, IMPLEMENTATION_VERSION
from result_films import AT, TEXT, VARIANTS, judged, square_results, wrapped

SQUARE = Box(20, 12, 40, 30)


def saved(made: Dataset, folder: Path) -> Path:
    path = folder / "made.dcm"
    path.write_bytes(write(made))
    return path


CASES = [
    (kind, name) for name in VARIANTS for kind in KINDS if kind not in ("sc", "pdf") or name in ("plain", "nobody")
]


@pytest.mark.usefixtures("dciodvfy")
@pytest.mark.parametrize(("kind", "film"), CASES)
def test_no_error_on_any_kind_of_any_film(kind: Kind, film: str, ramp: NDArray[np.float32], tmp_path: Path) -> None:
    source = wrapped(ramp, **VARIANTS[film])
    made = make(kind, [source], square_results(source, SQUARE), made_of="a", at=AT)
    assert judged(saved(made, tmp_path)).errors == ()


@pytest.mark.usefixtures("dciodvfy")
@pytest.mark.parametrize("kind", KINDS)
def test_no_error_on_a_real_reading(kind: Kind, real: tuple[Path, Results], tmp_path: Path) -> None:
    path, results = real
    assert judged(saved(make(kind, [path], results, made_of="a", at=AT), tmp_path)).errors == ()


@pytest.mark.usefixtures("dciodvfy")
def test_the_checker_bites(ramp: NDArray[np.float32], tmp_path: Path) -> None:
    source = wrapped(ramp)
    made = make("sr", [source], square_results(source, SQUARE), made_of="a", at=AT)
    del made.CompletionFlag
    assert any("CompletionFlag" in line for line in judged(saved(made, tmp_path)).errors)


@pytest.mark.parametrize("kind", KINDS)
def test_it_names_its_writer_as_the_node_does(kind: Kind, ramp: NDArray[np.float32]) -> None:
    source = wrapped(ramp)
    made = pydicom.dcmread(
        io.BytesIO(write(make(kind, [source], square_results(source, SQUARE), made_of="a", at=AT)))
    ).file_meta
    assert (made.ImplementationClassUID, made.ImplementationVersionName) == (IMPLEMENTATION_UID, IMPLEMENTATION_VERSION)


@pytest.mark.parametrize("kind", KINDS)
def test_it_belongs_to_the_same_patient_and_study(kind: Kind, ramp: NDArray[np.float32]) -> None:
    source = wrapped(ramp)
    made = pydicom.dcmread(io.BytesIO(write(make(kind, [source], square_results(source, SQUARE), made_of="a", at=AT))))
    for keyword in ("StudyInstanceUID", "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate",
                    "StudyTime", "AccessionNumber", "StudyID", "ReferringPhysicianName"):  # fmt: skip
        assert str(made[keyword].value) == str(source[keyword].value), keyword
    assert made.SeriesInstanceUID != source.SeriesInstanceUID
    referred = {str(element.value) for element in made.iterall() if element.keyword == "ReferencedSOPInstanceUID"}
    assert referred == {source.SOPInstanceUID}
    assert not any(element.tag.is_private for element in made.iterall())


@pytest.mark.parametrize("charset", ["ISO_IR 192", "ISO_IR 144"])
@pytest.mark.parametrize("kind", ["sr", "text_sr"])
def test_reports_are_written_byte_for_byte_as_pydicom_writes_them(
    kind: Kind, charset: Charset, ramp: NDArray[np.float32]
) -> None:
    source = wrapped(ramp)
    source.AccessionNumber, source.PatientComments = "Ж" * 5, "x" * 3
    made = make(kind, [source], square_results(source, SQUARE), made_of="a", at=AT, charset=charset)
    made.ContentSequence[-1].LongCodeValue = "a long value of a code"  # what the encoder knows nothing of is pydicom's
    stream = io.BytesIO()
    made.preamble = bytes(128)
    pydicom.dcmwrite(stream, made, enforce_file_format=True)
    assert write(made) == stream.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_inputs_give_the_same_bytes(kind: Kind, ramp: NDArray[np.float32]) -> None:
    source = wrapped(ramp)
    results = square_results(source, SQUARE)
    first, again = (write(make(kind, [source], results, made_of="a", at=AT)) for _ in range(2))
    assert first == again
    other = make(kind, [source], results, made_of="b", at=AT)
    assert other.SOPInstanceUID != pydicom.dcmread(io.BytesIO(first)).SOPInstanceUID


@pytest.mark.usefixtures("dcmtk")
@pytest.mark.parametrize(("charset", "codec"), [("ISO_IR 192", "utf-8"), ("ISO_IR 144", "iso8859_5")])
def test_russian_text_is_read_back_to_the_byte(
    charset: Any, codec: str, ramp: NDArray[np.float32], tmp_path: Path
) -> None:
    source = wrapped(ramp, charset="ISO_IR 144")
    made = make("text_sr", [source], square_results(source, SQUARE), made_of="a", at=AT, charset=charset)
    path = saved(made, tmp_path)
    assert TEXT.encode(codec) in path.read_bytes()
    texts = [str(element.value) for element in pydicom.dcmread(path).iterall() if element.keyword == "TextValue"]
    assert TEXT in texts
    shown = subprocess.run(["dsrdump", "+Pl", "+U8", str(path)], capture_output=True, check=True).stdout.decode()
    assert TEXT in shown
    assert "Иванова^Мария^Петровна" in shown


@pytest.mark.usefixtures("dcmtk")
@pytest.mark.parametrize("kind", KINDS)
def test_dcmtk_reads_every_kind(kind: Kind, ramp: NDArray[np.float32], tmp_path: Path) -> None:
    source = wrapped(ramp)
    path = saved(make(kind, [source], square_results(source, SQUARE), made_of="a", at=AT), tmp_path)
    for command in (["dcmdump"], ["dcm2xml", "+Ca", "utf-8"], *([["dsrdump"]] if kind in ("sr", "text_sr") else [])):
        done = subprocess.run([*command, str(path)], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")


def test_highdicom_reads_the_report(ramp: NDArray[np.float32], tmp_path: Path) -> None:
    source = wrapped(ramp)
    path = saved(make("sr", [source], square_results(source, SQUARE), made_of="a", at=AT), tmp_path)
    report = highdicom.sr.srread(path)
    groups = report.content.get_image_measurement_groups()
    values = {one.name.value: (float(one.value), one.unit.value) for one in groups[0].get_measurements()}
    assert values["cardiothora-" + _tail("cardiothoracic_ratio")] == (0.375, "{ratio}")
    assert values["heart_width"] == (1.8, "mm")
    assert values["thorax_width"] == (4.8, "mm")
    said = {
        str(group.finding_type.value): str(group.get_qualitative_evaluations()[0].value.value) for group in groups[1:]
    }
    assert said["36118008"] == "121054"  # pneumothorax: absent
    assert said["fracture"] == "373121007"  # not evaluated, and said so


def _tail(concept: str) -> str:
    from prosvet.hospital.objects.codes import own

    return own(concept, "").value.rpartition("-")[2]


def test_widths_in_millimetres_are_told_only_where_pixels_have_a_size(
    ramp: NDArray[np.float32], tmp_path: Path
) -> None:
    source = wrapped(ramp, spacing=None)
    path = saved(make("sr", [source], square_results(source, SQUARE), made_of="a", at=AT), tmp_path)
    group = highdicom.sr.srread(path).content.get_image_measurement_groups()[0]
    assert [one.unit.value for one in group.get_measurements()] == ["{ratio}"]
