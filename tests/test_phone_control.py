"""What providers are asked over REST, sent to a real server that behaves as badly as theirs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from structlog.testing import capture_logs

from bridge import phone_control
from bridge.clock import Clock
from bridge.phone_control import ControlError, PhoneControl
from protocols import PROVIDERS, CallDetails
from protocols.provider import CallOrder, StreamTarget
from protocols.twilio import TwilioOptions

CALL = CallDetails(provider_call_id="CA1", caller_number="+966500000001")
ORDER = CallOrder(to="+1", from_="+2", stream=StreamTarget("wss://h/ws/twilio/t"), order_id="o")


class Exchange:
    """A provider's REST interface: answers with the given statuses, one after the other."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.asked: list[str] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path} {(await request.read()).decode()}")
        status = self.statuses.pop(0)
        if status == 0:
            assert request.transport
            request.transport.close()
        return web.json_response({"sid": "CA9"}, status=status or 200)


@asynccontextmanager
async def control(exchange: Exchange) -> AsyncIterator[PhoneControl]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", exchange.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        options = TwilioOptions(account_sid="AC1", auth_token="t", api_url=str(server.make_url("")))
        yield PhoneControl({"twilio": options}, http=http, clock=Clock(), first_pause_seconds=0.01)


@pytest.mark.parametrize("statuses", [(200,), (404,), (503, 200), (429, 500, 200), (0, 200)])
async def test_a_call_is_ended_however_often_it_takes(statuses: tuple[int, ...]) -> None:
    """One that is over already is ended; trouble that passes is waited for."""
    exchange = Exchange(*statuses)
    async with control(exchange) as provider:
        await provider.hang_up("twilio", CALL)

    assert len(exchange.asked) == len(statuses)
    assert exchange.asked[0] == "POST /2010-04-01/Accounts/AC1/Calls/CA1.json Status=completed"


@pytest.mark.parametrize("statuses", [(401,), (503, 503, 503, 503)])
async def test_a_provider_that_does_not_obey_is_reported(statuses: tuple[int, ...]) -> None:
    """Refused at once, or in trouble for too long; the text says which, and no number."""
    exchange = Exchange(*statuses)
    async with control(exchange) as provider:
        with pytest.raises(ControlError, match=f"Twilio: transfer: .*{statuses[-1]}") as raised:
            await provider.transfer("twilio", CALL, "+966110000009")

    assert "66" not in str(raised.value)
    assert len(exchange.asked) == len(statuses)


async def test_a_call_is_placed() -> None:
    """Its identifier comes back."""
    async with control(Exchange(201)) as provider:
        assert await provider.place("twilio", ORDER) == "CA9"


async def test_nobody_is_called_twice() -> None:
    """The connection broke after the order was sent: it may have been taken, so it is not sent again."""
    exchange = Exchange(0, 201)
    async with control(exchange) as provider:
        with pytest.raises(ControlError, match="it may have been done"):
            await provider.place("twilio", ORDER)

    assert len(exchange.asked) == 1


async def test_an_order_that_was_turned_away_is_sent_again() -> None:
    """Too many requests: nothing was done."""
    exchange = Exchange(429, 201)
    async with control(exchange) as provider:
        assert await provider.place("twilio", ORDER) == "CA9"


async def test_a_provider_out_of_reach() -> None:
    """Nobody listens there."""
    options = TwilioOptions(account_sid="AC1", auth_token="t", api_url=f"http://127.0.0.1:{unused_port()}")
    async with aiohttp.ClientSession() as http:
        provider = PhoneControl({"twilio": options}, http=http, clock=Clock(), first_pause_seconds=0.01)
        with pytest.raises(ControlError, match="cannot be reached"):
            await provider.hang_up("twilio", CALL)


async def test_a_provider_whose_name_does_not_resolve() -> None:
    """The real resolver says so: nothing was sent, so that even an order to call is tried again."""
    options = TwilioOptions(account_sid="AC1", auth_token="t", api_url="http://rest.twilio.invalid")
    async with aiohttp.ClientSession() as http:
        provider = PhoneControl({"twilio": options}, http=http, clock=Clock(), first_pause_seconds=0.01)
        for asking in (provider.hang_up("twilio", CALL), provider.place("twilio", ORDER)):
            with capture_logs(), pytest.raises(ControlError, match=r"cannot be reached \(\w*DNSError\)"):
                await asking


@asynccontextmanager
async def deaf() -> AsyncIterator[tuple[str, list[str]]]:
    """The address of a provider that takes requests and never answers; and what it was asked."""
    asked: list[str] = []

    async def listen(request: web.Request) -> web.Response:
        asked.append(request.method)
        await asyncio.sleep(3600)
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", listen)
    async with TestServer(app) as server:
        yield str(server.make_url("")), asked


async def test_a_provider_that_takes_a_request_and_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up each time, and then altogether; an order to call is not repeated: it may be done."""
    monkeypatch.setattr(phone_control, "REQUEST_SECONDS", 0.1)
    async with deaf() as (address, asked), aiohttp.ClientSession() as http:
        options = TwilioOptions(account_sid="AC1", auth_token="t", api_url=address)
        provider = PhoneControl({"twilio": options}, http=http, clock=Clock(), first_pause_seconds=0.01)
        async with asyncio.timeout(60):
            with pytest.raises(ControlError, match="transfer: no answer came"):
                await provider.transfer("twilio", CALL, "+966110000009")
            repeated = len(asked)
            with pytest.raises(ControlError, match=r"no answer came .* it may have been done"):
                await provider.place("twilio", ORDER)
    assert (repeated, len(asked)) == (phone_control.ATTEMPTS, phone_control.ATTEMPTS + 1)


@pytest.mark.parametrize(
    ("provider", "options", "can"),
    [
        ("twilio", TwilioOptions(account_sid="AC1", auth_token="t"), True),
        ("twilio", TwilioOptions(), False),  # nothing to sign in with
        ("maqsam", TwilioOptions(), True),  # on the wire
    ],
)
async def test_who_can_put_a_caller_through(provider: str, options: TwilioOptions, can: bool) -> None:
    """On the wire, or with an account."""
    async with aiohttp.ClientSession() as http:
        assert PhoneControl({provider: options}, http=http, clock=Clock()).can_transfer(provider, CALL) is can


class Told:
    """Takes orders for one call, or has gone."""

    def __init__(self, *, is_there: bool) -> None:
        self.orders: list[str] = []
        self._is_there = is_there

    async def transfer(self, to: str) -> bool:
        self.orders.append(to)
        return self._is_there

    async def hang_up(self) -> bool:
        self.orders.append("")
        return self._is_there


@pytest.mark.parametrize(("is_there", "requests"), [(True, 0), (False, 2)])
async def test_who_takes_orders_is_told_before_rest(is_there: bool, requests: int) -> None:
    """Of this call alone, and as long as somebody is there; the next of two stays when the first goes."""
    exchange, told = Exchange(200, 200, 200), Told(is_there=is_there)
    async with control(exchange) as provider:
        with provider.obeying("twilio", "CA1", told):
            with provider.obeying("twilio", "CA1", Told(is_there=True)):
                pass
            with provider.obeying("twilio", "CA1", told):
                await provider.transfer("twilio", CALL, "+1")
                await provider.hang_up("twilio", CALL)
        assert (told.orders, len(exchange.asked)) == (["+1", ""], requests)
        await provider.hang_up("twilio", CALL)
    assert (told.orders, len(exchange.asked)) == (["+1", ""], requests + 1)


async def test_a_call_whose_provider_takes_orders_can_be_put_through() -> None:
    """Without an account, this call and no other."""
    async with aiohttp.ClientSession() as http:
        provider = PhoneControl({"twilio": TwilioOptions()}, http=http, clock=Clock())
        with provider.obeying("twilio", "CA1", Told(is_there=True)):
            assert provider.can_transfer("twilio", CALL)
            assert not provider.can_transfer("twilio", CallDetails("CA2"))
        assert not provider.can_transfer("twilio", CALL)


async def test_a_provider_without_requests() -> None:
    """Maqsam's calls are controlled on the wire."""
    async with aiohttp.ClientSession() as http:
        with pytest.raises(ControlError, match="on the wire"):
            await PhoneControl({"maqsam": TwilioOptions()}, http=http, clock=Clock()).hang_up("maqsam", CALL)


class Bank(Exchange):
    """A provider that takes passing tokens only: each login brings another one."""

    def __init__(self, *, good_for_seconds: float = 3600) -> None:
        super().__init__()
        self.good_for_seconds = good_for_seconds
        self.logins = 0
        self.good: set[str] = set()

    async def handle(self, request: web.Request) -> web.Response:
        if "token" in request.path:
            self.logins += 1
            self.good.add(f"Bearer t{self.logins}")
            return web.json_response({"access_token": f"t{self.logins}", "expires_in": self.good_for_seconds})
        self.asked.append(request.headers["Authorization"])
        return web.json_response({}, status=200 if request.headers["Authorization"] in self.good else 401)


def passing() -> Any:
    return PROVIDERS["bandwidth"].options(
        account_id="9", application_id="app", client_id="c", client_secret="s"
    )


@asynccontextmanager
async def bank_control(bank: Bank) -> AsyncIterator[PhoneControl]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", bank.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        options = msgspec.structs.replace(passing(), api_url=str(server.make_url("")))
        yield PhoneControl({"bandwidth": options}, http=http, clock=Clock(), first_pause_seconds=0.01)


@pytest.mark.parametrize(("good_for_seconds", "logins"), [(3600, 1), (5, 2)])
async def test_one_login_serves_many_requests(good_for_seconds: float, logins: int) -> None:
    """For as long as its token is good, with a margin."""
    bank = Bank(good_for_seconds=good_for_seconds)
    async with bank_control(bank) as provider:
        await provider.hang_up("bandwidth", CALL)
        await provider.hang_up("bandwidth", CALL)

    assert bank.logins == logins
    assert set(bank.asked) <= bank.good


async def test_a_token_that_was_withdrawn_is_not_used_again() -> None:
    """The next request logs in anew."""
    bank = Bank()
    async with bank_control(bank) as provider:
        await provider.hang_up("bandwidth", CALL)
        bank.good.clear()
        with pytest.raises(ControlError, match="401"):
            await provider.hang_up("bandwidth", CALL)
        await provider.hang_up("bandwidth", CALL)

    assert bank.logins == 2
