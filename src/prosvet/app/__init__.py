"""The faces of the program. `capabilities.py` is its table of contents."""
