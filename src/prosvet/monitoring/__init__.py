"""Watching: what came in, what was answered, what has changed, and stopping the line."""
