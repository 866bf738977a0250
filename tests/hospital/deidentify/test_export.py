"""An export as a whole: all of it or nothing, resumed after a stop, checked, refused where it could do harm."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import pydicom
import pytest
from PIL import Image, PngImagePlugin

from hospital.deidentify.conftest import as_bytes, film, lettered, saved, smooth, with_pixels
from prosvet.core.context import Context
from prosvet.core.errors import BadZip, DeidentifyError, ProsvetError
from prosvet.hospital.deidentify import export as exporting
from prosvet.hospital.deidentify.api import DeidentifyRequest, DeidentifyResult, run
from prosvet.hospital.deidentify.known import ENCODINGS
from prosvet.hospital.deidentify.options import Options

PLAIN = Options(pixels=False)
SECRETS = ("Вахромеев", "Зинаида", "HK-4821377", "ACC99812", "Дербилов", "Заозёрная", "19320417", "17.04.1932")


@pytest.fixture
def ward(tmp_path: Path) -> Path:
    """A folder as a hospital has it: films of a patient named in the path, a picture with notes, reports, others."""
    folder = tmp_path / "ward"
    saved(film(), folder / "Вахромеева" / "1.dcm")
    saved(film(), folder / "Вахромеева" / "2.dcm")
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Patient", "Вахромеева Зинаида")
    Image.fromarray((smooth(256) >> 4).astype("uint8")).save(folder / "vahromeeva.png", pnginfo=notes)
    (folder / "Вахромеева" / "протокол.txt").write_text(
        "Пациентка Вахромеева З.Л., 17.04.1932 г.р. Снимок 11.05.2024. Норма.", "cp1251"
    )
    (folder / "list.csv").write_text("patient_id,ФИО,file\nHK-4821377,Вахромеева Зинаида,vahromeeva.png\n", "utf-8")
    (folder / "scan.pdf").write_bytes(b"%PDF-1.4 Vahromeeva")
    (folder / "broken.dcm").write_bytes(as_bytes(film())[:200])
    return folder


def export(source: Path, out: Path, context: Context, **more: object) -> DeidentifyResult:
    asked = {"source": source, "out": out, "options": PLAIN, **more}
    return run(DeidentifyRequest.model_validate(asked), context)


def every_byte(folder: Path) -> bytes:
    return b"".join(
        str(path.relative_to(folder)).encode() + path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )


def test_no_secret_is_in_the_export_and_the_input_is_as_it_was(ward: Path, tmp_path: Path, context: Context) -> None:
    before = every_byte(ward)
    result = export(ward, tmp_path / "out", context)
    assert result.report is not None and result.left == ()
    assert (result.report.totals.exported, result.report.totals.left_out) == (5, 2)
    data = every_byte(tmp_path / "out")
    for secret in SECRETS:
        for encoding in ENCODINGS:
            coded = secret.encode(encoding, "ignore")
            assert len(coded) < 4 or coded not in data
    assert every_byte(ward) == before
    for made in (tmp_path / "out").rglob("*.dcm"):
        assert pydicom.dcmread(made).PatientID.startswith("P")
    table = next((tmp_path / "out" / "tables").iterdir()).read_text()
    assert "pictures/F" in table
    words = next((tmp_path / "out" / "texts").iterdir()).read_text()
    day = pydicom.dcmread(next((tmp_path / "out").rglob("*.dcm"))).StudyDate
    assert f"{day[6:]}.{day[4:6]}.{day[:4]}" in words  # the text's date moved with the patient's films


def test_the_report_tells_what_and_never_whom(ward: Path, tmp_path: Path, context: Context) -> None:
    export(ward, tmp_path / "out", context)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["totals"]["changes"]["dropped InstitutionName"] == 2
    assert {"report.html", "report.csv"} <= {path.name for path in (tmp_path / "out").iterdir()}
    audit = (context.settings.home / "audit.jsonl").read_text()
    assert '"deidentify"' in audit and not any(secret in audit for secret in SECRETS)


def test_the_key_lies_apart_for_its_owner_alone(ward: Path, tmp_path: Path, context: Context) -> None:
    export(ward, tmp_path / "out", context)
    keys = list((context.settings.home / "hospital" / "keys").iterdir())
    assert len(keys) == 1 and keys[0].stat().st_mode & 0o777 == 0o600
    export(ward, tmp_path / "other", context, keep_key=False)
    assert list((context.settings.home / "hospital" / "keys").iterdir()) == keys


def test_one_key_gives_the_same_pseudonyms_twice(ward: Path, tmp_path: Path, context: Context) -> None:
    for name in ("a", "b"):
        export(ward, tmp_path / name, context, key=tmp_path / "my.key")
    for path in (tmp_path / "a").rglob("*.dcm"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()
    os.chmod(tmp_path / "my.key", 0o644)
    with pytest.raises(DeidentifyError) as refused:
        export(ward, tmp_path / "c", context, key=tmp_path / "my.key")
    assert refused.value.details["reason"] == "key_open"


def test_a_stopped_export_goes_on_and_nothing_half_shows(
    ward: Path, tmp_path: Path, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    first = exporting.Exporter.one

    def dies(self: exporting.Exporter, entry: exporting.Entry) -> object:
        done.append(entry.path)
        if len(done) == 4:
            raise KeyboardInterrupt
        return first(self, entry)

    monkeypatch.setattr(exporting.Exporter, "one", dies)
    with pytest.raises(KeyboardInterrupt):
        export(ward, tmp_path / "out", context)
    assert not (tmp_path / "out").exists()
    assert "Вахромеева" not in (tmp_path / "out.part" / ".journal").read_text()
    with pytest.raises(DeidentifyError) as refused:
        export(ward, tmp_path / "out", context, options=Options(pixels=False, device=True))
    assert refused.value.details["reason"] == "other_options"
    result = export(ward, tmp_path / "out", context)
    assert len(done) == 4 + 7 - 3  # three were finished before
    assert result.report is not None and result.report.totals.exported == 5
    assert not (tmp_path / "out.part").exists()
    assert not [path for path in (tmp_path / "out").rglob(".*")]


def test_links_and_paths_that_lead_out_are_refused(ward: Path, tmp_path: Path, context: Context) -> None:
    (ward / "link.dcm").symlink_to(ward / "Вахромеева" / "1.dcm")
    (ward / "up").symlink_to(tmp_path)
    result = export(ward, tmp_path / "out", context)
    assert result.report is not None
    assert sorted(file.reason for file in result.report.files if file.reason) == ["damaged", "kind", "link", "link"]
    for source, out in ((ward, ward / "out"), (ward, tmp_path), (ward / "up", tmp_path / "x")):
        with pytest.raises(ProsvetError):
            export(source, out, context)
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("../../1.dcm", as_bytes(film()))
    with pytest.raises(BadZip):
        export(tmp_path / "bad.zip", tmp_path / "y", context)


def test_a_zip_is_exported_member_by_member(tmp_path: Path, context: Context) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Вахромеева/1.dcm", as_bytes(film()))
    result = export(tmp_path / "in.zip", tmp_path / "out", context)
    assert result.report is not None and result.report.totals.exported == 1


def test_an_object_that_is_no_image_is_left_out(tmp_path: Path, context: Context) -> None:
    report = film(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33")
    del report.PixelData
    saved(report, tmp_path / "in" / "sr.dcm")
    result = export(tmp_path / "in", tmp_path / "out", context)
    assert result.report is not None and result.report.files[0].reason == "not_image"


def test_check_finds_what_was_put_back(ward: Path, tmp_path: Path, context: Context) -> None:
    out = tmp_path / "out"
    export(ward, out, context)
    again = DeidentifyRequest(action="check", source=ward, out=out, options=PLAIN)
    assert run(again, context).left == ()
    path = next(out.rglob("*.dcm"))
    spoiled = pydicom.dcmread(path)
    spoiled.InstitutionName = "ГКБ Заозёрная"
    spoiled.save_as(path)
    (out / "notes.txt").write_text("Вахромеева")
    left = {file.file: file.left for file in run(again, context).left}
    assert left[path.relative_to(out).as_posix()] == ("bytes", "tag InstitutionName")
    assert left["notes.txt"] == ("unknown_file",)


def test_burned_in_text_is_masked_in_the_written_file(engines: None, tmp_path: Path, context: Context) -> None:
    shown = lettered(smooth(), "ВАХРОМЕЕВА ЗИНАИДА")
    saved(with_pixels(film(), shown), tmp_path / "in" / "1.dcm")
    result = export(tmp_path / "in", tmp_path / "out", context, options=Options())
    assert result.report is not None and result.report.totals.pictures_masked == 1
    made = pydicom.dcmread(io.BytesIO(next((tmp_path / "out").rglob("*.dcm")).read_bytes()))
    assert (made.pixel_array[shown != smooth()] == shown.min()).mean() > 0.99
    assert made.BurnedInAnnotation == "NO"
