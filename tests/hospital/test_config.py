"""``hospital.toml``: strict, closed by default, without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from prosvet.core.context import Context
from prosvet.core.errors import InvalidSettings
from prosvet.hospital.config import FILE, HospitalConfig, Peer, load_config, parse_peer, read_secret
from prosvet.hospital.node.admission import Admission

_PEER = '[[peers]]\nname = "pacs"\naet = "PACS"\nhost = "10.0.0.5"\nport = 104\nmay_send = true\n'


def _load(context: Context, words: str) -> HospitalConfig:
    context.settings.home.mkdir(parents=True, exist_ok=True)
    (context.settings.home / FILE).write_text(words, encoding="utf-8")
    return load_config(context)


def test_without_a_file_the_node_listens_to_this_computer_alone(context: Context) -> None:
    config = load_config(context)
    assert (config.node.aet, config.node.host, config.node.port) == ("PROSVET", "127.0.0.1", 11112)
    assert config.senders() == ()


def test_a_whole_file_is_read(context: Context) -> None:
    config = _load(
        context,
        '[node]\nhost = "0.0.0.0"\n[node.tls]\ncert = "n.crt"\nkey = "n.key"\nca = "ca.crt"\n'
        + _PEER
        + '[results]\ndestinations = ["pacs", "fhir"]\n[fhir]\nurl = "https://fhir.example/r4"\n',
    )
    assert config.node.tls is not None
    assert config.node.tls.key == context.settings.home / "n.key"
    assert config.peer("pacs").callers() == ("10.0.0.5/32",)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("[node]\nprot = 104\n", "node.prot"),
        ("[node\n", FILE),
        ("[node]\nport = 70000\n", "node.port"),
        ('[node]\naet = "SEVENTEEN_LETTERS"\n', "node.aet"),
        ('[node]\naet = "A\\\\B"\n', "node.aet"),
        ('[node]\nhost = "0.0.0.0"\n' + _PEER, "allow_unencrypted"),
        ('[node]\nhost = "0.0.0.0"\nallow_unencrypted = true\n', "may_send"),
        (_PEER + _PEER, "taken"),
        (_PEER.replace("10.0.0.5", "pacs.local"), "addresses"),
        ('[results]\ndestinations = ["nowhere"]\n', "nowhere"),
        ('[fhir]\nurl = "http://fhir.example/"\n', "https"),
        ('[fhir]\nurl = "https://me:secret@fhir.example/"\n', "password_file"),
        ('[fhir]\nurl = "ftp://fhir.example/"\n', "http"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(context: Context, words: str, said: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        _load(context, words)
    assert said in caught.value.message("en")


def test_the_command_line_goes_over_the_file(context: Context) -> None:
    config = _load(context, "[node]\nport = 104\n").told(aet="HERE", host=None, forward=["PACS@10.0.0.9:4242"])
    assert (config.node.aet, config.node.port) == ("HERE", 104)
    assert [config.peer(name).host for name in config.results.destinations] == ["10.0.0.9"]
    with pytest.raises(InvalidSettings):
        config.told(host="0.0.0.0")


@pytest.mark.parametrize("spoken", ["PACS", "PACS@host", "PACS@host:0", "PACS@host:99999", "@host:1"])
def test_a_peer_that_cannot_be_parsed_is_refused(spoken: str) -> None:
    with pytest.raises(InvalidSettings):
        parse_peer(spoken)


def test_an_ipv6_peer_is_parsed() -> None:
    assert parse_peer("PACS@[fe80::1]:104") == ("PACS", "fe80::1", 104)


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(" abc \n")
    file.chmod(0o600)
    assert read_secret(file) == "abc"
    file.chmod(0o640)
    with pytest.raises(InvalidSettings, match="chmod"):
        read_secret(file)
    with pytest.raises(InvalidSettings) as caught:
        read_secret(tmp_path / "none")
    assert "abc" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"  \n", b"\xff\xfe", b"x" * 70000])
def test_a_file_that_is_no_secret_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(data)
    file.chmod(0o600)
    with pytest.raises(InvalidSettings):
        read_secret(file)


@pytest.mark.parametrize("word", ["may_send", "may_query_us", "commitment"])
def test_who_may_call_us_is_known_by_address(word: str) -> None:
    named = {"name": "pacs", "aet": "PACS", "host": "pacs.hospital.example", "port": 104, word: True}
    with pytest.raises(ValidationError, match="addresses are needed"):
        Peer.model_validate(named)
    assert Peer.model_validate(named | {"addresses": ["10.0.0.5"]}).may_call
    assert not Peer.model_validate(named | {word: False}).may_call


def test_each_may_do_what_it_is_listed_for_and_no_more() -> None:
    peers = [
        {"name": "device", "aet": "DEV", "host": "10.0.0.1", "port": 1, "may_send": True},
        {"name": "station", "aet": "ST", "host": "10.0.0.2", "port": 1, "may_query_us": True},
        {"name": "pacs", "aet": "PACS", "host": "10.0.0.3", "port": 1, "commitment": True},
    ]
    listed = Admission(HospitalConfig.model_validate({"peers": peers}))
    rights = ("send", "query", "report")
    for own, (aet, address) in enumerate((("DEV", "10.0.0.1"), ("ST", "10.0.0.2"), ("PACS", "10.0.0.3"))):
        assert [listed.may(right, address, aet) for right in rights] == [number == own for number in range(3)]
        assert listed.reason(address, aet, "PROSVET") is None
    assert listed.reason("10.0.0.2", "DEV", "PROSVET") == "address"
    assert listed.reason("127.0.0.1", "ANYONE", "PROSVET") == "calling_aet"
    assert not listed.may("query", "10.0.0.1", "ST")
    home = Admission(HospitalConfig.model_validate({"peers": peers[1:]}))  # no sender is listed: this computer is one
    assert home.may("send", "127.0.0.1", "ANYONE")
    assert not home.may("query", "127.0.0.1", "ANYONE")
    assert not home.may("send", "10.0.0.2", "ST")
