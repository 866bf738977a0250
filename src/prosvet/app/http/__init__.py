"""The HTTP face: the same capabilities as on the command line, under ``/v1``, with one error shape."""
