"""What the compact models are taught to see, in the order of their outputs and inputs."""

from __future__ import annotations

__all__ = ["FINDINGS"]

FINDINGS = (
    "abnormal",
    "pneumonia",
    "tuberculosis",
    "covid19_pneumonia",
    "consolidation",
    "pleural_effusion",
    "atelectasis",
    "cardiomegaly",
    "mass",
    "nodule",
    "pneumothorax",
    "emphysema",
    "fibrosis",
    "pleural_thickening",
    "edema",
    "hernia",
)
"""Concept ids; trained weights depend on the order."""
