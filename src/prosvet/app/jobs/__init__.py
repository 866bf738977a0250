"""Long work in the background: kept in the archive, one at a time, with progress, cancel and resume."""
