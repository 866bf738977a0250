"""Run the migrations on the connection that the archive hands over; never stand-alone."""

from alembic import context

from prosvet.archive import (  # noqa: F401 - their tables belong to the metadata
    schema_app,
    schema_marks,
    schema_monitor,
    schema_screen,
    schema_site,
    schema_work,
)
from prosvet.archive.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,  # SQLite can: a killed migration leaves the old schema whole
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
