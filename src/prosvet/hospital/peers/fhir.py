"""A transaction to a FHIR server, and a look at whether it is there."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import requests

from prosvet.core.errors import PeerError, PeerUnreachable
from prosvet.hospital.config import Fhir
from prosvet.hospital.peers.session import Session, refusal, spoken

__all__ = ["NAME", "Pushed", "echo", "push"]

log = logging.getLogger(__name__)

NAME = "fhir"
_JSON = "application/fhir+json"
_MOST = 16_000_000  # bytes of an answer
_NOT_THERE = (404, 410)


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a transaction.

    Attributes
    ----------
    report : str
        ``DiagnosticReport/...``
    newer : bool
        The server has a later issue of this report: nothing was sent.
    """

    report: str
    newer: bool = False


def echo(config: Fhir) -> str:
    """The version that the server says it speaks.

    Raises
    ------
    PeerUnreachable, PeerError
    """
    with spoken(NAME):
        told = _asked(Session(config, most_bytes=_MOST), config, "metadata?_summary=true")
    return str(told.get("fhirVersion", "")) if told else ""


def push(data: bytes, config: Fhir) -> Pushed:
    """Send a transaction as :func:`prosvet.hospital.fhir.bundle` makes it; the same one may be sent twice.

    A report that was issued later than this one stays: what waited in an outbox never goes over what came after it.
    When the server says that it is done, the report is read back.

    Raises
    ------
    PeerUnreachable
        It does not answer, is busy, or does not show what it took.
    PeerError
        It refuses the transaction or a part of it.
    InvalidSettings
    """
    bundle = json.loads(data)
    report = next(one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "DiagnosticReport")
    place, session = f"DiagnosticReport/{report['id']}", Session(config, most_bytes=_MOST)
    with spoken(NAME):
        there = _asked(session, config, place)
        if there is not None and _later(there, report):
            log.info("the FHIR server has a later issue of a report")
            return Pushed(place, newer=True)
        _taken(_posted(session, config, data), len(bundle["entry"]))
        back = _asked(session, config, place)
    if back is None or any(back.get(key) != report.get(key) for key in ("resourceType", "id", "status")):
        raise PeerUnreachable(peer=NAME, reason="not_found_there")
    return Pushed(place)


def _asked(session: Session, config: Fhir, place: str) -> dict[str, Any] | None:
    response = session.get(f"{config.url.rstrip('/')}/{quote(place, safe='/?=_-.')}", headers={"Accept": _JSON})
    if response.status_code in _NOT_THERE:
        return None
    if not response.ok:
        raise refusal(NAME, response.status_code)
    return _object(response)


def _posted(session: Session, config: Fhir, data: bytes) -> dict[str, Any]:
    headers = {"Accept": _JSON, "Content-Type": f"{_JSON}; charset=utf-8", "Prefer": "return=minimal"}
    response = session.post(config.url.rstrip("/"), data=data, headers=headers)
    if not response.ok:
        raise refusal(NAME, response.status_code)
    return _object(response)


def _object(response: requests.Response) -> dict[str, Any]:
    answer = json.loads(response.content)
    if not isinstance(answer, dict):
        raise PeerError(peer=NAME, reason="not_understood")
    return answer


def _taken(answer: dict[str, Any], entries: int) -> None:
    """Every entry of the transaction has to be answered with success."""
    told = [str(one.get("response", {}).get("status", "")) for one in answer.get("entry", ())]
    if answer.get("resourceType") != "Bundle" or answer.get("type") != "transaction-response" or len(told) != entries:
        raise PeerError(peer=NAME, reason="not_understood")
    refused = next((one for one in told if not one.startswith("2")), None)
    if refused is not None:
        raise PeerError(peer=NAME, reason="http", status=refused[:3])


def _later(there: dict[str, Any], ours: dict[str, Any]) -> bool:
    try:
        return datetime.fromisoformat(str(there["issued"])) > datetime.fromisoformat(str(ours["issued"]))
    except (KeyError, ValueError, TypeError):
        return False
