"""Who is let in: known addresses may connect, known AE titles may call from them, and only us."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from prosvet.hospital.config import HospitalConfig

__all__ = ["Admission"]

_HOME = tuple(ip_network(one) for one in ("127.0.0.0/8", "::1/128"))


class Admission:
    """The list of who may send.

    Where the configuration lists nobody (only possible on this computer's own address), any AE title may call, from
    this computer.

    Examples
    --------
    >>> Admission(HospitalConfig()).reason("127.0.0.1", "ANYONE", "PROSVET")
    >>> Admission(HospitalConfig()).reason("127.0.0.1", "ANYONE", "OTHER")
    'called_aet'
    """

    def __init__(self, config: HospitalConfig) -> None:
        self._aet = config.node.aet
        senders = config.senders()
        self._listed = [(one.aet, [ip_network(net) for net in one.callers()]) for one in senders]

    def may_connect(self, address: str) -> bool:
        """Whether anybody may call from `address`."""
        place = _plain(address)
        networks = [net for _, nets in self._listed for net in nets] if self._listed else list(_HOME)
        return place is not None and any(place in net for net in networks)

    def reason(self, address: str, calling: str, called: str) -> str | None:
        """Why this association is not accepted, or None."""
        if called.strip() != self._aet:
            return "called_aet"
        place = _plain(address)
        if not self._listed:
            return None if self.may_connect(address) else "address"
        nets = [nets for aet, nets in self._listed if aet == calling.strip()]
        if not nets:
            return "calling_aet"
        return None if any(place in net for some in nets for net in some) else "address"


def _plain(address: str) -> IPv4Address | IPv6Address | None:
    """An address without its zone; one of IPv4 that came mapped into IPv6 is one of IPv4."""
    try:
        place = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(place, "ipv4_mapped", None)
    return mapped if mapped is not None else place
