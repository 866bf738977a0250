"""Checking a back-up, and restoring it into a home that is empty: wholly or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

from prosvet.archive.database import file_lock
from prosvet.archive.files import FileStore, room_for, sync_folder
from prosvet.archive.store import Store
from prosvet.core import audit
from prosvet.core.context import Context
from prosvet.core.errors import BackupError, DiskFull
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.operations.copying import copied, hash_of
from prosvet.hospital.operations.erasure import erased_in, forget_again
from prosvet.hospital.operations.inventory import AUDIT, DATABASES, SECRETS
from prosvet.hospital.operations.manifest import Entry, Manifest, fingerprint, load
from prosvet.hospital.operations.snapshot import named_files, revision
from prosvet.hospital.operations.vault import SECRET_FOLDER, Vault

__all__ = ["check_backup", "restore_backup"]


def check_backup(context: Context, vault: Vault, folder: Path, seal: str | None) -> Manifest:
    """Read everything that the generation needs and hold it against its hashes.

    Raises
    ------
    BackupError
        A content is missing, damaged or was changed; the manifest is not the one with the fingerprint `seal`; a
        newer version made it.
    """
    if seal is not None and fingerprint(folder) != seal.lower():
        raise BackupError(reason="fingerprint", name=folder.name)
    manifest = load(folder)
    for path, schema in manifest.schemas.items():
        if schema not in _known_schemas(path):
            raise BackupError(reason="newer", name=path)
    contents = [(vault.contents.path(name), name) for name in sorted(_shared(manifest))]
    contents += [(folder / SECRET_FOLDER / one.path, one.sha256) for one in manifest.entries if _is_secret(one)]
    for content, name in context.progress.track(contents, "backup_check", total=len(contents)):
        if not content.is_file():
            raise BackupError(reason="missing", name=_said(content, folder, vault))
        if hash_of(content) != name:
            raise BackupError(reason="changed", name=_said(content, folder, vault))
    _check_databases(manifest, vault)
    return manifest


def _shared(manifest: Manifest) -> set[str]:
    names = {name for kept in manifest.stored.values() for name, _ in kept}
    return names | {one.sha256 for one in manifest.entries if not _is_secret(one)}


def _said(path: Path, folder: Path, vault: Vault) -> str:
    return str(path.relative_to(folder if path.is_relative_to(folder) else vault.path))


def _is_secret(entry: Entry) -> bool:
    return any(fnmatch(entry.path, pattern) for pattern in SECRETS)


def _known_schemas(path: str) -> set[str]:
    """Schemas of the database `path` that this version can take further."""
    head = next((one.head for one in DATABASES if one.path == path), None)
    return {f"{number:04d}" for number in range(1, int(head) + 1)} if head is not None else set()


def _check_databases(manifest: Manifest, vault: Vault) -> None:
    """The databases are of the schemas that the manifest says, and name no file that is not there."""
    entries = {one.path: one for one in manifest.entries}
    for database in DATABASES:
        entry = entries.get(database.path)
        if entry is None:
            continue
        copy = vault.contents.path(entry.sha256)
        if revision(copy) != manifest.schemas.get(database.path):
            raise BackupError(reason="changed", name=database.path)
        kept = {name for name, _ in manifest.stored.get(database.files, ())}
        absent = {path.removeprefix(f"{database.files}/").replace("/", "") for path in manifest.missing}
        if set(named_files(copy, database.names)) - kept - absent:
            raise BackupError(reason="missing", name=database.files)


def restore_backup(
    context: Context, vault: Vault, folder: Path, manifest: Manifest, secret: Path | None, newer_audit: Path | None
) -> int:
    """Restore a generation that was checked; returns how many studies, erased since, were erased again.

    Parameters
    ----------
    secret : Path, optional
        The file ``secret``, where the back-up was made without it.
    newer_audit : Path, optional
        A later audit log of the same home: what it says was erased does not come back.

    Raises
    ------
    BackupError, DiskFull
        Nothing was changed.
    """
    home = context.settings.home.absolute()
    if manifest.without_secrets and manifest.secret is not None:
        if secret is None or not secret.is_file():
            raise BackupError(reason="secret", name=folder.name)
        if hash_of(secret) != manifest.secret:
            raise BackupError(reason="wrong_secret")
    else:
        secret = None  # it lies with the back-up
    erased = erased_in(newer_audit) if newer_audit is not None else ()
    with _staging(home, manifest.bytes) as fresh:
        _fill(context, vault, folder, manifest, fresh)
        if secret is not None:
            copied(secret, fresh / "secret")
        again = _wake(fresh, erased)
        _sync_all(fresh)
        os.rename(fresh, home)  # takes the place of an empty folder, and of nothing else
        sync_folder(home.parent)
    return again


@contextmanager
def _staging(home: Path, size: int) -> Iterator[Path]:
    """A folder beside `home` that takes its place when it is whole."""
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise BackupError(reason="not_empty", name=home.name)
    if os.path.ismount(home):
        raise BackupError(reason="mounted", name=home.name)
    fresh = home.parent / f".{home.name}.restoring"
    with room_for(home):
        home.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(home.parent).free < size:
            raise DiskFull(path=str(home.parent))
        with file_lock(home.parent / f".{home.name}.restore.lock", wait=False):
            shutil.rmtree(fresh, ignore_errors=True)  # of a restore that was killed
            fresh.mkdir(mode=0o700)
            try:
                yield fresh
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
                (home.parent / f".{home.name}.restore.lock").unlink(missing_ok=True)


def _fill(context: Context, vault: Vault, folder: Path, manifest: Manifest, fresh: Path) -> None:
    files = [(f"{base}/{name[:2]}/{name[2:]}", name, 0o600) for base, kept in manifest.stored.items()
             for name, _ in kept]  # fmt: skip
    files += [(one.path, one.sha256, one.mode) for one in manifest.entries]
    secret = {one.path for one in manifest.entries if _is_secret(one)}
    for path, name, mode in context.progress.track(files, "restore", total=len(files)):
        source = folder / SECRET_FOLDER / path if path in secret else vault.contents.path(name)
        # Held against its hash once more: it may have changed since it was checked.
        if copied(source, fresh / path, mode=mode)[0] != name:
            raise BackupError(reason="changed", name=path)


def _wake(fresh: Path, erased: Sequence[str]) -> int:
    """Open the databases, which brings older ones up to date; see that the audit chain holds; erase again."""
    store = Store(fresh)
    ledger = Ledger(fresh / "hospital") if (fresh / "hospital" / "ledger.db").exists() else None
    try:
        if audit.verify(fresh / AUDIT) is not None:
            raise BackupError(reason="audit", name=AUDIT)
        return forget_again(store, FileStore(fresh / "files"), erased) if erased else 0
    finally:
        store.close()
        if ledger is not None:
            ledger.close()


def _sync_all(folder: Path) -> None:
    for inner, _, _ in os.walk(folder):
        sync_folder(Path(inner))
