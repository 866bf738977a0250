"""The DICOM node with the pipeline beside it: what `prosvet node` runs."""

from __future__ import annotations

from collections.abc import Callable

from prosvet.core.context import Context
from prosvet.core.types import Frozen
from prosvet.hospital.config import HospitalConfig, load_config
from prosvet.hospital.node import NodeFacts, serve
from prosvet.hospital.operations.service import node_alive, notify

__all__ = ["NodeFacts", "NodeRequest", "configured", "receive", "run"]


class NodeRequest(Frozen):
    """What is told over ``hospital.toml``; ``None`` leaves what stands there.

    Attributes
    ----------
    forward : tuple of str
        Where results are sent, beside the destinations of the file: ``AET@HOST:PORT``.
    allow_unencrypted : bool
        The explicit word for a network address without TLS.
    receive_only : bool
        Receive, and leave reading and sending to another time.
    """

    aet: str | None = None
    host: str | None = None
    port: int | None = None
    forward: tuple[str, ...] = ()
    allow_unencrypted: bool = False
    receive_only: bool = False


def run(request: NodeRequest, context: Context) -> NodeFacts:
    """Receive until SIGTERM or SIGINT; what was received and refused.

    Raises
    ------
    InvalidSettings, AddressTaken, AlreadyRunning, MissingExtra
    """
    return receive(request, context)


def configured(request: NodeRequest, context: Context) -> HospitalConfig:
    """The configuration of the context's home with what `request` says over it."""
    return load_config(context).told(
        aet=request.aet,
        host=request.host,
        port=request.port,
        allow_unencrypted=request.allow_unencrypted or None,
        forward=request.forward,
    )


def receive(
    request: NodeRequest, context: Context, opened: Callable[[HospitalConfig, str, int], None] | None = None
) -> NodeFacts:
    """As :func:`run`; `opened` is told the configuration, the address and the port once the node listens."""
    config = configured(request, context)
    also: tuple[Callable[..., None], ...] = ()
    if not request.receive_only:
        from prosvet.hospital.flow import companions

        also = companions(config, context)

    def open_(host: str, port: int) -> None:
        notify("READY=1")
        if opened is not None:
            opened(config, host, port)

    return serve(config, context, (*also, node_alive(context)), opened=open_)
