"""First schema of the archive."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _study_key() -> sa.Column[str]:
    return sa.Column("study_id", sa.String, sa.ForeignKey("studies.id", ondelete="CASCADE"), nullable=False)


def _vectors(owner: str) -> None:
    op.create_table(
        f"{owner}_vectors",
        sa.Column(f"{owner}_id", sa.Integer, sa.ForeignKey(f"{owner}s.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("model", sa.String, primary_key=True),
        sa.Column("revision", sa.String, primary_key=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )


def _people() -> None:
    op.create_table(
        "patients",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("sex", sa.String),
        sa.Column("birth_year", sa.Integer),
    )
    op.create_table(
        "studies",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("patient_id", sa.String, sa.ForeignKey("patients.id", ondelete="CASCADE"), nullable=False),
        sa.Column("age", sa.Float),
        sa.Column("date", sa.Date),
        sa.Column("date_shifted", sa.Boolean, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("split", sa.String),
        sa.Column("description", sa.String, nullable=False),
    )
    for column in ("patient_id", "age", "date", "source"):
        op.create_index(f"ix_studies_{column}", "studies", [column])


def _images() -> None:
    op.create_table(
        "images",
        sa.Column("id", sa.Integer, primary_key=True),
        _study_key(),
        sa.Column("sha256", sa.String, nullable=False, unique=True),
        sa.Column("source_sha256", sa.String, nullable=False, unique=True),
        sa.Column("file", sa.String, nullable=False),
        sa.Column("format", sa.String, nullable=False),
        sa.Column("view", sa.String, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("cols", sa.Integer, nullable=False),
        sa.Column("row_spacing", sa.Float),
        sa.Column("col_spacing", sa.Float),
        sa.Column("is_chest_xray", sa.Boolean),
        sa.Column("gates", sa.JSON, nullable=False),
        sa.Column("scores", sa.JSON, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_images_study_id", "images", ["study_id"])
    op.create_index("ix_images_view", "images", ["view"])


def _reports() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.Integer, primary_key=True),
        _study_key(),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("file", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("indication", sa.String, nullable=False),
        sa.Column("findings", sa.String, nullable=False),
        sa.Column("impression", sa.String, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.UniqueConstraint("study_id", "sha256"),
        sqlite_autoincrement=True,
    )


def _findings() -> None:
    op.create_table(
        "findings",
        sa.Column("id", sa.Integer, primary_key=True),
        _study_key(),
        sa.Column("image_id", sa.Integer, sa.ForeignKey("images.id", ondelete="CASCADE")),
        sa.Column("report_id", sa.Integer, sa.ForeignKey("reports.id", ondelete="CASCADE")),
        sa.Column("concept", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("probability", sa.Float),
        sa.Column("side", sa.String),
        sa.Column("zone", sa.String),
        sa.Column("severity", sa.String),
        sa.Column("origin", sa.String, nullable=False),
        sa.CheckConstraint("image_id IS NULL OR report_id IS NULL", name="one_owner"),
    )
    for column in ("study_id", "image_id", "report_id"):
        op.create_index(f"ix_findings_{column}", "findings", [column])
    op.create_index("ix_findings_concept", "findings", ["concept", "status", "study_id"])


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("mtime_ns", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        _study_key(),
    )
    op.create_index("ix_ledger_study_id", "ledger", ["study_id"])
    op.create_table("doomed", sa.Column("name", sa.String, primary_key=True))


def upgrade() -> None:
    """Create every table and start the counters."""
    meta = op.create_table(
        "meta", sa.Column("key", sa.String, primary_key=True), sa.Column("value", sa.Integer, nullable=False)
    )
    _people()
    _images()
    _reports()
    _findings()
    _vectors("image")
    _vectors("report")
    _ledger()
    op.bulk_insert(meta, [{"key": "version", "value": 0}, {"key": "erasures", "value": 0}])


def downgrade() -> None:
    """Drop everything."""
    for table in ("doomed", "ledger", "report_vectors", "image_vectors", "findings", "reports", "images", "studies",
                  "patients", "meta"):  # fmt: skip
        op.drop_table(table)
