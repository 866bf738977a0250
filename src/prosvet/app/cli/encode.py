"""`prosvet encode`: vectors of the archive's films by the encoder of the settings."""

from __future__ import annotations

from prosvet.app.cli.session import Answer, Session

__all__ = ["encode"]


def encode(session: Session) -> Answer:
    """Films that the encoder has not seen yet; it goes on where it was stopped."""
    from prosvet.archive.encode_api import EncodeRequest, run

    result = run(session.request(EncodeRequest), session.context)
    words = session.say("cli.encode.done", **result.model_dump())
    return Answer(result, lambda console: console.print(words, markup=False))
