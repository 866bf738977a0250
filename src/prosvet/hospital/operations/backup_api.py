"""The capability backup: make one while the program runs, check one, restore one into an empty home."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden
from prosvet.core.types import Frozen, Moment
from prosvet.hospital.operations.making import make_backup
from prosvet.hospital.operations.manifest import Manifest, fingerprint
from prosvet.hospital.operations.restoring import check_backup, restore_backup
from prosvet.hospital.operations.vault import Vault

__all__ = ["BackupRequest", "BackupResult", "run"]


class BackupRequest(Frozen):
    """What to do with the back-ups in a folder."""

    action: Literal["make", "check", "restore"] = Field(default="make", description="make, check or restore.")
    folder: Path = Field(description="Folder of the back-ups.")
    generation: str | None = Field(
        default=None, pattern=r"^\d{8}T\d{6}Z(-\d+)?$", description="Which one; else the newest."
    )
    secrets: bool = Field(default=True, description="Keep the secrets with the back-up.")
    keep: int = Field(default=7, ge=1, le=10_000, description="Generations to keep.")
    fingerprint: str | None = Field(
        default=None, pattern=r"^[0-9a-fA-F]{64}$", description="What the back-up must be, as noted when it was made."
    )
    secret: Path | None = Field(default=None, description="The secret, where the back-up is without it.")
    audit: Path | None = Field(default=None, description="A later audit log: what it erased stays erased.")


class BackupResult(Frozen):
    """A generation.

    Attributes
    ----------
    files, bytes : int
        What it holds, and how much room it takes when it is restored.
    missing : tuple of str
        Files that the databases name and that were gone or damaged when it was made.
    pruned : int
        Older generations that went.
    erased_again : int
        Studies, erased after the back-up was made, that were erased from what was restored.
    """

    action: str
    generation: str
    at: Moment
    fingerprint: str
    files: int
    bytes: int
    schemas: dict[str, str]
    without_secrets: bool
    missing: tuple[str, ...] = ()
    pruned: int = 0
    erased_again: int = 0


def run(request: BackupRequest, context: Context) -> BackupResult:
    """Make, check or restore; nothing half done stays, whatever stops it.

    Raises
    ------
    BackupError
        Not a folder of back-ups, damaged or changed content, a newer version's, a home that is not empty.
    AlreadyRunning, DiskFull, Forbidden
    """
    if not context.actor.may("admin"):
        raise Forbidden(role="admin")
    if request.action == "make":
        made = make_backup(context, request.folder, secrets=request.secrets, keep=request.keep)
        result = _result("make", made.generation, made.manifest, made.fingerprint).model_copy(
            update={"pruned": made.pruned}
        )
        _tell(context, "backup.made", result)
        return result
    vault = Vault(request.folder)
    folder = vault.folder(request.generation)
    manifest = check_backup(context, vault, folder, request.fingerprint)
    result = _result(request.action, folder.name, manifest, fingerprint(folder))
    if request.action == "restore":
        again = restore_backup(context, vault, folder, manifest, request.secret, request.audit)
        result = result.model_copy(update={"erased_again": again})
        _tell(context, "backup.restored", result)
    return result


def _tell(context: Context, event: str, result: BackupResult) -> None:
    AuditLog.from_context(context).write(
        event, generation=result.generation, fingerprint=result.fingerprint, files=result.files,
        missing=len(result.missing),
    )  # fmt: skip


def _result(action: str, generation: str, manifest: Manifest, seal: str) -> BackupResult:
    files = len(manifest.entries) + sum(len(kept) for kept in manifest.stored.values())
    return BackupResult(
        action=action, generation=generation, at=manifest.at, fingerprint=seal, files=files, bytes=manifest.bytes,
        schemas=manifest.schemas, without_secrets=manifest.without_secrets, missing=manifest.missing,
    )  # fmt: skip
