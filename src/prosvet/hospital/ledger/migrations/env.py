"""Run the migrations on the connection that the ledger hands over; never stand-alone."""

from alembic import context

from prosvet.hospital.ledger.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,  # SQLite can: a killed migration leaves the old schema whole
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
