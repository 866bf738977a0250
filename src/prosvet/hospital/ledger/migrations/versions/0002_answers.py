"""Commitment that was asked for, what studies are looked for by, and signatures that were brought to the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_WORDS = ("issuer", "birth_date", "sex", "study_time", "study_id", "description", "referring", "patient_name")
_KEYS = ("patient_id", "name_key", "study_date", "accession")


def upgrade() -> None:
    """Create the tables."""
    exam = "exams.study_uid"
    op.create_table(
        "asked",
        sa.Column("transaction_uid", sa.String, primary_key=True),
        sa.Column("result", sa.Integer, sa.ForeignKey("outgoing.id", ondelete="CASCADE"), primary_key=True, index=True),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "catalogue",
        sa.Column("study_uid", sa.String, sa.ForeignKey(exam, ondelete="CASCADE"), primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in _WORDS),
        *(sa.Column(name, sa.String, nullable=False, index=True) for name in _KEYS),
    )
    op.create_table(
        "signed_off",
        sa.Column("study_uid", sa.String, sa.ForeignKey(exam, ondelete="CASCADE"), primary_key=True),
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("results", sa.Integer, nullable=False),
        sa.Column("note", sa.String),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("signed_off", "catalogue", "asked"):
        op.drop_table(table)
