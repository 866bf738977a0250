"""Autonomous screening: calibrations, the line, decisions, blind audits; what was released is closed to change."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_RELEASED = """
CREATE TRIGGER screen_released BEFORE UPDATE ON screen_decisions WHEN OLD.outcome = 'normal'
BEGIN SELECT RAISE(ABORT, 'a release is never changed'); END
"""
_CALIBRATED = """
CREATE TRIGGER screen_calibrated BEFORE UPDATE ON screen_calibrations
BEGIN SELECT RAISE(ABORT, 'a calibration is never changed'); END
"""
_JUDGED = """
CREATE TRIGGER screen_judged BEFORE UPDATE ON screen_audits WHEN OLD.verdict IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a verdict is never changed'); END
"""


def _study(*, primary_key: bool = False, unique: bool = False) -> sa.Column[str]:
    key = sa.ForeignKey("studies.id", ondelete="CASCADE")
    return sa.Column("study_id", sa.String, key, nullable=False, primary_key=primary_key, unique=unique)


def _calibration() -> sa.Column[int]:
    return sa.Column("calibration_id", sa.Integer, sa.ForeignKey("screen_calibrations.id"))


def _calibrations() -> None:
    op.create_table(
        "screen_calibrations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("site", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("data_sha256", sa.String, nullable=False),
        sa.Column("max_missed", sa.Float, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("distance_limit", sa.Float),
        sa.Column("policy", sa.JSON, nullable=False),
        sa.Column("report", sa.JSON, nullable=False),
        sa.UniqueConstraint("site", "version"),
    )
    owner = sa.ForeignKey("screen_calibrations.id", ondelete="CASCADE")
    op.create_table(
        "screen_known",
        sa.Column("calibration_id", sa.Integer, owner, primary_key=True),
        _study(primary_key=True),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("abnormal", sa.Boolean, nullable=False),
        sa.Column("critical", sa.Boolean),
        sa.Column("vector", sa.LargeBinary),
    )
    op.create_index("ix_screen_known_study_id", "screen_known", ["study_id"])


def _line() -> None:
    op.create_table(
        "screen_line",
        sa.Column("site", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        _calibration(),
        sa.Column("audit_share", sa.Float, nullable=False),
        sa.Column("secret", sa.String, nullable=False),
        sa.Column("changed", sa.DateTime, nullable=False),
        sa.Column("changed_by", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.CheckConstraint("state IN ('open', 'stopped')", name="line_state"),
    )
    op.create_table(
        "screen_events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("site", sa.String, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        _calibration(),
    )
    op.create_index("ix_screen_events_site", "screen_events", ["site", "id"])


def _decisions() -> None:
    op.create_table(
        "screen_decisions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("site", sa.String, nullable=False),
        _study(),
        _calibration(),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("score", sa.Float),
        sa.Column("threshold", sa.Float),
        sa.Column("distance", sa.Float),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("proof", sa.JSON, nullable=False),
        sa.UniqueConstraint("study_id", "calibration_id"),
        sa.CheckConstraint("outcome IN ('normal', 'refer', 'abstain')", name="screen_outcome"),
    )
    op.create_index("ix_screen_decisions_study_id", "screen_decisions", ["study_id"])
    op.create_index("ix_screen_decisions_site", "screen_decisions", ["site", "at", "outcome"])


def _audits() -> None:
    decision = sa.ForeignKey("screen_decisions.id", ondelete="CASCADE")
    op.create_table(
        "screen_audits",
        sa.Column("decision_id", sa.Integer, decision, primary_key=True),
        _study(unique=True),
        sa.Column("drawn", sa.DateTime, nullable=False),
        sa.Column("verdict", sa.String),
        sa.Column("comment", sa.String, nullable=False),
        sa.Column("reader", sa.String),
        sa.Column("judged", sa.DateTime),
    )
    op.create_index("ix_screen_audits_verdict", "screen_audits", ["verdict", "drawn"])


def upgrade() -> None:
    """Create the tables and close what must not change."""
    _calibrations()
    _line()
    _decisions()
    _audits()
    for trigger in (_RELEASED, _CALIBRATED, _JUDGED):
        op.execute(trigger)


def downgrade() -> None:
    """Drop them."""
    for table in ("screen_audits", "screen_decisions", "screen_events", "screen_line", "screen_known",
                  "screen_calibrations"):  # fmt: skip
        op.drop_table(table)
