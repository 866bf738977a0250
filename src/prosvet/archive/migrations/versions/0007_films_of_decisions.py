"""How many films a decision saw: a film that comes later opens the study again. Released studies leave the worklist."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_RELEASED = """
CREATE TRIGGER screen_released BEFORE UPDATE ON screen_decisions WHEN OLD.outcome = 'normal'
BEGIN SELECT RAISE(ABORT, 'a release is never changed'); END
"""
_JUDGED = """
CREATE TRIGGER screen_judged BEFORE UPDATE ON screen_audits WHEN OLD.verdict IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a verdict is never changed'); END
"""
_OLD = "site, study_id, calibration_id, at, by, outcome, reason, score, threshold, distance, model"
_AUDIT = "decision_id, study_id, drawn, verdict, comment, reader, judged"


def _study(*, unique: bool = False) -> sa.Column[str]:
    key = sa.ForeignKey("studies.id", ondelete="CASCADE")
    return sa.Column("study_id", sa.String, key, nullable=False, unique=unique)


def _set_aside() -> None:
    """Out of the way, with what hangs on them: SQLite cannot change a constraint, a dropped table takes it along."""
    for trigger in ("screen_released", "screen_judged"):
        op.execute(f"DROP TRIGGER {trigger}")
    for index in ("ix_screen_decisions_study_id", "ix_screen_decisions_site", "ix_screen_audits_verdict"):
        op.execute(f"DROP INDEX {index}")
    op.rename_table("screen_decisions", "old_decisions")
    op.rename_table("screen_audits", "old_audits")


def _decisions(*, films: bool) -> None:
    extra = [sa.Column("films", sa.Integer, nullable=False)] if films else []
    unique = ("study_id", "calibration_id", "films") if films else ("study_id", "calibration_id")
    op.create_table(
        "screen_decisions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("site", sa.String, nullable=False),
        _study(),
        sa.Column("calibration_id", sa.Integer, sa.ForeignKey("screen_calibrations.id")),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("score", sa.Float),
        sa.Column("threshold", sa.Float),
        sa.Column("distance", sa.Float),
        sa.Column("model", sa.String, nullable=False),
        *extra,
        sa.Column("proof", sa.JSON, nullable=False),
        sa.UniqueConstraint(*unique),
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


def _bring_back(films: str) -> None:
    named = f"id, {_OLD}, proof" + (", films" if films else "")
    op.execute(f"INSERT INTO screen_decisions ({named}) SELECT id, {_OLD}, proof{films} FROM old_decisions")
    op.execute(f"INSERT INTO screen_audits ({_AUDIT}) SELECT {_AUDIT} FROM old_audits")
    op.drop_table("old_audits")
    op.drop_table("old_decisions")
    for trigger in (_RELEASED, _JUDGED):
        op.execute(trigger)


def upgrade() -> None:
    """Count the films of what was decided; what was released and nobody has begun to read is no work any more."""
    _set_aside()
    _decisions(films=True)
    _audits()
    _bring_back(", (SELECT count(*) FROM images WHERE images.study_id = old_decisions.study_id)")
    op.execute(
        "UPDATE worklist SET status = 'released' WHERE status = 'new' AND reader IS NULL AND study_id IN ("
        "SELECT study_id FROM screen_decisions WHERE outcome = 'normal' AND NOT EXISTS (SELECT 1 FROM screen_audits "
        "WHERE screen_audits.study_id = screen_decisions.study_id AND coalesce(verdict, '') != 'normal'))"
    )


def downgrade() -> None:
    """As it was; of several decisions on one study by one calibration the last stays."""
    op.execute("UPDATE worklist SET status = 'new' WHERE status = 'released'")
    op.execute(
        "DELETE FROM screen_decisions WHERE id NOT IN (SELECT max(id) FROM screen_decisions "
        "GROUP BY study_id, coalesce(calibration_id, -id))"
    )
    _set_aside()
    _decisions(films=False)
    _audits()
    _bring_back("")
