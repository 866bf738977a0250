"""Where an export grows before it is one: ``OUT.part`` beside OUT, with a journal of the files that are done.

The journal holds keyed hashes of paths, so that nobody reads names of patients in it. When the export is whole, the
folder takes its name: OUT is there entirely or not at all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prosvet.archive.database import file_lock
from prosvet.archive.files import room_for, sha256, write_whole
from prosvet.core.errors import DeidentifyError
from prosvet.hospital.deidentify.items import Entry
from prosvet.hospital.deidentify.keys import Key
from prosvet.hospital.deidentify.options import Options
from prosvet.hospital.deidentify.report import FileReport

__all__ = ["Workplace", "refuse_paths"]


def refuse_paths(source: Path | None, out: Path) -> None:
    """Refuse an output that is there, is a link, or lies in the input (or the input in it).

    Raises
    ------
    DeidentifyError
        Reason ``out_exists``, ``link`` or ``inside``.
    """
    part = out.with_name(out.name + ".part")
    if out.is_symlink() or part.is_symlink() or any(folder.is_symlink() for folder in out.absolute().parents):
        raise DeidentifyError(reason="link", name=out.name)
    if out.exists():
        raise DeidentifyError(reason="out_exists", name=out.name)
    if source is not None:
        here, there = source.resolve(), out.resolve()
        if there.is_relative_to(here) or here.is_relative_to(there):
            raise DeidentifyError(reason="inside", name=out.name)


class Workplace:
    """``OUT.part``: files are written whole; what is done is known after a stop."""

    def __init__(self, out: Path, key: Key, options: Options) -> None:
        self.out, self.folder = out, out.with_name(out.name + ".part")
        self._key, self._options = key, options
        self._journal = self.folder / ".journal"
        self._done: dict[str, FileReport] = {}

    @contextmanager
    def opened(self) -> Iterator[None]:
        """The folder, for this process alone.

        Raises
        ------
        AlreadyRunning
        DeidentifyError
            Reason ``other_options``: it was begun with another key or other options.
        """
        with room_for(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with file_lock(self.folder / ".lock", wait=False):
            self._load()
            yield

    def _load(self) -> None:
        seal = self._key.seal(self._options.model_dump_json())
        if not self._journal.exists():
            self._append(seal)
            return
        lines = self._journal.read_text(encoding="utf-8").splitlines()
        if not lines or lines[0] != seal:
            raise DeidentifyError(reason="other_options", name=self.out.name)
        for line in lines[1:]:
            try:
                body = json.loads(line)
            except ValueError:  # the last line, cut off by a kill
                continue
            self._done[body["of"]] = FileReport.model_validate(body["report"])

    def _append(self, line: str) -> None:
        with room_for(self._journal), self._journal.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
            stream.flush()
            os.fsync(stream.fileno())

    def _seal(self, entry: Entry) -> str:
        file = entry.file
        return self._key.seal(
            f"{entry.path}\0{file.size}\0{file.mtime_ns}" if file else f"{entry.path}\0{entry.reason}"
        )

    def done(self, entry: Entry) -> FileReport | None:
        """What became of an input file that was finished before, if what was written is still there."""
        report = self._done.get(self._seal(entry))
        if report is None or report.state != "exported":
            return report
        path = self.folder / report.file
        return report if path.is_file() and sha256(path.read_bytes()) == report.sha256 else None

    def finish(self, entry: Entry, report: FileReport, data: bytes | None) -> None:
        """Write a file, whole, and then its line."""
        if data is not None:
            self.write(report.file, data)
        self._append(json.dumps({"of": self._seal(entry), "report": report.model_dump(mode="json")}))

    def write(self, name: str, data: bytes) -> None:
        """A file of the export: on the disk when this returns, or not there."""
        write_whole(self.folder / name, [data])

    def complete(self) -> None:
        """Give the folder its name; the journal goes, and so does what a kill left half-written."""
        for rest in [self._journal, self.folder / ".lock", *self.folder.rglob(".new-*")]:
            rest.unlink(missing_ok=True)
        os.rename(self.folder, self.out)
