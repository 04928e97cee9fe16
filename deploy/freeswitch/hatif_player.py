"""Plays what Hatif says through FreeSWITCH's mod_audio_stream or mod_audio_fork, over the event socket.

The modules write Hatif's audio to files and raise events. This script plays the files one after another,
tells Hatif what was heard and which keys were pressed, and hangs up or transfers when it is asked to. It
needs Python 3.11 or newer and nothing else, and ends when FreeSWITCH goes away: let systemd start it again.
See docs/freeswitch.md.
"""

import argparse
import asyncio
import json
import os
import re
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SUBSCRIPTION = (
    "event json PLAYBACK_STOP DTMF CHANNEL_HANGUP CUSTOM "
    "mod_audio_stream::play mod_audio_stream::json mod_audio_stream::disconnect "
    "mod_audio_fork::play_audio mod_audio_fork::kill_audio mod_audio_fork::json mod_audio_fork::transfer "
    "mod_audio_fork::disconnect"
)
SAFE_PATH = re.compile(r"/[^\s,;|]+")  # what may stand in a command: no second argument, no second command
SAFE_NUMBER = re.compile(r"[0-9A-Za-z+*#._@-]+")
SAFE_UUID = re.compile(r"[0-9A-Za-z-]+")

Event = Mapping[str, Any]


@dataclass
class Channel:
    """One call: what is to be played, and the marks between."""

    uuid: str
    api: str  # uuid_audio_stream or uuid_audio_fork
    queue: deque[tuple[str, str]] = field(default_factory=deque)  # ("file", path) or ("mark", name)
    playing: str | None = None
    is_handed_over: bool = False

    def add(self, kind: str, value: str) -> list[str]:
        """Put a file or a mark behind everything before."""
        self.queue.append((kind, value))
        return self.go_on()

    def go_on(self) -> list[str]:
        """Return the marks that are due, and play the next file."""
        commands = []
        while self.queue and self.playing is None:
            kind, value = self.queue.popleft()
            if kind == "mark":
                commands.append(self.returned(value, played=True))
            else:
                self.playing = value
                commands.append(f"uuid_broadcast {self.uuid} {value} aleg")
        return commands

    def stopped(self, path: str) -> list[str]:
        """A file has ended; one that was broken off before is not waited for any more."""
        if path != self.playing:
            return []
        self.playing = None
        return self.go_on()

    def clear(self) -> list[str]:
        """Drop everything; marks come back as not played."""
        marks = [value for kind, value in self.queue if kind == "mark"]
        commands = [f"uuid_break {self.uuid} all"] if self.playing else []
        self.queue.clear()
        self.playing = None
        return commands + [self.returned(name, played=False) for name in marks]

    def returned(self, name: str, *, played: bool) -> str:
        """A mark on its way back."""
        return self.tell({"type": "mark", "name": name, "played": played})

    def tell(self, word: object) -> str:
        """A word to Hatif; without a space, at which the module would cut it."""
        text = json.dumps(word, separators=(",", ":")).replace(" ", "\\u0020")
        return f"{self.api} {self.uuid} send_text {text}"


class Player:
    """All calls: events in, commands for FreeSWITCH's `api` out."""

    def __init__(self, operator: str | None = None) -> None:
        self.operator = operator  # an extension: where callers go who ask for a person
        self.channels: dict[str, Channel] = {}

    def on_event(self, event: Event) -> list[str]:
        """What follows from one event; nothing from those of other channels."""
        uuid = str(event.get("Unique-ID", ""))
        if not SAFE_UUID.fullmatch(uuid):
            return []
        name = event.get("Event-Name")
        if name == "CUSTOM":
            return self._on_module(uuid, str(event.get("Event-Subclass", "")), event)
        channel = self.channels.get(uuid)
        if channel is None:
            return []
        if name == "PLAYBACK_STOP":
            return channel.stopped(str(event.get("Playback-File-Path", "")))
        if name == "DTMF":
            return [channel.tell({"type": "dtmf", "key": str(event.get("DTMF-Digit", ""))})]
        if name == "CHANNEL_HANGUP":
            del self.channels[uuid]
        return []

    def _on_module(self, uuid: str, subclass: str, event: Event) -> list[str]:
        module, _, kind = subclass.partition("::")
        api = {"mod_audio_stream": "uuid_audio_stream", "mod_audio_fork": "uuid_audio_fork"}.get(module)
        if api is None:
            return []
        channel = self.channels.setdefault(uuid, Channel(uuid, api))
        body = _body(event)
        if kind in {"play", "play_audio"}:
            path = str(body.get("file", ""))
            return channel.add("file", path) if SAFE_PATH.fullmatch(path) else []
        if kind == "json":
            return self._on_word(channel, str(body.get("type", "")), body)
        # A socket that closed ends the call too, rather than leave somebody on a dead line.
        words = {"kill_audio": "clear", "transfer": "transfer", "disconnect": "hangup"}
        return self._on_word(channel, words.get(kind, ""), body)

    def _on_word(self, channel: Channel, word: str, body: Mapping[str, Any]) -> list[str]:
        if word == "mark":
            return channel.add("mark", str(body.get("name", "")))
        if word == "clear":
            return channel.clear()
        if channel.is_handed_over or word not in {"transfer", "hangup"}:
            return []
        channel.is_handed_over = True
        to = str(body.get("to") or self.operator or "")
        if word == "transfer" and SAFE_NUMBER.fullmatch(to):
            return [f"uuid_transfer {channel.uuid} {to}"]
        return [f"uuid_kill {channel.uuid}"]


def _body(event: Event) -> Mapping[str, Any]:
    try:
        body = json.loads(event.get("_body") or "{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


class EventSocket:
    """FreeSWITCH's event socket, as far as it is needed here."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> tuple[str, bytes]:
        """The next message: its content type and body.

        Raises:
            EOFError: FreeSWITCH has gone.

        """
        headers = {}
        while line := (await self._reader.readuntil(b"\n")).decode(errors="replace").strip():
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("reply-text", "").startswith("-ERR"):
            raise PermissionError("FreeSWITCH refuses: is the password right?")
        return headers.get("content-type", ""), body

    async def send(self, command: str) -> None:
        """A command; its answer is read with everything else."""
        self._writer.write(command.encode() + b"\n\n")
        await self._writer.drain()

    async def enter(self, password: str) -> None:
        """Show the password, and ask for events."""
        while (await self.read())[0] != "auth/request":
            pass
        await self.send(f"auth {password}")
        await self.send(SUBSCRIPTION)


async def serve(socket: EventSocket, player: Player) -> None:
    """Play until FreeSWITCH goes away."""
    while True:
        kind, body = await socket.read()
        if kind == "text/disconnect-notice":
            return
        if kind != "text/event-json":
            continue
        for command in player.on_event(json.loads(body)):
            await socket.send(f"api {command}")


async def main() -> None:
    """Connect, and serve."""
    parser = argparse.ArgumentParser(description="Plays Hatif's audio in FreeSWITCH.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8021)
    parser.add_argument("--operator", help="the extension of whoever talks to callers who ask for a person")
    options = parser.parse_args()
    reader, writer = await asyncio.open_connection(options.host, options.port, limit=1 << 22)
    socket = EventSocket(reader, writer)
    await socket.enter(os.environ.get("FREESWITCH_PASSWORD", "ClueCon"))
    await serve(socket, Player(options.operator))


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (OSError, EOFError) as error:
        sys.exit(f"hatif_player: {str(error) or 'FreeSWITCH has closed the connection'}")
