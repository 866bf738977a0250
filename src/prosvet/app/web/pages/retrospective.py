"""/retrospective: runs over the archive, their ranked disagreements, and one of them to be judged."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from prosvet.app.http.deps import ContextDep, require
from prosvet.app.http.routes.images import info
from prosvet.app.jobs.runner import Runner
from prosvet.app.web.render import page
from prosvet.archive.filters import StudyFilter
from prosvet.archive.lookup_sources import sources
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.i18n import text
from prosvet.core.types import Finding, View
from prosvet.evaluation.second_opinions.tally_api import shares
from prosvet.models.examine import Examiner
from prosvet.reading.decide import decide
from prosvet.reading.retrospective.api import RetrospectiveRequest, run
from prosvet.reading.retrospective.judging import RecordText
from prosvet.reading.retrospective.lists import VERDICTS, Only, Verdict
from prosvet.reading.retrospective.score import HARM, KINDS, Kind
from prosvet.reading.stored import film_of, images_of

__all__ = ["router"]

router = APIRouter(prefix="/retrospective", dependencies=[Depends(require("senior"))])

_PAGE = 50


@router.get("")
def runs(request: Request, context: ContextDep) -> HTMLResponse:
    """All runs, and a form for a new one."""
    found = run(RetrospectiveRequest(action="runs"), context).runs
    ref = context.get(Examiner).ref
    return page(
        request, context, "retro.html", runs=found, model=ref, sources=sources(context.get(Store), context.actor)
    )


@router.post("/run")
def begin(
    context: ContextDep,
    source: Annotated[str, Form(max_length=200)] = "",
    date_from: Annotated[str, Form(max_length=10)] = "",
    date_to: Annotated[str, Form(max_length=10)] = "",
    number: Annotated[int | None, Form(ge=1, le=2**31)] = None,
) -> Response:
    """Put a job in and go to the jobs."""
    filters = StudyFilter(source=source or None, date_from=_day(date_from), date_to=_day(date_to))
    asked = RetrospectiveRequest(action="run", filters=filters, number=number)
    context.get(Runner).submit("retrospective", asked, context)
    return RedirectResponse("/retrospective?begun=1", 303)


def _day(written: str) -> date | None:
    return date.fromisoformat(written) if written else None


@router.get("/{number}")
def listed(
    number: int,
    request: Request,
    context: ContextDep,
    only: Only = "all",
    concept: str = "",
    kind: str = "",
    offset: int = 0,
) -> HTMLResponse:
    """The disagreements of a run, worst first."""
    chosen: Kind | None = next((one for one in KINDS if one == kind), None)
    asked = RetrospectiveRequest(
        action="list", number=number, only=only, concept=concept or None, kind=chosen, limit=_PAGE,
        offset=max(0, offset),
    )  # fmt: skip
    answer = run(asked, context)
    values: dict[str, Any] = {
        "run": answer.run,
        "page_": answer.page,
        "tally": shares(answer.run) if answer.run else None,
    }
    values |= {"only": only, "concept": concept, "kind": kind, "offset": max(0, offset), "size": _PAGE}
    values |= {
        "concepts": tuple(HARM),
        "kinds": KINDS,
        "where": urlencode({"only": only, "concept": concept, "kind": kind}),
    }
    return page(request, context, "retro_run.html", **values)


@router.get("/{number}/export")
def export(number: int, context: ContextDep) -> Response:
    """The whole list as a file."""
    made = run(RetrospectiveRequest(action="export", number=number), context)
    headers = {"Content-Disposition": f'attachment; filename="retrospective-{number}.csv"'}
    # The mark at the beginning tells a spreadsheet that this is UTF-8.
    return Response("\ufeff" + (made.csv or ""), headers=headers, media_type="text/csv; charset=utf-8")


@router.get("/{number}/{study}")
def one(number: int, study: str, request: Request, context: ContextDep) -> HTMLResponse:
    """A disagreement: the film, what is on record, what the model says."""
    answer = run(RetrospectiveRequest(action="show", number=number, study=study), context)
    detail = answer.detail
    if detail is None or answer.run is None:
        raise ValueError("a row always comes with its run")
    texts = [(one, _pieces(one)) for one in detail.texts]
    values: dict[str, Any] = {"run": answer.run, "row": detail.row, "next": detail.next}
    values |= {"texts": texts, "labels": detail.labels}
    values |= {"images": [info(image) for image in images_of(study, context)], "verdicts": VERDICTS}
    return page(request, context, "retro_study.html", **values)


@router.get("/{number}/{study}/places")
def places(number: int, study: str, context: ContextDep) -> dict[str, str]:
    """Where the model sees what the record does not have, in words; found by reading the film once more."""
    answer = run(RetrospectiveRequest(action="show", number=number, study=study), context)
    row = answer.detail.row if answer.detail else None
    frontal = [image for image in images_of(study, context) if image.view is not View.LATERAL]
    if row is None or not frontal:
        return {}
    wanted = {one.concept for one in row.disagreements}
    examiner = context.get(Examiner)
    examination = examiner.examine(film_of(frontal[0], context, windowed=True), maps=True)
    found = {finding.concept: finding for finding in decide(examination, examiner.card) if finding.concept in wanted}
    return {concept: words for concept, finding in found.items() if (words := _place(finding, context))}


def _place(finding: Finding, context: Context) -> str:
    parts = [part.value for part in (finding.side, finding.zone) if part is not None]
    return ", ".join(text(f"retro.places.{part}", context.lang) for part in parts)


@router.post("/{number}/{study}")
def judge(
    number: int,
    study: str,
    context: ContextDep,
    verdict: Annotated[Verdict, Form()],
    comment: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Keep the verdict and go on to the next row without one."""
    asked = RetrospectiveRequest(action="judge", number=number, study=study, verdict=verdict, comment=comment)
    detail = run(asked, context).detail
    following = detail.next if detail else None
    return RedirectResponse(f"/retrospective/{number}" + (f"/{following}" if following else ""), 303)


def _pieces(record: RecordText) -> list[tuple[str, str | None]]:
    """The text in pieces: (words, status of the finding that the sentence speaks of, or None)."""
    pieces: list[tuple[str, str | None]] = []
    last = 0
    for mark in record.marks:
        pieces += [(record.text[last : mark.start], None), (record.text[mark.start : mark.end], mark.status.value)]
        last = mark.end
    return [piece for piece in [*pieces, (record.text[last:], None)] if piece[0]]
