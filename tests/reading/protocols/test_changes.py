"""Changes of sentences and of sections, without a film."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from prosvet.core.clock import now
from prosvet.reading.protocols.changes import Change, apply_changes
from prosvet.reading.protocols.content import Content, Line, Part, assemble


def content(*texts: str) -> Content:
    lines = tuple(Line(id=str(n), text=t, original=t, sources=("mass",)) for n, t in enumerate(texts, 1))
    return Content(saved=now("second"), parts=(Part(name="lungs", title="Lungs", lines=lines),))


def test_an_emptied_sentence_is_struck_and_can_be_restored() -> None:
    struck = apply_changes(content("A mass."), [Change(line="1", text="  ")])
    line = next(iter(struck.lines))
    assert (line.text, line.decision) == ("A mass.", "rejected")
    assert assemble(struck.parts) == ("", ())
    restored = apply_changes(struck, [Change(line="1", decision="accepted")])
    assert assemble(restored.parts)[0] == "Lungs: A mass."


def test_an_own_sentence_that_is_emptied_is_gone() -> None:
    written = apply_changes(content("A mass."), [Change(part="lungs", text="A mass. Scars on the left.")])
    own = next(line for line in written.lines if line.authorship == "own")
    assert own.id == "2"
    emptied = apply_changes(written, [Change(line=own.id, text="")])
    assert [line.text for line in emptied.lines] == ["A mass."]


def test_a_reworded_sentence_of_a_section_keeps_its_sources() -> None:
    before = content("There is a mass in the right upper zone.", "No effusion.")
    after = apply_changes(before, [Change(part="lungs", text="There is a mass in the left upper zone. No effusion.")])
    first, second = after.lines
    assert (first.authorship, first.sources) == ("edited", ("mass",))
    assert first.original == "There is a mass in the right upper zone."
    assert second.authorship == "program"


def test_markup_and_line_breaks_are_plain_text() -> None:
    after = apply_changes(content("A mass."), [Change(line="1", text="<b>A\nmass</b>.")])
    assert next(iter(after.lines)).text == "<b>A mass</b>."


@pytest.mark.parametrize(
    "values",
    [{}, {"line": "1"}, {"line": "1", "part": "lungs", "text": "x"}, {"part": "lungs", "decision": "accepted"}],
)
def test_a_change_that_says_nothing_or_too_much_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Change.model_validate(values)
