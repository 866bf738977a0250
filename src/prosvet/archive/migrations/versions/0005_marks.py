"""The tables of marking: draws of the queue, cases, open readings, marks; a mark is closed to change."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NAMES = ("marks", "mark_readings", "mark_cases", "mark_draws")
_MARKED = """
CREATE TRIGGER mark_kept BEFORE UPDATE ON marks
BEGIN SELECT RAISE(ABORT, 'a mark is never changed: an edit is a new version'); END
"""


def _link(name: str, table: str, kind: Any = sa.Integer, **options: Any) -> sa.Column[Any]:
    owner = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, kind, owner, **{"nullable": False, **options})


def _given(*columns: tuple[str, Any]) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name, kind in columns]


def _draws() -> None:
    op.create_table(
        "mark_draws",
        sa.Column("id", sa.Integer, primary_key=True),
        *_given(
            ("at", sa.DateTime), ("by", sa.String), ("model", sa.String), ("seed", sa.Integer),
            ("eligible", sa.Integer), ("drawn", sa.Integer), ("random", sa.Integer), ("rule", sa.JSON),
        ),
    )  # fmt: skip


def _cases() -> None:
    op.create_table(
        "mark_cases",
        sa.Column("id", sa.Integer, primary_key=True),
        _link("draw_id", "mark_draws"),
        _link("study_id", "studies", sa.String),
        _link("image_id", "images"),
        *_given(
            ("place", sa.Integer), ("kind", sa.String), ("why", sa.JSON), ("blind", sa.Boolean), ("weight", sa.Float)
        ),
        sa.UniqueConstraint("draw_id", "image_id"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_mark_cases_order", "mark_cases", ["draw_id", "place"])
    for column in ("study_id", "image_id", "kind"):
        op.create_index(f"ix_mark_cases_{column}", "mark_cases", [column])


def _readings() -> None:
    op.create_table(
        "mark_readings",
        _link("case_id", "mark_cases", primary_key=True),
        sa.Column("reader", sa.String, primary_key=True),
        _link("study_id", "studies", sa.String),
        *_given(("blind", sa.Boolean), ("begun", sa.DateTime)),
        sa.Column("finished", sa.DateTime),
        sa.Column("skipped", sa.String),
    )
    op.create_index("ix_mark_readings_reader", "mark_readings", ["reader", "finished", "blind", "study_id"])
    op.create_index("ix_mark_readings_study_id", "mark_readings", ["study_id"])


def _marks() -> None:
    op.create_table(
        "marks",
        sa.Column("id", sa.Integer, primary_key=True),
        _link("study_id", "studies", sa.String),
        _link("image_id", "images"),
        _link("case_id", "mark_cases", nullable=True),
        *_given(
            ("reader", sa.String), ("version", sa.Integer), ("at", sa.DateTime), ("findings", sa.JSON),
            ("comment", sa.String), ("blind", sa.Boolean), ("model", sa.String), ("source", sa.String),
        ),
        sa.UniqueConstraint("image_id", "reader", "version"),
    )  # fmt: skip
    for column in ("study_id", "case_id", "reader"):
        op.create_index(f"ix_marks_{column}", "marks", [column])
    op.execute(_MARKED)


def upgrade() -> None:
    """Create the tables and close what must not change."""
    _draws()
    _cases()
    _readings()
    _marks()


def downgrade() -> None:
    """Drop them."""
    for name in _NAMES:
        op.drop_table(name)
