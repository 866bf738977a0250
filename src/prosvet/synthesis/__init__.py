"""Chest X-rays made from text: marked as made, and measured."""
