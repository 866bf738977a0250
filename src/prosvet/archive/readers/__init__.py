"""Readers turn a path into items: one literal table, chosen by content."""

from prosvet.archive.readers.detect import READERS, detect_reader
from prosvet.archive.readers.item import FileBytes, Item, Label, Reader, ReportText

__all__ = ["READERS", "FileBytes", "Item", "Label", "Reader", "ReportText", "detect_reader"]
