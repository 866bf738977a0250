"""The first tables of the ledger: exams, objects received, results on their way."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "exams",
        sa.Column("study_uid", sa.String, primary_key=True),
        sa.Column("patient", sa.String, nullable=False, index=True),
        sa.Column("study", sa.String, index=True),
        sa.Column("state", sa.String, nullable=False, index=True),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("first", sa.DateTime, nullable=False),
        sa.Column("last", sa.DateTime, nullable=False, index=True),
        sa.Column("deadline", sa.DateTime, nullable=False),
        sa.Column("finished", sa.DateTime),
        sa.Column("objects", sa.Integer, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.DateTime),
        sa.Column("worker", sa.String),
        sa.Column("leased", sa.DateTime),
        sa.Column("error", sa.JSON),
        sa.Index("ix_exams_queue", "state", "priority", "deadline"),
    )
    op.create_table(
        "received",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("sop_uid", sa.String, nullable=False, unique=True),
        sa.Column("study_uid", sa.String, sa.ForeignKey("exams.study_uid", ondelete="CASCADE"), nullable=False),
        sa.Column("series_uid", sa.String, nullable=False),
        sa.Column("sop_class", sa.String, nullable=False),
        sa.Column("transfer_syntax", sa.String, nullable=False),
        sa.Column("modality", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False, index=True),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("sender", sa.String, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("image", sa.Integer),
        sa.Index("ix_received_study", "study_uid", "number"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "outgoing",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "study_uid", sa.String, sa.ForeignKey("exams.study_uid", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("destination", sa.String, nullable=False),
        sa.Column("made_of", sa.String, nullable=False),
        sa.Column("sop_uid", sa.String, index=True),
        sa.Column("sop_class", sa.String),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.DateTime, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("sent", sa.DateTime),
        sa.Column("error", sa.JSON),
        sa.UniqueConstraint("study_uid", "kind", "destination", "made_of"),
        sa.Index("ix_outgoing_queue", "state", "priority", "next_at"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("outgoing", "received", "exams"):
        op.drop_table(table)
