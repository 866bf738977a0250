"""Codes of what is said. Standard ones where the standard's dictionary holds them; else our own scheme, declared.

No code of SNOMED CT or RadLex is made up: a concept without one in ``concepts.toml`` goes under 99PROSVET.
"""

from __future__ import annotations

import hashlib
from functools import cache

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from prosvet.core.i18n import Lang, text
from prosvet.core.types import Finding, Side, Status, Zone
from prosvet.language.vocabulary import vocabulary

__all__ = ["SCHEME", "concept_code", "laterality_code", "own", "severity_code", "site_code", "status_code"]

SCHEME = "99PROSVET"
_LONGEST = 16  # characters of a Code Value (VR SH)

_STATUS = {
    Status.PRESENT: codes.DCM.Present,
    Status.ABSENT: codes.DCM.Absent,
    Status.UNCERTAIN: codes.DCM.PresenceUndetermined,
    Status.NOT_ASSESSED: codes.SCT.NotEvaluated,
}
_ZONES = {
    Zone.UPPER: codes.SCT.UpperZoneOfLung,
    Zone.MIDDLE: codes.SCT.MiddleZoneOfLung,
    Zone.LOWER: codes.SCT.LowerZoneOfLung,
    Zone.DIFFUSE: codes.SCT.Lung,
}
_PLACES = {
    "lungs": codes.SCT.Lung,
    "pleura": codes.SCT.Pleura,
    "hila": codes.SCT.HilumOfLung,
    "heart": codes.SCT.Heart,
}
_LATERALITY = {Side.LEFT: codes.SCT.Left, Side.RIGHT: codes.SCT.Right, Side.BILATERAL: codes.SCT.Bilateral}


def own(value: str, meaning: str) -> Code:
    """A code of our own scheme; a name that is too long for a Code Value keeps its head and a hash.

    Examples
    --------
    >>> own("cavity", "cavity").value, own("widened_mediastinum", "widened mediastinum").value
    ('cavity', 'widened_med-ddf7')
    """
    if len(value) > _LONGEST:
        value = f"{value[: _LONGEST - 5]}-{hashlib.sha256(value.encode()).hexdigest()[:4]}"
    return Code(value, SCHEME, meaning[:64])


@cache
def concept_code(concept: str, lang: Lang) -> Code:
    """The code of a concept of the vocabulary, its meaning in `lang`."""
    known = vocabulary()[concept]
    name = known.names[lang]
    for one in known.codes:
        found = getattr(getattr(codes, one.scheme), one.keyword)
        return Code(found.value, found.scheme_designator, name[:64])
    return own(known.id, name)


def status_code(status: Status, lang: Lang) -> Code:
    """Present, absent, undetermined, not evaluated."""
    return _said(_STATUS[status], f"objects.status.{status.value}", lang)


def site_code(finding: Finding, lang: Lang) -> Code | None:
    """Where a finding lies; None when nothing is known of it."""
    place = vocabulary()[finding.concept].place
    if finding.zone is not None:
        zone = "lung" if finding.zone is Zone.DIFFUSE else f"zone_{finding.zone.value}"
        return _said(_ZONES[finding.zone], f"objects.site.{zone}", lang)
    if place in _PLACES and (finding.side is not None or place == "heart"):
        return _said(_PLACES[place], f"objects.site.{place}", lang)
    return _said(codes.SCT.Chest, "objects.site.chest", lang) if finding.side is not None else None


def laterality_code(finding: Finding, site: Code, lang: Lang) -> Code | None:
    """The patient's side, for a site that has sides."""
    if finding.side is None or finding.side is Side.MIDLINE or site == codes.SCT.Heart:
        return None
    return _said(_LATERALITY[finding.side], f"objects.side.{finding.side.value}", lang)


def severity_code(severity: str, lang: Lang) -> Code:
    """How much of it, as the text says: small, moderate or large."""
    return own(f"severity_{severity}", text(f"objects.severity.{severity}", lang))


def _said(code: Code, key: str, lang: Lang) -> Code:
    return Code(code.value, code.scheme_designator, text(key, lang))
