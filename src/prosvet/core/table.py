"""A person's table of studies, as CSV: one row an ``id``, checked line by line as it is read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from prosvet.core.errors import InvalidRecord, MissingColumns, NotFound

__all__ = ["Row", "open_table", "yes_or_no"]

Row = tuple[int, dict[str, str]]
"""The number of a line and its cells, stripped, by column."""

_YES, _NO = ("1", "1.0", "true", "yes", "да", "+"), ("0", "0.0", "false", "no", "нет", "-")
_SHOWN = 80  # characters of an id in an error


def open_table(path: Path, needed: Sequence[str] = ("id",)) -> tuple[list[str], Iterator[Row]]:
    """Columns, in lower case, and rows; cells are parted by commas or, as Russian spreadsheets do, by semicolons.

    Parameters
    ----------
    needed
        Columns that have to be there, ``id`` among them.

    Raises
    ------
    NotFound, MissingColumns
    InvalidRecord
        For a file that is not UTF-8 and, while the rows are gone through, for a row of another length, an id that is
        empty or there twice; it names the line.
    """
    if not path.is_file():
        raise NotFound(kind="file", name=path.name)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRecord(name=path.name, line=1, reason="not_utf8_table") from None
    head = text.partition("\n")[0]
    lines = csv.reader(io.StringIO(text), delimiter=";" if ";" in head and "," not in head else ",")
    columns = [name.strip().lower() for name in next(lines, [])]
    lacking = [name for name in needed if name not in columns]
    if lacking:
        raise MissingColumns(name=path.name, columns=", ".join(lacking))

    def rows() -> Iterator[Row]:
        known: set[str] = set()
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            line = lines.line_num
            if len(cells) != len(columns):
                raise InvalidRecord(name=path.name, line=line, reason="cells_differ")
            row = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
            if not row["id"]:
                raise InvalidRecord(name=path.name, line=line, reason="id_empty")
            if row["id"] in known:
                raise InvalidRecord(name=path.name, line=line, reason="id_twice", id=row["id"][:_SHOWN])
            known.add(row["id"])
            yield line, row

    return columns, rows()


def yes_or_no(cell: str, column: str, name: str, line: int) -> bool:
    """What a cell of the file `name` says: 1, true, yes, да or +, against 0, false, no, нет or -.

    Raises
    ------
    InvalidRecord
    """
    word = cell.lower()
    if word not in (*_YES, *_NO):
        raise InvalidRecord(name=name, line=line, reason="label_not_binary", value=cell[:40], column=column)
    return word in _YES
