"""Keeping the house: back-up and restore, retention, erasure by patient, audit chain, health, service manager."""
