"""What the node says of itself, for whoever asks from another process."""

from __future__ import annotations

from datetime import timedelta

from prosvet.core.context import Context
from prosvet.hospital.node import facts
from prosvet.hospital.node.facts import FILE, Counts


def test_counts_are_found_again_by_another_process(context: Context) -> None:
    folder = context.settings.home / "hospital"
    folder.mkdir(parents=True)
    counts = Counts()
    counts.add("received", 3)
    counts.refuse("called_aet", "127.0.0.1")
    counts.write(folder, 2, running=True)
    found = facts(context)
    assert found is not None
    assert (found.received, found.associations_now, found.running) == (3, 2, True)
    assert found.refused == {"called_aet": 1}
    assert counts.untold() == {("called_aet", "127.0.0.1"): 1}
    assert counts.untold() == {}


def test_a_node_that_has_gone_silent_is_not_running(context: Context) -> None:
    folder = context.settings.home / "hospital"
    folder.mkdir(parents=True)
    old = Counts().facts(0, running=True)
    old = old.model_copy(update={"at": old.at - timedelta(minutes=5)})
    (folder / FILE).write_text(old.model_dump_json())
    found = facts(context)
    assert found is not None and not found.running


def test_no_file_or_a_damaged_one_is_no_facts(context: Context) -> None:
    assert facts(context) is None
    (context.settings.home / "hospital").mkdir(parents=True)
    (context.settings.home / "hospital" / FILE).write_text("{")
    assert facts(context) is None
