"""A stream token is good once; where the provider opens a lost socket again, for as long as that can be."""

import base64
import hmac
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from databases import put_empty

from bridge.clock import Clock
from bridge.dialogue.actions import Disposition
from bridge.identity.service import ServiceSecret
from bridge.identity.streams import StreamTokens
from bridge.storage.phone_calls import PhoneCall, note_call
from bridge.storage.store import CallRecord, Store
from bridge.web.doorkeeper import Doorkeeper, Visit, read_request
from protocols import PROVIDERS
from protocols.errors import RemoteProtocolError
from protocols.provider import SignatureError
from protocols.twilio import TwilioOptions
from protocols.vobiz import VobizOptions

PUBLIC_URL = "https://hatif.example"
TWILIO_TOKEN = "the account's auth token"


class LaterClock(Clock):
    """Civil time as a test sets it."""

    at = datetime.now(UTC)

    def now(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Door:
    """Vobiz's door, at which one call comes again and again."""

    def __init__(self, store: Store, clock: LaterClock) -> None:
        self.store = store
        self.clock = clock
        self.tokens = StreamTokens("k" * 32)

    async def ring(self, provider: str = "vobiz") -> None:
        """A webhook tells of the call."""
        call = PhoneCall(
            provider=provider,
            provider_call_id="CA1",
            status="ringing",
            rank=1,
            at=self.clock.now(),
            reference="r",
        )
        await note_call(self.store, call)

    async def begin(self, provider: str = "vobiz") -> None:
        """Its session begins."""
        call = CallRecord(
            call_id="c1",
            provider=provider,
            questionnaire="three",
            questionnaire_version="1",
            questionnaire_hash="h",
            model="m",
            started_at=self.clock.now(),
            provider_call_id="CA1",
        )
        await self.store.begin_call(call)

    def token(self, *, provider: str = "vobiz", seconds: float = 60) -> str:
        return self.tokens.issue(provider=provider, call="r", seconds=seconds)

    async def open(
        self, token: str, *, provider: str = "vobiz", max_retries: int = 3, signature: str | None = None
    ) -> bool:
        """Whether a socket opens."""
        options = {name: each.options() for name, each in PROVIDERS.items()}
        options["vobiz"] = VobizOptions(max_retries=max_retries)
        options["twilio"] = TwilioOptions(auth_token=TWILIO_TOKEN)
        keeper = Doorkeeper(
            options=options, tokens=self.tokens, store=self.store, clock=self.clock, public_url=PUBLIC_URL
        )
        request = make_mocked_request(
            "GET",
            f"/ws/{provider}/{token}",
            headers={} if signature is None else {"X-Twilio-Signature": signature},
            match_info={"provider": provider, "name": token},
        )
        try:
            await keeper.redeem(keeper.visit(request))
        except web.HTTPUnauthorized:
            return False
        return True


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    clock = LaterClock()
    store = await Store.open(put_empty(tmp_path / "hatif.db"), clock=clock)
    yield Door(store, clock)
    await store.close()


async def test_the_provider_comes_again_while_the_call_lasts_and_shortly_after(door: Door) -> None:
    """The same token opens the next socket, and none once the call has long been over."""
    token = door.token()
    await door.ring()
    assert await door.open(token)
    assert not await door.open(token)  # of a call that has not begun yet a second socket is none of its own
    await door.begin()
    assert await door.open(token)
    await door.store.end_call("c1", Disposition.HUNG_UP)
    door.clock.pass_by(59)
    assert await door.open(token)
    door.clock.pass_by(2)
    assert not await door.open(token)


async def test_a_token_that_has_expired_opens_a_lost_socket_again(door: Door) -> None:
    """A call lasts longer than its token; a late token that was never used opens nothing."""
    used, unused = door.token(seconds=-60), door.token(seconds=-60)
    await door.ring()
    await door.begin()
    claims = door.tokens.read(used, provider="vobiz", late_seconds=3600)
    assert await door.store.redeem(claims.token_id, claims.expires_at)
    assert await door.open(used)
    assert not await door.open(unused)
    assert not await door.open(unused)  # nor did trying it use it


async def test_a_signature_beside_the_token_is_looked_at(door: Door) -> None:
    """Twilio signs its upgrades: a wrong signature opens nothing, and does not use the token up."""
    token = door.token(provider="twilio")
    signed = f"wss://hatif.example/ws/twilio/{token}".encode()
    good = base64.b64encode(hmac.digest(TWILIO_TOKEN.encode(), signed, "sha1")).decode()
    assert not await door.open(token, provider="twilio", signature="wrong")
    assert await door.open(token, provider="twilio", signature=good)
    assert await door.open(door.token(provider="twilio"), provider="twilio")


async def test_where_nobody_comes_again_a_token_is_good_once(door: Door) -> None:
    """Of Twilio, and of a Vobiz that was told so: neither again nor late."""
    for provider, retries in (("twilio", 3), ("vobiz", 0)):
        token = door.token(provider=provider)
        await door.ring(provider)
        assert await door.open(token, provider=provider, max_retries=retries)
        assert not await door.open(token, provider=provider, max_retries=retries)
        late = door.token(provider=provider, seconds=-60)
        assert not await door.open(late, provider=provider, max_retries=retries)


@pytest.mark.parametrize("provider", ["maqsam", "exotel", "infobip", "audiocodes", "audio_fork", "telnyx"])
def test_a_header_that_is_no_text_is_a_wrong_credential(provider: str) -> None:
    """Not an error of ours: providers' files compare bytes."""
    asked: Any = SimpleNamespace(
        headers={"Authorization": "Bearer \udcff"}, scheme="http", host="h", raw_path="/x", method="GET"
    )
    upgrade = read_request(asked, None)
    assert upgrade.headers["authorization"].encode()
    secret = {"maqsam": "token", "telnyx": "stream_token", "audiocodes": "token"}.get(provider, "password")
    one = PROVIDERS[provider]
    options = one.options(
        **({secret: "x" * 40} | ({"user": "u"} if "user" in one.options.__struct_fields__ else {}))
    )
    assert one.admit is not None
    try:
        assert one.admit(options, upgrade, 0.0) is None
    except SignatureError:
        return


class TestServiceSecret:
    """Of the wire that is ours only."""

    SECRET = "s" * 40

    def visit(self, door: Door, provider: str, *, remote: str = "203.0.113.9", **headers: str) -> Visit:
        options = {name: each.options() for name, each in PROVIDERS.items()}
        service = ServiceSecret(self.SECRET, frozenset())
        keeper = Doorkeeper(
            options=options,
            tokens=door.tokens,
            store=door.store,
            clock=door.clock,
            public_url=None,
            is_service_secret=service.is_shown,
        )
        request = make_mocked_request(
            "GET", f"/ws/{provider}", headers=headers, match_info={"provider": provider}
        ).clone(remote=remote)
        return keeper.visit(request)

    async def test_it_opens_a_generic_socket(self, door: Door) -> None:
        """In the upgrade, or in the first message; a wrong one in neither."""
        start = '{"type":"start"}'
        shown = self.visit(door, "generic", Authorization=f"Bearer {self.SECRET}")
        assert shown.protocol.receive(start)
        later = self.visit(door, "generic")
        assert later.protocol.receive(f'{{"type":"auth","secret":"{self.SECRET}"}}') == ()
        assert later.protocol.receive(start)
        for word in (start, '{"type":"auth","secret":"wrong"}'):
            with pytest.raises(RemoteProtocolError):
                self.visit(door, "generic").protocol.receive(word)
        for header in ("Bearer wrong", f"Basic {self.SECRET}"):
            with pytest.raises(web.HTTPUnauthorized):
                self.visit(door, "generic", Authorization=header)

    async def test_no_carrier_is_let_in_by_it(self, door: Door) -> None:
        """None is told it: Maqsam and FreeSWITCH have credentials of their own."""
        for provider in ("maqsam", "freeswitch"):
            with pytest.raises(web.HTTPUnauthorized):
                self.visit(door, provider, Authorization=f"Bearer {self.SECRET}")
