"""Vector and text indexes over the archive: derived files, rebuilt from the database when stale."""

__all__: list[str] = []
