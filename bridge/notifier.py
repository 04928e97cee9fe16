"""Telling the site that a caller may be in danger, until its address has taken it and somebody has seen it.

A notification is committed with the turn that it comes from; here it is only carried. What could not be
delivered is tried again for as long as it is open, also by the next start of the daemon. The request is
signed as many webhooks are: HMAC-SHA256 over the moment and the body, so that nothing old can be sent again.
"""

import asyncio
import hashlib
import hmac
from datetime import datetime

import aiohttp
import msgspec
import structlog
from msgspec import Struct

from bridge.clock import Clock
from bridge.errors import StorageError
from bridge.storage.records import StoredNotification
from bridge.storage.store import Store

__all__ = ["Notifier", "Target", "signature"]

REQUEST_SECONDS = 10.0
OK, REDIRECTED = 200, 300  # a success is from the one to below the other (RFC 9110, section 15.3)
LOOK_SECONDS = 2.0  # between two looks at what is open
FIRST_PAUSE_SECONDS = 2.0  # after an attempt in vain; doubled each time
LONGEST_PAUSE_SECONDS = 60.0

log = structlog.get_logger()

Key = tuple[str, int, int]


class Target(Struct, frozen=True):
    """Where notifications go."""

    url: str
    secret: str | None = None
    repeat_seconds: float = 60.0  # once it is overdue


class _Attempts(Struct):
    """What was tried for one notification since the daemon started."""

    made: int = 0
    failed: int = 0  # in a row
    next_at: float = 0.0


class Notifier:
    """Carries notifications from the database to the site, for as long as they are open."""

    def __init__(self, store: Store, clock: Clock, target: Target | None) -> None:
        self._store = store
        self._clock = clock
        self._target = target
        self._attempts: dict[Key, _Attempts] = {}
        self._overdue: set[Key] = set()  # and told so in the log

    async def run(self) -> None:
        """Look after notifications until cancelled; nothing that goes wrong here ends it."""
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                try:
                    await self._look(session)
                except StorageError as error:
                    log.warning("notifications_not_read", code=error.code)
                await self._clock.sleep(LOOK_SECONDS)

    async def _look(self, session: aiohttp.ClientSession) -> None:
        """Deal with all that is open; the slow address of one does not hold up another."""
        notices = await self._store.notifications()
        keys = {_key(notice) for notice in notices}
        self._attempts = {key: tries for key, tries in self._attempts.items() if key in keys}
        self._overdue &= keys
        async with asyncio.TaskGroup() as group:
            for notice in notices:
                self._watch(notice)
                if self._target is not None and self._is_due(notice):
                    group.create_task(self._send(session, self._target, notice))

    def _watch(self, notice: StoredNotification) -> None:
        key = _key(notice)
        if self._is_overdue(notice) and key not in self._overdue:
            self._overdue.add(key)
            log.error("notification_not_acknowledged", call_id=notice.call_id, turn=notice.turn_index)

    def _is_overdue(self, notice: StoredNotification) -> bool:
        return self._clock.now() > notice.acknowledge_by

    def _is_due(self, notice: StoredNotification) -> bool:
        """New, failed and rested, or overdue and due again."""
        tries = self._attempts.setdefault(_key(notice), _Attempts())
        is_wanted = notice.delivered_at is None or self._is_overdue(notice)
        return is_wanted and self._clock.monotonic() >= tries.next_at

    async def _send(self, session: aiohttp.ClientSession, target: Target, notice: StoredNotification) -> None:
        tries = self._attempts[_key(notice)]
        tries.made += 1
        problem = await self._post(session, target, notice, tries.made)
        now = self._clock.monotonic()
        if problem:
            tries.failed += 1
            pause = FIRST_PAUSE_SECONDS * 2 ** min(tries.failed - 1, 10)
            tries.next_at = now + min(pause, LONGEST_PAUSE_SECONDS)
            log.warning("notification_not_delivered", call_id=notice.call_id, problem=problem)
            return
        tries.failed = 0
        tries.next_at = now + target.repeat_seconds
        await self._store.note_delivery(*_key(notice))
        log.info("notification_delivered", call_id=notice.call_id, turn=notice.turn_index)

    async def _post(
        self, session: aiohttp.ClientSession, target: Target, notice: StoredNotification, attempt: int
    ) -> str:
        """Send it once; what went wrong, or ''."""
        body = _body(notice, attempt, is_overdue=self._is_overdue(notice))
        headers = {"Content-Type": "application/json"}
        if target.secret is not None:
            headers["Hatif-Signature"] = signature(body, self._clock.now(), target.secret)
        try:
            async with session.post(target.url, data=body, headers=headers, allow_redirects=False) as answer:
                is_taken = OK <= answer.status < REDIRECTED
                return "" if is_taken else f"status {answer.status}"
        except TimeoutError:
            return f"no answer within {REQUEST_SECONDS:g} s"
        except (aiohttp.ClientError, OSError) as error:
            return type(error).__name__


def signature(body: bytes, at: datetime, secret: str) -> str:
    """`t=SECONDS,v1=HEX`: the HMAC-SHA256 of "SECONDS.BODY" under the secret, SECONDS since 1970 (UTC)."""
    seconds = int(at.timestamp())
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def _body(notice: StoredNotification, attempt: int, *, is_overdue: bool) -> bytes:
    """What the site is told: which call and why, never what was said."""
    return msgspec.json.encode(
        {
            "id": "-".join(map(str, _key(notice))),  # the same in each attempt
            "call_id": notice.call_id,
            "at": notice.at,
            "escalation": notice.escalation,
            "reason": notice.reason,
            "item": notice.item,
            "recipients": notice.recipients,
            "acknowledge_by": notice.acknowledge_by,
            "overdue": is_overdue,
            "attempt": attempt,
        }
    )


def _key(notice: StoredNotification) -> Key:
    return notice.call_id, notice.turn_index, notice.number
