"""Search: a text, a film or a report in, images and reports with reasons out (``prosvet.search.api.run``)."""

__all__: list[str] = []
