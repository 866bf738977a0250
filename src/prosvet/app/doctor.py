"""The capability `doctor`: is everything there, whole and as it was tested?"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from importlib import metadata
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from pydantic import Field

from prosvet.archive.files import FileStore, sha256
from prosvet.core import audit
from prosvet.core.context import Context
from prosvet.core.errors import ProsvetError
from prosvet.core.i18n import text
from prosvet.core.types import Frozen
from prosvet.models.card import cards, load_card, verified_path
from prosvet.models.deployed import deployed, in_force

__all__ = ["CHECKS", "Check", "DoctorRequest", "DoctorResult", "run"]

LEAST_PYTHON = (3, 11)
LEAST_DISK = 1_000_000_000  # bytes

State = Literal["ok", "note", "failed"]


class DoctorRequest(Frozen):
    """What to examine."""

    deep: bool = Field(default=False, description="Read every stored file and compare it with its hash.")


class Check(Frozen):
    """One check: ``ok``, ``failed``, or a ``note`` that is nothing to repair."""

    name: str
    state: State
    message: str


class DoctorResult(Frozen):
    """All checks in the order they were made."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """No check failed."""
        return all(check.state != "failed" for check in self.checks)


Found = Iterator[tuple[State, str]]
"""Outcomes with the rest of their words' key and the facts, see :func:`_say`."""


def run(request: DoctorRequest, context: Context) -> DoctorResult:
    """Make every check; a check that fails stops none of the others."""
    done = []
    for name, check in CHECKS.items():
        done += [Check(name=name, state=state, message=words) for state, words in check(request, context)]
    return DoctorResult(checks=tuple(done))


def _say(context: Context, key: str, **facts: object) -> str:
    return text(f"doctor.{key}", context.lang, **facts)


def _python(_: DoctorRequest, context: Context) -> Found:
    version = ".".join(map(str, sys.version_info[:3]))
    state: State = "ok" if sys.version_info >= LEAST_PYTHON else "failed"
    yield state, _say(context, "python", version=version, least=".".join(map(str, LEAST_PYTHON)))


def _packages(_: DoctorRequest, context: Context) -> Found:
    needed = [Requirement(line) for line in metadata.requires("prosvet") or []]
    core = [
        requirement for requirement in needed if not requirement.marker or requirement.marker.evaluate({"extra": ""})
    ]
    bad = 0
    for requirement in core:
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            bad += 1
            yield "failed", _say(context, "package_missing", name=requirement.name)
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            bad += 1
            yield "failed", _say(context, "package_version", name=requirement.name, version=version,
                                 wanted=str(requirement.specifier))  # fmt: skip
    if not bad:
        yield "ok", _say(context, "packages", count=len(core))
    other = [f"{name} {there} ({pinned})" for name, there, pinned in _untested(core)]
    if other:
        yield "note", _say(context, "package_untested", names=", ".join(other))


def _untested(core: Iterable[Requirement]) -> Iterator[tuple[str, str, str]]:
    """Packages whose version is not the one of ``constraints.txt``: name, version here, version tested."""
    beside = Path(__file__).with_name("constraints.txt")
    file = beside if beside.exists() else Path(__file__).parents[3] / "constraints.txt"
    lines = [
        line.split("==") for line in file.read_text(encoding="utf-8").splitlines() if "==" in line and line[0] != "#"
    ]
    pinned = {name: version.strip() for name, version in lines}
    for requirement in core:
        try:
            there = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            continue
        wanted = pinned.get(requirement.name.lower())
        if wanted is not None and there != wanted:
            yield requirement.name, there, wanted


def _models(_: DoctorRequest, context: Context) -> Found:
    names = cards(context.settings.home)
    for name in names:
        try:
            card = load_card(name, context.settings.home)
            for part in card.files:
                verified_path(card, part)
        except ProsvetError as error:
            yield "failed", error.message(context.lang)
        else:
            yield "ok", _say(context, "model", name=name, revision=card.revision, files=len(card.files))
    yield from _deployed(context)


def _deployed(context: Context) -> Found:
    """What the site reads with: that it can be read, and the adapter's hashes."""
    try:
        used = deployed(context.settings)
        if used.model not in cards(context.settings.home):
            yield "failed", _say(context, "model_missing", name=used.model)
            return
        card = in_force(context.settings, used).card
    except ProsvetError as error:
        yield "failed", error.message(context.lang)
        return
    if used.version:
        yield "ok", _say(context, "deployed", name=used.model, revision=card.revision, version=used.version)


def _archive(request: DoctorRequest, context: Context) -> Found:
    database = context.settings.home / "archive.db"
    if not database.exists():
        yield "note", _say(context, "no_archive", home=context.settings.home)
        return
    try:
        # Read-only and without the store: examining an archive must neither create nor migrate it.
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            broken = [row[0] for row in connection.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
            loose = len(connection.execute("PRAGMA foreign_key_check").fetchall())
            names = [row[0] for row in connection.execute("SELECT sha256 FROM images")]
    except sqlite3.DatabaseError as error:
        yield "failed", _say(context, "database_broken", reason=str(error))
        return
    if broken or loose:
        yield "failed", _say(context, "database_broken", reason="; ".join(broken) or f"foreign keys: {loose}")
    else:
        yield "ok", _say(context, "database", images=len(names))
    yield from _files(names, request, context)


def _files(names: list[str], request: DoctorRequest, context: Context) -> Found:
    store = context.get(FileStore)
    missing = [name for name in names if not store.path(name).is_file()]
    damaged = []
    if request.deep:
        there = [name for name in names if name not in set(missing)]
        for name in context.progress.track(there, "doctor", total=len(there)):
            if sha256(store.path(name).read_bytes()) != name:
                damaged.append(name)
    if missing or damaged:
        first = (missing + damaged)[0][:12]
        yield "failed", _say(context, "files_broken", missing=len(missing), damaged=len(damaged), first=first)
    else:
        yield "ok", _say(context, "files_deep" if request.deep else "files", count=len(names))


def _audit(_: DoctorRequest, context: Context) -> Found:
    log = context.settings.home / "audit.jsonl"
    if not log.exists():
        yield "note", _say(context, "no_audit")
        return
    broken = audit.verify(log)
    if broken is None:
        yield "ok", _say(context, "audit", lines=len(log.read_bytes().splitlines()))
    else:
        yield "failed", _say(context, "audit_broken", line=broken)


def _disk(_: DoctorRequest, context: Context) -> Found:
    home = context.settings.home
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    yield "ok" if free >= LEAST_DISK else "failed", _say(context, "disk", free=f"{free / 1e9:.1f}", home=home)
    if not os.access(there, os.W_OK):
        yield "failed", _say(context, "not_writable", home=home)


def _threads(_: DoctorRequest, context: Context) -> Found:
    asked, there = context.settings.threads, len(os.sched_getaffinity(0))
    # More threads than cores is slow, not wrong.
    yield "ok" if asked <= there else "note", _say(context, "threads", asked=asked, there=there)


def _extras(_: DoctorRequest, context: Context) -> Found:
    needed = [Requirement(line) for line in metadata.requires("prosvet") or []]
    for extra in metadata.metadata("prosvet").get_all("Provides-Extra") or []:
        own = [
            r
            for r in needed
            if r.marker and r.marker.evaluate({"extra": extra}) and not r.marker.evaluate({"extra": ""})
        ]
        missing = [requirement.name for requirement in own if not _installed(requirement.name)]
        key = "extra_absent" if missing else "extra_present"
        yield "note" if missing else "ok", _say(context, key, extra=extra, missing=", ".join(missing))


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return importlib.util.find_spec(name.replace("-", "_")) is not None
    return True


CHECKS: dict[str, Callable[[DoctorRequest, Context], Found]] = {
    "python": _python,
    "packages": _packages,
    "models": _models,
    "archive": _archive,
    "audit": _audit,
    "disk": _disk,
    "threads": _threads,
    "extras": _extras,
}
