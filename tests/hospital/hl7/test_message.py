"""What a message says, in characters that its MSH-18 names, and that hl7apy reads it back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hl7apy.parser import parse_message
from pydicom.dataset import Dataset

from prosvet.core.errors import ResultError
from prosvet.hospital.config import Hl7
from prosvet.hospital.hl7 import oru
from prosvet.hospital.hl7.words import escaped
from prosvet.hospital.objects import Results
from prosvet.hospital.objects.results import Part, Signed
from prosvet.imaging.geometry import Box
from result_films import AT, TEXT, square_results, wrapped

CODECS = {"UNICODE UTF-8": "utf-8", "8859/5": "iso8859_5"}


def config(encoding: str = "UNICODE UTF-8") -> Hl7:
    return Hl7(host="localhost", port=2575, encoding=encoding, receiving_application="МИС|1")  # type: ignore[arg-type]


@pytest.fixture
def film() -> Dataset:
    return wrapped(np.random.default_rng(2).random((64, 48), dtype=np.float32))


@pytest.fixture
def results(film: Dataset) -> Results:
    return square_results(film, Box(20, 12, 40, 30))


def segments(data: bytes, codec: str = "utf-8") -> list[list[str]]:
    return [one.split("|") for one in data.decode(codec).split("\r") if one]


def rows(data: bytes, name: str) -> list[list[str]]:
    return [one for one in segments(data) if one[0] == "OBX" and name in one[3]]


@pytest.mark.parametrize("encoding", CODECS)
def test_russian_words_come_back_in_the_encoding_that_is_named(encoding: str, film: Dataset, results: Results) -> None:
    data = oru([film], results, at=AT, config=config(encoding))
    head, person, *_ = segments(data, CODECS[encoding])
    assert head[17] == encoding
    assert head[4] == "МИС\\F\\1"
    assert person[5] == "Иванова^Мария^Петровна"
    assert person[3] == "МК-0042"
    read = parse_message(data.decode(CODECS[encoding]))
    assert read.msh.msh_9.to_er7() == "ORU^R01^ORU_R01"
    assert TEXT in data.decode(CODECS[encoding])


def test_typographic_signs_are_replaced_and_letters_are_never_lost(film: Dataset, results: Results) -> None:
    parts = (Part("impression", "Заключение", "«Норма» — без изменений…"),)
    data = oru([film], replace(results, parts=parts), at=AT, config=config("8859/5"))
    assert '"Норма" - без изменений...' in data.decode("iso8859_5")
    with pytest.raises(ResultError):
        oru([film], replace(results, parts=(Part("impression", "З", "心"),)), at=AT, config=config("8859/5"))


def test_delimiters_and_lines_are_escaped(film: Dataset, results: Results) -> None:
    text = "КТИ 0,5|0,6 ^ ~ & \\\nВторая строка\x0b\x1c\rТретья"
    data = oru([film], replace(results, parts=(Part("impression", "Заключение", text),)), at=AT, config=config())
    (row,) = rows(data, "Заключение")
    assert row[5] == "КТИ 0,5\\F\\0,6 \\S\\ \\R\\ \\T\\ \\E\\\\.br\\Вторая строка\\.br\\Третья"
    assert b"\x0b" not in data
    assert b"\x1c" not in data
    assert escaped("a\r\nb") == "a\\.br\\b"


def test_the_programs_word_is_preliminary_and_the_doctors_final(film: Dataset, results: Results) -> None:
    machine = oru([film], results, at=AT, config=config())
    order = next(one for one in segments(machine) if one[0] == "OBR")
    assert (order[3], order[25], len(order)) == ("A-77", "P", 26)
    assert any(one[0] == "NTE" and one[3].startswith("Не для диагностики") for one in segments(machine))
    assert rows(machine, "fracture")[0][11] == "X"
    assert "не оценивалось" in rows(machine, "fracture")[0][5]
    assert rows(machine, "36118008")[0][11] == "P"
    assert rows(machine, "122157")[0][5:7] == ["2.0", "%^percent^UCUM"]
    assert rows(machine, "36118008")[0][17] == "algorithm^compact@2026.11.2, operating_point=balanced^99PROSVET"
    signed = replace(results, signed=Signed("Иванова^Мария^Петровна", AT, digest="d"))
    doctor = oru([film], signed, at=AT, config=config())
    order = next(one for one in segments(doctor) if one[0] == "OBR")
    assert (order[25], order[32]) == ("F", "&Иванова&Мария Петровна")
    assert not any(one[0] == "NTE" for one in segments(doctor))
    assert not rows(doctor, "122157"), "a signer gives no probability"
    added = replace(signed, parts=(*signed.parts, Part("addendum", "Дополнение", "Уточнено.")))
    assert next(one for one in segments(oru([film], added, at=AT, config=config())) if one[0] == "OBR")[25] == "C"


def test_a_repetition_is_the_same_message_and_another_reading_is_not(film: Dataset, results: Results) -> None:
    first, again, other = (
        oru([film], results, at=AT, config=config(), made_of=made_of) for made_of in ("a", "a", "b")
    )  # fmt: skip
    assert first == again
    assert segments(first)[0][9] != segments(other)[0][9]
    assert len(segments(first)[0][9]) <= 20


def test_a_long_protocol_goes_whole_and_an_endless_one_not_at_all(film: Dataset, results: Results) -> None:
    long = "Очаговых и инфильтративных теней не определяется. " * 40
    data = oru([film], replace(results, parts=(Part("lungs", "Лёгкие", long.strip()),)), at=AT, config=config())
    assert rows(data, "Лёгкие")[0][5] == long.strip()
    with pytest.raises(ResultError):
        oru([film], replace(results, parts=(Part("lungs", "Лёгкие", long * 40),)), at=AT, config=config())


def test_what_the_standard_does_not_allow_is_not_sent(film: Dataset, results: Results) -> None:
    del film.PatientID
    with pytest.raises(ResultError) as told:
        oru([film], results, at=AT, config=config())
    assert "Иванова" not in told.value.message("ru")
