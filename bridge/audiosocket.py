"""AudioSocket's listener: Asterisk connects over plain TCP, says which call it is, and is put through.

The wire has no credential, so only the addresses that the site names are let in, and without such a list only
this machine. It is no place for the public internet: nothing is encrypted.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import structlog

from bridge.admission import Busy
from bridge.errors import ConfigError
from bridge.switchboard import Switchboard
from protocols.audiosocket import AudioSocketOptions, AudioSocketProtocol

__all__ = ["AudioSocketServer"]

READ_BYTES = 65_536
WRITE_BUFFER_BYTES = 16_384  # half a second at 16 kHz: what waits longer than that comes too late
CLOSING_SECONDS = 2.0
HIGHEST_PORT = 65_535

_ADDRESS = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):(?P<port>[0-9]{1,5})")

log = structlog.get_logger()


class AudioSocketServer:
    """One listening socket."""

    def __init__(self, *, switchboard: Switchboard, options: AudioSocketOptions) -> None:
        self._switchboard = switchboard
        self._options = options
        self._networks = _networks(options.peers)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port listened on; 0 where there is none."""
        return self._server.sockets[0].getsockname()[1] if self._server else 0

    async def start(self) -> None:
        """Listen, where that is configured.

        Raises:
            ConfigError: the address is no address, in use, or not ours.

        """
        if self._options.listen is None or not self._options.enabled:
            return
        host, port = _address(self._options.listen)
        try:
            self._server = await asyncio.start_server(self._connected, host, port)
        except OSError as error:
            raise ConfigError(
                f"providers.audiosocket.listen: cannot listen on {host}:{port} ({error.strerror}): "
                "choose an address of this machine and a free port"
            ) from None
        log.info("audiosocket_listens", host=host, port=self.port)

    async def stop(self) -> None:
        """Take no more connections, and let those that are there go."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer), name="audiosocket")
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one call, or close at once: the wire has no other way to say no."""
        writer.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        try:
            if self._lets_in(writer):
                await self._put_through(reader, writer)
        except Exception:
            log.exception("audiosocket_failed")
        else:
            await _linger(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _lets_in(self, writer: asyncio.StreamWriter) -> bool:
        peer = ip_address(writer.get_extra_info("peername")[0].partition("%")[0])
        if not any(peer in network for network in self._networks):
            log.warning("socket_refused", detail="not among providers.audiosocket.peers")
            return False
        decision = self._switchboard.admit()
        if isinstance(decision, Busy):
            log.warning("call_refused", reason=decision.reason)
            return False
        return True

    async def _put_through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        questionnaire = self._switchboard.questionnaire(None)
        if questionnaire is None:
            return

        async def send(message: str | bytes) -> None:
            writer.write(message.encode() if isinstance(message, str) else message)
            await writer.drain()

        protocol = AudioSocketProtocol(self._options.sample_rate)
        await self._switchboard.connect(protocol, questionnaire, _messages(reader), send)


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
            writer.write_eof()
            while await reader.read(READ_BYTES):
                pass


def _address(text: str) -> tuple[str, int]:
    """`host:port`, an IPv6 host in brackets."""
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found["port"]) > HIGHEST_PORT:
        raise ConfigError(
            "providers.audiosocket.listen: it must be an address and a port, as in 127.0.0.1:9092"
        )
    return found["host"].strip("[]"), int(found["port"])


def _networks(peers: str | None) -> Sequence[IPv4Network | IPv6Network]:
    try:
        return [ip_network(part.strip()) for part in (peers or "127.0.0.0/8,::1").split(",")]
    except ValueError:
        raise ConfigError(
            "providers.audiosocket.peers: it must be addresses or networks with commas between, "
            "as in 192.168.1.5, 10.0.0.0/24"
        ) from None
