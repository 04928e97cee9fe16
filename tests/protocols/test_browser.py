"""What is peculiar to web pages: their sample rates, and that nobody takes their word for who is calling."""

import pytest

from bridge.carriers.base import CarrierCall
from bridge.carriers.wires.browser import BrowserWire
from bridge.transcoding import ToMulaw, from_mulaw
from protocols import (
    PROVIDERS,
    CallDetails,
    CallStarted,
    HangUp,
    LocalProtocolError,
    MediaProtocol,
    TransferCall,
)
from protocols.browser import BrowserOptions
from protocols.http import HttpRequest
from protocols.provider import Door, Grant

CALL = CarrierCall("966500000001", "966110000001", "4711", custom={"resumes": "another call"})
BROWSER = PROVIDERS["browser"]


def page(**options: bool) -> MediaProtocol:
    upgrade = HttpRequest("GET", "wss://hatif.example/ws/browser/a.stream.token")
    return BROWSER.media(BrowserOptions(**options), Grant(request=upgrade, is_authenticated=False))


def introduced(protocol: MediaProtocol, wire: BrowserWire) -> CallStarted:
    (event,) = [event for message in wire.open(CALL) for event in protocol.receive(message)]
    assert isinstance(event, CallStarted)
    return event


def test_a_token_in_the_path_is_all_the_credential() -> None:
    """A page can keep no other."""
    assert BROWSER.door is Door.TOKEN
    assert introduced(page(), BrowserWire())


def test_a_page_is_not_believed() -> None:
    """Or it could answer in another's name, or go on with another's call."""
    assert introduced(page(), BrowserWire()).details == CallDetails()


def test_pages_of_the_sites_own_are() -> None:
    """Where the configuration says so."""
    details = introduced(page(believe_pages=True), BrowserWire()).details
    assert (details.caller_number, details.custom) == ("966500000001", {"resumes": "another call"})


@pytest.mark.parametrize("rate", [8000, 16000, 24000, 32000, 44100, 48000])
def test_any_rate_that_a_page_has_is_understood(rate: int) -> None:
    """A second of a page's audio is a second of ours, and back."""
    started = introduced(page(), BrowserWire(rate))
    assert started.heard.sample_rate == started.spoken.sample_rate == rate
    heard = ToMulaw(started.heard).process(bytes(2 * rate))
    assert 6500 < len(heard) <= 8000  # the rest is in the filter
    assert len(from_mulaw(bytes(8000), started.spoken)) == 2 * rate


def test_nobody_is_put_through() -> None:
    """The dialogue knows it beforehand; hanging up is a word."""
    protocol = page()
    introduced(protocol, BrowserWire())
    assert not protocol.capabilities.can_transfer
    with pytest.raises(LocalProtocolError):
        protocol.send(TransferCall("937"))
    assert protocol.send(HangUp()) == ('{"type":"hangup"}',)
