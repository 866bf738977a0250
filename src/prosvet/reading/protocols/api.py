"""The capability `protocol`: draft, edit, check and sign the protocol of a study, add to it, see its history."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from sqlalchemy import select

from prosvet.archive.blind import ensure_open
from prosvet.archive.schema import Study
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.archive.worklist import set_status
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, InvalidRequest, ProtocolConflict, ProtocolError
from prosvet.core.i18n import Lang
from prosvet.core.types import Frozen
from prosvet.reading.protocols.basis import study_basis
from prosvet.reading.protocols.changes import LONGEST, Change, apply_changes
from prosvet.reading.protocols.checking import LineProblem, problems_of
from prosvet.reading.protocols.content import Content
from prosvet.reading.protocols.drafting import drafted
from prosvet.reading.protocols.history import Entry, history_of
from prosvet.reading.protocols.signing import add_to_signed, addendum, overrides_of, sign
from prosvet.reading.protocols.versions import PROGRAM, Version, add, latest, replace, versions

__all__ = ["ProtocolRequest", "ProtocolResult", "run"]

Action = Literal["show", "draft", "redraft", "save", "check", "sign", "addendum", "history"]


class ProtocolRequest(Frozen):
    """What to do with the protocol of which study."""

    action: Action = Field(default="show", description="What to do.")
    study: str = Field(min_length=1, max_length=200, description="Id of the study.")
    lang: Lang | None = Field(default=None, description="Language of a new draft; the settings' own when None.")
    base: str | None = Field(default=None, max_length=40, description="The state that the change is made on.")
    changes: tuple[Change, ...] = Field(default=(), max_length=500, description="What changes: save, check.")
    reasons: dict[str, str] = Field(default={}, description="Why an error is let stand, by the name of its check.")
    text: str = Field(default="", max_length=LONGEST, description="Text of an addendum.")


class ProtocolResult(Frozen):
    """The protocol as it stands.

    Attributes
    ----------
    protocol : Version or None
        The last version of the report, None before the first draft.
    addenda : tuple of Version
    base : str
        What the next change must name.
    problems : tuple of LineProblem
        After `check`, `save` and a refused signature: what is wrong with the text.
    history : tuple of Entry
        After `history`, the latest first.
    """

    study: str
    protocol: Version | None
    addenda: tuple[Version, ...] = ()
    base: str = ""
    problems: tuple[LineProblem, ...] = ()
    history: tuple[Entry, ...] = ()


def run(request: ProtocolRequest, context: Context) -> ProtocolResult:
    """Do one step.

    ``draft`` writes the program's draft where there is none and otherwise shows what there is; ``redraft`` writes it
    anew over whatever was edited; ``check`` changes nothing.

    Raises
    ------
    NotFound
        When there is no such study, or it is somebody else's.
    Forbidden
        When a change is asked for by less than a reader.
    BlindReading
        When whoever asks reads this study blind.
    ProtocolConflict
        When the draft was changed since `request.base`.
    ProtocolError
        For a step that the protocol's state does not allow, and for a signature while errors stand.
    """
    store = context.get(Store)
    ensure_visible(store, request.study, context.actor)
    ensure_open(store, request.study, context.actor)
    if request.action not in ("show", "check", "history") and not context.actor.may("reader"):
        raise Forbidden(role="reader")
    with store.read() as db:
        found = versions(db, request.study)
    standing = latest(found)
    if request.action == "draft":
        return _draft(request, standing, context)
    if request.action == "redraft":
        return _redraft(request, standing, context)
    if request.action == "save":
        return _save(request, standing, context)
    if request.action == "check":
        return _check(request, found, context)
    if request.action == "sign":
        return _sign(request, standing, context)
    if request.action == "addendum":
        return _addendum(request, standing, context)
    AuditLog.from_context(context).write(f"protocol_{request.action}", study=request.study)
    history = history_of(request.study, found) if request.action == "history" else ()
    return _result(request.study, context).model_copy(update={"history": history})


def _result(study: str, context: Context, problems: tuple[LineProblem, ...] = ()) -> ProtocolResult:
    with context.get(Store).read() as db:
        found = versions(db, study)
    standing = latest(found)
    addenda = tuple(version for version in found if version.kind == "addendum")
    base = standing.base if standing else ""
    return ProtocolResult(study=study, protocol=standing, addenda=addenda, base=base, problems=problems)


def _draft(request: ProtocolRequest, standing: Version | None, context: Context) -> ProtocolResult:
    if standing is None:
        lang = request.lang or context.lang
        content = drafted(study_basis(request.study, context), lang, context)
        with context.get(Store).note() as db:
            if latest(versions(db, request.study)) is None:  # another tab may have been quicker
                add(db, request.study, content, author=PROGRAM, lang=lang)
                AuditLog.from_context(context).write("protocol_draft", study=request.study, language=lang)
    return _result(request.study, context)


def _redraft(request: ProtocolRequest, standing: Version | None, context: Context) -> ProtocolResult:
    if standing is None:
        return _draft(request, standing, context)
    _open(standing, request)
    lang = request.lang or context.lang
    basis = standing.content.basis
    content = drafted(basis if basis.findings else study_basis(request.study, context), lang, context)
    with context.get(Store).note() as db:
        _unchanged(latest(versions(db, request.study)), standing)
        add(db, request.study, content, author=PROGRAM, lang=lang)
        AuditLog.from_context(context).write("protocol_redraft", study=request.study, language=lang)
    return _result(request.study, context)


def _save(request: ProtocolRequest, standing: Version | None, context: Context) -> ProtocolResult:
    draft = _open(standing, request)
    content = apply_changes(draft.content, request.changes)
    with context.get(Store).note() as db:
        _unchanged(latest(versions(db, request.study)), draft)
        if draft.author == context.actor.name:
            replace(db, request.study, draft, content)
        else:
            fresh = content.model_copy(update={"revision": 0, "saved": now("second")})
            add(db, request.study, fresh, author=context.actor.name, lang=draft.language)
        set_status(db, request.study, "draft", context.actor.name)
        AuditLog.from_context(context).write("protocol_save", study=request.study, changes=len(request.changes))
    return _result(request.study, context, _problems(request.study, content, draft.language, context))


def _check(request: ProtocolRequest, found: tuple[Version, ...], context: Context) -> ProtocolResult:
    standing = latest(found)
    if standing is None:
        raise ProtocolError(name=request.study, reason="no_draft")
    content = apply_changes(standing.content, request.changes)
    if request.text:
        content = addendum(standing, request.text, (), context)
    problems = _problems(request.study, content, standing.language, context)
    return _result(request.study, context, problems)


def _sign(request: ProtocolRequest, standing: Version | None, context: Context) -> ProtocolResult:
    draft = _open(standing, request)
    if not any(line.kept and line.text for line in draft.content.lines):
        raise ProtocolError(name=request.study, reason="empty")
    problems = _problems(request.study, draft.content, draft.language, context)
    sign(request.study, draft, overrides_of(problems, request.reasons, request.study), context)
    return _result(request.study, context)


def _addendum(request: ProtocolRequest, standing: Version | None, context: Context) -> ProtocolResult:
    if standing is None or standing.state != "signed":
        raise ProtocolError(name=request.study, reason="not_signed")
    if not request.text.strip():
        raise InvalidRequest(name="text", reason="empty")
    content = addendum(standing, request.text, (), context)
    problems = _problems(request.study, content, standing.language, context)
    overrides = overrides_of(problems, request.reasons, request.study)
    add_to_signed(request.study, standing, request.text, overrides, context)
    return _result(request.study, context)


def _open(standing: Version | None, request: ProtocolRequest) -> Version:
    """The draft, where there is one to change and it is the one that the change was made on."""
    if standing is None:
        raise ProtocolError(name=request.study, reason="no_draft")
    if standing.state == "signed":
        raise ProtocolError(name=request.study, reason="signed")
    if request.base is None:
        raise InvalidRequest(name="base", reason="missing")
    if request.base != standing.base:
        raise ProtocolConflict(name=standing.author)
    return standing


def _unchanged(now_standing: Version | None, before: Version) -> None:
    if now_standing is None or now_standing.base != before.base or now_standing.state != before.state:
        raise ProtocolConflict(name=now_standing.author if now_standing else "")


def _problems(study: str, content: Content, lang: Lang, context: Context) -> tuple[LineProblem, ...]:
    problems = problems_of(content, lang, prior=_has_prior(study, context), context=context)
    if any(part.name == "addendum" for part in content.parts):
        # an addendum speaks of what it adds; what it leaves unsaid stands in the protocol
        problems = tuple(problem for problem in problems if problem.rule != "missing")
    return problems


def _has_prior(study: str, context: Context) -> bool:
    """Whether the patient has another study that a comparison may speak of."""
    patient = select(Study.patient_id).where(Study.id == study).scalar_subquery()
    query = select(Study.id).where(Study.patient_id == patient, Study.id != study).limit(1)
    with context.get(Store).read() as db:
        return db.execute(query).first() is not None
