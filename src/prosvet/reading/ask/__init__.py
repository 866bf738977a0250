"""Questions about a film, answered from what was read of it, or with an abstention that says why."""

__all__: list[str] = []
