"""Adaptation of the deployed model to one site: a small adapter and thresholds from the site's own labels."""
