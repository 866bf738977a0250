"""What lies in a home, and what of it a back-up keeps.

Databases are copied by SQLite itself, stored films and objects by what the databases name; everything else is kept
unless it stands here as derived or passing. A folder that a later version adds is therefore in the back-up by default.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from stat import S_ISREG

from prosvet.archive.schema import HEAD as ARCHIVE_HEAD
from prosvet.hospital.ledger.schema import HEAD as LEDGER_HEAD

__all__ = ["AUDIT", "DATABASES", "SECRETS", "Database", "loose_files"]

AUDIT = "audit.jsonl"

SECRETS = ("secret", "hospital/keys/*")
"""What turns pseudonyms back into people; may be left out of a back-up and kept elsewhere."""

_DERIVED = ("index", "exports", "hospital/spool", "uploads")
"""Folders that are made again, are copies for giving away, or hold what is just arriving."""

_PASSING = ("*.lock", "*-wal", "*-shm", "*.new", ".new-*", "*.tmp", "backups.json", "hospital/node.json")


@dataclass(frozen=True)
class Database:
    """A database of a home.

    Attributes
    ----------
    path, files : str
        Where it lies, and the folder of the files that it names, under the home.
    names : str
        SQL that lists those files.
    head : str
        The schema that this version of the program writes.
    """

    path: str
    files: str
    names: str
    head: str


DATABASES = (
    Database("archive.db", "files", "SELECT DISTINCT sha256 FROM images", ARCHIVE_HEAD),
    Database(
        "hospital/ledger.db", "hospital/objects",
        # No bytes: retention took the file of a result that had arrived, and left its row.
        "SELECT sha256 FROM received UNION SELECT sha256 FROM outgoing WHERE bytes > 0", LEDGER_HEAD,
    ),
)  # fmt: skip


def loose_files(home: Path) -> Iterator[str]:
    """Paths, under `home` and in order, of the ordinary files to be copied as they are."""
    apart = {*_DERIVED, *(one.files for one in DATABASES)}
    known = {AUDIT, *(one.path for one in DATABASES)}
    for folder, folders, files in os.walk(home):
        here = Path(folder).relative_to(home).as_posix().removeprefix(".")
        inside = f"{here}/" if here else ""
        folders[:] = sorted(name for name in folders if inside + name not in apart)
        for name in sorted(files):
            path = inside + name
            passing = any(fnmatch(path, pattern) or fnmatch(name, pattern) for pattern in _PASSING)
            if path not in known and not passing and S_ISREG((home / path).lstat().st_mode):
                yield path
