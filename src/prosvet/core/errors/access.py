"""Errors of who is let in: sign-in, tokens, addresses, bounds."""

from __future__ import annotations

from prosvet.core.errors.base import ProsvetError

__all__ = [
    "AccessError",
    "AccountRefused",
    "AccountsNeeded",
    "BodyTooLarge",
    "Busy",
    "ForgedRequest",
    "InsecureConnection",
    "NotSignedIn",
    "ScopeMissing",
    "SignInRefused",
    "TooManyAttempts",
    "WrongHost",
]


class AccessError(ProsvetError):
    """A request that is not let in."""

    code = "access_refused"
    http_status = 403
    exit_code = 2


class NotSignedIn(AccessError):
    """Nobody has signed in, or the session or token has ended. No details."""

    code = "not_signed_in"
    http_status = 401


class SignInRefused(AccessError):
    """Wrong name or password, or a closed account: which of them is not told. No details."""

    code = "sign_in_refused"
    http_status = 401


class TooManyAttempts(AccessError):
    """Sign-in is closed for a while. Details: minutes."""

    code = "too_many_attempts"
    http_status = 429


class ForgedRequest(AccessError):
    """A change asked for by something other than a page of ours. No details."""

    code = "forged_request"


class ScopeMissing(AccessError):
    """A token that is not for this. Details: scope."""

    code = "scope_missing"


class WrongHost(AccessError):
    """An address in the request that is not this computer's own. Details: host."""

    code = "wrong_host"
    http_status = 400


class InsecureConnection(AccessError):
    """A password over an open connection. No details."""

    code = "insecure_connection"


class BodyTooLarge(AccessError):
    """A request's body above the limit. Details: megabytes (the limit)."""

    code = "body_too_large"
    http_status = 413


class Busy(AccessError):
    """Too many uploads at once. No details."""

    code = "busy"
    http_status = 503


class AccountsNeeded(AccessError):
    """An address that others can reach, and nobody who may manage accounts. Details: host."""

    code = "accounts_needed"


class AccountRefused(AccessError):
    """A change of an account that cannot be. Details: name, reason (a key under ``account_reasons``)."""

    code = "account_refused"
    http_status = 409
    reasons = "account_reasons"
