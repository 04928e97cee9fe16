"""Notifications on their way to a site: a real database, a real web server, and what goes wrong between."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from databases import put_empty
from structlog.testing import capture_logs

from bridge.clock import Clock
from bridge.dialogue.actions import Notify
from bridge.notifier import Notifier, Target, signature
from bridge.storage.records import CallRecord, TurnRecord
from bridge.storage.store import Store

SPEED = 16
SECRET = "0123456789abcdef0123456789abcdef"


class Site:
    """The far end: a web server that keeps what it was sent, and answers as it is told to."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.signatures: list[str | None] = []
        self.bodies: list[bytes] = []
        self.statuses: list[int] = []  # the next answers; then 204

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.requests.append(json.loads(self.bodies[-1]))
        self.signatures.append(request.headers.get("Hatif-Signature"))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.requests) < count:  # noqa: ASYNC110 - the far end tells no event
                await asyncio.sleep(0.01)


@pytest.fixture
async def site() -> AsyncIterator[tuple[Site, str]]:
    """A site and the address that it takes notifications at."""
    one = Site()
    app = web.Application()
    app.router.add_post("/alarm", one.take)
    async with TestServer(app) as server:
        yield one, str(server.make_url("/alarm"))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store with one call."""
    one = await Store.open(put_empty(tmp_path / "hatif.db"), clock=Clock(SPEED))
    await one.begin_call(
        CallRecord(
            call_id="c1",
            provider="maqsam",
            questionnaire="phq9",
            questionnaire_version="1",
            questionnaire_hash="h",
            model="m@1",
            started_at=datetime.now(UTC),
        )
    )
    yield one
    await one.close()


Notified = Callable[[int], Awaitable[None]]


@pytest.fixture
def notified(store: Store) -> Notified:
    """Store a turn that somebody is to be told of, to be acknowledged within so many seconds from now."""

    async def notify(seconds: int) -> None:
        now = Clock(SPEED).now()
        turn = TurnRecord(
            at=now, item="harm", input="speech", meaning="answer", value="often", closed="كل يوم"
        )
        await store.record_turn(
            "c1", turn, [], b"{}", [Notify("crisis", "answer", ("oncall",), seconds, "harm")]
        )

    return notify


@pytest.fixture
async def carry(store: Store) -> AsyncIterator[Callable[[Target | None], None]]:
    """Run a notifier for as long as the test goes on."""
    running: list[asyncio.Task[None]] = []

    def start(target: Target | None) -> None:
        running.append(asyncio.create_task(Notifier(store, Clock(SPEED), target).run()))

    yield start
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def delivered(store: Store) -> None:
    async with asyncio.timeout(20):
        while (await store.notifications())[0].delivered_at is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_the_site_is_told_once_and_in_signed_words(
    site: tuple[Site, str], store: Store, notified: Notified, carry: Callable[[Target | None], None]
) -> None:
    """Which call and why, never what was said; the signature is that of this body at this moment."""
    far_end, url = site
    await notified(86_400)
    carry(Target(url, SECRET))
    await delivered(store)
    await asyncio.sleep(0.5)  # 8 seconds of call time: four more looks
    (told,) = far_end.requests
    assert told["id"] == "c1-1-1"
    assert (told["escalation"], told["reason"], told["recipients"]) == ("crisis", "answer", ["oncall"])
    assert (told["overdue"], told["attempt"]) == (False, 1)
    assert "often" not in far_end.bodies[0].decode()
    sent = far_end.signatures[0] or ""
    seconds = int(sent.removeprefix("t=").partition(",")[0])
    assert sent == signature(far_end.bodies[0], datetime.fromtimestamp(seconds, UTC), SECRET)
    assert sent != signature(far_end.bodies[0] + b" ", datetime.fromtimestamp(seconds, UTC), SECRET)


async def test_a_site_that_fails_is_tried_again(
    site: tuple[Site, str], store: Store, notified: Notified, carry: Callable[[Target | None], None]
) -> None:
    """An error is no delivery, and neither is a redirection; the id stays the same."""
    far_end, url = site
    far_end.statuses = [500, 302]
    await notified(86_400)
    carry(Target(url))
    await delivered(store)
    assert [told["attempt"] for told in far_end.requests] == [1, 2, 3]
    assert {told["id"] for told in far_end.requests} == {"c1-1-1"}
    assert far_end.signatures == [None, None, None]


async def test_a_restart_goes_on(
    site: tuple[Site, str], store: Store, notified: Notified, carry: Callable[[Target | None], None]
) -> None:
    """What another daemon left undelivered is delivered by this one; what it delivered is not sent again."""
    far_end, url = site
    await notified(86_400)
    await notified(86_400)
    await store.note_delivery("c1", 1, 1)
    carry(Target(url))
    await far_end.until(1)
    await asyncio.sleep(0.5)
    assert [told["id"] for told in far_end.requests] == ["c1-2-1"]


async def test_what_nobody_acknowledges_is_sent_again_until_somebody_does(
    site: tuple[Site, str], store: Store, notified: Notified, carry: Callable[[Target | None], None]
) -> None:
    """Overdue says so, again and again; acknowledged, it is quiet."""
    far_end, url = site
    await notified(-1)
    carry(Target(url, repeat_seconds=5))
    await far_end.until(3)
    assert all(told["overdue"] for told in far_end.requests)
    assert await store.acknowledge("c1", 1, 1, "nurse")
    await asyncio.sleep(0.5)
    count = len(far_end.requests)
    await asyncio.sleep(0.8)
    assert len(far_end.requests) == count


async def test_without_an_address_the_log_tells_what_is_overdue(
    store: Store,
    notified: Notified,
    carry: Callable[[Target | None], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Once, as an error; and without a word of what was said."""
    await notified(-1)
    carry(None)
    await asyncio.sleep(0.5)
    printed = capsys.readouterr().out
    assert printed.count("notification_not_acknowledged") == 1
    assert "كل يوم" not in printed


async def test_an_address_where_nobody_is_does_not_end_it(
    store: Store, notified: Notified, carry: Callable[[Target | None], None], unused_tcp_port: int
) -> None:
    """The daemon goes on; the notification stays open and undelivered."""
    await notified(86_400)
    carry(Target(f"http://127.0.0.1:{unused_tcp_port}/"))
    await asyncio.sleep(0.5)
    (notice,) = await store.notifications()
    assert notice.delivered_at is None
    assert notice.acknowledge_by - notice.at == timedelta(days=1)


async def _told(lines: list[Any], event: str) -> Any:
    """The first line of that name, as soon as it is there."""
    async with asyncio.timeout(60):
        while not (found := [line for line in lines if line["event"] == event]):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return found[0]


async def test_a_name_that_does_not_resolve_is_told_and_does_not_end_it(
    store: Store, notified: Notified, carry: Callable[[Target | None], None], site: tuple[Site, str]
) -> None:
    """The real resolver says so; where a second address is good, what is open is delivered there later."""
    await notified(86_400)
    with capture_logs() as lines:
        carry(Target("http://alarm.clinic.invalid/"))
        problem = (await _told(lines, "notification_not_delivered"))["problem"]
    assert problem.endswith("DNSError")
    assert (await store.notifications())[0].delivered_at is None
    carry(Target(site[1]))  # as after a restart with the address mended
    await delivered(store)


async def test_an_address_that_never_answers_holds_up_no_other_notification(
    store: Store,
    notified: Notified,
    carry: Callable[[Target | None], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each request is given up, and tried again; what is overdue is told meanwhile."""
    monkeypatch.setattr("bridge.notifier.REQUEST_SECONDS", 0.2)
    asked: list[None] = []

    async def listen(_request: web.Request) -> web.Response:
        asked.append(None)
        await asyncio.sleep(3600)
        return web.Response()

    app = web.Application()
    app.router.add_post("/", listen)
    await notified(86_400)
    await notified(-1)
    async with TestServer(app) as server:
        with capture_logs() as lines:
            carry(Target(str(server.make_url("/"))))
            assert await _told(lines, "notification_not_acknowledged")
            assert (await _told(lines, "notification_not_delivered"))["problem"].startswith(
                "no answer within"
            )
            async with asyncio.timeout(60):
                while len(asked) < 4:  # noqa: ASYNC110 - the far end tells no event
                    await asyncio.sleep(0.01)
