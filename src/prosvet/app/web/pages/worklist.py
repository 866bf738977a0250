"""The worklist: what waits to be read, and the place where films are dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from prosvet.app.http.deps import ContextDep, require
from prosvet.app.http.routes.worklist import WorklistQuery
from prosvet.app.web.render import page
from prosvet.archive.lookup_sources import sources
from prosvet.archive.priority import URGENCY
from prosvet.archive.store import Store
from prosvet.archive.worklist import STATUSES
from prosvet.archive.worklist_api import WorklistRequest, run
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.language.vocabulary import GROUPS, vocabulary

__all__ = ["router"]

router = APIRouter()

_COLUMNS = ("priority", "sex", "age", "date", "status", "reader", "arrived", "study")
_RARE = ("sex", "age_min", "age_max", "date_from", "date_to", "source")  # filters that are folded away


class Link:
    """Addresses of the list with some of what was asked changed; they hold no more than what differs from the usual."""

    def __init__(self, asked: WorklistQuery) -> None:
        self._given = asked.model_dump(mode="json", exclude_defaults=True)

    def __call__(self, path: str = "/worklist", /, **changed: object) -> str:
        values = {**self._given, **changed}
        if not changed.keys() & {"after", "before"}:
            values = {name: value for name, value in values.items() if name not in ("after", "before")}
        kept = {name: str(value).lower() if isinstance(value, bool) else value for name, value in values.items()}
        query = urlencode([(name, value) for name, value in kept.items() if value not in (None, "")])
        return f"{path}?{query}" if query else path


@router.get("/worklist")
def worklist(request: Request, asked: Annotated[WorklistQuery, Query()], context: ContextDep) -> Response:
    """The page; asked for by htmx, the list alone."""
    if request.headers.get("HX-Request") == "true":
        return page(request, context, "_worklist_list.html", **_list(asked, context))
    return page(request, context, "worklist.html", **_list(asked, context), **_choices(context), notice=None)


@router.get("/worklist/next")
def next_unread(request: Request, asked: Annotated[WorklistQuery, Query()], context: ContextDep) -> Response:
    """On to the next unread study of this list; when there is none, the list says so."""
    try:
        found = run(asked.request().model_copy(update={"action": "next"}), context)
    except NotFound:
        values = _list(asked, context) | _choices(context)
        return page(request, context, "worklist.html", **values, notice="worklist.nothing_unread")
    return RedirectResponse(f"/study/{found.rows[0].study}", 303)


@router.post("/worklist/row", dependencies=[Depends(require("reader"))])
def move(
    request: Request,
    context: ContextDep,
    study: Annotated[str, Form(max_length=200)],
    action: Annotated[str, Form(pattern="^(take|release)$")],
) -> Response:
    """Take or release a study; its row as it is then."""
    wanted = WorklistRequest(action="take" if action == "take" else "release", study=study)
    return page(request, context, "_worklist_row.html", row=run(wanted, context).rows[0])


def _list(asked: WorklistQuery, context: Context) -> dict[str, object]:
    result = run(asked.request(), context)
    return {"asked": asked, "result": result, "link": Link(asked), "columns": _COLUMNS, "statuses": STATUSES,
            "rare": [name for name in _RARE if getattr(asked, name) is not None]}  # fmt: skip


def _choices(context: Context) -> dict[str, object]:
    return {"findings": list(_findings(context)), "sources": sources(context.get(Store), context.actor),
            "max_bytes": context.settings.max_bytes}  # fmt: skip


def _findings(context: Context) -> Iterator[tuple[str, str]]:
    """(concept, name) of what can be filtered by: what is urgent and the published lists, by name."""
    words = vocabulary()
    wanted = {*URGENCY, *(concept for group in GROUPS for concept in words.group(group))} - {"normal"}
    yield from sorted(((concept, words[concept].names[context.lang]) for concept in wanted), key=lambda pair: pair[1])
