"""Text files and tables without people."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from typing import Literal

from prosvet.core.errors import DeidentifyError
from prosvet.hospital.deidentify.keys import Key
from prosvet.hospital.deidentify.known import Known
from prosvet.hospital.deidentify.numbers import read_date
from prosvet.hospital.deidentify.text import clean_text

__all__ = ["clean_document", "clean_table", "read_text"]

Role = Literal["patient", "name", "born", "date", "file", "uid", "number", "text"]

_ROLES: tuple[tuple[Role, str], ...] = (
    ("born", r"рожд|birth|dob|^др$"),
    ("patient", r"patient|пациент(?!.*(?:имя|фио))|^id$|^ид$|mrn|^код$|номер.*карт"),
    ("name", r"фио|имя|фамил|отчеств|name|врач|doctor|physician|radiologist|author|автор|рентгенолог"),
    ("date", r"дата|date"),
    ("file", r"file|файл|image|снимок|path|путь"),
    ("uid", r"uid"),
    ("number", r"study|исследован|accession|номер|полис|снилс|паспорт|телефон|phone|policy|passport|адрес|address"),
)  # fmt: skip
_RISKY = ("=", "+", "-", "@", "\t", "\r")
_PLAIN = re.compile(r"[-+]?\d{1,4}(?:[.,]\d{1,6})?")


def read_text(data: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 with its mark, or Windows-1251.

    Raises
    ------
    DeidentifyError
        Reason ``text`` for what is no text.
    """
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1251"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise DeidentifyError(reason="text", name="")


def clean_document(
    data: bytes, known: Known, shift: Callable[[date], date] | None
) -> tuple[bytes, Counter[str]]:  # fmt: skip
    """A report, in UTF-8."""
    clean, counts = clean_text(read_text(data), known, shift)
    return clean.encode(), counts


def clean_table(
    data: bytes, known: Known, key: Key, files: Mapping[str, str], shift: bool
) -> tuple[bytes, Counter[str]]:
    """A table (CSV, TSV) with a header line; columns are told by their names, what is unknown is free text.

    Parameters
    ----------
    files : mapping
        Path or name of an input file to its path in the export: cells that name one are led over.
    shift : bool
        Move the dates of a row whose patient a column names; otherwise take dates out.
    """
    text = read_text(data)
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:20_000], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    rows = list(csv.reader(io.StringIO(text), dialect))
    if not rows:
        raise DeidentifyError(reason="text", name="")
    roles = [_role(title) for title in rows[0]]
    counts: Counter[str] = Counter()
    out = io.StringIO()
    writer = csv.writer(out, delimiter=dialect.delimiter, lineterminator="\n")
    writer.writerow([clean_text(title, known)[0] for title in rows[0]])
    for row in rows[1:]:
        writer.writerow([_safe(cell) for cell in _row(row, roles, known, key, files, shift, counts)])
    return out.getvalue().encode(), counts


def _role(title: str) -> Role:
    plain = title.strip().casefold()
    return next((role for role, pattern in _ROLES if re.search(pattern, plain)), "text")


def _row(
    row: list[str], roles: list[Role], known: Known, key: Key, files: Mapping[str, str], shift: bool,
    counts: Counter[str],
) -> list[str]:  # fmt: skip
    roles = roles + ["text"] * (len(row) - len(roles))
    patient = next(
        (cell.strip() for cell, role in zip(row, roles, strict=False) if role == "patient" and cell.strip()), ""
    )
    words = (
        word
        for cell, role in zip(row, roles, strict=False)
        if role == "name"
        for word in re.findall(r"[^\W\d_]{3,}", cell)
    )
    mine = known | Known(names=frozenset(words), values=frozenset({patient} if len(patient) > 3 else ()))

    def moved(day: date) -> date:
        return key.shifted(day, f"|{patient}")

    move = moved if shift and patient else None
    made = []
    for cell, role in zip(row, roles, strict=False):
        clean, found = _cell(cell, role, mine, key, files, move)
        counts.update(found)
        made.append(clean)
    return made


def _cell(
    cell: str, role: Role, known: Known, key: Key, files: Mapping[str, str], move: Callable[[date], date] | None
) -> tuple[str, Counter[str]]:  # fmt: skip
    plain = cell.strip()
    if not plain:
        return cell, Counter()
    if plain in files:
        return files[plain], Counter({"file": 1})
    if role == "patient":
        return key.patient(f"|{plain}"), Counter({"patient": 1})
    if role == "uid":
        return key.uid(plain), Counter({"uid": 1})
    if role in ("name", "born", "file", "number"):
        return "", Counter({role: 1})
    if role == "date":
        day = read_date(plain)
        return (move(day).isoformat() if move and day else ""), Counter({"date": 1})
    if _PLAIN.fullmatch(plain):
        return cell, Counter()
    return clean_text(cell, known, move)


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_RISKY) and not _PLAIN.fullmatch(cell) else cell
