"""Words and codes that identify nobody: what a description, a code string or a coded entry may be made of."""

from __future__ import annotations

import re
from functools import cache

from pydicom.dataset import Dataset
from pydicom.sr import _concepts_dict, _snomed_dict

__all__ = ["coded", "is_term", "known_words"]

_DESCRIPTIVE = """
    chest thorax thoracic lung lungs rib ribs sternum clavicle spine abdomen shoulder heart mediastinum
    pa ap lat ll rl lateral frontal oblique lordotic decubitus supine erect upright standing sitting bedside portable
    left right upper lower bilateral view views projection projections xray x-ray radiograph radiography film digital
    fluorography screening examination study series routine standard image images survey inspiration expiration adult
    child pediatric paediatric emergency icu two one with without and the of in for processed raw presentation
    processing control follow-up grid processed dr cr dx cxr
    грудь грудная грудной грудную клетка клетки клетку орган органы органов огк огп легкое легкие легких лёгкие
    лёгких ребро ребра рёбра ребер рёбер грудина ключица позвоночник сердце средостение прямая прямой боковая боковой
    косая косой проекция проекции проекциях двух одной левая левой правая правой задняя передняя лежа лёжа стоя сидя
    палатный палатная рентгенография рентгенограмма рентгенограммы рентген снимок снимка обзорная обзорный
    флюорография флюорограмма фг профилактическая профилактический диагностическая диагностический исследование
    исследования серия контроль контрольная контрольный вдох выдох взрослый детский цифровая цифровой в на и с без
"""

_DEFINED = """
    ORIGINAL DERIVED PRIMARY SECONDARY AXIAL LOCALIZER POST_PROCESSED PROJECTION RADIOGRAPHIC MIXED RESAMPLED
    CR DX DR RG SC OT RF XA CT MR US PT NM MG PX IO ES GM SR
    DV DI DF WSD SD SI DRW SYN FOR PRESENTATION PROCESSING YES NO NONE
    CHEST THORAX LUNG LUNGS RIB RIBS STERNUM CLAVICLE ABDOMEN SPINE CSPINE TSPINE LSPINE SHOULDER HEART PELVIS HEAD
    SKULL NECK HAND FOOT KNEE HIP ELBOW ANKLE WRIST ARM LEG EXTREMITY BREAST WHOLEBODY UPPER LOWER CHESTABDOMEN
    AP PA LL RL RLD LLD RLO LLO LAT LATERAL LPO RPO LAO RAO OBLIQUE LORDOTIC ERECT SUPINE
    HFP HFS HFDR HFDL FFDR FFDL FFP FFS L R U B M F O
    MONOCHROME1 MONOCHROME2 RGB YBR_FULL YBR_FULL_422 YBR_RCT YBR_ICT YBR_PARTIAL_420 PALETTE COLOR
    LINEAR LINEAR_EXACT SIGMOID IDENTITY INVERSE LOG DISP HU US OD LIN RELATIVE
    FIXED FOCUSED RECIPROCATING PARALLEL CROSSED IN FIXED_GRID
    ALUMINUM COPPER
    MOLYBDENUM RHODIUM NIOBIUM LEAD TIN TUNGSTEN EUROPIUM GADOLINIUM AL CU STRIP WEDGE BUTTERFLY MULTIPLE
    DIRECT SCINTILLATOR STORAGE FILM AREA SLOT RECTANGLE ROUND HEXAGONAL RECTANGULAR CIRCULAR POLYGONAL
    GEOMETRY FIDUCIAL ISO_10918_1 ISO_14495_1 ISO_15444_1 ISO_13818_2 ISO_14496_10
    SCREEN WITHOUT RECEPTOR NO
"""

_SCHEMES = {"DCM", "SCT", "UCUM", "RADLEX"}
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_ORIENTATION = re.compile(r"[LRAPHF]{1,3}")
_AGE = re.compile(r"\d{3}[DWMY]|0[01]")  # an age, and the yes and no of lossy compression
_ASCII_SCHEME = re.compile(r"[A-Z0-9]{2,12}")


@cache
def _descriptive() -> frozenset[str]:
    return frozenset(_DESCRIPTIVE.split())


@cache
def _defined() -> frozenset[str]:
    return frozenset(_DEFINED.split())


def known_words(text: str) -> str:
    """Of a description, the words that are said of films; everything else is left out, numbers too.

    Examples
    --------
    >>> known_words("Chest PA Ivanov 12.03.1960"), known_words("Рентгенография ОГК, Петрова")
    ('Chest PA', 'Рентгенография ОГК')
    """
    return " ".join(word for word in _WORD.findall(text) if word.casefold() in _descriptive())


def is_term(text: str) -> bool:
    """Whether a code string is made of defined terms alone.

    Examples
    --------
    >>> is_term("MONOCHROME2"), is_term("A\\\\F"), is_term("IVANOV")
    (True, True, False)
    """
    for part in text.split("\\"):
        words = part.strip().upper().split()
        if not all(word in _defined() or _ORIENTATION.fullmatch(word) or _AGE.fullmatch(word) for word in words):
            return False
    return True


@cache
def _meanings() -> dict[tuple[str, str], str]:
    """(scheme, value) to the meaning that the standard gives it."""
    found: dict[tuple[str, str], str] = {}
    concepts: dict[str, dict[str, dict[str, tuple[str, list[int]]]]] = _concepts_dict.concepts  # type: ignore[assignment]
    for scheme in _SCHEMES:
        if scheme in concepts:
            for values in concepts[scheme].values():
                found |= {(scheme, value): meaning for value, (meaning, _) in values.items()}
    for value, modern in _snomed_dict.mapping["SRT"].items():  # the older codes of the same concepts
        meaning = found.get(("SCT", modern))
        if meaning is not None:
            found |= {("SRT", value): meaning, ("SNM3", value): meaning}
    return found


def coded(item: Dataset) -> Dataset | None:
    """A coded entry as the standard words it; None for a code that the standard does not list."""
    value = str(item.get("CodeValue", "") or "").strip()
    scheme = str(item.get("CodingSchemeDesignator", "") or "").strip().upper()
    meaning = _meanings().get((scheme, value))
    if meaning is None or not _ASCII_SCHEME.fullmatch(scheme):
        return None
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, scheme, meaning[:64]
    return made
