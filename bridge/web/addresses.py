"""Who is asking, by address: the peer, or where that is a proxy of ours, whom it says it speaks for."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web

__all__ = ["Addresses", "block_of"]

IPV6_BLOCK = 64  # what one household or one server is given (RFC 6177): its addresses are one asker

Address = IPv4Address | IPv6Address


class Addresses:
    """Tells addresses, given which proxies are believed."""

    def __init__(self, trusted_proxies: Iterable[str] = ()) -> None:
        self._trusted = [ip_network(each, strict=False) for each in trusted_proxies]

    def of(self, request: web.Request) -> str:
        """The address that asks; X-Forwarded-For is read from its end, as far as proxies of ours wrote it."""
        address = _parsed(request.remote or "")
        if address is None:
            return request.remote or ""
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", []))
        for written in reversed([part for part in forwarded.split(",") if part.strip()]):
            if not self._is_trusted(address):
                break
            before = _parsed(written)
            if before is None:  # not what a proxy of ours would write
                break
            address = before
        return str(address)

    def is_proxy(self, address: str) -> bool:
        """Whether a proxy of ours has this address."""
        parsed = _parsed(address)
        return parsed is not None and self._is_trusted(parsed)

    def _is_trusted(self, address: Address) -> bool:
        return any(address.version == each.version and address in each for each in self._trusted)


def block_of(address: str) -> str:
    """What is counted as one asker: an IPv4 address, or the /64 of an IPv6 address."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, IPV6_BLOCK), strict=False))
    return address


def _parsed(written: str) -> Address | None:
    """`192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]:443`; None: nothing of these."""
    text = written.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
