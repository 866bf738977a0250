"""Signing: nothing wrong is signed unseen, what is signed is closed, chained, and filed among the reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prosvet.archive.store import Store
from prosvet.archive.worklist import added, set_status
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import ProtocolConflict, ProtocolError
from prosvet.core.i18n import text as words
from prosvet.reading.protocols.checking import LineProblem
from prosvet.reading.protocols.content import Content, Line, Override, Part, Signature, assemble
from prosvet.reading.protocols.filing import file_report, report_of
from prosvet.reading.protocols.versions import Version, add, closed, latest, replace, versions

__all__ = ["LEAST_REASON", "add_to_signed", "overrides_of", "sign"]

LEAST_REASON = 5
"""Characters of a reason for letting an error stand."""


def overrides_of(problems: Sequence[LineProblem], reasons: Mapping[str, str], study: str) -> tuple[Override, ...]:
    """Each error that stands with the reader's reason for it.

    Raises
    ------
    ProtocolError
        When an error stands without one.
    """
    made = []
    for problem in problems:
        if problem.severity != "error":
            continue
        reason = " ".join(reasons.get(problem.rule, "").split())
        if len(reason) < LEAST_REASON:
            raise ProtocolError(name=study, reason="errors_stand", said=problem.said)
        made.append(Override(rule=problem.rule, said=problem.said, reason=reason))
    return tuple(made)


def sign(study: str, draft: Version, overrides: tuple[Override, ...], context: Context) -> Version:
    """Close `draft` in the actor's name, as the version that was checked and no other.

    Raises
    ------
    ProtocolConflict
        When it was changed since.
    """
    actor = context.actor
    signature = Signature(role=actor.role, undecided=draft.content.undecided, overrides=overrides)
    content = draft.content.model_copy(update={"signature": signature})
    report = report_of(content.parts, draft.language, context)  # the encoder is not waited for under the lock
    with context.get(Store).write() as db:
        standing = latest(versions(db, study))
        if standing is None or standing.base != draft.base or standing.state == "signed":
            raise ProtocolConflict(name=standing.author if standing else "")
        if draft.author == actor.name:
            replace(db, study, draft, content)
            number = draft.number
        else:
            fresh = content.model_copy(update={"revision": 0, "saved": now("second")})
            number = add(db, study, fresh, author=actor.name, lang=draft.language)
        done = closed(db, study, number)
        file_report(db, study, number, report, context)
        set_status(db, study, "signed", actor.name)
        _note(study, done, context)
    return done


def add_to_signed(study: str, signed: Version, text: str, overrides: tuple[Override, ...], context: Context) -> Version:
    """An addendum to a signed protocol: written and signed in one step."""
    content = addendum(signed, text, overrides, context)
    report = report_of(content.parts, signed.language, context)
    with context.get(Store).write() as db:
        number = add(db, study, content, author=context.actor.name, lang=signed.language, kind="addendum")
        done = closed(db, study, number)
        file_report(db, study, number, report, context)
        added(db, study, context.actor)
        _note(study, done, context)
    return done


def addendum(signed: Version, text: str, overrides: tuple[Override, ...], context: Context) -> Content:
    """The content of an addendum: one part of the reader's own words, on the same film."""
    rows = (" ".join(row.split()) for row in text.splitlines())
    lines = tuple(Line(id=str(n), text=row, decision="accepted") for n, row in enumerate((r for r in rows if r), 1))
    part = Part(name="addendum", title=words("protocol.parts.addendum", signed.language), lines=lines)
    signature = Signature(role=context.actor.role, undecided=0, overrides=overrides)
    return Content(saved=now("second"), parts=(part,), basis=signed.content.basis, signature=signature)


def _note(study: str, done: Version, context: Context) -> None:
    """Before the commit, as everywhere: a line for what was then not committed misleads less than none."""
    text = assemble(done.content.parts)[0]
    AuditLog.from_context(context).write(
        f"protocol_{'sign' if done.kind == 'report' else 'addendum'}",
        study=study, number=done.number, sha256=done.sha256 or "", characters=len(text), model=done.model or "",
    )  # fmt: skip
