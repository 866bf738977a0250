"""Names of people in a text: by form (initials, patronymics), by dictionary, and by the word that stands before.

Russian words are looked up in the dictionary of pymorphy3, which knows first names, patronymics and surnames in all
their forms and guesses those it has not seen; English ones in a list of first names. Eponyms of radiology (линии
Керли, очаг Гона) are nobody's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from prosvet.hospital.deidentify.spans import Span
from prosvet.hospital.deidentify.terms import known_words

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer

__all__ = ["find_names"]

_CAP = r"(?:[А-ЯЁA-Z][а-яёa-z'’]+(?:-[А-ЯЁA-Z][а-яёa-z]+)?|[А-ЯЁA-Z]{2,}(?:-[А-ЯЁA-Z]{2,})?)"
_INITIALS = r"[А-ЯЁA-Z]\.(?:\s?[А-ЯЁA-Z]\.)?"
_BEFORE_INITIALS = re.compile(rf"\b(?P<v>{_CAP}),?\s(?:{_INITIALS}|[А-ЯЁ]\s?[А-ЯЁ]\b(?!\.\w))")
_AFTER_INITIALS = re.compile(rf"(?<![А-Яа-яA-Za-z.]){_INITIALS}\s?(?P<v>{_CAP})\b")
_ROLE = re.compile(
    r"(?:\b(?:пациент(?:ка|у|ке|а|ки|ом)?|больн(?:ой|ая|ого|ому)|ребен(?:ок|ка)|ф\.?\s?и\.?\s?о\.?(?:\s(?:пациента|врача))?|"
    r"фамилия|имя|отчество|врач(?:-[а-я]+|а|у|ом)?|рентгенолог|рентген-?лаборант|лаборант|заведующ(?:ий|ая)(?:\s(?:отделением|кабинетом))?|"
    r"зав\.?\s?отд(?:елением|\.)?|подпись|доктор|направи(?:л|ла|вший\sврач)|описа(?:л|ла)|выполни(?:л|ла)|исполнитель|"
    r"законный\sпредставитель|мать|отец|опекун|гр(?:\.|-н|-ка|ажданин|ажданка)|мед(?:\.\s?|)сестра|"
    r"patient(?:'s)?(?:\sname)?|name|surname|radiologist|physician|doctor|(?:electronically\s)?signed(?:\sby)?|dictated\sby|"
    r"reported\sby|referred\sby|referring(?:\sphysician)?|ordered\sby|reviewed\sby|transcribed\sby|attending|technologist|"
    r"resident|mother|father|mr|mrs|ms|miss|dr|prof)\b\.?)(?P<sep>\s*[:—–-]?\s*)"
    rf"(?:(?:mr|mrs|ms|miss|dr|prof)\.?\s)?(?P<v>(?-i:{_CAP}(?:(?:,\s|\s|\^){_CAP}){{0,3}}(?:\s{_INITIALS})?))",
    re.IGNORECASE,
)  # fmt: skip
_CARET = re.compile(r"\b[^\W\d_]{2,}(?:\^[^\W\d_]+)+")
_TOKEN = re.compile(rf"\b{_CAP}(?![а-яёa-z])")
_GAP = re.compile(r"[ ^\xa0]{1,2}|, ")
_DEGREE = re.compile(
    r"\b(?-i:(?P<v>[A-Z][a-z'-]+(?:\s[A-Z]\.?)?(?:\s[A-Z][a-z'-]+){1,2})),?\s(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|Ph\.?D\.?)\b"
)

_EPONYMS_WORDS = """
    керли гона гон голден гольдена ассмана ассман симона симон кох коха бехтерева бехтерев бюлау флейшнера флейшнер
    свана ганца свансон гиса зудека пьера мари лефгрена леффлера лёффлера шморля шморль кюммеля шейермана вестермарка
    хемптона паркинсона альцгеймера дауна марфана эйзенменгера фалло эбштейна вильсона ходжкина каплана гудпасчера
    вегенера чаргастросса морганьи бохдалека горнера панкоста ранке рихтера штернберга хаммена рича хаммана макклауда
    кагана кагнера рейно крона баррета кушинга аддисона зенкера манту пирке бцж диаскинтест сан ван де куршманна
    kerley ghon hampton westermark pancoast bochdalek morgagni fleischner swan ganz hodgkin wegener marfan kartagener
    chilaiditi schmorl foley dobhoff hickman luftsichel golden fallot ebstein eisenmenger hamman caplan macleod swyer
    assmann ranke scheuermann bechterew crohn barrett parkinson alzheimer cushing addison
"""
_EPONYMS = frozenset(_EPONYMS_WORDS.split())
_NOT_NAMES_WORDS = """
    слева справа легкие легких лёгкие лёгких корни корень очаг синусы синус тень тени заключение описание протокол
    жалобы анамнез дата пол возраст адрес врач пациент исследование область рекомендовано рекомендации без на в
    по от до орган органы грудная прямая боковая норма патология доза полис паспорт снилс телефон отделение палата
    огк мрт
    кт узи экг чсс ад роэ соэ вич им сср цтт ктр бцж фио фг рг мзв the and of no impression findings comparison history
    indication technique exam chest date age sex male female patient name report clinical lungs heart normal pa ap md
    signed dob mrn id ct mri us ekg ecg copd chf icu er right left upper lower lobe lobes bilateral there view views
    electronically by radiologist physician dictated reviewed finding study examination pleural mediastinum bones
    diaphragm trachea january february march april may june july august september october november december мама папа
    мкб ивл пкт скт мскт хобл ибс цвк нет да муж жен лев прав
"""
_NOT_NAMES = frozenset(_NOT_NAMES_WORDS.split())
_FIRST_WORDS = """
    james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony mark
    donald steven paul andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey ryan jacob gary
    nicholas eric jonathan stephen larry justin scott brandon benjamin samuel gregory frank alexander raymond patrick
    jack dennis jerry tyler aaron jose adam henry nathan douglas zachary peter kyle walter ethan jeremy harold carl
    keith roger gerald christian terry sean arthur austin noah lawrence jesse joe bryan billy jordan albert dylan bruce
    willie gabriel alan juan logan wayne ralph roy eugene randy vincent russell louis philip bobby johnny bradley mary
    patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty sandra margaret ashley kimberly
    emily donna michelle carol amanda melissa deborah stephanie rebecca laura sharon cynthia dorothy amy kathleen angela
    shirley emma brenda pamela nicole anna samantha katherine christine helen debra rachel carolyn janet maria catherine
    heather diane olivia julie joyce victoria ruth virginia lauren kelly christina joan evelyn judith andrea hannah
    cheryl megan martha teresa sara gloria ann jean alice judy julia grace amber denise danielle marilyn beverly
    charlotte natalie theresa diana brittany doris kayla alexis lori marie oliver leo hugo felix ivan sergey sergei
    alexey aleksey dmitry dmitri vladimir nikolay nikolai andrey igor oleg yuri pavel viktor boris konstantin maxim
    mikhail anton roman ilya kirill olga tatiana natalia elena irina svetlana ekaterina galina ludmila lyudmila marina
    yulia anastasia oksana nina tamara larisa valentina vera petr pyotr fedor evgeny vasily stanislav
"""
_FIRST = frozenset(_FIRST_WORDS.split())


@cache
def _morph() -> MorphAnalyzer:
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer(lang="ru")


@lru_cache(maxsize=65536)
def _part(word: str) -> str:
    """What a capitalised word is of a name: ``patr``, ``first``, ``last``, ``maybe``, ``no``, or ``unknown``."""
    small = word.casefold()
    if small in _EPONYMS or small in _NOT_NAMES or known_words(word):
        return "no"
    if re.fullmatch(r"[A-Za-z'’-]+", word):
        return "first" if small in _FIRST else "unknown"
    parses = _morph().parse(word)
    tags = [(part, parse.score) for parse in parses for part in ("Patr", "Name", "Surn") if part in parse.tag]
    if not tags:
        return "no" if parses[0].is_known else "unknown"
    best = max(tags, key=lambda tag: tag[1])[0]
    if best == "Patr":
        return "patr"
    share = sum(score for _, score in tags) / max(sum(parse.score for parse in parses), 1e-9)
    if share < 0.5 or not (parses[0].is_known or share > 0.8):
        return "maybe"
    if best == "Name":
        return "first" if share > 0.9 else "maybe"
    return "last"


def find_names(text: str) -> Iterator[Span]:
    """Names of people.

    Examples
    --------
    >>> text = "Пациент: Иванова Мария Петровна. Линии Керли. Врач Сидоров А. Б."
    >>> sorted({text[span.start:span.end] for span in find_names(text)}, key=len)[-2:]
    ['Сидоров А. Б.', 'Иванова Мария Петровна']
    """
    for pattern in (_BEFORE_INITIALS, _AFTER_INITIALS):
        for match in pattern.finditer(text):
            if _part(match["v"]) != "no":
                yield Span(*match.span(), "name")
    for match in _ROLE.finditer(text):
        yield from _after_role(match)
    for match in _CARET.finditer(text):
        yield Span(*match.span(), "name")
    for match in _DEGREE.finditer(text):
        yield Span(*match.span("v"), "name")
    yield from _runs(text)


def _after_role(match: re.Match[str]) -> Iterator[Span]:
    """The capitalised words after a role, up to the first that is no name."""
    start, end = match.span("v")
    taken = start
    for word in re.finditer(rf"{_CAP}|{_INITIALS}", match["v"]):
        if _part(word.group()) == "no":
            break
        taken = start + word.end()
    if taken > start:
        rest = match["v"][taken - start :]
        initials = re.match(rf"\s{_INITIALS}", rest)
        yield Span(start, min(end, taken + (initials.end() if initials else 0)), "name")


def _runs(text: str) -> Iterator[Span]:
    """Capitalised words that stand together, when the words themselves tell that they are a name."""
    run: list[re.Match[str]] = []
    for match in _TOKEN.finditer(text):
        if run and not _GAP.fullmatch(text, run[-1].end(), match.start()):
            yield from _named(run)
            run = []
        if _part(match.group()) == "no":
            yield from _named(run)
            run = []
        else:
            run.append(match)
    yield from _named(run)


def _named(run: list[re.Match[str]]) -> Iterator[Span]:
    parts = [_part(match.group()) for match in run]
    if "patr" in parts or "last" in parts or ("first" in parts and len(parts) > 1):
        yield Span(run[0].start(), run[-1].end(), "name")
    elif "first" in parts:
        at = run[parts.index("first")]
        yield Span(at.start(), at.end(), "name")
    elif len(parts) > 1 and "maybe" in parts and "unknown" not in parts:
        yield Span(run[0].start(), run[-1].end(), "name")
