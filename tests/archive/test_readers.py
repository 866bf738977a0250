"""Readers: real Open-i XML, real manifest rows, hand-made tables in the published formats."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
from collections import Counter
from datetime import date
from itertools import islice
from pathlib import Path

import pytest
from PIL import Image

from prosvet.archive.readers import READERS, Item, Label, detect_reader
from prosvet.archive.readers.labels import mesh_labels, place, stated
from prosvet.core.errors import ManifestError, NotFound, UnknownName
from prosvet.core.types import Side, Status, View, Zone
from prosvet.language.vocabulary import vocabulary


def write_csv(path: Path, rows: list[dict[str, object]]) -> Path:
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    data = text.getvalue().encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def picture(path: Path, shade: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.linear_gradient("L").point(lambda value: value ^ shade).save(path)
    return path


def read(path: Path) -> tuple[str, list[Item]]:
    name, reader = detect_reader(path)
    return name, list(reader.items(path))


def claims(item: Item) -> dict[str, Status]:
    return {label.concept: label.status for label in item.labels}


# -- the table and detection ----------------------------------------------------------------------------


def test_every_reader_of_the_table_can_be_had() -> None:
    for name in READERS:
        assert READERS[name]().expects
    with pytest.raises(UnknownName):
        READERS["excel"]


def test_missing_path_and_unknown_layout_are_errors(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        detect_reader(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ManifestError, match=r"indiana_reports\.csv"):
        detect_reader(tmp_path)


def test_two_tables_side_by_side_are_not_guessed_between(tmp_path: Path) -> None:
    write_csv(tmp_path / "manifest.csv", [dict.fromkeys(("id", "file", "split", "source", "labels"), "x")])
    write_csv(tmp_path / "indiana_reports.csv", [dict.fromkeys(("uid", "MeSH", "findings", "impression"), "x")])
    with pytest.raises(ManifestError, match="manifest, indiana"):
        detect_reader(tmp_path)


def test_every_mapped_concept_is_in_the_vocabulary() -> None:
    from prosvet.archive.readers import labels

    known = set(vocabulary().concepts)
    for table in (labels.NIH, labels.PADCHEST, labels._MESH):
        assert set(table.values()) <= known


# -- labels -----------------------------------------------------------------------------------------------


def test_absent_is_claimed_only_of_what_was_judged() -> None:
    assert stated({"mass"}) == (
        Label("abnormal"),
        Label("mass"),
        Label("normal", Status.ABSENT),
    )
    assert Label("hernia", Status.ABSENT) in stated({"mass"}, spoken_of={"mass", "hernia"})
    assert stated(set()) == ()


def test_mesh_codes_give_side_and_zone() -> None:
    assert mesh_labels(("Pleural Effusion/left/small", "Opacity/lung/base/bilateral/mild")) == (
        Label("lung_opacity", Status.PRESENT, Side.BILATERAL, Zone.LOWER),
        Label("pleural_effusion", Status.PRESENT, Side.LEFT),
    )
    assert mesh_labels(("normal",)) == (Label("abnormal", Status.ABSENT), Label("normal"))
    assert mesh_labels(("No Indexing",)) == ()


def test_places_of_two_zones_are_no_zone() -> None:
    assert place(["upper lobe", "lower lobe", "right"]) == (Side.RIGHT, None)


# -- films ------------------------------------------------------------------------------------------------


def test_a_dicom_tree_is_walked_by_content(tmp_path: Path, pydicom_data: Path) -> None:
    (tmp_path / "p1" / "s1").mkdir(parents=True)
    (tmp_path / "p1" / "s1" / "IM000001").write_bytes((pydicom_data / "RG1_UNCR.dcm").read_bytes())
    (tmp_path / "p1" / "notes.txt").write_text("not a film")
    (tmp_path / "DICOMDIR").write_bytes(bytes(128) + b"DICM")
    (tmp_path / ".hidden").write_text("")
    name, items = read(tmp_path)
    assert name == "dicom"
    assert [item.image.name for item in items if item.image] == ["IM000001"]


def test_an_image_folder_keeps_what_looks_broken(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("not a picture")
    name, items = read(tmp_path)
    assert name == "images"
    assert [item.image.name for item in items if item.image] == ["a.png", "b.png"]
    assert items[0].image is not None
    assert items[0].image.read() == (tmp_path / "a.png").read_bytes()


def test_mixed_folder_is_read_by_the_reader_of_films(tmp_path: Path, pydicom_data: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "b.dcm").write_bytes((pydicom_data / "RG1_UNCR.dcm").read_bytes())
    name, items = read(tmp_path)
    assert (name, [item.source for item in items]) == ("films", ["image", "dicom"])


# -- Open-i and Indiana -------------------------------------------------------------------------------------


def test_openi_archive_gives_every_report(openi_reports: Path) -> None:
    name, items = read(openi_reports)
    assert name == "openi"
    assert len(items) == 3955
    first = next(item for item in items if item.study == "open-i|CXR1")
    assert first.report is not None
    assert first.report.impression == "Normal chest x-XXXX."
    assert first.report.indication == "Positive TB test"
    assert claims(first) == {"normal": Status.PRESENT, "abnormal": Status.ABSENT}
    assert first.image_missing
    second = next(item for item in items if item.study == "open-i|CXR2")
    assert second.report is not None
    assert second.report.codes[0] == "Cardiomegaly/borderline"
    assert "automatic:sternotomy" in second.report.codes
    assert claims(second)["cardiomegaly"] is Status.PRESENT
    assert "pneumothorax" not in claims(second)
    assert sum(item.report is not None for item in items) > 3900
    assert len({item.key for item in items}) == 3955


def test_openi_folder_finds_its_images(tmp_path: Path, openi_reports: Path) -> None:
    with tarfile.open(openi_reports) as archive:
        member = archive.extractfile("ecgen-radiology/1.xml")
        assert member is not None
        (tmp_path / "1.xml").write_bytes(member.read())
    picture(tmp_path / "png" / "CXR1_1_IM-0001-3001.png")
    picture(tmp_path / "png" / "CXR1_1_IM-0001-4001.png", 1)
    name, items = read(tmp_path)
    assert name == "openi"
    assert [item.image.name for item in items if item.image] == ["CXR1_1_IM-0001-3001.png", "CXR1_1_IM-0001-4001.png"]
    assert [item.report is not None for item in items] == [True, False]
    assert len({item.study for item in items}) == 1


@pytest.mark.parametrize(
    "bad",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><eCitation>&a;</eCitation>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><eCitation/>',
        "<eCitation><MeSH></eCitation>",
        "<other/><!-- <eCitation -->",
    ],
)
def test_dangerous_or_broken_xml_is_an_error_of_its_row(tmp_path: Path, bad: str) -> None:
    (tmp_path / "1.xml").write_text(bad)
    items = list(READERS["openi"]().items(tmp_path))
    assert len(items) == 1
    assert isinstance(items[0].error, ManifestError)


def test_indiana_layout(tmp_path: Path) -> None:
    empty = {"Problems": "", "image": "", "indication": "", "comparison": ""}
    write_csv(
        tmp_path / "indiana_reports.csv",
        [
            {"uid": 1, "MeSH": "normal", **empty, "findings": "Clear.", "impression": "Normal."},
            {
                "uid": 2,
                "MeSH": "Cardiomegaly/mild;Pleural Effusion/right",
                **empty,
                "findings": "",
                "impression": "Big heart.",
            },
            {"uid": 3, "MeSH": "normal", **empty, "findings": "", "impression": ""},
        ],
    )
    write_csv(
        tmp_path / "indiana_projections.csv",
        [
            {"uid": 1, "filename": "1_a.dcm.png", "projection": "Frontal"},
            {"uid": 1, "filename": "1_b.dcm.png", "projection": "Lateral"},
            {"uid": 2, "filename": "2_a.dcm.png", "projection": "Frontal"},
        ],
    )
    picture(tmp_path / "images" / "images_normalized" / "1_a.dcm.png")
    picture(tmp_path / "images" / "images_normalized" / "1_b.dcm.png", 1)
    name, items = read(tmp_path)
    assert name == "indiana"
    assert [(item.study, item.view, item.image is not None, item.report is not None) for item in items] == [
        ("indiana|1", View.FRONTAL, True, True),
        ("indiana|1", View.LATERAL, True, False),
        ("indiana|2", None, False, True),
        ("indiana|3", None, False, False),
    ]
    assert claims(items[2]) == {"cardiomegaly": Status.PRESENT, "pleural_effusion": Status.PRESENT}


# -- NIH and PadChest ---------------------------------------------------------------------------------------


def nih_row(index: str, labels: str, **more: object) -> dict[str, object]:
    return {"Image Index": index, "Finding Labels": labels, "Follow-up #": 0, "Patient ID": 1, "Patient Age": 58,
            "Patient Gender": "M", "View Position": "PA"} | more  # fmt: skip


def test_nih_rows_judge_all_fourteen(tmp_path: Path) -> None:
    picture(tmp_path / "images_001" / "images" / "00000001_000.png")
    write_csv(
        tmp_path / "Data_Entry_2017.csv",
        [nih_row("00000001_000.png", "Cardiomegaly|Effusion"), nih_row("00000001_001.png", "No Finding"),
         nih_row("00000001_002.png", "Gout"), nih_row("00000001_003.png", "Mass", **{"Patient Age": 411})],
    )  # fmt: skip
    name, items = read(tmp_path)
    assert name == "nih"
    sick, well, odd, old = items
    assert claims(sick)["pleural_effusion"] is Status.PRESENT
    assert sum(status is Status.ABSENT for status in claims(sick).values()) == 13
    assert claims(well)["normal"] is Status.PRESENT
    assert sum(status is Status.ABSENT for status in claims(well).values()) == 15
    assert isinstance(odd.error, ManifestError)
    assert odd.error.details["line"] == 4
    assert (sick.age, sick.sex, sick.view, old.age) == (58.0, "M", View.FRONTAL, None)
    assert (sick.image is not None, well.image_missing) == (True, True)


def test_published_nih_table(openi_reports: Path) -> None:
    table = openi_reports.with_name("Data_Entry_2017_v2020.csv.gz")
    name, reader = detect_reader(table)
    assert name == "nih"
    items = list(islice(reader.items(table), 500))
    assert items[0].labels[0] == Label("abnormal")
    assert not any(item.error for item in items)


def test_padchest_places_and_dates(tmp_path: Path) -> None:
    base = {
        "ImageDir": 0, "StudyDate_DICOM": "20140915", "PatientID": "77", "PatientBirth": "1930.0",
        "PatientSex_DICOM": "F", "Projection": "PA", "Report": "derram pleural derech .", "Labels": "",
    }  # fmt: skip
    sentence = "[['pleural effusion', 'loc right', 'loc basal'], ['unchanged']]"
    write_csv(
        tmp_path / "PADCHEST.csv.gz",
        [
            {**base, "ImageID": "a.png", "StudyID": "s", "LabelsLocalizationsBySentence": sentence},
            {**base, "ImageID": "b.png", "StudyID": "s", "Projection": "L", "LabelsLocalizationsBySentence": sentence},
            {**base, "ImageID": "c.png", "StudyID": "t", "LabelsLocalizationsBySentence": "[['normal'], ['normal']]"},
            {**base, "ImageID": "d.png", "StudyID": "u", "LabelsLocalizationsBySentence": "[["},
        ],
    )
    name, (first, second, normal, broken) = read(tmp_path)
    assert name == "padchest"
    assert first.labels == (Label("pleural_effusion", Status.PRESENT, Side.RIGHT, Zone.LOWER),)
    assert (first.age, first.sex, first.date, first.birth_year) == (84.0, "F", date(2014, 9, 15), 1930)
    assert first.report is not None
    assert first.report.language == "es"
    assert (second.report, second.labels, second.view) == (None, (), View.LATERAL)
    assert claims(normal) == {"abnormal": Status.ABSENT, "normal": Status.PRESENT}
    assert isinstance(broken.error, ManifestError)


def test_published_padchest_table(openi_reports: Path) -> None:
    table = next(openi_reports.parent.glob("PADCHEST*.csv.gz"))
    name, reader = detect_reader(table)
    items = list(islice(reader.items(table), 2000))
    assert name == "padchest"
    assert not any(item.error for item in items)
    assert Counter(label.concept for item in items for label in item.labels)["cardiomegaly"] > 50


# -- MultiCaRe ----------------------------------------------------------------------------------------------


def test_multicare_as_published(tmp_path: Path) -> None:
    name = "PMC10000323_jbsr-107-1-3012-g3_undivided_1_1.jpg"
    picture(tmp_path / "PMC1" / "PMC10" / name)
    row = {"file_id": "f1", "main_image": "m1", "image_component": "undivided", "patient_id": "PMC10000323_01",
           "license": "CC BY", "caption": "Chest radiograph shows a left effusion.",
           "gt_labels_for_semisupervised_classification": "[]"}  # fmt: skip
    column = "ml_labels_for_supervised_classification"
    write_csv(
        tmp_path / "captions_and_labels.csv",
        [
            {**row, "file": name, column: "['radiology', 'x_ray', 'thorax', 'frontal']"},
            {**row, "file": "PMC2_ct.jpg", column: "['radiology', 'ct', 'thorax']"},
        ],
    )
    write_csv(
        tmp_path / "cases.csv",
        [{"case_id": "PMC10000323_01", "pmcid": "PMC10000323", "gender": "Female", "age": 61, "case_text": "A woman"}],
    )
    kind, items = read(tmp_path)
    assert kind == "multicare"
    assert len(items) == 1
    assert items[0].image is not None
    assert (items[0].sex, items[0].age, items[0].view, items[0].labels) == ("F", 61.0, View.FRONTAL, ())
    assert items[0].report is not None
    assert items[0].report.findings.startswith("Chest radiograph")


def test_multicare_subset(tmp_path: Path) -> None:
    row = {"file": "PMC1_a.jpg", "file_path": "x/images/PMC1/PMC1_/PMC1_a.jpg", "case_id": "PMC1_01",
           "caption": "Chest film.", "ml_labels_for_supervised_classification": ["x_ray", "thorax"]}  # fmt: skip
    (tmp_path / "image_metadata.json").write_text(json.dumps(row) + "\n")
    kind, items = read(tmp_path)
    assert (kind, len(items), items[0].image_missing, items[0].study) == ("multicare", 1, True, "multicare|PMC1_01")


# -- our manifest -------------------------------------------------------------------------------------------


def test_real_manifest_reads_images_from_its_archives(shared_data: Path) -> None:
    name, reader = detect_reader(shared_data / "cxr")
    assert name == "manifest"
    items = list(islice(reader.items(shared_data / "cxr"), 600))
    assert not any(item.image_missing for item in items)
    first = items[0]
    assert first.image is not None
    assert first.image.read()[:3] == b"\xff\xd8\xff"
    assert (first.split, first.source, first.patient) == ("test", "nih(jrzech)", "nih:00000075")


def test_manifest_claims_only_what_its_sources_judged(tmp_path: Path) -> None:
    def row(source: str, labels: str, **more: str) -> dict[str, object]:
        return {"id": f"{source}{labels}", "file": "", "split": "train", "source": source, "labels": labels,
                "raw_label": "", "view": "", "patient": "p", "sex": "", "age": "", "text": ""} | more  # fmt: skip

    write_csv(
        tmp_path / "manifest.csv",
        [row("nih(x)", "effusion"), row("kermany", "normal"), row("kermany", "pneumonia"), row("wingspan(x)", ""),
         row("jsrt(x)", "normal"), row("nih(x)", ""), 
         row("cohen", "covid|pneumonia", view="L", text="Note.", sex="F", age="70")],
    )  # fmt: skip
    _, (nih, well, sick, heart, nodule, unknown, noted) = read(tmp_path)
    assert claims(nih)["pleural_effusion"] is Status.PRESENT
    assert claims(nih)["mass"] is Status.ABSENT
    assert "tuberculosis" not in claims(nih)
    assert claims(well)["tuberculosis"] is Status.ABSENT
    assert set(claims(sick)) == {"abnormal", "normal", "pneumonia"}
    assert claims(heart) == {"cardiomegaly": Status.ABSENT}
    assert claims(nodule) == {"nodule": Status.ABSENT}
    assert claims(unknown) == {}
    assert claims(noted)["covid19_pneumonia"] is Status.PRESENT
    assert (noted.view, noted.sex, noted.age) == (View.LATERAL, "F", 70.0)
    assert noted.report is not None


def test_a_table_without_its_columns_says_so(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "manifest.csv", [{"id": 1, "file": "a.jpg"}])
    with pytest.raises(ManifestError, match="labels, source, split"):
        list(READERS["manifest"]().items(table))


def test_paths_in_a_table_do_not_leave_its_folder(tmp_path: Path) -> None:
    picture(tmp_path / "secret.png")
    row = {"id": 1, "file": "../secret.png", "split": "", "source": "x", "labels": ""}
    items = list(READERS["manifest"]().items(write_csv(tmp_path / "set" / "manifest.csv", [row])))
    assert items[0].image is None
    assert items[0].image_missing
