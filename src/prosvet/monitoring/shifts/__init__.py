"""One test a kind of variable: numbers, categories, vectors; each gives a p-value, an effect size and the facts."""

from __future__ import annotations

__all__: list[str] = []
