"""Our wires beside other people's code: Pipecat's serializers, and the SDKs of Twilio and Plivo.

    make peers

Pipecat is a server, as Hatif is, so it answers our far ends: it must hear what they send, and they must take
what it sends. The SDKs sign requests, which our webhooks must take as they are and refuse when something is
added. Random requests come from a seed. It ends with 1 where anything else disagrees than is known.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from loguru import logger
from msgspec import Struct
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputTransportMessageUrgentFrame,
)
from pipecat.serializers.base_serializer import FrameSerializer
from pipecat.serializers.exotel import ExotelFrameSerializer
from pipecat.serializers.genesys import GenesysAudioHookSerializer
from pipecat.serializers.plivo import PlivoFrameSerializer
from pipecat.serializers.telnyx import TelnyxFrameSerializer
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.serializers.vonage import VonageFrameSerializer
from plivo.utils import signature_v3 as plivo_signatures
from rich.console import Console
from rich.table import Table
from twilio.request_validator import RequestValidator

from bridge.carriers.base import AudioToPlay, CarrierCall, CarrierEvent, CarrierWire, PlaybackCleared
from protocols.http import HttpRequest
from protocols.plivo import PlivoOptions, PlivoWebhooks
from protocols.provider import SignatureError, Webhooks
from protocols.twilio import TwilioOptions, TwilioWebhooks

CALL = CarrierCall(from_number="+962790000001", to_number="+962790000002", call_id="call-1")
KEY, TOKEN = "5", "0123456789abcdef0123456789abcdef"
RATE, PIECES = 16_000, 50
REQUESTS = 500
FORM = "application/x-www-form-urlencoded"
# Of every letter that a form may hold. Plivo's SDK for Python spells others than ASCII in a way of its own.
LETTERS = {"twilio": "abc XYZ09+&=%é/?_-ع", "plivo": "abc XYZ09_-"}
PIECES_OF_20_MS = ("vonage",)
# Where the peer does otherwise than the provider's documents, which our far end holds to.
KNOWN = {
    "exotel": "Pipecat's pieces of audio are not the multiples of 320 bytes that Exotel's documents ask for",
}


class Talk(Struct, frozen=True):
    """What became of one provider's call between our far end and a peer's server."""

    provider: str
    heard: int  # frames of audio that the peer took from us
    key: bool
    spoken: int  # pieces of the peer's audio that our far end took
    cleared: bool
    trouble: str = ""

    @property
    def is_good(self) -> bool:
        return bool(self.heard and self.key and self.spoken and self.cleared and not self.trouble)


def _serializer(provider: str, stream: str) -> FrameSerializer:
    """Pipecat's side of this provider, for one stream; nobody is to be hung up on by REST."""
    match provider:
        case "twilio" | "signalwire":
            quiet = TwilioFrameSerializer.InputParams(auto_hang_up=False)
            return TwilioFrameSerializer(stream, params=quiet)
        case "plivo" | "vobiz":
            return PlivoFrameSerializer(stream, params=PlivoFrameSerializer.InputParams(auto_hang_up=False))
        case "telnyx":
            quiet_too = TelnyxFrameSerializer.InputParams(auto_hang_up=False)
            return TelnyxFrameSerializer(stream, "PCMU", "PCMU", params=quiet_too)
        case "exotel":
            return ExotelFrameSerializer(stream)
        case "vonage":
            return VonageFrameSerializer()
        case _:
            return GenesysAudioHookSerializer()


async def _talk(provider: str) -> Talk:
    wire: CarrierWire = import_module(f"bridge.carriers.wires.{provider}").WIRE()
    opening = list(wire.open(CALL))
    peer = _serializer(provider, _stream_of(opening))
    rates: Any = _Rates()
    await peer.setup(rates)
    trouble: list[str] = []
    sound = b"\xd5\x55" * (wire.caller_audio.frame_bytes // 2)
    spoken_to = (message for _ in range(PIECES) for message in wire.audio(sound))
    pressed = (message for _ in range(1) for message in wire.digit(KEY))
    told = chain(opening, spoken_to, pressed)  # each is made when the one before has been answered
    understood = [await _understand(peer, wire, message, trouble) for message in told]
    heard = sum(isinstance(frame, InputAudioRawFrame) for frame in understood)
    keys = [str(frame.button.value) for frame in understood if isinstance(frame, InputDTMFFrame)]
    spoken = await _hear(peer, wire, trouble, provider)
    replies = await _say(peer, wire, trouble, InterruptionFrame())
    cleared = any(isinstance(one, PlaybackCleared) for one in replies)
    return Talk(provider, heard, keys == [KEY], spoken, cleared, "; ".join(dict.fromkeys(trouble)))


class _Rates(Struct, frozen=True):
    """What Pipecat is told of its own audio, in hertz."""

    audio_in_sample_rate: int = RATE
    audio_out_sample_rate: int = RATE


def _stream_of(messages: Iterable[str | bytes]) -> str:
    """The stream's identifier, under whatever name a provider gives it."""
    names = ("streamSid", "stream_sid", "stream_id", "streamId")
    for message in messages:
        told = json.loads(message) if isinstance(message, str) else {}
        for part in (told, *(one for one in told.values() if isinstance(one, dict))):
            found = next((part[name] for name in names if isinstance(part.get(name), str)), None)
            if found is not None:
                return str(found)
    return ""


async def _understand(
    peer: FrameSerializer, wire: CarrierWire, message: str | bytes, trouble: list[str]
) -> Frame | None:
    """What the peer makes of a message; an answer that is due at once is given to our far end."""
    frame = await peer.deserialize(message)
    if isinstance(frame, OutputTransportMessageUrgentFrame):
        await _say(peer, wire, trouble, frame)
    return frame


async def _hear(peer: FrameSerializer, wire: CarrierWire, trouble: list[str], provider: str) -> int:
    """How many pieces of the peer's audio our far end takes."""
    seconds = 0.02 if provider in PIECES_OF_20_MS else 0.2
    sound = b"\x10\x00" * int(RATE * seconds)
    taken = 0
    for _ in range(PIECES):
        piece = OutputAudioRawFrame(audio=sound, sample_rate=RATE, num_channels=1)
        taken += any(isinstance(one, AudioToPlay) for one in await _say(peer, wire, trouble, piece))
    return taken


async def _say(
    peer: FrameSerializer, wire: CarrierWire, trouble: list[str], frame: Frame
) -> Sequence[CarrierEvent]:
    """What our far end makes of something that the peer says; a complaint is noted."""
    said = await peer.serialize(frame)
    try:
        return wire.receive(said) if said is not None else ()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what this is run for
        trouble.append(str(error))
        return ()


# Signatures


class Signing(Struct, frozen=True):
    """How many of a vendor's signatures we took, and how many of its broken ones."""

    provider: str
    taken: int
    forged: int

    @property
    def is_good(self) -> bool:
        return (self.taken, self.forged) == (REQUESTS, 0)


def _requests(chance: random.Random, letters: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Addresses with and without a query, and forms."""

    def word(most: int) -> str:
        return "".join(chance.choice(letters) for _ in range(chance.randrange(1, most)))

    for _ in range(REQUESTS):
        query = {word(8): word(8) for _ in range(chance.randrange(3))}
        url = "https://hatif.example/webhooks/answer" + (f"?{urlencode(query)}" if query else "")
        yield url, {word(8): word(20) for _ in range(chance.randrange(6))}


def _sign_twilio(url: str, form: Mapping[str, str]) -> dict[str, str]:
    return {"x-twilio-signature": RequestValidator(TOKEN).compute_signature(url, dict(form))}


def _sign_plivo(url: str, form: Mapping[str, str]) -> dict[str, str]:
    signed = plivo_signatures.construct_post_url(url, dict(form))
    signature = plivo_signatures.get_signature_v3(TOKEN, signed, "12345")
    return {"x-plivo-signature-v3": signature.decode(), "x-plivo-signature-v3-nonce": "12345"}


def _signing(
    provider: str, webhooks: Webhooks, sign: Callable[[str, Mapping[str, str]], dict[str, str]], seed: int
) -> Signing:
    taken = forged = 0
    for url, form in _requests(random.Random(seed), LETTERS[provider]):  # noqa: S311 - no secret
        headers = {"content-type": FORM, **sign(url, form)}
        body = urlencode(form).encode()
        taken += _is_taken(webhooks, HttpRequest("POST", url, headers, body))
        forged += _is_taken(webhooks, HttpRequest("POST", url, headers, body + b"&CallStatus=completed"))
    return Signing(provider, taken, forged)


def _is_taken(webhooks: Webhooks, request: HttpRequest) -> bool:
    try:
        webhooks.verify(request, now=time.time())
    except SignatureError:
        return False
    return True


def _show(console: Console, talks: Iterable[Talk], signings: Iterable[Signing]) -> None:
    table = Table(
        "provider", "heard", "key", "spoken", "cleared", "", title="our far ends, Pipecat's servers"
    )
    for one in talks:
        why = KNOWN.get(one.provider, "") if one.trouble else ""
        table.add_row(
            one.provider,
            str(one.heard),
            "yes" if one.key else "no",
            str(one.spoken),
            "yes" if one.cleared else "no",
            f"{one.trouble}: {why}" if why else one.trouble,
        )
    console.print(table)
    table = Table(
        "provider", "taken", "forged and taken", title=f"{REQUESTS} requests that the vendors' SDKs signed"
    )
    for signing in signings:
        table.add_row(signing.provider, str(signing.taken), str(signing.forged))
    console.print(table)


def main() -> int:
    """Compare all, show it, and say whether anything unknown disagrees."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1, help="of the random requests")
    options = parser.parse_args()
    logger.remove()  # Pipecat's own
    providers = ("twilio", "signalwire", "telnyx", "plivo", "vobiz", "exotel", "vonage", "genesys")
    talks = [asyncio.run(_talk(provider)) for provider in providers]
    signings = [
        _signing("twilio", TwilioWebhooks(TwilioOptions(auth_token=TOKEN)), _sign_twilio, options.seed),
        _signing("plivo", PlivoWebhooks(PlivoOptions(auth_token=TOKEN)), _sign_plivo, options.seed),
    ]
    _show(Console(), talks, signings)
    good = all(one.is_good or one.provider in KNOWN for one in talks) and all(one.is_good for one in signings)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
