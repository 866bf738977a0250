"""The capability `peers`: who is there, what they have of a patient, and bringing it here."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, ValidationError

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, InvalidRequest, InvalidSettings
from prosvet.core.optional import require
from prosvet.core.types import Frozen
from prosvet.hospital.config import FILE, DicomWeb, HospitalConfig, load_config
from prosvet.hospital.peers.query import Planned, StudyMatch, StudyQuery
from prosvet.hospital.peers.views import FILMS, Fetched, PeerView, queried, views

__all__ = ["PeersRequest", "PeersResult", "Sought", "run"]

Action = Literal["list", "echo", "find", "fetch", "worklist"]


class Sought(Frozen):
    """Which studies are looked for.

    Attributes
    ----------
    modalities : tuple of str
        Any when empty; priors are looked for among films then.
    """

    patient_id: str = Field(default="", max_length=64, repr=False)
    patient_name: str = Field(default="", max_length=64, repr=False)
    accession: str = Field(default="", max_length=64, repr=False)
    since: date | None = None
    until: date | None = None
    modalities: tuple[str, ...] = Field(default=(), max_length=16)
    most: int = Field(default=50, ge=1, le=500)


class PeersRequest(Sought):
    """What to do with which system.

    Attributes
    ----------
    peer : str
        A name of ``hospital.toml``; ``dicomweb``, ``fhir`` or ``hl7`` for those sections.
    day : date or None
        Of the worklist.
    most : int
        Answers at most; of `fetch`, studies.
    """

    action: Action = "list"
    peer: str = Field(default="", max_length=40)
    day: date | None = None
    how: Literal["get", "move"] = "get"


class PeersResult(Frozen):
    """What came of it; what the action does not concern is empty."""

    action: Action
    peers: tuple[PeerView, ...] = ()
    studies: tuple[StudyMatch, ...] = ()
    planned: tuple[Planned, ...] = ()
    fetched: Fetched | None = None


def run(request: PeersRequest, context: Context) -> PeersResult:
    """Do it.

    Raises
    ------
    Forbidden
        For a researcher: answers name patients.
    InvalidSettings
        No such system, or it may not be asked.
    InvalidRequest
    PeerUnreachable, PeerError
    """
    require("pynetdicom", "hospital")
    if not context.actor.may("reader"):
        raise Forbidden(role="reader")
    config = load_config(context)
    if request.action == "list":
        return PeersResult(action="list", peers=views(config))
    if request.action == "echo":
        return _echo(request, config, context)
    return {"find": _find, "fetch": _fetch, "worklist": _worklist}[request.action](request, config, context)


def _echo(request: PeersRequest, config: HospitalConfig, context: Context) -> PeersResult:
    from prosvet.hospital.peers import fhir, mllp
    from prosvet.hospital.peers.link import echo
    from prosvet.hospital.peers.web import Web

    view = next((one for one in views(config) if one.name == request.peer), None)
    if view is None:
        raise InvalidSettings(name=f"{FILE}: peers", reason=f"there is no {request.peer}")
    if view.kind == "dicomweb" and config.dicomweb is not None:
        Web(config.dicomweb).echo()
    elif view.kind == "fhir" and config.fhir is not None:
        fhir.echo(config.fhir)
    elif view.kind == "hl7" and config.hl7 is not None:
        mllp.knock(config.hl7)
    else:
        echo(config.peer(request.peer), config.node.aet)
    AuditLog.from_context(context).write("peers.echo", peer=request.peer)
    return PeersResult(action="echo", peers=(view,))


def _find(request: PeersRequest, config: HospitalConfig, context: Context) -> PeersResult:
    from prosvet.hospital.peers.fetch import search

    source = queried(config, request.peer)
    found = search(source, _query(request), config.node.aet, request.most)
    AuditLog.from_context(context).write("peers.find", peer=request.peer, found=len(found))
    return PeersResult(action="find", studies=found)


def _fetch(request: PeersRequest, config: HospitalConfig, context: Context) -> PeersResult:
    from prosvet.hospital.peers.fetch import fetch

    if not request.patient_id.strip():
        raise InvalidRequest(name="patient_id", reason="a patient's number is needed")
    source = queried(config, request.peer)
    query = _query(request.model_copy(update={"modalities": request.modalities or FILMS}))
    done = fetch(source, query, config.node.aet, context, most=request.most, by_move=request.how == "move")
    AuditLog.from_context(context).write(
        "peers.fetch", peer=request.peer, how=request.how, studies=done.studies, objects=done.objects,
        images=done.images,
    )  # fmt: skip
    return PeersResult(action="fetch", fetched=done)


def _worklist(request: PeersRequest, config: HospitalConfig, context: Context) -> PeersResult:
    from prosvet.hospital.peers.worklist import items

    source = queried(config, request.peer)
    if isinstance(source, DicomWeb):
        raise InvalidSettings(name=f"{FILE}: dicomweb", reason="a worklist is asked for over DICOM")
    found = items(
        source, config.node.aet, day=request.day, modality=next(iter(request.modalities), ""),
        patient_id=request.patient_id, most=request.most,
    )  # fmt: skip
    AuditLog.from_context(context).write("peers.worklist", peer=request.peer, found=len(found))
    return PeersResult(action="worklist", planned=found)


def _query(request: PeersRequest) -> StudyQuery:
    try:
        return StudyQuery(
            patient_id=request.patient_id, patient_name=request.patient_name, accession=request.accession,
            since=request.since, until=request.until, modalities=request.modalities,
        )  # fmt: skip
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "query"
        raise InvalidRequest(name=where, reason=first["msg"].removeprefix("Value error, ")) from None
