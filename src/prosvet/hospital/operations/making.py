"""Making a back-up while the program runs."""

from __future__ import annotations

import fcntl
import json
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from prosvet import __version__
from prosvet.archive.files import FileStore
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import BackupError
from prosvet.hospital.operations.copying import copied, hash_of
from prosvet.hospital.operations.inventory import AUDIT, DATABASES, SECRETS, Database, loose_files
from prosvet.hospital.operations.known import remember
from prosvet.hospital.operations.manifest import AuditMark, Entry, Manifest, fingerprint, save
from prosvet.hospital.operations.snapshot import named_files, revision, snapshot
from prosvet.hospital.operations.vault import SECRET_FOLDER, Vault

__all__ = ["Made", "make_backup"]


class Made(NamedTuple):
    """A generation, what it holds, its fingerprint, and how many older ones went."""

    generation: str
    manifest: Manifest
    fingerprint: str
    pruned: int


@dataclass
class _Gathered:
    home: Path
    vault: Vault
    fresh: Path
    entries: list[Entry] = field(default_factory=list)
    schemas: dict[str, str] = field(default_factory=dict)
    stored: dict[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    audit: AuditMark | None = None


def make_backup(context: Context, out: Path, *, secrets: bool, keep: int) -> Made:
    """Add a generation to the vault `out`; programs that write to the home go on meanwhile.

    Raises
    ------
    BackupError, AlreadyRunning, DiskFull
        Earlier generations stay as they were.
    """
    home = context.settings.home
    if not (home / DATABASES[0].path).exists():
        raise BackupError(reason="no_home", name=home.name)
    if out.resolve().is_relative_to(home.resolve()) or home.resolve().is_relative_to(out.resolve()):
        raise BackupError(reason="inside", name=out.name)
    vault = Vault(out)
    with vault.writing() as fresh:
        gathered = _Gathered(home, vault, fresh)
        present = [database for database in DATABASES if (home / database.path).exists()]
        for database in present:
            # First round: what is erased between the snapshot and its own turn is then in the vault already.
            for name in list(FileStore(home / database.files).names()):
                vault.put(home / database.files / name[:2] / name[2:], name)
        for database in present:
            _database(gathered, database, context)
        _audit(gathered)
        _loose(gathered, secrets=secrets)
        manifest = Manifest(
            version=__version__, at=now(), schemas=gathered.schemas,
            entries=tuple(gathered.entries), stored=gathered.stored, missing=tuple(gathered.missing),
            without_secrets=not secrets, audit=gathered.audit, secret=_secret(home),
        )  # fmt: skip
        save(manifest, fresh)
        seal = fingerprint(fresh)
        generation = vault.finish(fresh)
        pruned = vault.prune(keep)
    remember(home, out, generation, vault.generations())
    return Made(generation, manifest, seal, pruned)


def _database(gathered: _Gathered, database: Database, context: Context) -> None:
    copy = gathered.fresh / "database"
    snapshot(gathered.home / database.path, copy)
    gathered.schemas[database.path] = revision(copy)
    names = named_files(copy, database.names)
    kept = gathered.vault.put(copy)
    copy.unlink()
    if kept is None:
        raise BackupError(reason="database", name=database.path)
    gathered.entries.append(Entry(path=database.path, sha256=kept[0], bytes=kept[1]))
    stored = []
    for name in context.progress.track(names, "backup", total=len(names)):
        there = gathered.vault.put(gathered.home / database.files / name[:2] / name[2:], name)
        if there is None:
            gathered.missing.append(f"{database.files}/{name[:2]}/{name[2:]}")
        else:
            stored.append(there)
    gathered.stored[database.files] = tuple(stored)


def _audit(gathered: _Gathered) -> None:
    """The whole lines of the log as it stands; nobody writes half a line while we look."""
    source = gathered.home / AUDIT
    if not source.exists():
        return
    with source.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        data = stream.read()
    data = data[: data.rfind(b"\n") + 1]
    copy = gathered.fresh / "audit"
    copy.write_bytes(data)
    kept = gathered.vault.put(copy)
    copy.unlink()
    if kept is not None:
        gathered.entries.append(Entry(path=AUDIT, sha256=kept[0], bytes=kept[1]))
    lines = data.splitlines()
    if lines:
        gathered.audit = AuditMark(lines=len(lines), last=_last(lines[-1]))


def _last(line: bytes) -> str:
    try:
        return str(json.loads(line)["hash"])
    except (ValueError, KeyError):
        raise BackupError(reason="audit", name=AUDIT) from None


def _secret(home: Path) -> str | None:
    return hash_of(home / "secret") if (home / "secret").exists() else None


def _loose(gathered: _Gathered, *, secrets: bool) -> None:
    for path in loose_files(gathered.home):
        source = gathered.home / path
        secret = any(fnmatch(path, pattern) for pattern in SECRETS)
        if secret and not secrets:
            continue
        try:
            mode = source.stat().st_mode & 0o777
            # A secret lies in a file of its own beside the manifest, so that it can be taken away from the rest.
            kept = copied(source, gathered.fresh / SECRET_FOLDER / path) if secret else gathered.vault.put(source)
        except FileNotFoundError:  # gone since it was listed
            continue
        if kept is not None:
            gathered.entries.append(Entry(path=path, sha256=kept[0], bytes=kept[1], mode=mode))
