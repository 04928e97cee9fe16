"""Who is counted as a stranger, who is turned away, and who is let go for not reading: without a socket."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.web.addresses import Addresses
from bridge.web.crowd import Crowd, HttpLimits

LIMITS = HttpLimits(max_connections=5, max_connections_per_address=2, send_seconds=10)


class Wire:
    """A connection: whose it is, and what waits for its reader."""

    def __init__(self, address: str | None) -> None:
        self.address = address
        self.unread = 0
        self.is_aborted = False

    def get_extra_info(self, name: str) -> Any:
        if name == "socket":
            return self
        return (self.address, 1) if self.address else ""

    def setsockopt(self, *_option: int) -> None:
        """As a socket has it."""

    def get_write_buffer_size(self) -> int:
        return self.unread

    def abort(self) -> None:
        self.is_aborted = True


class Site:
    """A crowd, and a clock that a test turns."""

    def __init__(self, *proxies: str) -> None:
        self.now = 0.0
        self.crowd = Crowd(LIMITS, Addresses(proxies), now=lambda: self.now)

    def enter(self, address: str | None) -> tuple[bool, Any]:
        wire: Any = Wire(address)
        return self.crowd.enter(wire), wire

    def enters(self, *addresses: str) -> list[bool]:
        return [self.enter(address)[0] for address in addresses]


def test_one_address_has_its_share() -> None:
    """And all together have theirs."""
    assert Site().enters("192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2") == [True, True, False, True]
    assert Site().enters(*(f"192.0.2.{n}" for n in range(6))) == [True] * 5 + [False]


def test_addresses_of_one_household_are_one() -> None:
    """The /64 of an IPv6 address."""
    site = Site()
    assert site.enters("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1") == [
        True,
        True,
        False,
        True,
    ]


def test_a_proxy_speaks_for_many() -> None:
    """Who is configured as one has no share of its own, only that of all."""
    assert Site("192.0.2.1").enters(*["192.0.2.1"] * 6) == [True] * 5 + [False]


def test_who_is_known_or_gone_makes_room() -> None:
    """A call counts no more, however often it is said; nor does who has left."""
    site = Site()
    _, first = site.enter("192.0.2.1")
    _, second = site.enter("192.0.2.1")
    site.crowd.know(first)
    site.crowd.know(first)
    site.crowd.leave(second)
    site.crowd.leave(second)
    assert site.crowd.strangers == 0
    assert site.enters("192.0.2.1", "192.0.2.1", "192.0.2.1") == [True, True, False]


def test_who_goes_on_elsewhere_stays_a_stranger_until_it_is_known() -> None:
    """Its connection is not ours any more; more than one address may have are turned away all the same."""
    site = Site()
    wires = [site.enter("192.0.2.1")[1] for _ in range(2)]
    known = [site.crowd.lend(wire) for wire in wires]
    for wire in wires:
        site.crowd.leave(wire)
    assert (site.crowd.strangers, site.enters("192.0.2.1")) == (2, [False])
    for know in (*known, *known):
        know()
    assert (site.crowd.strangers, site.enters("192.0.2.1")) == (0, [True])


def test_the_admin_socket_is_never_full() -> None:
    """Whoever may open that file gets in, whatever happens outside."""
    site = Site()
    site.enters(*(f"192.0.2.{n}" for n in range(5)))
    assert [site.enter(None)[0] for _ in range(20)] == [True] * 20


@pytest.mark.parametrize(("pauses", "is_let_go"), [((4, 4, 4), True), ((4, 4), False)])
def test_who_does_not_read_is_let_go(pauses: tuple[int, ...], is_let_go: bool) -> None:
    """After something has waited for so long, at every look; one who has a call too."""
    site = Site()
    _, wire = site.enter("192.0.2.1")
    site.crowd.know(wire)
    wire.unread = 1
    site.crowd.look()
    for seconds in pauses:
        site.now += seconds
        site.crowd.look()
    assert wire.is_aborted is is_let_go


def test_who_reads_in_between_may_stay() -> None:
    """A slow reader is no dead one."""
    site = Site()
    _, wire = site.enter("192.0.2.1")
    for second in range(100):
        site.now = second
        wire.unread = second % 5
        site.crowd.look()
    assert not wire.is_aborted


def test_a_flood_is_told_seldom() -> None:
    """One line for the first, and one for all those of the next ten seconds."""
    site = Site()
    with capture_logs() as lines:
        for second in range(12):
            site.now = second
            site.enters(*["192.0.2.1"] * 100)
    assert [line["count"] for line in lines] == [1, 998]
