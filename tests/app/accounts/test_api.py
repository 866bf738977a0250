"""The capability: who may do what to which account, and what the audit log says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from prosvet.app.accounts.api import AccountsRequest, run
from prosvet.app.accounts.sign_in import sign_in
from prosvet.core.actor import Actor
from prosvet.core.audit import verify
from prosvet.core.context import Context
from prosvet.core.errors import AccountRefused, Forbidden, SignInRefused, TooManyAttempts

from .conftest import PASSWORD, Clock


@pytest.fixture
def admin(context: Context) -> Context:
    for name, role in (("petrova", "admin"), ("ivanov", "reader")):
        run(AccountsRequest(action="add", name=name, role=role, password=SecretStr(PASSWORD)), context)
    return context


def _as(context: Context, name: str, role: str) -> Context:
    return context.child(actor=Actor(name, role))  # type: ignore[arg-type]


@pytest.mark.parametrize("action", ["list", "add", "change", "remove", "show", "password", "tokens", "token", "revoke"])
def test_nobody_touches_another_account_but_an_admin(admin: Context, action: str) -> None:
    request = AccountsRequest(action=action, name="petrova", role="admin", password=SecretStr(PASSWORD), label="x")
    with pytest.raises(Forbidden):
        run(request, _as(admin, "ivanov", "senior"))


def test_ones_own_password_is_changed_with_the_old_one_only(admin: Context) -> None:
    own = _as(admin, "ivanov", "reader")
    change = {"action": "password", "name": "ivanov", "password": SecretStr("quite another phrase")}
    for current in (None, SecretStr("wrong one, surely")):
        with pytest.raises(SignInRefused):
            run(AccountsRequest(current=current, **change), own)
    run(AccountsRequest(current=SecretStr(PASSWORD), **change), own)
    assert sign_in("ivanov", "quite another phrase", "192.0.2.1", admin)


def test_a_change_that_is_refused_in_part_changes_nothing(admin: Context) -> None:
    with pytest.raises(AccountRefused):
        run(AccountsRequest(action="change", name="ivanov", role="senior", password=SecretStr("short")), admin)
    shown = run(AccountsRequest(action="show", name="ivanov"), admin).accounts[0]
    assert shown.role == "reader"


def test_a_wrong_password_and_an_unknown_name_get_one_answer(admin: Context) -> None:
    said = []
    for name in ("ivanov", "nobody"):
        with pytest.raises(SignInRefused) as refused:
            sign_in(name, "wrong one, surely", "192.0.2.1", admin)
        said.append((refused.value.code, refused.value.message("ru"), refused.value.details))
    assert said[0] == said[1]


def test_an_unknown_name_is_locked_like_a_known_one(admin: Context, clock: Clock) -> None:
    for name, address in (("ivanov", "192.0.2.1"), ("nobody", "192.0.2.2")):
        for _ in range(5):
            with pytest.raises(SignInRefused):
                sign_in(name, "wrong one, surely", address, admin, now=clock)
        with pytest.raises(TooManyAttempts) as refused:
            sign_in(name, PASSWORD, address, admin, now=clock)
        assert refused.value.details == {"minutes": 1}
    clock.go(minutes=1)
    assert sign_in("ivanov", PASSWORD, "192.0.2.1", admin, now=clock)


def test_the_audit_log_tells_all_of_it_and_no_secret(admin: Context, own_home: Path) -> None:
    secret = sign_in(" IVANOV ", PASSWORD, "192.0.2.1", admin)
    with pytest.raises(SignInRefused):
        sign_in("ivanov", "wrong one, surely", "192.0.2.1", admin)
    with pytest.raises(SignInRefused):
        sign_in("my password by mistake", "x", "192.0.2.1", admin)
    own = _as(admin, "ivanov", "reader")
    made = run(AccountsRequest(action="token", name="ivanov", label="export"), own)
    run(AccountsRequest(action="revoke", name="ivanov", token=made.tokens[0].id), own)
    run(AccountsRequest(action="remove", name="ivanov"), admin)
    text = (own_home / "audit.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["event"], line["by"]) for line in lines] == [
        ("account_add", "local"), ("account_add", "local"), ("sign_in", "ivanov"), ("sign_in_refused", "ivanov"),
        ("sign_in_refused", "unknown"), ("token_made", "ivanov"), ("token_revoked", "ivanov"),
        ("account_remove", "local"),
    ]  # fmt: skip
    for hidden in (PASSWORD, "wrong one", "by mistake", secret, made.secret, "argon2"):
        assert hidden not in text
    assert verify(own_home / "audit.jsonl") is None
