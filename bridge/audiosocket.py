"""AudioSocket's listeners: Asterisk connects over plain TCP, says which call it is, and is put through.

A call has no address that could name a questionnaire, so each questionnaire has a port of its own. The wire
has no credential, so only the addresses that the site names are let in, and without such a list only this
machine. It is no place for the public internet: nothing is encrypted.
"""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import ExitStack, suppress
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Protocol

import structlog
from msgspec import Struct

from bridge.admission import Busy, Seat
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import ConfigError
from bridge.holding import Place
from bridge.line import Messages, each_of
from bridge.switchboard import Switchboard
from protocols.audiosocket import AudioSocketOptions, AudioSocketProtocol
from protocols.base import MediaProtocol

__all__ = ["AudioSocketServer", "converse"]

READ_BYTES = 65_536
WRITE_BUFFER_BYTES = 16_384  # half a second at 16 kHz: what waits longer than that comes too late
CLOSING_SECONDS = 2.0
HIGHEST_PORT = 65_535
BACKLOG = 128  # who may wait to be let in
PAUSE_SECONDS = 1.0

_ADDRESS = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):(?P<port>[0-9]{1,5})(/(?P<questionnaire>[^/\s]+))?"
)

log = structlog.get_logger()


Send = Callable[[str | bytes], Awaitable[None]]
Hold = Callable[[MediaProtocol, Messages, Send], Awaitable[None]]


class _Place(Struct, frozen=True):
    """Where to listen, and for what."""

    host: str
    port: int
    questionnaire: str | None  # None: the default one


class Workers(Protocol):
    """Other processes that hold calls on connections that we have accepted, and read nothing of."""

    def take_stream(
        self,
        connection: socket.socket,
        provider: str,
        questionnaire: Questionnaire,
        seat: Place,
        held: ExitStack,
    ) -> bool:
        """Have one of them hold a call; False: none can. Else what `held` holds is theirs to let go."""
        ...


class AudioSocketServer:
    """The listening sockets."""

    def __init__(
        self, *, switchboard: Switchboard, options: AudioSocketOptions, workers: Workers | None = None
    ) -> None:
        """`workers` hold the calls; without them, or where none can, this process does."""
        self._workers = workers
        self._switchboard = switchboard
        self._options = options
        self._networks = _networks(options.peers)
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def ports(self) -> list[int]:
        """The ports listened on, in the order in which they are configured."""
        return [server.sockets[0].getsockname()[1] for server in self._servers]

    async def start(self) -> None:
        """Listen, where that is configured.

        Raises:
            ConfigError: an address is none, in use, or not ours, or its questionnaire is not asked here.

        """
        if self._options.listen is None or not self._options.enabled:
            return
        for place in [_place(written.strip()) for written in self._options.listen.split(",")]:
            if self._switchboard.questionnaire(place.questionnaire) is None:
                raise ConfigError(
                    f"providers.audiosocket.listen: there is no questionnaire {place.questionnaire!r} "
                    "that may be asked"
                )
            await self._listen(place)

    async def _listen(self, place: _Place) -> None:
        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._connected(self._serve(reader, writer, place.questionnaire))

        try:
            server = await asyncio.start_server(
                connected, place.host, place.port, start_serving=self._workers is None
            )
            self._servers.append(server)
            for one in server.sockets if self._workers is not None else ():
                self._connected(self._accept(one, place.questionnaire))
            await asyncio.sleep(0)  # with their first step they listen, as is said below
        except OSError as error:
            raise ConfigError(
                f"providers.audiosocket.listen: cannot listen on {place.host}:{place.port} "
                f"({error.strerror}): choose an address of this machine and a free port"
            ) from None
        log.info(
            "audiosocket_listens", host=place.host, port=self.ports[-1], questionnaire=place.questionnaire
        )

    async def stop(self) -> None:
        """Take no more connections, and let those that are there go."""
        for server in self._servers:
            server.close()
        for connection in tuple(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _connected(self, serving: Coroutine[Any, Any, None]) -> None:
        """Serve a connection, or accept some, until the listeners are stopped."""
        connection = asyncio.create_task(serving, name="audiosocket")
        self._connections.add(connection)
        connection.add_done_callback(self._served)

    def _served(self, connection: asyncio.Task[None]) -> None:
        """An error of ours about one connection is told, and ends no other."""
        self._connections.discard(connection)
        if not connection.cancelled() and (error := connection.exception()) is not None:
            log.error("audiosocket_failed", exc_info=error)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, questionnaire: str | None
    ) -> None:
        """Hold one call, or close at once: the wire has no other way to say no."""
        with ExitStack() as held:
            held.callback(writer.close)
            peer = writer.get_extra_info("peername")  # None: it has gone again
            admitted = self._let_in(str(peer[0]), questionnaire) if peer is not None else None
            if admitted is not None:
                seat, asked = admitted
                held.enter_context(seat)
                await self._converse(reader, writer, asked, seat)

    async def _accept(self, listening: socket.socket, questionnaire: str | None) -> None:
        """Take connections as they are, and hand each over before anything of it is read."""
        loop = asyncio.get_running_loop()
        with socket.socket(fileno=os.dup(listening.fileno())) as accepting:
            accepting.setblocking(False)
            accepting.listen(BACKLOG)
            while True:
                try:
                    connection, address = await loop.sock_accept(accepting)
                except OSError as error:  # no descriptor is left: some call may end
                    log.error("audiosocket_not_accepted", cause=type(error).__name__)  # noqa: TRY400
                    await asyncio.sleep(PAUSE_SECONDS)
                    continue
                self._connected(self._hand_over(connection, str(address[0]), questionnaire))

    async def _hand_over(self, connection: socket.socket, peer: str, name: str | None) -> None:
        """Have a worker hold the call; hold it here where none can."""
        with ExitStack() as held:
            held.callback(connection.close)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            admitted = self._let_in(peer, name)
            if admitted is None:
                return
            seat, asked = admitted
            held.enter_context(seat)
            if self._workers is not None:
                with held.pop_all() as theirs:  # our copy of the connection as well
                    if self._workers.take_stream(connection, "audiosocket", asked, seat, theirs):
                        return
                    held.push(theirs.pop_all())
            reader, writer = await asyncio.open_connection(sock=connection)
            await self._converse(reader, writer, asked, seat)

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: Questionnaire, seat: Seat
    ) -> None:
        async def hold(protocol: MediaProtocol, messages: Messages, send: Send) -> None:
            await self._switchboard.connect(protocol, asked, messages, send, seat=seat)

        await converse(reader, writer, self._options.sample_rate, hold)

    def _let_in(self, host: str, name: str | None) -> tuple[Seat, Questionnaire] | None:
        """A place for a call from there, and what it is asked; None: it is not let in, as the log says."""
        peer = ip_address(host.partition("%")[0])
        if not any(peer in network for network in self._networks):
            log.warning("socket_refused", detail="not among providers.audiosocket.peers")
            return None
        asked = self._switchboard.questionnaire(name)
        if asked is None:  # a reload has taken it away
            log.warning("call_refused", reason="no such questionnaire", questionnaire=name)
            return None
        seat = self._switchboard.admit_to(name, provider="audiosocket")
        return None if isinstance(seat, Busy) else (seat, asked)


async def converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sample_rate: int, hold: Hold
) -> None:
    """Have a call held on a connection, and close that."""
    writer.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)

    async def send(message: str | bytes) -> None:
        if writer.is_closing():  # uvloop's transports raise what is no ConnectionError then
            raise ConnectionResetError
        writer.write(message.encode() if isinstance(message, str) else message)
        await writer.drain()

    try:
        await hold(AudioSocketProtocol(sample_rate), each_of(_messages(reader)), send)
        await _linger(reader, writer)
    except Exception:
        log.exception("audiosocket_failed")
    finally:
        await _close(writer)


async def _messages(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """What arrives, until the other side closes or resets the connection.

    Silence is no sign of anything: a muted caller sends nothing. Whoever has gone without a word does not
    answer questions either, so the session ends.
    """
    with suppress(OSError):
        while received := await reader.read(READ_BYTES):
            yield received


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say that nothing follows, and let the other side close: our reset could overtake our last word."""
    with suppress(OSError):
        async with asyncio.timeout(CLOSING_SECONDS):
            if not writer.is_closing():
                writer.write_eof()
            while await reader.read(READ_BYTES):
                pass


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close, and do not wait for ever for somebody who takes nothing of what is still to be sent."""
    writer.close()
    try:
        async with asyncio.timeout(CLOSING_SECONDS):
            await writer.wait_closed()
    except OSError:  # a TimeoutError too
        writer.transport.abort()


def _place(text: str) -> _Place:
    """`host:port` or `host:port/questionnaire`, an IPv6 host in brackets."""
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found["port"]) > HIGHEST_PORT:
        raise ConfigError(
            "providers.audiosocket.listen: it must be an address and a port, as in 127.0.0.1:9092, or with "
            "its questionnaire 127.0.0.1:9092/phq2; several have commas between"
        )
    return _Place(found["host"].strip("[]"), int(found["port"]), found["questionnaire"])


def _networks(peers: str | None) -> Sequence[IPv4Network | IPv6Network]:
    try:
        return [ip_network(part.strip()) for part in (peers or "127.0.0.0/8,::1").split(",")]
    except ValueError:
        raise ConfigError(
            "providers.audiosocket.peers: it must be addresses or networks with commas between, "
            "as in 192.168.1.5, 10.0.0.0/24"
        ) from None
