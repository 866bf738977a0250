"""The tables of daily work and of the program itself; signed protocols are closed to change; studies are listed."""

from alembic import op

from prosvet.archive import schema_app, schema_work
from prosvet.archive.schema import Base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = [
    Base.metadata.tables[name]
    for module in (schema_work, schema_app)
    for name in (getattr(module, kind).__tablename__ for kind in module.__all__)
]

_CLOSED = """
CREATE TRIGGER protocols_closed BEFORE UPDATE ON protocols WHEN OLD.state = 'signed'
BEGIN SELECT RAISE(ABORT, 'a signed protocol is never changed'); END
"""

_LISTED = """
INSERT INTO worklist (study_id, arrived, priority, status, sex, age, date, image_id, updated)
SELECT s.id, strftime('%Y-%m-%d %H:%M:%S.000000', 'now'), 0, 'new', p.sex, s.age, s.date,
       (SELECT min(i.id) FROM images i WHERE i.study_id = s.id), strftime('%Y-%m-%d %H:%M:%S.000000', 'now')
FROM studies s JOIN patients p ON p.id = s.patient_id
"""


def upgrade() -> None:
    """Create the tables and list every study that is there."""
    Base.metadata.create_all(op.get_bind(), tables=_TABLES)
    op.execute(_CLOSED)
    op.execute(_LISTED)


def downgrade() -> None:
    """Drop them."""
    Base.metadata.drop_all(op.get_bind(), tables=_TABLES)
