"""A site's labels: a table with ``id`` and a column for each finding (1, 0 or blank), or the marks of the queue.

``id`` is a study of the archive, the number of an image, or an image's sha256. What is blank is unknown, never absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prosvet.core.context import Context
from prosvet.core.errors import InvalidRecord, MissingColumns
from prosvet.core.table import open_table, yes_or_no

__all__ = ["Said", "from_marks", "from_table"]

Said = dict[str, dict[str, float]]
"""Id (of a study or an image) to finding to 1 or 0."""


def from_table(path: Path, findings: Sequence[str]) -> Said:
    """Labels by id.

    Parameters
    ----------
    findings : sequence of str
        Those of the model; a column that is none of them is refused, since it would be left out in silence.

    Raises
    ------
    NotFound, MissingColumns
    InvalidRecord
        For a column or a cell that is not known, an id that is empty or there twice; it names the line.
    """
    header, rows = open_table(path)
    columns = [name for name in header if name != "id"]
    if not columns:
        raise MissingColumns(name=path.name, columns=", ".join(findings[:3]) + ", …")
    for column in columns:
        if column not in findings:
            raise InvalidRecord(
                name=path.name, line=1, reason="label_column_unknown", column=column[:60], known=", ".join(findings)
            )  # fmt: skip
    return {
        row["id"]: {name: float(yes_or_no(row[name], name, path.name, line)) for name in columns if row[name]}
        for line, row in rows
    }


def from_marks(context: Context, findings: Sequence[str]) -> Said:
    """The marks in force, by the number of the image; where readers differ on a finding it is left unknown.

    What was marked uncertain is unknown too.
    """
    from prosvet.training.queue.marks import marked

    value = {"present": 1.0, "absent": 0.0}
    votes: dict[str, dict[str, set[float]]] = {}
    for film in marked(context):
        mine = votes.setdefault(str(film.image), {})
        for finding, status in film.findings.items():
            if finding in findings:
                mine.setdefault(finding, set()).add(value.get(str(status), float("nan")))
    agreed = {
        image: {finding: min(said) for finding, said in mine.items() if said in ({0.0}, {1.0})}
        for image, mine in votes.items()
    }
    return {image: mine for image, mine in agreed.items() if mine}
