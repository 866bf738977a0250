"""The protocol of a study: its draft, edits, checks, signature, addenda, versions, and its text alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import PlainTextResponse
from pydantic import ConfigDict, Field, JsonValue

from prosvet.app.http.deps import ContextDep
from prosvet.core.errors import NotFound
from prosvet.core.i18n import Lang
from prosvet.core.types import Frozen
from prosvet.reading.protocols.api import ProtocolRequest, ProtocolResult, run
from prosvet.reading.protocols.changes import LONGEST, Change

__all__ = ["router"]

router = APIRouter(prefix="/v1/studies/{study}/protocol", tags=["protocol"])

StudyId = Annotated[str, Path(max_length=200, description="Id of the study.", examples=["SQXC6ZTZW2AEQ"])]
_REASONS = "Why an error is let stand, by the name of its check."
_Base = Annotated[str, Field(max_length=40, description="The state that the change is made on, from the last answer.")]


def _example(**body: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [body]})


class DraftBody(Frozen):
    """In which language; anew with `base`, over the edits of the state that it names."""

    model_config = _example(lang="ru")

    lang: Lang | None = None
    base: str | None = Field(default=None, max_length=40)


class ChangesBody(Frozen):
    """Edits and decisions, made in their order, all or none."""

    model_config = _example(base="2.5", changes=[{"line": "3", "decision": "accepted"}])

    base: _Base
    changes: tuple[Change, ...] = Field(max_length=500)


class CheckBody(Frozen):
    """Edits to try without saving them; or the text of an addendum."""

    model_config = _example(changes=[{"line": "3", "text": "Синусы свободны."}])

    changes: tuple[Change, ...] = Field(default=(), max_length=500)
    text: str = Field(default="", max_length=LONGEST)


class SignBody(Frozen):
    """Which state is signed, and why errors are let stand."""

    model_config = _example(base="2.5", reasons={})

    base: _Base
    reasons: dict[str, str] = Field(default_factory=dict, description=_REASONS)


class AddendumBody(Frozen):
    """What is added to a signed report."""

    model_config = _example(text="При сравнении с исследованием от 03.05.2026 без динамики.")

    text: str = Field(min_length=1, max_length=LONGEST)
    reasons: dict[str, str] = Field(default_factory=dict, description=_REASONS)


@router.get("")
def show_protocol(study: StudyId, context: ContextDep) -> ProtocolResult:
    """The report as it stands, and its addenda."""
    return run(ProtocolRequest(action="show", study=study), context)


@router.post("")
def draft_protocol(study: StudyId, body: DraftBody, context: ContextDep) -> ProtocolResult:
    """Draft it from the film where there is none; with `base`, draft it anew."""
    action = "draft" if body.base is None else "redraft"
    return run(ProtocolRequest.model_validate({"action": action, "study": study, **body.model_dump()}), context)


@router.patch("")
def save_protocol(study: StudyId, body: ChangesBody, context: ContextDep) -> ProtocolResult:
    """Save edits and decisions; 409 when somebody else saved meanwhile, and then nothing is changed."""
    return run(ProtocolRequest(action="save", study=study, base=body.base, changes=body.changes), context)


@router.post("/check")
def check_protocol(study: StudyId, body: CheckBody, context: ContextDep) -> ProtocolResult:
    """What would be wrong with the text after these edits; nothing is saved."""
    return run(ProtocolRequest(action="check", study=study, changes=body.changes, text=body.text), context)


@router.post("/sign")
def sign_protocol(study: StudyId, body: SignBody, context: ContextDep) -> ProtocolResult:
    """Sign it; 409 while an error stands without a reason."""
    return run(ProtocolRequest(action="sign", study=study, base=body.base, reasons=body.reasons), context)


@router.post("/addenda")
def add_addendum(study: StudyId, body: AddendumBody, context: ContextDep) -> ProtocolResult:
    """Write and sign an addendum to a signed report."""
    return run(ProtocolRequest(action="addendum", study=study, text=body.text, reasons=body.reasons), context)


@router.get("/history")
def protocol_history(study: StudyId, context: ContextDep) -> ProtocolResult:
    """Every version with what it changed, the latest first."""
    return run(ProtocolRequest(action="history", study=study), context)


@router.get("/text", response_class=PlainTextResponse)
def protocol_text(study: StudyId, context: ContextDep) -> PlainTextResponse:
    """The text alone, as a file."""
    found = run(ProtocolRequest(action="show", study=study), context)
    if found.protocol is None:
        raise NotFound(kind="report", name=study)
    text = "\n\n".join(version.text for version in (found.protocol, *found.addenda)) + "\n"
    headers = {"Content-Disposition": f'attachment; filename="protocol-{found.protocol.number}.txt"'}
    return PlainTextResponse(text, headers=headers)
