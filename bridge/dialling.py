"""Placing one phone call through a provider, for a questionnaire: what is asked of it, and what is kept."""

import re
from uuid import uuid4

import aiohttp
from msgspec import Struct

from bridge.clock import Clock
from bridge.config import Settings
from bridge.errors import ConfigError
from bridge.identity.streams import StreamTokens
from bridge.offering import read_offer
from bridge.phone_control import PhoneControl
from bridge.storage.phone_calls import PhoneCall, note_call
from bridge.storage.store import Store
from protocols.events import Direction
from protocols.provider import CallOrder, CallStatus, StreamTarget
from protocols.registry import PROVIDERS

__all__ = ["Placed", "Wanted", "place"]

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")  # E.164


class Wanted(Struct, frozen=True, kw_only=True):
    """The call that is to be placed."""

    provider: str
    to: str
    from_: str
    questionnaire: str | None = None  # None: the default one
    ring_seconds: int = 30
    detect_machine: bool = False


class Placed(Struct, frozen=True):
    """A call that the provider has taken."""

    provider: str
    provider_call_id: str | None
    questionnaire: str


async def place(wanted: Wanted, settings: Settings) -> Placed:
    """Have the provider dial, and connect whoever answers to the daemon of this configuration.

    Raises:
        ConfigError: a number, the questionnaire, or something in the configuration is missing or wrong.
        ControlError: the provider did not place the call.
        StorageError: it was placed and cannot be written down.

    """
    questionnaire = _questionnaire(wanted, settings)
    clock, reference = Clock(), uuid4().hex
    stream, public_url = _stream(wanted, settings, questionnaire, reference)
    order = _order(wanted, questionnaire, reference, stream, public_url)
    store = await Store.open(settings.database, clock=clock)
    try:
        async with aiohttp.ClientSession() as http:
            options = {wanted.provider: settings.provider(wanted.provider)}
            control = PhoneControl(options, http=http, clock=clock, public_url=public_url)
            provider_call_id = await control.place(wanted.provider, order)
        await note_call(store, _written_down(wanted, provider_call_id or reference, reference, clock))
    finally:
        await store.close()
    return Placed(wanted.provider, provider_call_id, questionnaire)


def _questionnaire(wanted: Wanted, settings: Settings) -> str:
    for name, number in (("to", wanted.to), ("from", wanted.from_)):
        if not _NUMBER.fullmatch(number):
            raise ConfigError(f"--{name}: a number is written with its country, as +966110000001")
    offer = read_offer(settings)
    questionnaire = wanted.questionnaire or offer.default
    if questionnaire not in offer.questionnaires:
        known = ", ".join(sorted(offer.questionnaires))
        raise ConfigError(
            f"--questionnaire: there is no {questionnaire!r} that may be asked; there are {known}"
        )
    return questionnaire


def _stream(
    wanted: Wanted, settings: Settings, questionnaire: str, reference: str
) -> tuple[StreamTarget, str | None]:
    """Where the call is to come when it is answered, and our origin; the token outlives the ringing."""
    name = wanted.provider
    fetches = PROVIDERS[name].fetches
    if fetches is not None and fetches(settings.provider(name)):
        return StreamTarget("", parameters={"questionnaire": questionnaire}), None
    if settings.tokens.secret is None or settings.server.public_url is None:
        raise ConfigError("a call that is answered comes back to us: set server.public_url and tokens.secret")
    public_url = str(settings.server.public_url).rstrip("/")
    token = StreamTokens(settings.tokens.secret.get_secret_value()).issue(
        provider=name, questionnaire=questionnaire, call=reference, seconds=wanted.ring_seconds + 60
    )
    address = f"ws{public_url.removeprefix('http')}/ws/{name}/{token}"
    return StreamTarget(address, f"{public_url}/webhooks/{name}/status"), public_url


def _order(
    wanted: Wanted, questionnaire: str, reference: str, stream: StreamTarget, public_url: str | None
) -> CallOrder:
    has_webhook = public_url is not None and PROVIDERS[wanted.provider].webhooks is not None
    hooks = f"{public_url}/webhooks/{wanted.provider}"
    return CallOrder(
        to=wanted.to,
        from_=wanted.from_,
        stream=stream,
        answer_url=f"{hooks}/answer/{questionnaire}" if has_webhook else None,
        ring_seconds=wanted.ring_seconds,
        detect_machine=wanted.detect_machine,
        order_id=reference,
    )


def _written_down(wanted: Wanted, call_id: str, reference: str, clock: Clock) -> PhoneCall:
    return PhoneCall(
        provider=wanted.provider,
        provider_call_id=call_id,
        status=CallStatus.INITIATED,
        rank=CallStatus.INITIATED.rank,
        at=clock.now(),
        reference=reference,
        caller_number=wanted.from_,
        callee_number=wanted.to,
        direction=Direction.OUTBOUND,
    )
