"""Films that were made and not taken, and studies that have no others."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing that is there already was looked at for marks: it counts as taken of patients."""
    op.add_column("images", sa.Column("synthetic", sa.String))
    op.add_column("studies", sa.Column("synthetic", sa.Boolean, nullable=False, server_default=sa.text("0")))
    op.create_index("ix_studies_synthetic", "studies", ["id"], sqlite_where=sa.text("synthetic"))


def downgrade() -> None:
    """Forget which they are; what was out of the worklist for it comes back."""
    op.execute("UPDATE worklist SET status = 'new' WHERE status = 'synthetic'")
    op.drop_index("ix_studies_synthetic", "studies")
    op.drop_column("studies", "synthetic")
    op.drop_column("images", "synthetic")
