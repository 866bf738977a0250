"""The tables of monitoring: observations, references, checks, alarms."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NAMES = ("alarm_studies", "alarms", "monitor_checks", "monitor_reference_rows", "monitor_references",
          "monitor_observations")  # fmt: skip


def _link(name: str, table: str, kind: Any = sa.Integer, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False, **options)


def _given(*columns: tuple[str, Any]) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name, kind in columns]


def _observations() -> None:
    op.create_table(
        "monitor_observations",
        sa.Column("number", sa.Integer, primary_key=True),
        _link("study_id", "studies", sa.String, unique=True),
        *_given(("site", sa.String), ("at", sa.DateTime), ("facts", sa.JSON)),
        sa.Column("vector", sa.LargeBinary),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_monitor_observations_stream", "monitor_observations", ["site", "number"])
    op.create_index("ix_monitor_observations_at", "monitor_observations", ["at"])


def _references() -> None:
    op.create_table(
        "monitor_references",
        sa.Column("id", sa.Integer, primary_key=True),
        *_given(
            ("site", sa.String), ("name", sa.String), ("created", sa.DateTime), ("created_by", sa.String),
            ("model", sa.String), ("studies", sa.Integer), ("last", sa.Integer), ("sha256", sa.String),
            ("rules", sa.JSON), ("statistics", sa.JSON), ("seed", sa.Integer),
        ),
        sa.UniqueConstraint("site", "name"),
    )  # fmt: skip
    op.create_table(
        "monitor_reference_rows",
        _link("reference_id", "monitor_references", primary_key=True),
        _link("study_id", "studies", sa.String, primary_key=True),
        *_given(("place", sa.Integer), ("facts", sa.JSON)),
        sa.Column("vector", sa.LargeBinary),
    )
    op.create_index("ix_monitor_reference_rows_study_id", "monitor_reference_rows", ["study_id"])


def _checks() -> None:
    op.create_table(
        "monitor_checks",
        sa.Column("id", sa.Integer, primary_key=True),
        *_given(("site", sa.String)),
        _link("reference_id", "monitor_references"),
        *_given(
            ("at", sa.DateTime), ("by", sa.String), ("last", sa.Integer), ("fresh", sa.Integer), ("spent", sa.Float),
            ("seconds", sa.Float), ("outcomes", sa.JSON),
        ),
    )  # fmt: skip
    op.create_index("ix_monitor_checks_site", "monitor_checks", ["site"])
    op.create_index("ix_monitor_checks_at", "monitor_checks", ["at"])


def _alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", sa.Integer, primary_key=True),
        *_given(("site", sa.String)),
        _link("reference_id", "monitor_references"),
        _link("check_id", "monitor_checks"),
        *_given(
            ("at", sa.DateTime), ("stream", sa.String), ("variable", sa.String), ("cause", sa.String),
            ("test", sa.String), ("p", sa.Float), ("q", sa.Float), ("effect", sa.Float), ("measure", sa.String),
            ("window", sa.Integer), ("since", sa.DateTime), ("before", sa.JSON), ("after", sa.JSON),
            ("stopped", sa.Boolean),
        ),
        sa.Column("closed", sa.DateTime),
        sa.Column("closed_by", sa.String),
        *_given(("note", sa.String)),
    )  # fmt: skip
    op.create_index("ix_alarms_open", "alarms", ["site", "closed", "at"])
    op.create_index("ix_alarms_at", "alarms", ["at"])
    op.create_table(
        "alarm_studies",
        _link("alarm_id", "alarms", primary_key=True),
        _link("study_id", "studies", sa.String, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        *_given(("place", sa.Integer), ("influence", sa.Float)),
    )
    op.create_index("ix_alarm_studies_study_id", "alarm_studies", ["study_id"])


def upgrade() -> None:
    """Create the tables."""
    _observations()
    _references()
    _checks()
    _alarms()


def downgrade() -> None:
    """Drop them."""
    for name in _NAMES:
        op.drop_table(name)
