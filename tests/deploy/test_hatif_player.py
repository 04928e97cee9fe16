"""The script beside FreeSWITCH: files one after another, marks when they were heard, no unsafe command."""

import asyncio
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from protocols import MarkReturned, PlayAudio, SendMark
from protocols.freeswitch import FREESWITCH, FreeSwitchProtocol

SCRIPT = Path(__file__).parents[2] / "deploy" / "freeswitch" / "hatif_player.py"
UUID = "6fa459ea-ee8a-3ca4-894e-db77e160355e"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatif_player", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["hatif_player"] = module  # where a dataclass looks for its own annotations
    spec.loader.exec_module(module)
    return module


script = load()


@pytest.fixture
def player() -> Any:
    return script.Player("1000")


def module_event(kind: str, body: Any, module: str = "mod_audio_stream", uuid: str = UUID) -> dict[str, str]:
    subclass = f"{module}::{kind}"
    return {"Event-Name": "CUSTOM", "Event-Subclass": subclass, "Unique-ID": uuid, "_body": json.dumps(body)}


def play(path: str) -> dict[str, str]:
    return module_event("play", {"audioDataType": "raw", "sampleRate": 8000, "file": path})


def mark(name: str) -> dict[str, str]:
    return module_event("json", {"type": "mark", "name": name})


def stopped(path: str) -> dict[str, str]:
    return {"Event-Name": "PLAYBACK_STOP", "Unique-ID": UUID, "Playback-File-Path": path}


def commands(player: Any, *events: dict[str, str]) -> list[str]:
    return [command for event in events for command in player.on_event(event)]


def word(command: str) -> Any:
    """What a send_text says."""
    api, uuid, verb, text = command.split(" ")
    assert (api.startswith("uuid_audio_"), uuid, verb) == (True, UUID, "send_text")
    return json.loads(text)


def test_files_play_one_after_another_and_marks_return_between(player: Any) -> None:
    """A file waits for the one before; a mark for all before it."""
    began = commands(player, play("/var/hatif/a.r8"), mark("1"), play("/var/hatif/b.r8"), mark("2"))
    assert began == [f"uuid_broadcast {UUID} /var/hatif/a.r8 aleg"]
    first, second = commands(player, stopped("/var/hatif/a.r8"))
    assert word(first) == {"type": "mark", "name": "1", "played": True}
    assert second == f"uuid_broadcast {UUID} /var/hatif/b.r8 aleg"
    (last,) = commands(player, stopped("/var/hatif/b.r8"))
    assert word(last) == {"type": "mark", "name": "2", "played": True}


def test_a_mark_behind_nothing_returns_at_once(player: Any) -> None:
    """Everything before it has been heard."""
    assert [word(each)["name"] for each in commands(player, mark("m"))] == ["m"]


@pytest.mark.parametrize(
    "clear", [module_event("json", {"type": "clear"}), module_event("kill_audio", {}, "mod_audio_fork")]
)
def test_a_clear_breaks_off_and_tells_the_truth_about_marks(player: Any, clear: dict[str, str]) -> None:
    """And the end of what was broken off does not end what comes after it."""
    commands(player, play("/var/hatif/a.r8"), mark("1"), play("/var/hatif/b.r8"), mark("2"))
    broken, *marks = commands(player, clear)
    assert broken == f"uuid_break {UUID} all"
    assert [(word(each)["name"], word(each)["played"]) for each in marks] == [("1", False), ("2", False)]
    assert commands(player, play("/var/hatif/c.r8")) == [f"uuid_broadcast {UUID} /var/hatif/c.r8 aleg"]
    assert commands(player, stopped("/var/hatif/a.r8"), mark("3")) == []
    assert [word(each)["played"] for each in commands(player, stopped("/var/hatif/c.r8"))] == [True]


def test_a_clear_of_silence_breaks_nothing(player: Any) -> None:
    """Whatever else plays on the channel is not ours."""
    assert commands(player, mark("m"), module_event("json", {"type": "clear"}))[1:] == []


def test_keys_are_told(player: Any) -> None:
    """Of calls that Hatif has; of no others."""
    key = {"Event-Name": "DTMF", "Unique-ID": UUID, "DTMF-Digit": "#"}
    assert commands(player, key) == []
    (told,) = commands(player, mark("m"), key)[1:]
    assert word(told) == {"type": "dtmf", "key": "#"}


@pytest.mark.parametrize(
    ("event", "command"),
    [
        (module_event("json", {"type": "hangup"}), f"uuid_kill {UUID}"),
        (module_event("disconnect", {"status": "disconnected"}), f"uuid_kill {UUID}"),
        (module_event("disconnect", {}, "mod_audio_fork"), f"uuid_kill {UUID}"),
        (module_event("json", {"type": "transfer", "to": "937"}), f"uuid_transfer {UUID} 937"),
        (module_event("json", {"type": "transfer"}), f"uuid_transfer {UUID} 1000"),
        (module_event("transfer", {"to": "+966937"}, "mod_audio_fork"), f"uuid_transfer {UUID} +966937"),
        (module_event("json", {"type": "transfer", "to": "1 XML\n\napi shutdown"}), f"uuid_kill {UUID}"),
    ],
)
def test_a_call_is_handed_over_once(player: Any, event: dict[str, str], command: str) -> None:
    """The socket that closes behind it ends nothing more."""
    assert commands(player, event) == [command]
    assert commands(player, module_event("disconnect", {})) == []


@pytest.mark.parametrize(
    "event",
    [
        play("/var/hatif/a.r8 both\n\napi shutdown"),
        play("relative.r8"),
        module_event("play", {"file": "/var/hatif/a"}, uuid="x y"),
        module_event("play", {"file": "/var/hatif/a"}, module="mod_other"),
        {"Event-Name": "CUSTOM"},
        {**mark("m"), "_body": "no json"},
        {**mark("m"), "_body": "[]"},
        {},
    ],
)
def test_nothing_unsafe_and_nothing_strange_becomes_a_command(player: Any, event: dict[str, str]) -> None:
    """A second command in a name would be FreeSWITCH's to obey."""
    assert commands(player, event) == []


def test_a_word_has_no_space_in_it(player: Any) -> None:
    """The module's commands end at spaces."""
    (told,) = commands(player, mark("a b\n"))
    assert word(told)["name"] == "a b\n"


def test_a_call_that_ended_is_forgotten(player: Any) -> None:
    """Its file may still end afterwards."""
    gone = {"Event-Name": "CHANNEL_HANGUP", "Unique-ID": UUID}
    assert len(commands(player, play("/var/hatif/a.r8"), gone)) == 1
    assert player.channels == {}
    assert commands(player, stopped("/var/hatif/a.r8"), gone) == []


async def test_it_speaks_with_an_event_socket_and_our_protocol_understands_it() -> None:
    """From the password to a phrase that was heard, over a real socket."""
    protocol = FreeSwitchProtocol(FREESWITCH, 8000)
    protocol.begin_without_setup()
    said = [*protocol.send(PlayAudio(b"\1\0" * 80)), *protocol.send(SendMark("phrase-1"))]
    assert [json.loads(each)["type"] for each in said] == ["streamAudio", "mark"]
    received: list[str] = []

    async def freeswitch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def event(fields: dict[str, str]) -> bytes:
            body = json.dumps(fields).encode()
            return b"Content-Length: %d\nContent-Type: text/event-json\n\n%s" % (len(body), body)

        async def command() -> str:
            return (await reader.readuntil(b"\n\n")).decode().strip()

        writer.write(b"Content-Type: auth/request\n\n")
        received.append(await command())
        writer.write(b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n")
        received.append((await command())[:10])
        writer.write(event(play("/var/hatif/a.r8")) + event(mark("phrase-1")))
        received.append(await command())
        writer.write(
            b"Content-Type: api/response\nContent-Length: 4\n\n+OK\n" + event(stopped("/var/hatif/a.r8"))
        )
        received.append(await command())
        writer.write(b"Content-Type: text/disconnect-notice\nContent-Length: 0\n\n")
        writer.close()

    async with await asyncio.start_server(freeswitch, "127.0.0.1", 0) as server, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        socket = script.EventSocket(reader, writer)
        await socket.enter("ClueCon")
        await script.serve(socket, script.Player())
        writer.close()

    assert received[:3] == ["auth ClueCon", "event json", f"api uuid_broadcast {UUID} /var/hatif/a.r8 aleg"]
    text = received[3].split(" ", 4)[-1]
    assert protocol.receive(text) == (MarkReturned("phrase-1", played=True),)


async def test_a_wrong_password_is_said() -> None:
    """Rather than waited for."""

    async def freeswitch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Content-Type: auth/request\n\n")
        await reader.readuntil(b"\n\n")
        writer.write(b"Content-Type: command/reply\nReply-Text: -ERR invalid\n\n")
        writer.close()

    async with await asyncio.start_server(freeswitch, "127.0.0.1", 0) as server, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        socket = script.EventSocket(reader, writer)
        await socket.enter("wrong")
        with pytest.raises(PermissionError, match="password"):
            await script.serve(socket, script.Player())
        writer.close()
