"""Autonomous release of normals within a proven risk, and the line that can be stopped."""
