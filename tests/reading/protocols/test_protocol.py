"""A protocol's life on a real film: draft, edits, conflicts, checks, signature, addendum, history, search."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.core.audit import verify
from prosvet.core.context import Context
from prosvet.core.errors import ArchiveError, Forbidden, NotFound, ProtocolConflict, ProtocolError
from prosvet.reading.protocols.api import ProtocolResult
from prosvet.reading.protocols.content import Line
from prosvet.search.api import SearchRequest
from prosvet.search.api import run as search

Step = Callable[..., ProtocolResult]


def line_about(result: ProtocolResult, concept: str) -> Line:
    assert result.protocol is not None
    return next(line for line in result.protocol.content.lines if concept in line.sources)


def status(context: Context, study: str) -> str | None:
    with context.get(Store).read() as db:
        return db.execute(WorkItem.__table__.select().where(WorkItem.study_id == study)).mappings().one()["status"]


def test_the_draft_is_written_once_and_says_what_it_stands_on(step: Step, study: str) -> None:
    first, again = step("draft", lang="ru"), step("draft", lang="en")
    assert first.protocol is not None
    assert first.protocol.author == "program"
    assert first.protocol.content.basis.findings
    assert first.protocol.content.undecided == len(list(first.protocol.content.lines))
    assert all(line.sources for line in first.protocol.content.lines)
    assert again.protocol == first.protocol


def test_a_researcher_reads_and_changes_nothing(step: Step) -> None:
    base = step("draft").base
    assert step("show", by="ivanov", role="researcher").base == base
    for action in ("draft", "redraft", "save", "sign", "addendum"):
        with pytest.raises(Forbidden):
            step(action, by="ivanov", role="researcher", base=base, text="x")


def test_edits_are_kept_under_the_readers_name_and_the_programs_words_stay(
    step: Step, context: Context, study: str
) -> None:
    drafted = step("draft", lang="ru")
    line = line_about(drafted, "cardiothoracic_ratio")
    changes = [{"line": line.id, "text": "Сердце расширено влево, КТИ 0,52."}]
    saved = step("save", base=drafted.base, changes=changes)
    assert saved.protocol is not None
    assert (saved.protocol.number, saved.protocol.author) == (2, "petrova")
    changed = line_about(saved, "cardiothoracic_ratio")
    assert (changed.authorship, changed.decision, changed.original) == ("edited", "accepted", line.text)
    assert "Сердце расширено влево" in saved.protocol.text
    assert status(context, study) == "draft"
    again = step("save", base=saved.base, changes=[{"line": line.id, "decision": "rejected"}])
    assert again.protocol is not None and again.protocol.number == 2
    assert "Сердце расширено влево" not in again.protocol.text


def test_two_readers_at_once_lose_nothing(step: Step) -> None:
    drafted = step("draft", lang="ru")
    line = line_about(drafted, "tuberculosis")
    first = step("save", by="petrova", base=drafted.base, changes=[{"line": line.id, "decision": "accepted"}])
    with pytest.raises(ProtocolConflict) as refused:
        step("save", by="ivanov", base=drafted.base, changes=[{"line": line.id, "decision": "rejected"}])
    assert refused.value.details == {"name": "petrova"}
    assert step("show").protocol == first.protocol


def test_an_edited_section_keeps_what_is_the_programs_and_strikes_the_rest(step: Step) -> None:
    drafted = step("draft", lang="ru")
    assert drafted.protocol is not None
    lungs = drafted.protocol.content.parts[0]
    kept = lungs.lines[0].text
    written = f"{kept} Плевральные наложения слева."
    saved = step("save", base=drafted.base, changes=[{"part": lungs.name, "text": written}])
    assert saved.protocol is not None
    part = saved.protocol.content.parts[0]
    assert part.text == written
    assert [line.authorship for line in part.lines if line.kept] == ["program", "own"]
    assert sum(not line.kept for line in part.lines) == len(lungs.lines) - 1


def test_a_wrong_change_changes_nothing(step: Step) -> None:
    drafted = step("draft", lang="ru")
    with pytest.raises(NotFound):
        step("save", base=drafted.base, changes=[{"line": "1", "decision": "accepted"}, {"line": "999", "text": "x"}])
    assert step("show").protocol == drafted.protocol


def test_checks_stand_beside_the_sentence_that_they_are_about(step: Step) -> None:
    drafted = step("draft", lang="ru")
    line = line_about(drafted, "tuberculosis")
    changes = [{"line": line.id, "text": "Туберкулёз не выявлен выявлен."}]
    checked = step("check", changes=changes)
    here = [problem for problem in checked.problems if problem.line == line.id]
    assert {"repetition", "status"} <= {problem.rule for problem in here}
    doubled = next(problem for problem in here if problem.rule == "repetition")
    assert doubled.edit is not None
    words = "Туберкулёз не выявлен выявлен."
    mended = words[: doubled.edit.start] + doubled.edit.replacement + words[doubled.edit.end :]
    assert mended == "Туберкулёз не выявлен."
    assert step("show").protocol == drafted.protocol


def test_an_error_is_signed_only_with_a_reason(step: Step) -> None:
    drafted = step("draft", lang="ru")
    line = line_about(drafted, "tuberculosis")
    changes = [{"line": line.id, "text": "Правосторонний пневмоторакс пневмоторакс."}]
    saved = step("save", base=drafted.base, changes=changes)
    rules = {problem.rule for problem in saved.problems if problem.severity == "error"}
    assert rules
    with pytest.raises(ProtocolError):
        step("sign", base=saved.base, reasons=dict.fromkeys(rules, "  x "))
    signed = step("sign", base=saved.base, reasons=dict.fromkeys(rules, "так и нужно"))
    assert signed.protocol is not None and signed.protocol.content.signature is not None
    assert {one.rule for one in signed.protocol.content.signature.overrides} == rules


def test_a_signed_report_is_closed_chained_found_and_added_to(step: Step, context: Context, study: str) -> None:
    drafted = step("draft", lang="ru")
    signed = step("sign", base=drafted.base).protocol
    assert signed is not None and signed.content.signature is not None
    assert (signed.state, signed.author, signed.number) == ("signed", "petrova", 2)
    assert signed.content.signature.undecided == drafted.protocol.content.undecided  # type: ignore[union-attr]
    assert signed.model == "compact@2026.11.2/balanced"
    assert status(context, study) == "signed"
    for action in ("save", "redraft", "sign"):
        with pytest.raises(ProtocolError):
            step(action, base=signed.base, changes=[{"line": "1", "decision": "rejected"}])
    with pytest.raises((DatabaseError, ArchiveError)), context.get(Store).note() as db:
        db.execute(text("UPDATE protocols SET author = 'x' WHERE state = 'signed'"))
    added = step("addendum", by="ivanov", text="Рекомендована компьютерная томография.")
    assert [one.author for one in added.addenda] == ["ivanov"]
    assert added.addenda[0].previous == signed.sha256
    hits = search(SearchRequest.model_validate({"text": "туберкулёз", "in": "reports"}), context).hits
    assert study in {hit.study for hit in hits}
    log = context.settings.home / "audit.jsonl"
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert verify(log) is None
    assert [event["sha256"] for event in events if event["event"] == "protocol_sign"] == [signed.sha256]


def test_the_history_shows_what_changed_and_whether_it_is_as_signed(step: Step, context: Context, study: str) -> None:
    drafted = step("draft", lang="ru")
    line = line_about(drafted, "tuberculosis")
    saved = step("save", base=drafted.base, changes=[{"line": line.id, "decision": "rejected"}])
    step("sign", base=saved.base)
    latest, program = step("history").history
    assert (latest.state, latest.intact, program.intact) == ("signed", True, None)
    removed = "".join(piece.text for piece in latest.changes if piece.kind == "removed")
    assert line.text.split()[-1] in removed
    with context.get(Store).note() as db:
        db.execute(text("DROP TRIGGER protocols_closed"))
        later = latest.signed + timedelta(days=1) if latest.signed else None
        db.execute(text("UPDATE protocols SET signed = :later WHERE state = 'signed'"), {"later": str(later)})
    assert step("history").history[0].intact is False


def test_the_other_language_is_a_new_draft_and_the_old_one_stays_in_the_history(step: Step) -> None:
    drafted = step("draft", lang="ru")
    turned = step("redraft", base=drafted.base, lang="en")
    assert turned.protocol is not None and turned.protocol.language == "en"
    assert "Impression" in turned.protocol.text
    assert [entry.language for entry in step("history").history] == ["en", "ru"]
    with pytest.raises(ProtocolConflict):
        step("redraft", base=drafted.base, lang="ru")
