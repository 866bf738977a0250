"""Public layouts of films with texts, and this archive's own, as cases to learn from."""

from prosvet.training.vlm.sources.gather import gather

__all__ = ["gather"]
