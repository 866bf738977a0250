"""Retrospective reading: the current model over an archive, and where it differs from what was reported."""
