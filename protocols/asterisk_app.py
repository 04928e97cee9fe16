"""ARI where Hatif connects to Asterisk: a Stasis application, a bridge and a media channel.

Sources: rest-api/api-docs of Asterisk 23.4; docs.asterisk.org, Asterisk REST Interface, and Channel Drivers,
WebSocket; a recording of an application with a media channel (tests/captures/asterisk); chan_websocket.c for
what the recording lacks: with `connection_type=server` the media channel waits for a client at
`/media/MEDIA_WEBSOCKET_CONNECTION_ID` of the HTTP server, subprotocol `media`. It takes one client, asks for
no other credential than that identifier, and for no parameters in its address.

- The dialplan hands a caller over by `Stasis(APP,name=value,…)`. The arguments are what a dial string's
  `v(…)` would have been, and `questionnaire`. A value may be percent-encoded: a comma would end it.
- The media channel enters the application as well. It is known by the identifier that we gave it.
- Once the media channel is gone the caller waits in the bridge, in silence: they are sent on in the dialplan.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

import msgspec
from msgspec import Struct

from protocols.asterisk import AsteriskOptions, ari_request
from protocols.http import HttpRequest, HttpResponse, require_option
from protocols.wire import MessageDecoder

__all__ = [
    "AppEvent",
    "AsteriskApp",
    "CallerLeft",
    "CallerWaits",
    "MediaLeg",
    "facts_of",
]

_MEDIA = "hatif-media-"
_CONNECTION = "MEDIA_WEBSOCKET_CONNECTION_ID"


class _Channel(Struct, frozen=True):
    id: str
    state: str = ""


class _StasisStart(Struct, tag_field="type", tag="StasisStart", frozen=True):
    channel: _Channel
    args: tuple[str, ...] = ()


class _StasisEnd(Struct, tag_field="type", tag="StasisEnd", frozen=True):
    channel: _Channel


class _MediaChannel(Struct, frozen=True):
    channelvars: dict[str, Any] = {}


_DECODER: MessageDecoder[_StasisStart | _StasisEnd] = MessageDecoder(_StasisStart | _StasisEnd)


class CallerWaits(Struct, frozen=True):
    """The dialplan has handed a caller over."""

    channel: str
    is_up: bool  # answered
    args: tuple[str, ...]


class CallerLeft(Struct, frozen=True):
    """A caller hung up, or was sent on."""

    channel: str


AppEvent = CallerWaits | CallerLeft


class MediaLeg(Struct, frozen=True):
    """What is made for one caller's conversation, under names of ours."""

    caller: str

    @property
    def channel(self) -> str:
        return f"{_MEDIA}{self.caller}"

    @property
    def bridge(self) -> str:
        return f"hatif-{self.caller}"


class AsteriskApp:
    """Events read and requests made, for the application that the options name."""

    def __init__(self, options: AsteriskOptions) -> None:
        self._options = options
        self._name = require_option(options.app, "providers.asterisk.app")

    def events(self) -> HttpRequest:
        """The socket on which ARI tells what happens; while it is open, the application is there."""
        request = self._request("GET", f"events?{urlencode({'app': self._name})}")
        return msgspec.structs.replace(request, url=_as_websocket(request.url))

    def read(self, message: str | bytes) -> AppEvent | None:
        """What an event says; None where it is about nothing of ours.

        Raises:
            RemoteProtocolError: it is malformed.

        """
        match _DECODER.decode(message):
            case None:
                return None
            case event if event.channel.id.startswith(_MEDIA):
                return None
            case _StasisStart(channel=channel, args=args):
                return CallerWaits(channel.id, channel.state == "Up", args)
            case _StasisEnd(channel=channel):
                return CallerLeft(channel.id)

    def make_media(self, leg: MediaLeg) -> HttpRequest:
        """Make the media channel that waits for us."""
        query = {
            "app": self._name,
            "channelId": leg.channel,
            "external_host": "INCOMING",
            "transport": "websocket",
            "encapsulation": "none",
            "connection_type": "server",
            "format": "ulaw",
            "direction": "both",
        }
        return self._request("POST", f"channels/externalMedia?{urlencode(query)}")

    def media_url(self, made: HttpResponse) -> str | None:
        """Where the media channel waits; None where the answer does not say."""
        try:
            channel = msgspec.json.decode(made.body, type=_MediaChannel)
        except (msgspec.DecodeError, UnicodeError):
            return None
        connection = channel.channelvars.get(_CONNECTION)
        if not isinstance(connection, str) or not connection:
            return None
        base, _, _ = self._request("GET", "").url.rstrip("/").rpartition("/")
        return f"{_as_websocket(base)}/media/{quote(connection, safe='')}"

    def join(self, leg: MediaLeg, *, answer: bool) -> Sequence[HttpRequest]:
        """Answer the caller, and let both hear each other."""
        first = (self._channel("POST", leg.caller, "/answer"),) if answer else ()
        both = urlencode({"channel": f"{leg.caller},{leg.channel}"})
        return (
            *first,
            self._request("POST", f"bridges/{quote(leg.bridge, safe='')}?type=mixing"),
            self._request("POST", f"bridges/{quote(leg.bridge, safe='')}/addChannel?{both}"),
        )

    def part(self, leg: MediaLeg) -> Sequence[HttpRequest]:
        """Take away what was made, and send the caller on in the dialplan."""
        return (
            self._channel("DELETE", leg.channel),
            self._request("DELETE", f"bridges/{quote(leg.bridge, safe='')}"),
            self._channel("POST", leg.caller, "/continue"),
        )

    def refuse(self, leg: MediaLeg) -> HttpRequest:
        """Busy."""
        return self._channel("DELETE", leg.caller, "?reason=busy")

    def _channel(self, method: str, channel: str, rest: str = "") -> HttpRequest:
        return self._request(method, f"channels/{quote(channel, safe='')}{rest}")

    def _request(self, method: str, resource: str) -> HttpRequest:
        return ari_request(self._options, method, resource)


def facts_of(caller: CallerWaits) -> tuple[dict[str, str], str | None]:
    """What the arguments say of the call, as a dial string would have, and the questionnaire they name."""
    pairs = (arg.partition("=") for arg in caller.args)
    facts = {name.strip(): unquote(value) for name, found, value in pairs if found and value}
    questionnaire = facts.pop("questionnaire", None)
    return {"call": caller.channel, **facts}, questionnaire


def _as_websocket(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(scheme="wss" if parts.scheme == "https" else "ws"))
