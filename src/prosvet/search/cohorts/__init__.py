"""Named sets of studies: found once, kept with the question they came from, compared and exported."""

__all__: list[str] = []
