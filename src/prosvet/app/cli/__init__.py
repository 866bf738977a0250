"""The command line: one file a verb, Russian or English, people's words or one JSON envelope."""

from prosvet.app.cli.main import main

__all__ = ["main"]
