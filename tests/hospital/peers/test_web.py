"""DICOMweb servers that are slow, broken, or say that they stored what they did not."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from peer_systems import Asked, a_site, film_file
from prosvet.core.errors import InvalidSettings, PeerError, PeerUnreachable
from prosvet.hospital.config import DicomWeb
from prosvet.hospital.peers.query import StudyQuery
from prosvet.hospital.peers.web import Web

UID = "2.25.1001.2.1"
JSON = {"Content-Type": "application/dicom+json"}
CR = "1.2.840.10008.5.1.4.1.1.1"


def told(*uids: str) -> bytes:
    """The answer to a STOW that took `uids`."""
    items = [{"00081155": {"vr": "UI", "Value": [uid]}} for uid in uids]
    return json.dumps({"00081199": {"vr": "SQ", "Value": items}}).encode()


def listed(uid: str = UID, study: str = "2.25.1001") -> bytes:
    """The answer to a query that found one object."""
    one = {"00080018": {"vr": "UI", "Value": [uid]}, "0020000D": {"vr": "UI", "Value": [study]},
           "00080016": {"vr": "UI", "Value": [CR]}}  # fmt: skip
    return json.dumps([one]).encode()


@pytest.mark.parametrize(
    ("stow", "query", "verify", "ok", "again", "reason"),
    [
        ((200, JSON, told(UID)), (200, JSON, listed()), True, True, False, None),
        ((200, JSON, told(UID)), (200, JSON, b"[]"), True, False, True, "not_found_there"),
        ((200, JSON, told(UID)), (204, {}, b""), True, False, True, "not_found_there"),
        ((200, JSON, told(UID)), (200, JSON, listed(study="2.25.2")), True, False, True, "not_found_there"),
        ((200, JSON, told(UID)), (404, {}, b""), False, True, False, None),
        ((200, {}, b""), (200, JSON, b"[]"), True, False, True, "nothing_told"),
        ((200, {}, b""), (200, JSON, listed()), True, True, False, None),
        ((200, {}, b""), (404, {}, b""), False, False, True, "nothing_told"),
        ((409, {}, b""), (200, JSON, listed()), True, True, False, None),
        ((409, {}, b""), (200, JSON, b"[]"), True, False, False, "refused_object"),
        ((503, {}, b""), (200, JSON, b"[]"), True, False, True, "http"),
        ((400, {}, b""), (200, JSON, b"[]"), True, False, False, "http"),
        ((401, {}, b""), (200, JSON, b"[]"), True, False, False, "not_authorised"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), (200, JSON, b"[]"), True, False, False, "redirect"),
        ((200, JSON, b"<html>"), (200, JSON, b"[]"), True, False, False, "not_understood"),
    ],
)  # fmt: skip
def test_an_object_counts_when_it_is_found_there(
    stow: Any, query: Any, verify: bool, ok: bool, again: bool, reason: str | None, tmp_path: Path
) -> None:
    with a_site(lambda asked: stow if asked.method == "POST" else query) as site:
        (done,) = Web(DicomWeb(url=site.url, verify=verify, timeout=3)).store([film_file(tmp_path)])
    assert (done.ok, done.again, done.reason) == (ok, again, reason)
    assert sum(one.method == "POST" for one in site.asked) == 1, "what writes is not tried again by itself"


def test_a_silent_and_a_dripping_server_have_an_end() -> None:
    def drip(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"[")
            handler.wfile.flush()
            time.sleep(0.1)

    began = time.monotonic()
    with a_site(lambda _: lambda _: time.sleep(2)) as site, pytest.raises(PeerUnreachable) as silent:
        Web(DicomWeb(url=site.url, timeout=0.3)).echo()
    assert silent.value.details["reason"] in ("no_answer", "no_connection")
    with a_site(lambda _: drip) as site, pytest.raises(PeerUnreachable):
        Web(DicomWeb(url=site.url, timeout=0.2)).find(StudyQuery(patient_id="1"))
    assert time.monotonic() - began < 20


def test_reading_is_tried_again_and_then_given_up() -> None:
    with a_site(lambda _: (503, {}, b"")) as site, pytest.raises(PeerUnreachable):
        Web(DicomWeb(url=site.url)).echo()
    assert len(site.asked) == 3


def test_the_token_goes_to_the_server_and_into_no_error(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret-word\n")
    token.chmod(0o600)
    with a_site(lambda _: (403, {}, b"")) as site:
        with pytest.raises(PeerError) as told_:
            Web(DicomWeb(url=site.url, token_file=token)).echo()
        assert site.asked[0].headers["Authorization"] == "Bearer s3cret-word"
        assert "s3cret" not in str(told_.value)
        token.chmod(0o644)
        with pytest.raises(InvalidSettings):
            Web(DicomWeb(url=site.url, token_file=token))


def test_the_patient_is_in_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")

    def refuse(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        return (409, {}, b"") if asked.method == "POST" else (200, JSON, b"[]")

    with a_site(refuse) as site:
        Web(DicomWeb(url=site.url)).store([film_file(tmp_path)])
    assert "2.25.1001" not in caplog.text
    assert "0042" not in caplog.text
