"""TLS where both sides show a certificate."""

from __future__ import annotations

import ssl

from prosvet.core.errors import InvalidSettings
from prosvet.hospital.config import FILE, Tls

__all__ = ["client_context", "server_context"]


def server_context(tls: Tls) -> ssl.SSLContext:
    """For listening: TLS 1.2 or later, and only with who shows a certificate that our authority signed.

    Raises
    ------
    InvalidSettings
        When a file cannot be read, or key and certificate do not fit.
    """
    return _loaded(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), tls)


def client_context(tls: Tls) -> ssl.SSLContext:
    """For calling: the other side's certificate is checked, its name too.

    Raises
    ------
    InvalidSettings
    """
    return _loaded(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), tls)


def _loaded(context: ssl.SSLContext, tls: Tls) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(tls.cert, tls.key)
        context.load_verify_locations(tls.ca)
    except OSError as error:  # ssl.SSLError is one
        raise InvalidSettings(name=f"{FILE}: tls", reason=error.strerror or type(error).__name__) from None
    return context
