"""Alembic migrations of the archive's database, run by :mod:`prosvet.archive.database` when it is behind."""
