"""Invented reports with invented people in them, and where the people stand: for measuring the cleaning of texts.

No name, number or address here is anybody's; bodies are in the manner of real protocols.
"""

from __future__ import annotations

import random
from typing import NamedTuple

__all__ = ["Report", "reports"]


def _words(text: str) -> list[str]:
    return text.split()


_SURNAMES = _words("""
    Абрамычев Берестнёв Вахромеев Гульнев Дербилов Елпидов Жигарин Загвоздин Ивашутин Кербель Лобастов
    Мухамедзянов Непейвода Оганесян Паршутин Рябокляч Саакадзе Тюгашев Уфимцев Фазлыев Хворостинин Цагараев
    Чебурахин Шендерецкий Щекочихин Эйсмонт Юхневич Ярмухаметов Иванов Петров Кузнецов Смирнов Волков Козлов
    Морозов Ким Цой Шевченко Черных Гасанбеков
""")
_MALE = _words(
    "Александр Борис Виктор Григорий Даниил Евгений Илья Константин Леонид Максим Николай Олег Руслан Тимур Фёдор"
)
_FEMALE = _words(
    "Анна Валентина Галина Дарья Екатерина Зинаида Ирина Лариса Мария Наталья Ольга Полина Светлана Юлия Гульнара"
)
_MIDDLE = _words(
    "Александрович Борисович Викторович Евгеньевич Ильич Леонидович Магомедович Николаевич Олегович Рашидович"
)
_EN_FIRST = _words("James Robert Susan Linda Michael Karen Daniel Nancy Steven Olga Emily Grace Peter Marina Victor")
_EN_LAST = _words(
    "Abernathy Bexley Crowhurst Dunmore Eastwick Fairbrother Gillingham Hartnell Ipswich Kowalczyk Smith Jones Petrov"
)
_TOWNS = _words("Верхнереченск Нижнелесной Калиновск Заозёрный Новокаменск")
_STREETS = _words("Лесная Ленина Садовая Космонавтов Полевая")
_BODY_RU = (
    "На обзорной рентгенограмме органов грудной клетки в прямой проекции лёгочные поля без очаговых и "
    "инфильтративных теней.",
    "В нижней доле правого лёгкого определяется инфильтрация размерами 3,5х2,0 см. Корни структурны, не расширены.",
    "Лёгочный рисунок обогащён в прикорневых отделах. Линии Керли не определяются. Синусы свободны. КТИ 0.52.",
    "Слева в S8-S9 участок консолидации, симптом воздушной бронхографии. Купол диафрагмы на уровне VI ребра.",
    "Тень средостения не смещена. Кальцинат 4 мм во втором межреберье справа. Доза 0.03 мЗв. Очаг Гона слева.",
    "Жидкости в плевральных полостях нет. Дренаж по Бюлау справа. Костно-деструктивных изменений не выявлено.",
)
_BODY_EN = (
    "The lungs are clear without focal consolidation. Heart size is normal. No pleural effusion or pneumothorax.",
    "There is a 3.5 x 2.0 cm opacity in the right lower lobe. Kerley B lines are present. The "
    "cardiothoracic ratio is 0.52.",
    "Mild degenerative changes of the thoracic spine. A Swan-Ganz catheter ends in the right pulmonary artery.",
    "Stable calcified granuloma in the left upper lobe, 4 mm. No acute osseous abnormality. Ghon focus on the left.",
)


class Report(NamedTuple):
    """A text and its identities: (kind, start, end)."""

    lang: str
    text: str
    planted: tuple[tuple[str, int, int], ...]


class _Writer:
    def __init__(self, lang: str) -> None:
        self.lang, self.text, self.planted = lang, "", []  # type: ignore[var-annotated]

    def say(self, text: str) -> None:
        self.text += text

    def plant(self, kind: str, text: str) -> None:
        self.planted.append((kind, len(self.text), len(self.text) + len(text)))
        self.text += text


def _ru_name(rng: random.Random) -> tuple[str, str, str]:
    last = rng.choice(_SURNAMES)
    if rng.random() < 0.5:
        return last, rng.choice(_MALE), rng.choice(_MIDDLE)
    soft = last + "а" if last.endswith(("ов", "ев", "ёв", "ин")) else last[:-2] + "ая" if last.endswith("ий") else last
    return soft, rng.choice(_FEMALE), rng.choice(_MIDDLE).replace("ич", "на").replace("Ильна", "Ильинична")


def _spelt(rng: random.Random, name: tuple[str, str, str]) -> str:
    last, first, middle = name
    forms = (f"{last} {first} {middle}", f"{last} {first[0]}.{middle[0]}.", f"{last} {first[0]}. {middle[0]}.",
             f"{first[0]}.{middle[0]}. {last}", f"{last.upper()} {first.upper()} {middle.upper()}",
                  f"{first} {middle} {last}")  # fmt: skip
    return rng.choice(forms)


def _day(rng: random.Random, lang: str) -> str:
    d, m, y = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1931, 2025)
    ru = _words("января февраля марта апреля мая июня июля августа сентября октября ноября декабря")
    en = _words("January February March April May June July August September October November December")
    if lang == "ru":
        return rng.choice(
            (f"{d:02}.{m:02}.{y}", f"{d:02}.{m:02}.{y % 100:02}", f"{d} {ru[m - 1]} {y} г.", f"{y}-{m:02}-{d:02}")
        )
    return rng.choice((f"{m:02}/{d:02}/{y}", f"{en[m - 1]} {d}, {y}", f"{d} {en[m - 1][:3]} {y}", f"{y}-{m:02}-{d:02}"))


def _digits(rng: random.Random, shape: str) -> str:
    return "".join(str(rng.randint(1, 9)) if letter == "#" else letter for letter in shape)


def _russian(rng: random.Random) -> Report:
    out = _Writer("ru")
    out.say(rng.choice(("Пациент: ", "Ф.И.О.: ", "Больной ", "")))
    out.plant("name", _spelt(rng, _ru_name(rng)))
    out.say(rng.choice((", ", ", дата рождения ")))
    out.plant("date", _day(rng, "ru"))
    out.say(rng.choice((" г.р. ", ". ")))
    for before, kind, shape in rng.sample((
        ("Полис ОМС ", "document", "#### #### #### ####"), ("Паспорт ", "document", "## ## ######"), ("СНИЛС ",
             "document", "###-###-### ##"),
        ("Тел. ", "phone", "+7 (9##) ###-##-##"), ("тел.: ", "phone", "8 9## ### ## ##"),
             ("История болезни № ", "number", "#####/2#"),
        ("Карта № ", "number", "А-####"), ("Направление № ", "number", "########"),
    ), 3):  # fmt: skip
        out.say(before)
        out.plant(kind, _digits(rng, shape))
        out.say(". ")
    if rng.random() < 0.5:
        out.say("Адрес: г. ")
        out.plant("address", rng.choice(_TOWNS))
        out.say(", ул. ")
        out.plant("address", rng.choice(_STREETS))
        out.say(", д. ")
        out.plant("address", str(rng.randint(1, 99)))
        out.say(".")
    out.say("\nРентгенография ОГК от ")
    out.plant("date", _day(rng, "ru"))
    out.say(".\n" + " ".join(rng.sample(_BODY_RU, 3)) + "\nВ сравнении с ")
    out.plant("date", _day(rng, "ru"))
    out.say(" динамика положительная.\n" + rng.choice(("Врач-рентгенолог ", "Врач: ", "Описал ")))
    out.plant("name", _spelt(rng, _ru_name(rng)))
    return Report("ru", out.text, tuple(out.planted))


def _english(rng: random.Random) -> Report:
    out = _Writer("en")
    first, last = rng.choice(_EN_FIRST), rng.choice(_EN_LAST)
    out.say(rng.choice(("PATIENT: ", "Patient name: ", "Name: ")))
    out.plant("name", rng.choice((f"{last.upper()}, {first.upper()}", f"{first} {last}", f"{last}^{first}")))
    out.say("\nDOB: ")
    out.plant("date", _day(rng, "en"))
    out.say("  MRN: ")
    out.plant("number", _digits(rng, rng.choice(("#######", "A######", "##-####"))))
    if rng.random() < 0.5:
        out.say("  Phone: ")
        out.plant("phone", _digits(rng, "(###) ###-####"))
    if rng.random() < 0.3:
        out.say("  Address: ")
        out.plant("address", f"{rng.randint(10, 999)} {rng.choice(('Maple', 'Oak', 'Harbor View'))} Street")
    out.say("\nEXAM: CHEST 2 VIEWS ")
    out.plant("date", _day(rng, "en"))
    out.say("\nFINDINGS: " + " ".join(rng.sample(_BODY_EN, 2)) + "\nCOMPARISON: ")
    out.plant("date", _day(rng, "en"))
    out.say("\n" + rng.choice(("Electronically signed by ", "Dictated by: ", "Radiologist: Dr. ")))
    out.plant("name", f"{rng.choice(_EN_FIRST)} {rng.choice(_EN_LAST)}")
    return Report("en", out.text, tuple(out.planted))


def reports(count: int, seed: int) -> list[Report]:
    """Half in Russian, half in English."""
    rng = random.Random(seed)
    return [_russian(rng) if number % 2 == 0 else _english(rng) for number in range(count)]
