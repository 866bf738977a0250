"""The capability `cohort`: keep what was found under a name, look at it, compare, export, forget."""

from __future__ import annotations

import hashlib

from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import CohortError
from prosvet.search.cohorts import rows
from prosvet.search.cohorts.describe import compared, member_rows
from prosvet.search.cohorts.export import export
from prosvet.search.cohorts.gather import gather
from prosvet.search.cohorts.shapes import CohortRequest, CohortResult, CohortView

__all__ = ["CohortRequest", "CohortResult", "run"]


def run(request: CohortRequest, context: Context) -> CohortResult:
    """Save, list, show, rename, remove from, delete, compare or export cohorts.

    A cohort is its owner's and seniors'; for others it is not there. Saving, changing, showing, exporting and
    deleting each leave a line in the audit log.

    Raises
    ------
    NotFound
        When the cohort or a study is not there, or belongs to somebody else.
    CohortError
        For a name that is missing or taken, and for nothing to save.
    QueryError, QueryLanguage, ImageError
        From the search whose result is to be saved.
    """
    store = context.get(Store)
    if request.action == "list":
        found = rows.cohorts(store, context.actor)
        return CohortResult(action="list", cohorts=tuple(found), total=len(found))
    if request.action == "save":
        return _save(request, context)
    cohort = rows.one(store, context.actor, request.cohort)
    if request.action == "show":
        return _show(cohort, request, context)
    if request.action == "compare":
        return _compare(cohort, request, context)
    if request.action == "export":
        return _export(cohort, request, context)
    return _change(cohort, request, context)


def _save(request: CohortRequest, context: Context) -> CohortResult:
    name = rows.clean_name(request.name)
    studies, origin = gather(request, context)
    store = context.get(Store)
    number = rows.add(store, context.actor, name, studies, origin)
    saved = rows.one(store, context.actor, str(number))
    AuditLog.from_context(context).write("cohort_save", cohort=number, studies=saved.size, how=origin.how)
    return CohortResult(action="save", cohorts=(saved,), total=saved.size)


def _show(cohort: CohortView, request: CohortRequest, context: Context) -> CohortResult:
    store = context.get(Store)
    ids = rows.study_ids(store, context.actor, cohort.id, request.limit, request.offset)
    AuditLog.from_context(context).write("cohort_show", cohort=cohort.id, studies=len(ids), digest=_digest(ids))
    return CohortResult(
        action="show", cohorts=(cohort,), studies=member_rows(store, context.actor, ids), total=cohort.size
    )


def _compare(cohort: CohortView, request: CohortRequest, context: Context) -> CohortResult:
    store = context.get(Store)
    others = [rows.one(store, context.actor, other) for other in request.others]
    chosen = list({view.id: view for view in (cohort, *others)}.values())
    if len(chosen) < 2:
        raise CohortError(reason="too_few")
    comparison = compared(store, context.actor, chosen)
    return CohortResult(action="compare", cohorts=tuple(chosen), total=len(chosen), comparison=comparison)


def _export(cohort: CohortView, request: CohortRequest, context: Context) -> CohortResult:
    ids = rows.study_ids(context.get(Store), context.actor, cohort.id)
    made = export(cohort, ids, request.format, request.folder, context)
    AuditLog.from_context(context).write(
        "cohort_export", cohort=cohort.id, format=request.format, studies=len(ids), digest=_digest(ids)
    )
    return CohortResult(action="export", cohorts=(cohort,), total=len(ids), file=made)


def _change(cohort: CohortView, request: CohortRequest, context: Context) -> CohortResult:
    store, audit = context.get(Store), AuditLog.from_context(context)
    if request.action == "delete":
        rows.drop(store, cohort.id)
        audit.write("cohort_delete", cohort=cohort.id, studies=cohort.size)
        return CohortResult(action="delete", cohorts=(cohort,), total=cohort.size)
    if request.action == "rename":
        rows.rename(store, cohort.id, rows.clean_name(request.name))
        audit.write("cohort_rename", cohort=cohort.id)
    else:
        taken = rows.remove(store, cohort.id, request.studies)
        audit.write("cohort_remove", cohort=cohort.id, studies=taken, digest=_digest(request.studies))
    changed = rows.one(store, context.actor, str(cohort.id))
    return CohortResult(action=request.action, cohorts=(changed,), total=changed.size)


def _digest(studies: list[str] | tuple[str, ...]) -> str:
    """Stands for a list of studies in the audit log, which can be checked against it."""
    return hashlib.sha256("\n".join(studies).encode()).hexdigest()[:16]
