"""Films that are sent: taken in, known, refused; alone or in a ZIP; whose they are; nothing left behind."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from sqlalchemy import func, select

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.database import file_lock
from prosvet.archive.schema import LedgerEntry, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.archive.upload import receive
from prosvet.archive.upload_api import UploadRequest, UploadResult, run
from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.core.errors import ArchiveBusy, BadZip, Forbidden, NotAnImage, NotChestXray, OversizedFile, TruncatedFile

pytestmark = pytest.mark.usefixtures("stand_in")


def send(context: Context, path: Path, name: str = "", **asked: object) -> UploadResult:
    return run(UploadRequest(path=path, name=name or path.name, **asked), context)


def count(context: Context, table: type) -> int:
    with context.get(Store).read() as db:
        return int(db.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_film_is_added_once_and_listed(context: Context, films: Path) -> None:
    first = send(context, films / "0.png", "Палата 5/0.png").files[0]
    assert (first.outcome, first.name, first.priority) == ("added", "Палата 5/0.png", 0)
    again = send(context, films / "copy.png")
    assert (again.files[0].outcome, again.files[0].study, again.known) == ("known", first.study, 1)
    send(context, films / "0.png")
    assert count(context, Study) == count(context, WorkItem) == count(context, LedgerEntry) == 1


def test_what_ingest_took_in_is_known_here(context: Context, films: Path) -> None:
    ingest(IngestRequest(paths=(films,)), context)
    assert send(context, films / "0.png").files[0].outcome == "known"


@pytest.mark.parametrize(
    ("file", "error"),
    [("flat.png", NotChestXray), ("broken.png", TruncatedFile), ("notes.txt", NotAnImage), ("none.png", NotAnImage)],
)
def test_one_bad_film_is_an_error_and_changes_nothing(
    context: Context, films: Path, file: str, error: type[Exception]
) -> None:
    (films / "notes.txt").write_text("not a film")
    (films / "none.png").write_bytes(b"")
    with pytest.raises(error):
        send(context, films / file)
    assert count(context, Study) == count(context, LedgerEntry) == 0


@pytest.mark.parametrize(
    ("name", "reason"), [("films.rar", "archive"), ("films.tar.gz", "archive"), ("a.zip", "broken")]
)
def test_other_archives_are_refused_by_their_reason(context: Context, films: Path, name: str, reason: str) -> None:
    with pytest.raises(BadZip) as raised:
        send(context, films / "broken.png", name)
    assert raised.value.details["reason"] == reason


def test_each_film_of_a_zip_has_its_row(context: Context, films: Path, tmp_path: Path) -> None:
    send(context, films / "2.png")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in ("0.png", "1.png", "2.png", "copy.png", "flat.png", "broken.png"):
            archive.writestr(f"день/{name}", (films / name).read_bytes())
        archive.writestr("more.zip", b"PK")
    result = send(context, tmp_path / "all.zip")
    assert {file.name.rsplit("/")[-1]: file.outcome for file in result.files} == {
        "0.png": "added", "1.png": "added", "2.png": "known", "copy.png": "known", "flat.png": "refused",
        "broken.png": "refused", "more.zip": "refused",
    }  # fmt: skip
    assert (result.added, result.known, result.refused) == (2, 2, 3)
    codes = {file.name.rsplit("/")[-1]: file.error.code for file in result.files if file.error}
    assert codes == {"flat.png": "not_chest_xray", "broken.png": "truncated_file", "more.zip": "bad_zip"}
    assert result.files[1].study == next(file.study for file in result.files if "copy" in file.name)
    again = send(context, tmp_path / "all.zip")
    assert (again.added, again.known, again.refused) == (0, 4, 3)


def test_more_films_than_one_part_keep_their_order(context: Context, films: Path, tmp_path: Path) -> None:
    from PIL import Image

    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(20):
            with Image.open(films / "0.png") as film:
                film.rotate(number).save(tmp_path / "turned.png")
            archive.writestr(f"{number:02}.png", (tmp_path / "turned.png").read_bytes())
        archive.writestr("07b.png", b"broken")
    result = send(context, tmp_path / "many.zip")
    assert [file.name for file in result.files] == sorted(file.name for file in result.files)
    assert [file.name for file in result.files if file.outcome == "refused"] == ["many.zip/07b.png"]
    assert result.added == 20


def test_only_for_me_is_seen_by_me_alone(context: Context, films: Path) -> None:
    petrova, ivanov = (context.child(actor=Actor(name, "reader")) for name in ("petrova", "ivanov"))
    mine = send(petrova, films / "0.png", private=True).files[0]
    with context.get(Store).read() as db:
        assert db.execute(select(WorkItem.owner).where(WorkItem.study_id == mine.study)).scalar() == "petrova"
    assert send(petrova, films / "0.png").files[0].study == mine.study
    other = send(ivanov, films / "0.png").files[0]
    assert (other.outcome, other.study, other.priority) == ("known", None, None)


def test_a_researcher_sends_nothing(context: Context, films: Path) -> None:
    with pytest.raises(Forbidden):
        send(context.child(actor=Actor("student", "researcher")), films / "0.png")


def test_while_another_writes_it_waits_and_then_says_so(context: Context, films: Path) -> None:
    store = context.get(Store)
    with file_lock(store.home / "writer.lock"), pytest.raises(ArchiveBusy) as raised:
        send(context, films / "0.png", wait=0.3)
    assert "занят" in raised.value.message("ru")
    assert send(context, films / "0.png").added == 1


def test_what_is_received_is_counted_and_gone_afterwards(tmp_path: Path) -> None:
    with receive(tmp_path, "film.png", 10) as received:
        received.write(b"0123456789")
        with pytest.raises(OversizedFile):
            received.write(b"x")
        received.close()
        assert received.path.read_bytes() == b"0123456789"
    with pytest.raises(KeyboardInterrupt), receive(tmp_path, "../../film.png", 10) as received:
        assert received.path.parent == tmp_path / "uploads"
        raise KeyboardInterrupt
    assert list((tmp_path / "uploads").iterdir()) == []
