"""Who is let in: known addresses may connect, known AE titles may call from them, only us, and for what they may do."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

from prosvet.hospital.config import HospitalConfig, Peer

__all__ = ["Admission", "Right"]

Right = Literal["send", "query", "report"]
"""To store objects and ask whether we keep them; to look and fetch; to tell us what it answers for."""

_HOME = tuple(ip_network(one) for one in ("127.0.0.0/8", "::1/128"))
_WORDS: dict[Right, str] = {"send": "may_send", "query": "may_query_us", "report": "commitment"}


class Admission:
    """The list of who may call, and what for.

    Where the configuration lists no sender (only possible on this computer's own address), any AE title may send from
    this computer. Nobody may look into what is kept here without being listed for it.

    Examples
    --------
    >>> home = Admission(HospitalConfig())
    >>> home.reason("127.0.0.1", "ANYONE", "PROSVET"), home.reason("127.0.0.1", "ANYONE", "OTHER")
    (None, 'called_aet')
    >>> home.may("send", "127.0.0.1", "ANYONE"), home.may("query", "127.0.0.1", "ANYONE")
    (True, False)
    """

    def __init__(self, config: HospitalConfig) -> None:
        self._aet, self._open = config.node.aet, not config.senders()
        listed = [one for one in config.peers if one.may_call]
        self._listed = [(one, [ip_network(net) for net in one.callers()]) for one in listed]

    def may_connect(self, address: str) -> bool:
        """Whether anybody may call from `address`."""
        place = _plain(address)
        networks = [net for _, nets in self._listed for net in nets]
        return place is not None and (self._at_home(place) or _within(place, networks))

    def reason(self, address: str, calling: str, called: str) -> str | None:
        """Why this association is not accepted, or None."""
        if called.strip() != self._aet:
            return "called_aet"
        place = _plain(address)
        if place is None:
            return "address"
        if self._at_home(place) or self.callers(address, calling):
            return None
        known = self._open or any(one.aet == calling.strip() for one, _ in self._listed)
        return "address" if known else "calling_aet"

    def callers(self, address: str, calling: str) -> tuple[Peer, ...]:
        """The peers that this may be."""
        place, name = _plain(address), calling.strip()
        if place is None:
            return ()
        return tuple(one for one, nets in self._listed if one.aet == name and _within(place, nets))

    def may(self, right: Right, address: str, calling: str) -> bool:
        """Whether who calls so from there may do that."""
        place = _plain(address)
        if right == "send" and place is not None and self._at_home(place):
            return True
        return any(getattr(one, _WORDS[right]) for one in self.callers(address, calling))

    def _at_home(self, place: IPv4Address | IPv6Address) -> bool:
        return self._open and _within(place, _HOME)


def _within(
    place: IPv4Address | IPv6Address, networks: list[IPv4Network | IPv6Network] | tuple[IPv4Network | IPv6Network, ...]
) -> bool:
    return any(place in net for net in networks)


def _plain(address: str) -> IPv4Address | IPv6Address | None:
    """An address without its zone; one of IPv4 that came mapped into IPv6 is one of IPv4."""
    try:
        place = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(place, "ipv4_mapped", None)
    return mapped if mapped is not None else place
