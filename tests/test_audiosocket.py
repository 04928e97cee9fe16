"""The AudioSocket listener: real TCP, the simulated far end, and a switchboard in miniature."""

import asyncio
import gc
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import pytest
import uvloop
from aiohttp.test_utils import unused_port
from structlog.testing import capture_logs

from bridge.admission import Admission, Busy, BusyReason, Seat
from bridge.audiosocket import AudioSocketServer, Workers
from bridge.carriers.base import CarrierCall
from bridge.carriers.caller import CallerFrame
from bridge.carriers.fake import CallOutcome, EndedBy, FakeCarrier
from bridge.carriers.wires.audiosocket import AudioSocketWire
from bridge.clock import Clock
from bridge.errors import ConfigError
from bridge.identity.principal import DEFAULT_TENANT
from bridge.line import Messages
from bridge.switchboard import Switchboard
from protocols import (
    AudioReceived,
    CallStarted,
    Command,
    DtmfReceived,
    Event,
    HangUp,
    MediaProtocol,
    PlayAudio,
)
from protocols.audiosocket import AudioSocketOptions

CALL = CarrierCall("966500000001", "966110000001", "6fa459ea-ee8a-3ca4-894e-db77e160355e")
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: in place of a farewell
Reply = Callable[[Event], Sequence[Command]]


class EchoExchange:
    """As much of a switchboard as the listener asks for: it answers events with commands."""

    def __init__(self, reply: Reply, *, is_busy: bool = False) -> None:
        self.reply = reply
        self.is_busy = is_busy
        self.admission = Admission(1)
        self.events: list[Event] = []
        self.asked: list[object] = []
        self.gone = {"no_such"}
        self.has_begun, self.has_ended = asyncio.Event(), asyncio.Event()

    def admit_to(self, _questionnaire: str | None, *, provider: str) -> Seat | Busy:
        assert provider == "audiosocket"
        return Busy(BusyReason.FULL, 1) if self.is_busy else self.admission.place()

    def questionnaire(self, name: str | None) -> object:
        return None if name in self.gone else name or "default"

    async def connect(
        self,
        protocol: MediaProtocol,
        questionnaire: object,
        messages: Messages,
        send: Callable[[str | bytes], Awaitable[None]],
        *,
        seat: Seat,
    ) -> None:
        assert seat.tenant == DEFAULT_TENANT
        self.asked.append(questionnaire)
        with suppress(ConnectionError):  # as a line does: it has hung up
            async for message in awaited(messages):
                self.has_begun.set()
                for event in protocol.receive(message):
                    self.events.append(event)
                    for command in self.reply(event):
                        for answer in protocol.send(command):
                            await send(answer)
                        if isinstance(command, HangUp):
                            return
        self.has_ended.set()


async def awaited(messages: Messages) -> AsyncIterator[str | bytes]:
    """What is handed over, for whoever has to answer each before the next."""
    arrived: asyncio.Queue[str | bytes | None] = asyncio.Queue()
    handing_over = asyncio.create_task(messages(arrived.put_nowait))
    handing_over.add_done_callback(lambda _: arrived.put_nowait(None))
    try:
        while (message := await arrived.get()) is not None:
            yield message
    finally:
        handing_over.cancel()


class Presser:
    """Says silence, presses a key at its tenth frame, hangs up at its hundredth; remembers what it heard."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def tick(self, heard: bytes) -> CallerFrame:
        self.heard.append(heard)
        number = len(self.heard)
        return CallerFrame(b"\xff" * 160, keys="5" if number == 10 else "", hang_up=number == 100)


def echo(event: Event) -> Sequence[Command]:
    return [PlayAudio(event.payload)] if isinstance(event, AudioReceived) else []


@asynccontextmanager
async def listening(
    exchange: EchoExchange, peers: str | None = None, workers: Workers | None = None
) -> AsyncIterator[str]:
    server = AudioSocketServer(
        switchboard=cast("Switchboard", exchange),
        options=AudioSocketOptions(listen="127.0.0.1:0", peers=peers),
        workers=workers,
    )
    await server.start()
    try:
        (port,) = server.ports
        yield f"tcp://127.0.0.1:{port}"
    finally:
        await server.stop()


async def place(url: str, caller: Any, sample_rate: int = 8_000) -> CallOutcome:
    carrier = FakeCarrier(AudioSocketWire(sample_rate=sample_rate), caller, clock=Clock(speed=8))
    return await carrier.place(url, call=CALL, max_seconds=30)


async def test_a_call_over_tcp_is_heard_keyed_and_ended_by_the_caller() -> None:
    """Audio comes back, the key arrives, the closed connection ends the call."""
    exchange = EchoExchange(echo)
    async with listening(exchange) as url:
        outcome = await place(url, Presser())
        await asyncio.wait_for(exchange.has_ended.wait(), 5)

    assert (outcome.ended_by, outcome.frames_sent) == (EndedBy.CALLER, 100)
    assert outcome.frames_heard > 50
    assert DtmfReceived("5") in exchange.events
    (started,) = [event for event in exchange.events if isinstance(event, CallStarted)]
    assert started.details.provider_call_id == CALL.call_id


@pytest.mark.parametrize("sample_rate", [8_000, 16_000])
async def test_our_last_words_and_our_hang_up_reach_the_far_end(sample_rate: int) -> None:
    """Although it goes on sending, and a reset of ours could overtake them."""
    tone = b"\x00\x20\x00\xe0" * (sample_rate // 4)

    def reply(event: Event) -> Sequence[Command]:
        return [PlayAudio(tone), HangUp()] if isinstance(event, DtmfReceived) else []

    caller = Presser()
    async with listening(EchoExchange(reply)) as url:
        outcome = await place(url, caller, sample_rate)

    assert outcome.ended_by is EndedBy.HATIF_HUNG_UP


async def test_whoever_is_not_among_the_peers_is_turned_away() -> None:
    """Without a word, before anything is read."""
    exchange = EchoExchange(echo)
    async with listening(exchange, peers="192.0.2.0/24, 2001:db8::1") as url:
        outcome = await place(url, Presser())

    assert outcome.ended_by is EndedBy.HATIF_CLOSED
    assert exchange.events == []


async def test_a_busy_daemon_closes_at_once() -> None:
    """The wire has no other way to say no: the dialplan goes on."""
    exchange = EchoExchange(echo, is_busy=True)
    async with listening(exchange) as url:
        outcome = await place(url, Presser())

    assert outcome.ended_by is EndedBy.HATIF_CLOSED
    assert exchange.events == []


def test_what_is_said_to_somebody_who_has_gone_is_told_as_that() -> None:
    """On the daemon's own event loop, whose transports raise a RuntimeError once they are closed."""
    sent: list[type[BaseException] | None] = []

    class Talking(EchoExchange):
        async def connect(
            self, _protocol: Any, _questionnaire: Any, messages: Any, send: Any, **_: Any
        ) -> None:
            await messages(lambda _: None)
            for _ in range(20):  # until the reset has come in
                try:
                    await send(b"\x10\x01\x40" + bytes(320))
                except BaseException as error:  # noqa: BLE001 - which one is the question
                    sent.append(type(error))
                await asyncio.sleep(0.01)

    async def ring_and_reset() -> None:
        exchange = Talking(echo)
        async with listening(exchange) as url:
            _, _, port = url.rpartition(":")
            _, writer = await asyncio.open_connection("127.0.0.1", int(port))
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.close()
            await asyncio.sleep(0.5)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(ring_and_reset())
    assert sent
    assert all(issubclass(error, ConnectionError) for error in sent if error is not None)


class Broken(EchoExchange):
    """A switchboard that fails one call, and workers that fail one and can hold none."""

    has_bug = True

    def _fail_once(self) -> None:
        if self.has_bug:
            self.has_bug = False
            raise RuntimeError("a bug")

    def admit_to(self, questionnaire: str | None, *, provider: str) -> Seat | Busy:
        self._fail_once()
        return super().admit_to(questionnaire, provider=provider)

    def take_stream(self, *_: object) -> bool:
        self._fail_once()
        return False


@pytest.mark.parametrize("fails", ["the switchboard", "the workers"])
async def test_an_error_of_ours_costs_one_call(fails: str) -> None:
    """It is in the log, the connection is closed and the place free; whoever comes next is heard."""
    broken, exchange = Broken(echo), EchoExchange(echo)
    switchboard = broken if fails == "the switchboard" else exchange
    workers = broken if fails == "the workers" else None
    async with listening(switchboard, workers=workers) as url:
        with capture_logs() as lines:
            assert (await place(url, Presser())).ended_by is EndedBy.HATIF_CLOSED
        assert [line["event"] for line in lines if line["log_level"] == "error"] == ["audiosocket_failed"]
        assert switchboard.admission.active == 0
        assert (await place(url, Presser())).ended_by is EndedBy.CALLER
    assert switchboard.asked == ["default"]


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_whoever_has_gone_before_being_let_in_is_let_go(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """There is no peer any more to ask about; the place is another's."""
    exchange, lost = EchoExchange(echo), list[object]()

    async def ring_and_reset() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: lost.append(context))
        async with listening(exchange) as url:
            with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            assert (await place(url, Presser())).ended_by is EndedBy.CALLER
        gc.collect()

    with asyncio.Runner(loop_factory=loop) as runner, capture_logs() as lines:
        runner.run(ring_and_reset())
    assert not lost
    assert [line for line in lines if line["log_level"] == "error"] == []


async def test_stopping_ends_what_is_connected() -> None:
    """The daemon's end is the connection's."""
    exchange = EchoExchange(echo)
    async with listening(exchange) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"\x01")
        await asyncio.wait_for(exchange.has_begun.wait(), 5)
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    await writer.wait_closed()
    assert not exchange.has_ended.is_set()


async def test_each_questionnaire_has_a_port_of_its_own() -> None:
    """The calls of a port get its questionnaire; one that a reload took away is refused, the others go on."""
    exchange = EchoExchange(echo)
    listen = "127.0.0.1:0, 127.0.0.1:0/phq2 ,[::1]:0/gad7"
    server = AudioSocketServer(
        switchboard=cast("Switchboard", exchange), options=AudioSocketOptions(listen=listen)
    )
    await server.start()
    try:
        default, phq2, gad7 = server.ports
        for url in (f"tcp://127.0.0.1:{phq2}", f"tcp://127.0.0.1:{default}", f"tcp://[::1]:{gad7}"):
            assert (await place(url, Presser())).ended_by is EndedBy.CALLER
        assert exchange.asked == ["phq2", "default", "gad7"]
        exchange.gone.add("phq2")
        assert (await place(f"tcp://127.0.0.1:{phq2}", Presser())).ended_by is EndedBy.HATIF_CLOSED
        assert (await place(f"tcp://127.0.0.1:{default}", Presser())).ended_by is EndedBy.CALLER
        assert exchange.asked[3:] == ["default"]
    finally:
        await server.stop()


async def test_a_questionnaire_that_nobody_may_be_asked_is_named() -> None:
    """At the start, not when the first patient calls; what listened already is closed."""
    options = AudioSocketOptions(listen="127.0.0.1:0, 127.0.0.1:0/no_such")
    server = AudioSocketServer(switchboard=cast("Switchboard", EchoExchange(echo)), options=options)
    with pytest.raises(ConfigError, match=r"audiosocket\.listen: .* 'no_such'"):
        await server.start()
    await server.stop()


async def test_nothing_listens_unless_that_is_configured() -> None:
    """Nor when the provider is switched off."""
    for options in (AudioSocketOptions(), AudioSocketOptions(enabled=False, listen="127.0.0.1:0")):
        server = AudioSocketServer(switchboard=cast("Switchboard", EchoExchange(echo)), options=options)
        await server.start()
        assert server.ports == []
        await server.stop()


@pytest.mark.parametrize(
    "listen", ["9092", "localhost", ":9092", "h:99999", "a@h:1", "h:1/", "h:1/x/y", "127.0.0.1:0,", "h:1 x"]
)
async def test_an_address_that_is_none_is_named(listen: str) -> None:
    """The complaint says what would be right."""
    with pytest.raises(ConfigError, match=r"audiosocket\.listen: .* 127\.0\.0\.1:9092"):
        await server_with(AudioSocketOptions(listen=listen)).start()


async def test_a_port_in_use_and_peers_that_are_none_are_named() -> None:
    """Both before any call is taken."""
    port = unused_port()
    taken = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", port)
    async with taken:
        with pytest.raises(ConfigError, match="cannot listen on"):
            await server_with(AudioSocketOptions(listen=f"127.0.0.1:{port}")).start()
    with pytest.raises(ConfigError, match=r"audiosocket\.peers"):
        server_with(AudioSocketOptions(peers="pbx.example"))


def server_with(options: AudioSocketOptions) -> AudioSocketServer:
    return AudioSocketServer(switchboard=cast("Switchboard", EchoExchange(echo)), options=options)
