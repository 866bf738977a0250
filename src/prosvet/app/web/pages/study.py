"""The study: films, findings and who says so, the report in its editor, similar and earlier cases, the trail."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from prosvet.app.http.deps import ContextDep
from prosvet.app.web.pages.viewer import shown
from prosvet.app.web.render import page
from prosvet.app.web.study_views import findings_view, neighbours, others_of, trail_of
from prosvet.archive.blind import blind_studies
from prosvet.archive.rows import StudyRow
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.archive.worklist import ensure_listed, opened
from prosvet.core.audit import AuditLog
from prosvet.core.clock import local
from prosvet.core.context import Context
from prosvet.core.errors import NotFound, QueryError
from prosvet.models.examine import Examiner
from prosvet.reading.protocols.api import ProtocolRequest, ProtocolResult, run
from prosvet.reading.protocols.basis import chosen_film, stored_basis
from prosvet.search.api import Hit, SearchRequest
from prosvet.search.api import run as search

__all__ = ["router"]

router = APIRouter(prefix="/study/{study}")

_SIMILAR = 6


@router.get("")
def study_page(study: str, request: Request, context: ContextDep, prior: str | None = None) -> HTMLResponse:
    """The page: everything that is stored; the draft is written by a request of its own."""
    store = context.get(Store)
    ensure_visible(store, study, context.actor)
    ensure_listed(store)
    row = store.lookup_studies([study])[study]
    others = others_of(study, row.patient, row.date, context)
    beside = next((other.id for other in others if other.id == prior and other.images), None)
    if prior is not None and beside is None:
        raise NotFound(kind="study", name=prior)
    AuditLog.from_context(context).write("open", study=study)
    blind = _blind(study, context)
    protocol = _touch(study, context, blind=blind)
    before, after = neighbours(study, context)
    now = shown(study, context, "viewer.current_label" if beside else None)
    values: dict[str, Any] = {
        "study": row, "now": now, "others": others, "before": before, "after": after, "blind": blind,
        "prior": shown(beside, context, "viewer.prior_label") if beside else None,
        "work": _work(study, context), "card": context.get(Examiner).card, "model": context.get(Examiner).ref,
        "texts": [] if blind else [store.lookup_reports([key])[key] for key in row.reports],
    }  # fmt: skip
    values |= _panels(row, protocol, context) if protocol else {}
    return page(request, context, "study.html", **values)


@router.post("/open")
def open_protocol(study: str, request: Request, context: ContextDep) -> HTMLResponse:
    """The report's panel, drafted now where there is no draft; and the findings, with their places and the ratio."""
    protocol = run(ProtocolRequest(action="draft", study=study, lang=context.lang), context)
    row = context.get(Store).lookup_studies([study])[study]
    return page(request, context, "_study_opened.html", **_panels(row, protocol, context))


@router.get("/protocol")
def protocol_panel(study: str, request: Request, context: ContextDep) -> HTMLResponse:
    """The report's panel as it stands."""
    protocol = run(ProtocolRequest(action="show", study=study), context)
    row = context.get(Store).lookup_studies([study])[study]
    return page(request, context, "_protocol.html", **_panels(row, protocol, context))


@router.get("/sign")
def sign_dialog(study: str, request: Request, context: ContextDep) -> HTMLResponse:
    """What the signer must know before signing."""
    checked = run(ProtocolRequest(action="check", study=study), context)
    return page(request, context, "_protocol_sign.html", protocol=checked, version=checked.protocol)


@router.get("/similar")
def similar(study: str, request: Request, context: ContextDep) -> HTMLResponse:
    """Cases like this one, and why."""
    ensure_visible(context.get(Store), study, context.actor)
    film = None if _blind(study, context) else chosen_film(study, context)
    hits: tuple[Hit, ...] = ()
    if film is not None:
        asked = SearchRequest.model_validate(
            {"stored_image": film.id, "in": "images", "k": 3 * _SIMILAR, "lang": context.lang}
        )
        try:
            hits = tuple({hit.study: hit for hit in reversed(search(asked, context).hits)}.values())[::-1]
        except QueryError:  # a film that was never examined, or a side view: nothing to compare by
            hits = ()
    return page(request, context, "_study_similar.html", hits=[hit for hit in hits if hit.study != study][:_SIMILAR])


@router.get("/history")
def history(study: str, request: Request, context: ContextDep) -> HTMLResponse:
    """Versions of the report, and who did what with the study."""
    found = run(ProtocolRequest(action="history", study=study), context)
    return page(
        request, context, "_study_history.html", entries=found.history, trail=trail_of(study, context), local=local
    )


@router.get("/print")
def print_view(study: str, request: Request, context: ContextDep) -> HTMLResponse:
    """The report on paper."""
    found = run(ProtocolRequest(action="show", study=study), context)
    if found.protocol is None:
        raise NotFound(kind="report", name=study)
    row = context.get(Store).lookup_studies([study])[study]
    return page(
        request, context, "study_print.html", study=row, version=found.protocol, addenda=found.addenda, local=local
    )


def _panels(row: StudyRow, protocol: ProtocolResult, context: Context) -> dict[str, Any]:
    """What the panels of findings and of the report show."""
    version = protocol.protocol
    basis = version.content.basis if version else stored_basis(chosen_film(row.id, context), context)
    return {
        "study": row, "protocol": protocol, "version": version, "basis": basis, "read": version is not None,
        "groups": findings_view(basis, row.findings, context), "local": local, "model": context.get(Examiner).ref,
        "problems": [problem.model_dump(mode="json") for problem in protocol.problems],
        "placed": {f.concept for f in basis.findings or () if any(e.kind == "map" for e in f.evidence)},
        "probabilities": {finding.concept: finding.probability for finding in basis.findings or ()},
    }  # fmt: skip


def _touch(study: str, context: Context, *, blind: bool) -> ProtocolResult | None:
    """Mark the study as opened by a reader; its report as it stands, unless it is read blind."""
    work = _work(study, context)
    if work is not None and work.status == "new" and context.actor.may("reader"):
        with context.get(Store).note() as db:
            opened(db, study)
    return None if blind else run(ProtocolRequest(action="show", study=study), context)


def _blind(study: str, context: Context) -> bool:
    with context.get(Store).read() as db:
        return study in blind_studies(db, context.actor)


def _work(study: str, context: Context) -> Any:
    query = select(WorkItem.status, WorkItem.priority, WorkItem.reason, WorkItem.reader)
    with context.get(Store).read() as db:
        return db.execute(query.where(WorkItem.study_id == study)).first()
