"""The findings that a signed protocol claims, as the archive files them: read off its text, sentence by sentence."""

from __future__ import annotations

from collections.abc import Sequence

from prosvet.archive.texts import report_claims
from prosvet.core.types import Evidence, Finding
from prosvet.reading.protocols.versions import Version

__all__ = ["claims_of"]


def claims_of(protocol: Version, addenda: Sequence[Version] = ()) -> tuple[Finding, ...]:
    """One finding a concept, the strongest that the text and its addenda claim."""
    parts = [part for version in (protocol, *addenda) for part in version.content.parts]
    text = "\n".join(f"{part.title}: {part.text}" for part in parts if part.text)
    return tuple(
        Finding(
            concept=claim.concept,
            status=claim.status,
            side=claim.side,
            zone=claim.zone,
            severity=claim.severity,
            evidence=(Evidence(kind="text"),),
        )
        for claim in report_claims(text)
    )
