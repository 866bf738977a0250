"""Retraining as a pipeline: freeze, train, evaluate, card, promote, back. Nothing in force changes without a name."""
