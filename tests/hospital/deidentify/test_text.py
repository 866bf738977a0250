"""Reports: who is named in them goes, what they find stays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prosvet.core.errors import DeidentifyError
from prosvet.hospital.deidentify.document import clean_table, read_text
from prosvet.hospital.deidentify.keys import Key
from prosvet.hospital.deidentify.known import Known
from prosvet.hospital.deidentify.text import clean_text, find_identities

LAST = st.sampled_from(["Берестнёв", "Гульнев", "Загвоздин", "Кербель", "Лобастов", "Уфимцев", "Рябокляч", "Цой"])
FIRST = st.sampled_from(["Борис", "Евгений", "Леонид", "Тимур"])
MIDDLE = st.sampled_from(["Борисович", "Ильич", "Магомедович"])
FINDINGS = (
    "В нижней доле правого лёгкого инфильтрация 3,5х2,0 см. КТИ 0.52. Линии Керли не определяются. Очаг Гона слева. "
    "Участок консолидации в S8-S9. Дренаж по Бюлау. Купол диафрагмы на уровне VI ребра. Доза 0.03 мЗв."
)
ENGLISH = "The lungs are clear. A 3.5 x 2.0 cm opacity. Kerley B lines. Swan-Ganz catheter. Ratio 0.52. No effusion."


@settings(max_examples=60, deadline=None)
@given(
    last=LAST,
    first=FIRST,
    middle=MIDDLE,
    day=st.dates(date(1930, 1, 1), date(2024, 12, 31)),
    number=st.integers(10**7, 10**10),
)
def test_a_named_patient_is_gone_and_the_findings_stay(
    last: str, first: str, middle: str, day: date, number: int
) -> None:
    head = f"Пациент: {last} {first} {middle}, {day:%d.%m.%Y} г.р., полис № {number}."
    text = f"{head}\n{FINDINGS}\nВрач {last} {first[0]}.{middle[0]}."
    clean, _ = clean_text(text)
    assert FINDINGS in clean
    for planted in (last, first, middle, f"{day:%d.%m.%Y}", str(number)):
        assert planted not in clean


@pytest.mark.parametrize("text", [FINDINGS, ENGLISH])
def test_findings_alone_are_not_touched(text: str) -> None:
    assert find_identities(text) == []


@pytest.mark.parametrize(
    ("text", "planted"),
    [
        ("тел. 8 (916) 123-45-67", "123-45-67"), ("СНИЛС 112-233-445 95", "112-233-445"),
        ("паспорт 45 04 123456", "123456"),
        ("г. Заозёрный, ул. Лесная, д. 5, кв. 12", "Лесная"), ("снимок от 3 мая 2020 года", "3 мая 2020"),
        ("ГБУЗ «Городская больница №7»", "больница №7"), ("DOB: 03/25/1960", "03/25/1960"), ("SMITH^JOHN", "SMITH"),
        ("Signed by Dr. Emily Crowhurst", "Crowhurst"), ("12 Maple Street", "Maple"),
        ("почта a.b@mail.ru", "a.b@mail.ru"),
    ],
)  # fmt: skip
def test_each_kind_is_found(text: str, planted: str) -> None:
    assert planted not in clean_text(text)[0]


def test_dates_move_together_but_not_the_day_of_birth() -> None:
    clean, _ = clean_text(
        "Дата рождения 12.03.1960. Снимок 05.04.2022, прежний 05.03.2022.", shift=lambda day: day - timedelta(days=100)
    )
    assert clean == "Дата рождения [ДАТА]. Снимок 26.12.2021, прежний 25.11.2021."


def test_a_known_name_goes_wherever_it_stands() -> None:
    known = Known(names=frozenset({"Вербена"}))
    assert clean_text("растение вербена, ВЕРБЕНА", known)[0] == "растение [УДАЛЕНО], [УДАЛЕНО]"


def test_a_table_keeps_its_rows_and_its_links() -> None:
    table = (
        "patient_id;ФИО;дата;файл;заключение\n"
        "HK-1;Кербель Олег;05.04.2022;a/1.png;Норма. Кербель здоров\n"
        "HK-1;Кербель О.;15.04.2022;a/2.png;=cmd()\n"
    )
    clean, counts = clean_table(table.encode("cp1251"), Known(), Key(bytes(32)), {"a/1.png": "pictures/F1.png"}, True)
    rows = [line.split(";") for line in clean.decode().splitlines()]
    assert rows[1][0] == rows[2][0] == Key(bytes(32)).patient("|HK-1")
    assert rows[1][1] == "" and rows[1][3] == "pictures/F1.png" and rows[2][3] == ""
    assert (date.fromisoformat(rows[2][2]) - date.fromisoformat(rows[1][2])).days == 10
    assert "Кербель" not in clean.decode()
    assert rows[2][4].startswith("'=")
    assert counts["patient"] == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_text_is_read_in_its_encoding(encoding: str) -> None:
    assert read_text("Лёгкие чистые".encode(encoding)) == "Лёгкие чистые"


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(DeidentifyError):
        read_text(b"\x00\x01\x02film\x00")
