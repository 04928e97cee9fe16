"""What was said in a call that is listened to: `/calls/CALL_ID/transcript`, and `.../live` while it lasts.

Live are server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): an `utterance`
with the utterance's number as its id for each that is stored, those before it first, then one `end`. Between
them, where the recogniser has time for it, `partial`: what is being said, with no id, for it is not stored
and may yet become something else. Who lost the connection goes on with `Last-Event-ID`. Both need the scope
`transcripts`.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import msgspec
import structlog
from aiohttp import web
from msgspec import Struct

from bridge.audit.entries import Action
from bridge.audit.log import AuditLog
from bridge.errors import StorageError
from bridge.following import Follower, LiveTranscripts, Unfinished
from bridge.identity.principal import Scope
from bridge.storage.records import CallKind, StoredCall
from bridge.storage.store import Store
from bridge.storage.utterances import StoredUtterance, as_spoken, utterances_of
from bridge.web.authorisation import asker, require
from bridge.web.endpoints import Endpoint, Handler, Parameter, reply

__all__ = ["TranscriptRoutes", "transcript_endpoints"]

EVENTS = "text/event-stream"
SEND_SECONDS = 5.0  # wall clock, for one event to be taken; who is slower has left
STILL_HERE_SECONDS = 15.0  # a line that says nothing, so that proxies and we notice who is gone
MAX_DIGITS = 9  # of an event's id

log = structlog.get_logger()


class Transcript(Struct, frozen=True):
    """What was said in a call, in the order in which it was spoken."""

    call_id: str
    provider: str
    provider_call_id: str | None
    model: str
    started_at: datetime
    ended_at: datetime | None
    disposition: str | None
    live: bool  # more may come
    utterances: list[StoredUtterance]


def transcript_endpoints(show: Handler, follow: Handler) -> list[Endpoint]:
    """What is served and described; the handlers may be those of a server that has no calls yet."""
    return [
        Endpoint(
            method="GET",
            path="/calls/{call_id}/transcript",
            scope=Scope.TRANSCRIPTS,
            handler=show,
            summary="What was said so far in a call that is listened to",
            answer=Transcript,
        ),
        Endpoint(
            method="GET",
            path="/calls/{call_id}/transcript/live",
            scope=Scope.TRANSCRIPTS,
            handler=follow,
            summary="Each utterance of such a call as soon as it is stored, as server-sent events",
            answer=str,
            content_type=EVENTS,
            parameters=(Parameter("Last-Event-ID", "go on behind this utterance", place="header"),),
        ),
    ]


class TranscriptRoutes:
    """What whoever is allowed to may read."""

    def __init__(self, *, store: Store, transcripts: LiveTranscripts, audit: AuditLog | None = None) -> None:
        self._audit = audit
        self._store = store
        self._transcripts = transcripts

    async def show(self, request: web.Request) -> web.Response:
        """All that is stored so far."""
        call = await self._call(request, Action.TRANSCRIPT_READ)
        is_live = self._transcripts.is_live(call.call_id)  # before reading: false means that this is all
        answer = Transcript(
            call_id=call.call_id,
            provider=call.provider,
            provider_call_id=call.provider_call_id,
            model=call.model,
            started_at=call.started_at,
            ended_at=call.ended_at,
            disposition=call.disposition,
            live=is_live,
            utterances=as_spoken(await self._said(call.call_id)),
        )
        return reply(answer)

    async def follow(self, request: web.Request) -> web.StreamResponse:
        """Each utterance as soon as it is stored."""
        call = await self._call(request, Action.TRANSCRIPT_FOLLOW)
        if self._transcripts.is_full(call.call_id):
            raise web.HTTPServiceUnavailable(text="too many follow this call\n")
        response = web.StreamResponse(headers={"Content-Type": EVENTS, "Cache-Control": "no-store"})
        with self._transcripts.follow(call.call_id) as follower:  # before reading: nothing falls between
            before = await self._said(call.call_id, after=_last_seen(request))
            await response.prepare(request)
            try:
                await self._send_all(response, before, follower)
            except (ConnectionError, TimeoutError):
                log.info("follower_gone", call_id=call.call_id)
        return response

    async def _send_all(
        self, response: web.StreamResponse, before: list[StoredUtterance], follower: Follower
    ) -> None:
        last = 0
        for said in before:
            await _send(response, _event("utterance", said))
            last = said.index
        async for event in _events(follower, last):
            await _send(response, event)
        if not follower.is_dropped:  # else the connection just ends, and whoever wants goes on
            await _send(response, b"event: end\ndata: {}\n\n")

    async def _call(self, request: web.Request, action: Action) -> StoredCall:
        call_id = request.match_info["call_id"]
        principal = require(request, Scope.TRANSCRIPTS)
        try:
            call = await self._store.call(call_id)
        except StorageError as error:
            raise _unreadable(error) from None
        is_theirs = call is not None and principal.sees(call.tenant) and principal.call in {None, call_id}
        if call is None or call.kind != CallKind.MONITORED or not is_theirs:
            raise web.HTTPNotFound(text="no call of that id was listened to\n")
        if self._audit is not None:
            await self._audit.note_seldom(asker(request), action, call.call_id, tenant=call.tenant)
        return call

    async def _said(self, call_id: str, *, after: int = 0) -> list[StoredUtterance]:
        try:
            return await utterances_of(self._store, call_id, after=after)
        except StorageError as error:
            raise _unreadable(error) from None


async def _events(follower: Follower, last: int) -> AsyncIterator[bytes]:
    """What the follower is told behind utterance `last`, and a sign of life when that is nothing."""
    while True:
        try:
            async with asyncio.timeout(STILL_HERE_SECONDS):
                said = await follower.next()
        except TimeoutError:
            yield b":\n\n"
            continue
        if said is None:
            return
        if isinstance(said, Unfinished):
            yield b"event: partial\ndata: %s\n\n" % msgspec.json.encode(said)
        elif said.index > last:
            yield _event("utterance", said)


async def _send(response: web.StreamResponse, event: bytes) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await response.write(event)


def _event(kind: str, said: StoredUtterance) -> bytes:
    return b"event: %s\nid: %d\ndata: %s\n\n" % (kind.encode(), said.index, msgspec.json.encode(said))


def _last_seen(request: web.Request) -> int:
    """The number of the last utterance that a follower who comes again has seen."""
    written = request.headers.get("Last-Event-ID", "")
    return int(written) if written.isascii() and written.isdecimal() and len(written) <= MAX_DIGITS else 0


def _unreadable(error: StorageError) -> web.HTTPServiceUnavailable:
    log.error("transcript_not_read", code=error.code, detail=str(error))
    return web.HTTPServiceUnavailable(text="the transcript cannot be read now\n")
