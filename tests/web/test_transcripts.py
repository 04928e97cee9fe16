"""Following a call over HTTP: everything once, signs of life, and nobody is waited for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from bridge.clock import Clock
from bridge.config import load_settings
from bridge.errors import StorageError
from bridge.following import MOST_FOLLOWERS, LiveTranscripts, Unfinished
from bridge.identity.principal import Principal, Scope
from bridge.storage.records import CallKind, CallRecord
from bridge.storage.store import Store
from bridge.storage.utterances import StoredUtterance, UtteranceRecord, keep_utterance
from bridge.web import transcripts
from bridge.web.authorisation import PRINCIPAL
from bridge.web.gate import Gate
from bridge.web.transcripts import TranscriptRoutes, transcript_endpoints

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LIVE = "/calls/c1/transcript/live"


class House:
    """A call that is listened to, and a door for those who follow; no secret, so this machine is served."""

    def __init__(self, store: Store, live: LiveTranscripts, client: Any) -> None:
        self.store = store
        self.live = live
        self.client = client

    async def say(self, text: str, *, is_told: bool = True) -> StoredUtterance:
        said = UtteranceRecord(
            channel="caller", at=BEGAN, started_seconds=1.0, ended_seconds=2.0, text=text, confidence=1.0
        )
        stored = await keep_utterance(self.store, "c1", said)
        if is_told:
            self.live.publish("c1", stored)
        return stored


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock = Clock()
    store = await Store.open(tmp_path / "hatif.db", clock=clock)
    for call_id, kind in (("c1", CallKind.MONITORED), ("c2", CallKind.CONVERSATION)):
        facts = {"questionnaire": "", "questionnaire_version": "", "questionnaire_hash": "", "model": "m@1"}
        call = CallRecord(call_id=call_id, provider="p", started_at=BEGAN, kind=kind, **facts)
        await store.begin_call(call)
    live = LiveTranscripts()
    routes = TranscriptRoutes(store=store, transcripts=live)
    application = web.Application(middlewares=Gate(load_settings(environ={})).middlewares)
    application.add_routes([one.route() for one in transcript_endpoints(routes.show, routes.follow)])
    async with TestClient(TestServer(application)) as client:
        yield House(store, live, client)
    await store.close()


@asynccontextmanager
async def following(house: House, **headers: str) -> AsyncIterator[Callable[[], Any]]:
    """A follower; what is yielded reads one line of theirs."""
    async with house.client.get(LIVE, headers=headers) as answer:
        assert answer.status == 200

        async def line() -> str:
            async with asyncio.timeout(5):
                return str((await answer.content.readline()).decode().strip())

        yield line


async def rest(answer: ClientResponse) -> list[str]:
    async with asyncio.timeout(5):
        return [line for line in (await answer.text()).splitlines() if line]


async def test_what_is_stored_and_then_told_comes_once(house: House) -> None:
    """Whoever comes while an utterance is being told has it from the database already."""
    first = await house.say("نعم")
    with house.live.of_call("c1"):
        async with following(house) as line:
            assert [await line() for _ in range(2)] == ["event: utterance", "id: 1"]
            house.live.publish("c1", first)
            await house.say("لا")
            assert "نعم" in await line()
            assert [await line() for _ in range(3)] == ["", "event: utterance", "id: 2"]


async def test_what_is_being_said_has_no_number(house: House) -> None:
    """So that whoever comes again goes on behind the last utterance."""
    with house.live.of_call("c1"):
        async with following(house) as line:
            house.live.hint("c1", Unfinished("agent", 1.25, "نعم"))
            told = [await line() for _ in range(3)]
    assert told == ["event: partial", 'data: {"channel":"agent","started_seconds":1.25,"text":"نعم"}', ""]


async def test_silence_is_broken_by_signs_of_life(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment, which no browser shows."""
    monkeypatch.setattr(transcripts, "STILL_HERE_SECONDS", 0.02)
    with house.live.of_call("c1"):
        async with following(house) as line:
            assert [await line() for _ in range(4)] == [":", "", ":", ""]


async def test_a_follower_who_takes_nothing_is_let_go(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """And makes room for another."""

    async def never(_response: web.StreamResponse, _data: bytes) -> None:
        await asyncio.Event().wait()

    await house.say("نعم")
    monkeypatch.setattr(transcripts, "SEND_SECONDS", 0.02)
    monkeypatch.setattr(web.StreamResponse, "write", never)
    with house.live.of_call("c1"):
        async with house.client.get(LIVE) as answer:
            assert await rest(answer) == []
        assert not house.live._followers["c1"]


async def test_one_who_was_dropped_is_not_told_that_it_is_over(house: House) -> None:
    """It is not: they come again, with the number of the last that they saw."""
    with house.live.of_call("c1"):
        async with house.client.get(LIVE) as answer:
            (follower,) = house.live._followers["c1"]
            follower.is_dropped = True
            follower.end()
            assert await rest(answer) == []


@pytest.mark.parametrize(("last", "ids"), [("", 2), ("1", 1), ("2", 0), ("x", 2), ("9" * 40, 2), ("٣", 2)])
async def test_a_call_that_is_over_is_told_and_ends(house: House, last: str, ids: int) -> None:
    """From where the follower was; nonsense is the beginning."""
    for text in ("نعم", "لا"):
        await house.say(text)
    async with house.client.get(LIVE, headers={"Last-Event-ID": last}) as answer:
        lines = await rest(answer)
    assert sum(line.startswith("id:") for line in lines) == ids
    assert lines[-2:] == ["event: end", "data: {}"]


async def test_a_call_has_room_for_so_many(house: House) -> None:
    """One more is told to come later."""
    with house.live.of_call("c1"):
        house.live._followers["c1"] = {object() for _ in range(MOST_FOLLOWERS)}  # type: ignore[misc]
        async with house.client.get(LIVE) as answer:
            assert answer.status == 503
        house.live._followers["c1"] = set()


async def test_a_conversation_has_no_transcript(house: House) -> None:
    """Neither has a call that never was."""
    for call_id in ("c2", "c9"):
        for path in (f"/calls/{call_id}/transcript", f"/calls/{call_id}/transcript/live"):
            async with house.client.get(path) as answer:
                assert answer.status == 404


async def test_a_transcript_names_no_number(house: House) -> None:
    """The call is named by its ids; whoever reads what was said need not know who is called how."""
    await house.say("نعم")
    with house.live.of_call("c1"):
        async with house.client.get("/calls/c1/transcript") as answer:
            shown = await answer.json()
            assert answer.headers["Cache-Control"] == "no-store"  # nor does a browser keep it
    assert (shown["live"], [each["text"] for each in shown["utterances"]]) == (True, ["نعم"])
    assert not {"caller_number", "callee_number", "custom"} & set(shown)


async def test_strangers_are_not_served(house: House) -> None:
    """Without a secret nobody but this machine is, and no proxy speaks for it."""
    async with house.client.get("/calls/c1/transcript", headers={"X-Forwarded-For": "203.0.113.9"}) as answer:
        assert answer.status == 401


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (Principal("key:1", frozenset({Scope.TRANSCRIPTS})), 200),
        (Principal("key:1", frozenset({Scope.TRANSCRIPTS}), tenant="default"), 200),
        (Principal("key:1", frozenset({Scope.TRANSCRIPTS}), tenant="north"), 404),
        (Principal("key:1", frozenset(Scope) - {Scope.TRANSCRIPTS}), 403),
        (Principal("token:1", frozenset({Scope.TRANSCRIPTS}), call="c1"), 200),
        (Principal("token:1", frozenset({Scope.TRANSCRIPTS}), call="c2"), 404),
    ],
)
async def test_others_calls_are_not_found(house: House, principal: Principal, expected: int) -> None:
    """Neither another tenant's, nor another than the one that a token is of."""

    @web.middleware
    async def identify(request: web.Request, handler: Any) -> web.StreamResponse:
        request[PRINCIPAL] = principal
        return await handler(request)  # type: ignore[no-any-return]

    routes = TranscriptRoutes(store=house.store, transcripts=house.live)
    application = web.Application(middlewares=[identify])
    application.add_routes([one.route() for one in transcript_endpoints(routes.show, routes.follow)])
    async with TestClient(TestServer(application)) as client:
        for path in ("/calls/c1/transcript", "/calls/c1/transcript/live"):
            async with client.get(path) as answer:
                assert answer.status == expected, path


async def test_a_database_that_cannot_be_read_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As something that passes."""
    monkeypatch.setattr(house.store, "call", _broken)
    async with house.client.get("/calls/c1/transcript") as answer:
        assert answer.status == 503


async def _broken(_call_id: str) -> None:
    raise StorageError("the database cannot be read")
