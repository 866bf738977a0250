"""The viewer's way to Orthanc: for this computer alone, to read alone, and audited."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from prosvet.app.dicomweb_proxy import with_plane
from prosvet.app.dicomweb_query import understood
from prosvet.app.ohif import OhifRequest, application, policy
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from served import answering

PAGE = b"<html><script>window.PUBLIC_URL='/'</script><script defer src='/app.js'></script></html>"


class _Pacs(BaseHTTPRequestHandler):
    asked: list[tuple[str, str | None]] = []  # noqa: RUF012 - one server a test run

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Forwarded")))
        self.send_response(200)
        self.send_header("Content-Type", "application/dicom+json")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def pacs() -> Iterator[str]:
    _Pacs.asked.clear()
    with answering(ThreadingHTTPServer(("127.0.0.1", 0), _Pacs)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}"


@pytest.fixture
def client(context: Context, pacs: str, tmp_path: Path) -> TestClient:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_bytes(PAGE)
    (tmp_path / "dist" / "app.js").write_text("1")
    (tmp_path / "dist" / "sw.js").write_text("1")
    (tmp_path / "secret.txt").write_text("x")
    app = application(OhifRequest(dist=tmp_path / "dist", orthanc=pacs), context)
    return TestClient(app, base_url="http://127.0.0.1:8043")


def test_the_page_talks_to_nobody_else(client: TestClient) -> None:
    answer = client.get("/viewer?StudyInstanceUIDs=1.2.3")
    assert answer.content == PAGE
    said = answer.headers["content-security-policy"]
    assert "default-src 'self'" in said
    assert "connect-src 'self'" in said
    assert "http" not in said
    assert "script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval' 'sha256-" in said
    assert "'unsafe-inline'" not in said.split("style-src")[0]
    assert policy(b"<html></html>").count("sha256-") == 0


def test_a_question_is_passed_on_and_audited_once(client: TestClient, context: Context) -> None:
    for _ in range(3):
        assert client.get("/dicom-web/studies/1.2.840.5/series?limit=1").json() == []
    assert _Pacs.asked[0] == ("/dicom-web/studies/1.2.840.5/series?limit=1", "host=127.0.0.1:8043;proto=http")
    lines = (context.settings.home / "audit.jsonl").read_text().splitlines()
    assert len(lines) == 1
    assert '"event": "ohif.show"' in lines[0]
    assert "1.2.840.5" not in lines[0]


def test_nothing_is_written(client: TestClient) -> None:
    for method in ("post", "put", "delete", "patch"):
        assert getattr(client, method)("/dicom-web/studies").status_code == 405
    assert _Pacs.asked == []


@pytest.mark.parametrize(
    "path", ["/dicom-web/../patients", "/dicom-web/%2e%2e/patients", "/dicom-web/a%0d%0aX: y", "/dicom-web/a%20b"]
)
def test_no_other_address_of_orthanc_is_reached(client: TestClient, path: str) -> None:
    client.get(path)
    assert all(asked.startswith("/dicom-web/") and ".." not in asked for asked, _ in _Pacs.asked)


def test_no_file_beside_the_viewer_is_reached(client: TestClient) -> None:
    for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt"):
        assert client.get(path).text != "x"
    assert client.get("/sw.js").status_code == 404
    assert client.get("/absent.js").status_code == 404


def test_another_name_for_this_computer_is_refused(client: TestClient) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_a_silent_orthanc_is_said(context: Context, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes(PAGE)
    app = application(OhifRequest(dist=tmp_path, orthanc="http://127.0.0.1:9"), context)
    assert TestClient(app, base_url="http://127.0.0.1").get("/dicom-web/studies").status_code == 502


def test_a_folder_without_the_viewer_is_refused(context: Context, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        application(OhifRequest(dist=tmp_path), context)


def test_the_configuration_is_ours(client: TestClient) -> None:
    words = client.get("/app-config.js").text
    assert words.startswith("window.config = {")
    assert '"qidoRoot": "/dicom-web"' in words
    assert "cloudfront" not in words


def test_a_segmentation_without_a_place_is_given_one_and_another_keeps_its_own() -> None:
    bare = {"00080060": {"Value": ["SEG"]}, "52009229": {"vr": "SQ"}, "52009230": {"Value": [{}, {}]}}
    made = with_plane(bare)
    assert {"00209116", "00289110"} == set(made["52009229"]["Value"][0])
    assert all("00209113" in frame for frame in made["52009230"]["Value"])
    placed = {"00209116": {"Value": [{}]}, "00289110": {"Value": [{}]}, "00209113": {"Value": [{}]}}
    own = {"00080060": {"Value": ["SEG"]}, "52009229": {"Value": [placed]}, "52009230": {"Value": [{}]}}
    assert with_plane(own)["52009229"]["Value"] == [placed]
    film = {"00080060": {"Value": ["CR"]}}
    assert with_plane(film) == {"00080060": {"Value": ["CR"]}}


def test_a_question_in_russian_is_one_that_orthanc_understands_and_answers_are_those_that_fit() -> None:
    asked = understood("PatientName=*%D0%B8%D0%B2%D0%B0%D0%BD*&limit=1&offset=1&includefield=00081030%2C00080060")
    assert asked.query == "PatientName=***&includefield=00081030,00080060&limit=2000"
    people = [{"00100010": {"vr": "PN", "Value": [{"Alphabetic": name}]}}
              for name in ("Иванова^Мария", "Петров^Пётр", "ИВАНОВ^Иван", "Иваненко^Ия")]  # fmt: skip
    assert asked.kept([{}, *people]) == [people[2]]
    assert understood("00100020=%5B1%5D-%D0%AF").kept([{"00100020": {"Value": ["[1]-я"]}}, {"00100020": {}}]) != []
    plain = understood("StudyDate=20260101-20260102&ModalitiesInStudy=SR&limit=101")
    assert (plain.query, plain.patterns) == ("StudyDate=20260101-20260102&ModalitiesInStudy=SR&limit=101", ())
    assert understood("x=%0D%0AHost:%20evil&y=%26z%3D1").query == "x=*Host:*evil&y=*z*1"
