"""Both ends of a provider's wire, joined without a socket: what conformance is tried on."""

from collections.abc import Sequence

from bridge.carriers.base import CarrierCall, CarrierEvent, CarrierWire, Owed
from bridge.carriers.registry import WIRES
from protocols.base import MediaProtocol
from protocols.commands import AcceptCall, Command
from protocols.events import Event, ReplyDue
from protocols.http import HttpRequest
from protocols.provider import Grant
from protocols.registry import PROVIDERS

__all__ = ["Pair", "trusted"]

MOST_REPLIES = 100  # two machines that answer each other for ever are a bug of one of them


def trusted(provider: str, url: str | None = None, headers: dict[str, str] | None = None) -> MediaProtocol:
    """Our end of a socket that has shown its credential; options are the provider's defaults."""
    known = PROVIDERS[provider]
    upgrade = HttpRequest("GET", url or f"wss://hatif.example/ws/{provider}", headers or {})
    return known.media(known.options(), Grant(request=upgrade, is_authenticated=True))


class Pair:
    """Our protocol and the carrier's wire; what each owes the other is delivered at once."""

    def __init__(self, provider: str, call: CarrierCall, wire: CarrierWire | None = None) -> None:
        """`wire` stands for the carrier's plain one."""
        self.wire: CarrierWire = wire or WIRES[provider]()
        dialling = self.wire.dial(f"wss://hatif.example/ws/{provider}", call, None)
        headers = {name.lower(): value for name, value in dialling.headers.items()}
        self.protocol = trusted(provider, dialling.url, headers)
        self.happened: list[Event] = []  # all that we heard so far
        self.introduction = self.hear(self.wire.open(call))

    def hear(self, messages: Sequence[str | bytes]) -> list[Event]:
        """What we make of the carrier's messages."""
        events, replies = self._translate(messages)
        self._obey(replies)
        return events

    def say(self, *commands: Command) -> list[CarrierEvent]:
        """What the carrier makes of our commands."""
        return self._obey([message for command in commands for message in self.protocol.send(command)])

    def accept(self) -> list[CarrierEvent]:
        """Take the call."""
        return self.say(AcceptCall())

    def _translate(self, messages: Sequence[str | bytes]) -> tuple[list[Event], list[str | bytes]]:
        heard = [event for message in messages for event in self.protocol.receive(message)]
        events: list[Event] = [event for event in heard if not isinstance(event, ReplyDue)]
        self.happened += events
        return events, [event.message for event in heard if isinstance(event, ReplyDue)]

    def _obey(self, messages: Sequence[str | bytes]) -> list[CarrierEvent]:
        understood: list[CarrierEvent] = []
        for _ in range(MOST_REPLIES):
            if not messages:
                return understood
            events = [event for message in messages for event in self.wire.receive(message)]
            understood += [event for event in events if not isinstance(event, Owed)]
            _, messages = self._translate([event.message for event in events if isinstance(event, Owed)])
        raise RuntimeError("the two ends answer each other without end")
