"""The table of base scores, beside scores that a site's adapter made."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    image = sa.ForeignKey("images.id", ondelete="CASCADE")
    op.create_table(
        "base_scores",
        sa.Column("image_id", sa.Integer, image, primary_key=True),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("revision", sa.String, nullable=False),
        sa.Column("scores", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("base_scores")
