"""The log: words or JSON lines, and in neither a patient.

Three rules keep identity out, whoever writes a line:

- Of other packages' lines only the template stands in the log, not what was filled in: nobody here can know what
  pydicom or a network library puts there. Python's warnings become their category and place.
- What our own lines fill in is looked at: a DICOM data set, element or name is never written, and neither is what
  looks like a UID or a name with carets.
- Of an exception its type and where it was raised are written. Its words are our own errors' alone, and those are
  looked at too.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import IO, Literal

from prosvet.core.errors import ProsvetError

__all__ = ["FORMATS", "JsonLines", "LogFormat", "Plain", "current", "set_up", "without_identity"]

LogFormat = Literal["text", "json"]
FORMATS: tuple[LogFormat, ...] = ("text", "json")

_OURS = ("prosvet", "__main__")
# Four components and more; an address has four of up to three digits each, and a version seldom that many.
_UID = re.compile(r"(?<![\w.])(?:2\.25\.\d{5,}[\d.]*|(?!\d{1,3}(?:\.\d{1,3}){3}(?![\w.]))\d+(?:\.\d+){3,})(?![\w])")
_NAME = re.compile(r"[^\W\d_][\w'’. -]*\^[\w'’.^= -]*")
_WARNING = re.compile(r"^(?P<file>[^\n]*?):(?P<line>\d+): (?P<category>\w+):")


def without_identity(words: str) -> str:
    """`words` with what looks like a UID or a DICOM name taken out, up to the next sign that no name holds.

    Examples
    --------
    >>> without_identity("study 1.2.840.113619.2.5, patient: Ivanova^Maria, from 10.0.0.5")
    'study <uid>, patient: <name>, from 10.0.0.5'
    """
    return _NAME.sub("<name>", _UID.sub("<uid>", words))


def _filled(record: logging.LogRecord) -> str:
    """The line's words, without the person."""
    if record.name == "py.warnings":
        found = _WARNING.match(record.getMessage())
        return f"{found['category']} at {found['file']}:{found['line']}" if found else "a warning"
    if record.name.split(".")[0] not in _OURS:
        return without_identity(str(record.msg))
    if not record.args:
        return without_identity(str(record.msg))
    filled = {key: _safe(value) for key, value in record.args.items()} if isinstance(record.args, dict) else \
        tuple(_safe(value) for value in record.args)  # fmt: skip
    return without_identity(str(record.msg) % filled)


def _safe(value: object) -> object:
    if isinstance(value, int | float | None):
        return value
    if type(value).__module__.partition(".")[0] in ("pydicom", "pynetdicom", "highdicom"):
        return f"<{type(value).__name__}>"
    if isinstance(value, BaseException):
        return _named(value)
    return str(value)


def _named(error: BaseException) -> str:
    told = f": {without_identity(error.message('en'))}" if isinstance(error, ProsvetError) else ""
    return type(error).__name__ + told


def _trail(error: BaseException | None) -> list[str]:
    """The exception and those it came from, each with the places it went through."""
    lines: list[str] = []
    while error is not None:
        lines.append(_named(error))
        lines += [f"  {one.filename}:{one.lineno} {one.name}" for one in traceback.extract_tb(error.__traceback__)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines


class Plain(logging.Formatter):
    """A line for people: ``WARNING prosvet.hospital.node: an object was refused: truncated``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        words = f"{record.levelname} {record.name}: {_filled(record)}"
        error = record.exc_info[1] if record.exc_info else None
        return "\n".join([words, *_trail(error)])


class JsonLines(logging.Formatter):
    """One JSON object a line: ``at`` (UTC), ``level``, ``logger``, ``message``, ``thread``, and ``error`` with it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _filled(record),
            "thread": record.threadName,
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _trail(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def current() -> LogFormat:
    """The format in which this process logs: for the processes that it starts."""
    return "json" if any(isinstance(one.formatter, JsonLines) for one in logging.getLogger().handlers) else "text"


def set_up(level: int, form: LogFormat = "text", stream: IO[str] | None = None) -> None:
    """Let the process log to `stream` (standard error) from `level` on, and warnings go the same way."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else Plain())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
