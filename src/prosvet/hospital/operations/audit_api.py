"""The capability operations.audit: is the chain of the audit log whole, and is it the log that it was?"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import Field

from prosvet.core import audit
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, NotFound
from prosvet.core.types import Frozen

__all__ = ["AuditVerifyRequest", "AuditVerifyResult", "run"]


class AuditVerifyRequest(Frozen):
    """Which log, and what it was when it was last looked at."""

    file: Path | None = Field(default=None, description="Another log than that of the archive.")
    expect: str | None = Field(
        default=None, pattern=r"^[1-9]\d*:[0-9a-f]{64}$", description="LINE:HASH, as an earlier check printed it."
    )


class AuditVerifyResult(Frozen):
    """How the log stands.

    Attributes
    ----------
    lines : int
        Lines that fit the chain, from the first.
    broken : int or None
        The first line that does not fit.
    mark : str or None
        ``LINE:HASH`` of the last line that fits: noted elsewhere, it shows later whether lines were cut off or the
        whole log was written anew.
    as_expected : bool or None
        Whether the log holds the expected line; None where none was named.
    first, last : str or None
        Moments of the first and the last line.
    """

    ok: bool
    lines: int
    broken: int | None
    mark: str | None
    as_expected: bool | None = None
    first: str | None = None
    last: str | None = None


def run(request: AuditVerifyRequest, context: Context) -> AuditVerifyResult:
    """Follow the chain from its first line.

    Raises
    ------
    NotFound
        When there is no such log.
    Forbidden
    """
    if not context.actor.may("admin"):
        raise Forbidden(role="admin")
    path = request.file or AuditLog.from_context(context).path
    if not path.is_file():
        raise NotFound(kind="file", name=path.name)
    broken = audit.verify(path)
    good = path.read_bytes().splitlines()[: None if broken is None else broken - 1]
    first, last = (json.loads(good[at]) if good else {} for at in (0, -1))
    expected = _as_expected(good, request.expect)
    return AuditVerifyResult(
        ok=broken is None and expected is not False, lines=len(good), broken=broken,
        mark=f"{len(good)}:{last['hash']}" if good else None, as_expected=expected, first=first.get("at"),
        last=last.get("at"),
    )  # fmt: skip


def _as_expected(good: list[bytes], expect: str | None) -> bool | None:
    if expect is None:
        return None
    line, _, digest = expect.partition(":")
    return int(line) <= len(good) and bool(json.loads(good[int(line) - 1])["hash"] == digest)
