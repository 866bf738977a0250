"""A reader that plans over the capabilities as its tools, and shows each step."""

__all__: list[str] = []
