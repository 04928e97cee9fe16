"""A simulated carrier calls a real server over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import WSCloseCode, web
from aiohttp.test_utils import TestServer, unused_port

from bridge.carriers import fake
from bridge.carriers.base import CarrierCall, CarrierWire
from bridge.carriers.caller import SILENT_FRAME, CallerFrame
from bridge.carriers.fake import CallOutcome, EndedBy, FakeCarrier
from bridge.carriers.pairing import trusted
from bridge.carriers.registry import WIRES
from bridge.carriers.wires.maqsam import MaqsamWire
from bridge.carriers.wires.twilio import TwilioWire
from bridge.clock import Clock
from protocols import (
    AcceptCall,
    AudioReceived,
    CallStarted,
    ClearAudio,
    Command,
    DtmfReceived,
    Event,
    HangUp,
    MarkReturned,
    MediaProtocol,
    PlayAudio,
    SendMark,
    TransferCall,
)
from protocols.maqsam import MaqsamProtocol
from protocols.twilio import TwilioProtocol

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Reply = Callable[[Event], Sequence[Command]]

CALL = CarrierCall("966500000001", "966110000001", "4711")
every_provider = pytest.mark.parametrize(
    "provider", ["maqsam", "twilio"]
)  # one that accepts, one that does not


class Counting:
    """Says frame 0, frame 1, …; presses keys and hangs up at given frames; remembers what was heard."""

    def __init__(self, *, keys: Mapping[int, str] | None = None, hangs_up_at: int = 100) -> None:
        self.keys = keys or {}
        self.hangs_up_at = hangs_up_at
        self.heard: list[bytes] = []

    def tick(self, heard: bytes) -> CallerFrame:
        number = len(self.heard)
        self.heard.append(heard)
        said = bytes([number % 100]) * 160
        return CallerFrame(said, keys=self.keys.get(number, ""), hang_up=number == self.hangs_up_at)


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server on this machine; its address."""
    app = web.Application()
    app.router.add_get("/ws", handler)
    async with TestServer(app, shutdown_timeout=0.1) as server:
        yield f"ws://{server.host}:{server.port}/ws"


async def send(socket: web.WebSocketResponse, message: str | bytes) -> None:
    await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))


def daemon(protocol: MediaProtocol, reply: Reply) -> Handler:
    """A daemon in miniature: accepts the call, answers events with commands, closes after hanging up."""

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            for event in protocol.receive(message.data):
                accepting = [AcceptCall()] if isinstance(event, CallStarted) else []
                for command in (*accepting, *reply(event)):
                    for answer in protocol.send(command):
                        await send(socket, answer)
                    if isinstance(command, HangUp):
                        await socket.close()
        return socket

    return handle


def sending(*messages: str) -> Handler:
    """A server that says something and waits."""

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for message in messages:
            await socket.send_str(message)
        await socket.receive()
        await socket.receive()
        return socket

    return handle


def echo(event: Event) -> Sequence[Command]:
    return [PlayAudio(event.payload)] if isinstance(event, AudioReceived) else []


async def place(
    handler: Handler, wire: CarrierWire, caller: Counting | None = None, *, max_seconds: float = 30.0
) -> CallOutcome:
    carrier = FakeCarrier(wire, caller or Counting(), clock=Clock(speed=8))
    async with serving(handler) as url:
        return await carrier.place(url, call=CALL, max_seconds=max_seconds)


# Conversations


@every_provider
async def test_the_caller_hears_what_the_server_plays(provider: str) -> None:
    """An echo brings back every frame in order, until the caller hangs up."""
    caller = Counting(hangs_up_at=40)
    outcome = await place(daemon(trusted(provider), echo), WIRES[provider](), caller)

    heard = [frame for frame in caller.heard if frame != SILENT_FRAME]
    assert heard == [bytes([number]) * 160 for number in range(len(heard))]
    assert (outcome.accepted, outcome.ended_by) == (True, EndedBy.CALLER)
    assert (outcome.frames_sent, outcome.frames_heard) == (41, len(heard))
    assert outcome.frames_heard > 0
    assert outcome.close_code is None


@every_provider
async def test_a_caller_who_hangs_up_mid_prompt_closes_in_good_order(provider: str) -> None:
    """The server sees a normal close, however much it was saying."""
    closed_with: list[int | None] = []
    protocol = trusted(provider)

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = await daemon(protocol, echo)(request)
        assert isinstance(socket, web.WebSocketResponse)
        closed_with.append(socket.close_code)
        return socket

    await place(handle, WIRES[provider](), Counting(hangs_up_at=20))

    assert closed_with == [WSCloseCode.OK]


async def test_both_directions_can_be_recorded() -> None:
    """Each frame is shown with what was heard meanwhile."""
    caller = Counting(hangs_up_at=20)
    frames: list[tuple[bytes, bytes]] = []
    carrier = FakeCarrier(
        TwilioWire(), caller, clock=Clock(speed=8), on_frame=lambda said, heard: frames.append((said, heard))
    )
    async with serving(daemon(TwilioProtocol(), echo)) as url:
        await carrier.place(url, call=CALL)

    assert [said[0] for said, _ in frames] == list(range(21))
    assert [heard for _, heard in frames] == caller.heard


@every_provider
async def test_a_mark_returns_when_the_audio_before_it_was_heard(provider: str) -> None:
    """The server waits for its mark and hangs up; the caller has heard every frame by then."""

    def reply(event: Event) -> Sequence[Command]:
        match event:
            case CallStarted():
                return [PlayAudio(b"\x10" * 400), SendMark("m")]
            case MarkReturned(name="m", played=True):
                return [HangUp()]
            case _:
                return []

    caller = Counting()
    outcome = await place(daemon(trusted(provider), reply), WIRES[provider](), caller)

    assert b"".join(caller.heard).count(b"\x10") == 400
    assert (outcome.marks, outcome.frames_heard) == (1, 3)
    by_message = trusted(provider).capabilities.name == "maqsam"
    assert outcome.ended_by is (EndedBy.HATIF_HUNG_UP if by_message else EndedBy.HATIF_CLOSED)
    assert outcome.close_code == (None if by_message else WSCloseCode.OK)


@every_provider
@pytest.mark.parametrize("returns_marks", [False, True])
async def test_a_clear_silences_the_server(provider: str, returns_marks: bool) -> None:
    """A key interrupts a long prompt; whether its mark returns or not, it is not taken for played."""
    returned: list[Event] = []

    def reply(event: Event) -> Sequence[Command]:
        match event:
            case CallStarted():
                return [PlayAudio(b"\x10" * 160 * 1000), SendMark("m")]
            case DtmfReceived(key="1"):
                return [ClearAudio()]
            case MarkReturned():
                returned.append(event)
        return []

    wire = MaqsamWire(returns_marks_on_clear=returns_marks) if provider == "maqsam" else TwilioWire()
    outcome = await place(daemon(trusted(provider), reply), wire, Counting(keys={5: "1"}))

    assert (outcome.cleared, outcome.marks) == (1, 0)
    assert 0 < outcome.frames_heard < outcome.frames_sent
    assert returned == ([MarkReturned("m", played=False)] if wire.returns_marks_on_clear else [])


async def test_a_transfer_ends_the_call_for_us() -> None:
    """Maqsam goes on without our socket."""

    def reply(event: Event) -> Sequence[Command]:
        return [TransferCall()] if event == DtmfReceived("0") else []

    handler = daemon(MaqsamProtocol(authenticated=True, check=None), reply)
    outcome = await place(handler, MaqsamWire(), Counting(keys={3: "0"}))

    assert outcome.ended_by is EndedBy.HATIF_TRANSFERRED


async def test_the_credential_travels_in_the_header() -> None:
    """Maqsam shows its token in a header of its own."""
    seen: list[str | None] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Auth"))
        raise web.HTTPUnauthorized

    async with serving(handle) as url:
        carrier = FakeCarrier(MaqsamWire(), Counting(), clock=Clock())
        await carrier.place(url, call=CALL, token="TEST_TOKEN")

    assert seen == ["TEST_TOKEN"]


async def test_a_wire_on_which_closing_hangs_up_says_so() -> None:
    """Where the provider ends the phone call with the socket, closing is hanging up."""

    class ClosingWire(TwilioWire):
        hangs_up_on_close = True

    def reply(event: Event) -> Sequence[Command]:
        return [HangUp()] if isinstance(event, AudioReceived) else []

    outcome = await place(daemon(TwilioProtocol(), reply), ClosingWire())

    assert (outcome.ended_by, outcome.close_code) == (EndedBy.HATIF_HUNG_UP, WSCloseCode.OK)


async def test_frames_that_a_busy_machine_delayed_are_all_sent() -> None:
    """A caller who takes long over a frame loses none; the frames catch up."""

    class Dawdling(Counting):
        def tick(self, heard: bytes) -> CallerFrame:
            if len(self.heard) == 3:
                time_lost = asyncio.get_running_loop().time() + 0.05
                while asyncio.get_running_loop().time() < time_lost:
                    pass
            return super().tick(heard)

    caller = Dawdling(hangs_up_at=30)
    outcome = await place(daemon(TwilioProtocol(), echo), TwilioWire(), caller)

    assert outcome.frames_sent == 31


# Refusals


@pytest.mark.parametrize("refusal", [web.HTTPUnauthorized, web.HTTPServiceUnavailable])
async def test_a_refused_upgrade_is_an_outcome(refusal: type[web.HTTPError]) -> None:
    """The status says why; no call took place."""

    async def handle(request: web.Request) -> web.StreamResponse:
        raise refusal

    outcome = await place(handle, MaqsamWire())

    assert (outcome.ended_by, outcome.http_status) == (EndedBy.REFUSED, refusal.status_code)
    assert (outcome.accepted, outcome.frames_sent, outcome.seconds) == (False, 0, 0.0)


@pytest.mark.parametrize("address", ["ws://127.0.0.1:{port}/TEST_TOKEN", "no address", "ftp://127.0.0.1/"])
async def test_a_server_that_is_not_there_is_an_outcome(address: str) -> None:
    """Nobody listens there; the sentence that says so does not repeat a token."""
    carrier = FakeCarrier(MaqsamWire(), Counting(), clock=Clock())
    outcome = await carrier.place(address.format(port=unused_port()), call=CALL)

    assert (outcome.ended_by, outcome.http_status) == (EndedBy.REFUSED, None)
    assert outcome.detail.startswith("The server cannot be reached")
    assert "TEST_TOKEN" not in outcome.detail


async def test_a_server_that_never_answers_is_an_outcome() -> None:
    """A connection without an upgrade is given up."""
    is_given_up = asyncio.Event()

    async def ignore(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        is_given_up.set()

    async with await asyncio.start_server(ignore, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        carrier = FakeCarrier(MaqsamWire(), Counting(), clock=Clock(), connect_seconds=0.05)
        outcome = await carrier.place(f"ws://127.0.0.1:{port}/", call=CALL)
        await is_given_up.wait()

    assert (outcome.ended_by, outcome.detail) == (EndedBy.REFUSED, "The server did not answer in time.")


# Servers that misbehave


async def test_a_server_that_breaks_the_protocol_is_told_so() -> None:
    """The outcome names the mistake, and the socket is closed as broken."""
    closed_with: list[int | None] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str('{"type":"session.ready"}')
        await socket.send_str('{"type":"response.stream","data":{"audio":7}}')
        async for _ in socket:
            pass
        closed_with.append(socket.close_code)
        return socket

    outcome = await place(handle, MaqsamWire())

    assert (outcome.accepted, outcome.ended_by) == (True, EndedBy.PROTOCOL_ERROR)
    assert outcome.detail == "response.stream: data.audio: Expected `bytes`, got `int`"
    assert closed_with == [WSCloseCode.PROTOCOL_ERROR]


async def test_a_server_that_breaks_the_websocket_is_an_outcome() -> None:
    """Bytes that are no WebSocket frame end the call."""

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert request.transport is not None
        request.transport.write(b"\xff" * 32)
        await socket.receive()
        return socket

    outcome = await place(handle, MaqsamWire())

    assert (outcome.ended_by, outcome.detail) == (EndedBy.PROTOCOL_ERROR, "The WebSocket itself was broken.")


async def test_a_server_that_closes_says_with_which_code() -> None:
    """1008 after a bad setup, for one."""

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close(code=WSCloseCode.POLICY_VIOLATION)
        return socket

    outcome = await place(handle, MaqsamWire())

    assert (outcome.accepted, outcome.ended_by, outcome.close_code) == (False, EndedBy.HATIF_CLOSED, 1008)


async def test_a_server_that_vanishes_is_an_outcome() -> None:
    """A daemon killed in mid-call leaves no close code of its own."""

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        assert request.transport is not None
        request.transport.abort()
        return socket

    outcome = await place(handle, TwilioWire())

    assert (outcome.ended_by, outcome.close_code) == (EndedBy.HATIF_CLOSED, 1006)


async def test_a_call_that_is_never_accepted_ends_in_time() -> None:
    """Maqsam sends no audio before `session.ready`, and does not wait for ever."""
    outcome = await place(sending(), MaqsamWire(), max_seconds=0.8)

    assert (outcome.ended_by, outcome.accepted, outcome.frames_sent) == (EndedBy.TIME_LIMIT, False, 0)


async def test_a_server_that_does_not_say_goodbye_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that neither reads nor answers the close frame holds the carrier up for a moment only."""
    monkeypatch.setattr(fake, "CLOSE_SECONDS", 0.05)

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await asyncio.sleep(1)
        return socket

    outcome = await place(handle, TwilioWire(), max_seconds=0.8)

    assert outcome.ended_by is EndedBy.TIME_LIMIT
    assert outcome.frames_sent > 0


async def test_a_flood_of_audio_ends_the_call() -> None:
    """A server that sends without end is refused, not buffered."""
    payload = "AAAA" * 250_000
    message = f'{{"type":"response.stream","data":{{"audio":"{payload}"}}}}'
    handler = sending('{"type":"session.ready"}', *[message] * 8)

    outcome = await place(handler, MaqsamWire())

    assert (outcome.ended_by, outcome.detail) == (
        EndedBy.PROTOCOL_ERROR,
        "more audio than the carrier buffers",
    )


async def test_a_mistake_in_the_caller_is_not_hidden() -> None:
    """Only the server's mistakes are outcomes; the socket is closed all the same."""

    class Confused(Counting):
        def tick(self, heard: bytes) -> CallerFrame:
            raise KeyError(len(heard))

    with pytest.raises(KeyError):
        await place(daemon(TwilioProtocol(), echo), TwilioWire(), Confused())
