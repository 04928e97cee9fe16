"""So many callers at once, for as long as is wanted: who is called off is replaced. One ticker serves all."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Self

from msgspec import Struct

from bridge.audio.frames import FRAME_SECONDS
from bridge.bench.acting import Actor
from bridge.bench.caller import Caller, Ended, Ending
from bridge.bench.load import Load, quantiles, spread
from bridge.bench.server import Usage, cost
from bridge.bench.sockets import RefusedError, Socket, connect
from bridge.bench.telephone import Ear, Seen
from bridge.carriers.arriving import Way
from bridge.carriers.base import CarrierCall, CarrierWire
from bridge.carriers.fake import CONNECT_SECONDS, REFUSALS, why_unreachable
from bridge.clock import Clock
from protocols.registry import PROVIDERS

__all__ = ["Crowd", "Who"]

SLOTS = 10  # calls whose frames are due within the same 2 ms are served together
MAX_LAG_SECONDS = 1.0  # of the ticker; what a busy machine delayed more than that is left out
CLOSE_SECONDS = 3.0
AGAIN_SECONDS = 1.0  # after a refusal that names no other time
MAX_AGAIN_SECONDS = 5.0


class Who(Struct, frozen=True):
    """Who calls, and how."""

    way: Way
    wire: Callable[[], CarrierWire]
    actor: Callable[[int], Actor]  # of the call of that number
    numbers: tuple[str, str]  # the caller's and the called one
    new_call_id: Callable[[], str]
    usage: Callable[[], Awaitable[Usage | None]]  # None: it cannot be seen


class Crowd:
    """All callers of a run. An asynchronous context manager: none of them outlives it."""

    def __init__(self, who: Who, *, clock: Clock, per_second: float) -> None:
        """New calls are begun no faster than `per_second`, of call time."""
        self._who = who
        self._clock = clock
        self._per_second = per_second
        self._is_spoken_to = PROVIDERS[who.way.provider].capabilities.plays
        self._numbers = count(1)
        self._seen = Seen()
        self._slots: list[set[Caller]] = [set() for _ in range(SLOTS)]
        self._places: list[asyncio.Task[None]] = []
        self._leaving: set[asyncio.Task[None]] = set()
        self._next_begin = 0.0
        self._pacing: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None
        self._usage: Usage | None = None
        self._late: list[float] = []
        self._ends: list[Ended] = []
        self._came = 0
        self._begin_window()

    async def __aenter__(self) -> Self:
        self._pacing = asyncio.create_task(self._pace())
        self._pacing.add_done_callback(self._look_at)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._shrink(0)
        await asyncio.gather(*self._leaving, return_exceptions=True)
        if self._pacing is not None:
            self._pacing.cancel()
            await asyncio.gather(self._pacing, return_exceptions=True)

    def _look_at(self, task: asyncio.Task[None]) -> None:
        """A task of ours ends only by being cancelled; else whoever asks for figures is told why."""
        if not task.cancelled():
            self._failure = self._failure or task.exception()

    @property
    def in_progress(self) -> int:
        """How many calls there are at this moment."""
        return sum(map(len, self._slots))

    @property
    def ends(self) -> Sequence[Ended]:
        """What became of the calls that have ended since the beginning of what is measured."""
        return self._ends

    def resize(self, calls: int) -> float:
        """Have so many calls at once from now on; in how many seconds of call time all have begun."""
        self._shrink(calls)
        while len(self._places) < calls:
            place = asyncio.create_task(self._keep())
            place.add_done_callback(self._look_at)
            self._places.append(place)
        return max(0.0, self._next_begin - self._clock.monotonic())

    def _shrink(self, calls: int) -> None:
        while len(self._places) > calls:
            place = self._places.pop()
            place.cancel()
            self._leaving.add(place)
            place.add_done_callback(self._leaving.discard)

    # What was seen

    def begin_calls(self) -> None:
        """What becomes of calls from now on counts."""
        self._ends.clear()
        self._seen.first_words.clear()
        self._came = 0

    async def begin(self) -> None:
        """What is seen of the calls in progress from now on counts, and what they cost."""
        self._usage = await self._who.usage()
        self._begin_window()

    def _begin_window(self) -> None:
        self._seen.forget()
        self._late.clear()
        self._frames = 0
        self._began, self._own = self._clock.monotonic(), time.process_time()

    async def load(self) -> Load:
        """What was seen since both beginnings."""
        if self._failure is not None:
            raise self._failure
        seconds, own = self._clock.monotonic() - self._began, time.process_time() - self._own
        talked = self._frames * FRAME_SECONDS
        used = await self._who.usage()
        seen, ends = self._seen, Counter(one.ending for one in self._ends)
        return Load(
            calls=len(self._places),
            at_once=round(talked / max(seconds, FRAME_SECONDS), 2),
            seconds=round(seconds, 2),
            came=self._came,
            refused=ends[Ending.REFUSED],
            completed=ends[Ending.COMPLETED],
            left=ends[Ending.LEFT],
            broken=ends[Ending.BROKEN],
            troubles=dict(Counter(one.why for one in self._ends if one.why).most_common()),
            first_word_ms=spread(seen.first_words),
            reply_ms=spread(seen.replies),
            replies=len(seen.replies),
            key_ms=spread(seen.key_replies),
            key_replies=len(seen.key_replies),
            unanswered=seen.unanswered,
            clear_ms=spread(seen.clears),
            clears=len(seen.clears),
            uncleared=seen.uncleared,
            pacing_ms=spread(seen.pacing),
            underruns=seen.underruns,
            audio_share=round(seen.received_seconds / max(talked, FRAME_SECONDS), 3),
            messages_per_call_second=round(seen.messages / max(talked, FRAME_SECONDS), 1),
            callers_cpu_share=round(own / max(self._clock.real_seconds(seconds), FRAME_SECONDS), 3),
            late_ms=spread(self._late),
            distributions={
                name: quantiles(values)
                for name, values in (
                    ("reply", seen.replies),
                    ("clear", seen.clears),
                    ("pacing", seen.pacing),
                )
            },
            server=cost(self._usage, used, talked),
        )

    # Calls

    async def _keep(self) -> None:
        """One place: a call, and the next one when it is over."""
        while True:
            await self._turn()
            ended = await self._call(next(self._numbers))
            self._ends.append(ended)
            if ended.ending is Ending.REFUSED:
                again = min(ended.retry_after_seconds or AGAIN_SECONDS, MAX_AGAIN_SECONDS)
                await asyncio.sleep(again)

    async def _turn(self) -> None:
        """Wait until one more call may begin."""
        now = self._clock.monotonic()
        begin = max(now, self._next_begin)
        self._next_begin = begin + 1 / self._per_second
        await self._clock.sleep(begin - now)

    async def _call(self, number: int) -> Ended:
        """Place a call and see it to its end."""
        self._came += 1
        call = CarrierCall(*self._who.numbers, self._who.new_call_id())
        ear = Ear(self._seen, self._clock.monotonic())
        door = await self._who.way.knock(call)
        if door.url is None:
            return Ended(Ending.REFUSED, "busy" if door.is_busy else door.answer)
        wire = self._who.wire()
        caller = Caller(wire, self._who.actor(number), ear, self._clock, is_spoken_to=self._is_spoken_to)
        try:
            socket = await connect(
                wire.dial(door.url, call, door.token),
                heard=caller.hear,
                lost=caller.lose,
                seconds=CONNECT_SECONDS,
            )
        except RefusedError as refusal:
            status = refusal.status
            why = f"{status}: {REFUSALS.get(status, 'The server answered without opening a WebSocket.')}"
            return Ended(Ending.REFUSED, why, refusal.retry_after_seconds)
        except (OSError, TimeoutError) as error:
            return Ended(Ending.REFUSED, why_unreachable(error))
        slot = min(self._slots, key=len)
        try:
            caller.introduce(socket, call)
            slot.add(caller)
            return await asyncio.shield(caller.over)
        finally:
            slot.discard(caller)
            caller.stop()
            await _gone(socket)

    async def _pace(self) -> None:
        due, slot = self._clock.monotonic(), 0
        while True:
            due += FRAME_SECONDS / SLOTS
            await self._clock.sleep(max(0.0, due - self._clock.monotonic()))
            now = self._clock.monotonic()
            self._late.append((now - due) * 1000)
            due = max(due, now - MAX_LAG_SECONDS)
            for caller in tuple(self._slots[slot]):
                caller.tick(now)
            self._frames += len(self._slots[slot])
            slot = (slot + 1) % SLOTS


async def _gone(socket: Socket) -> None:
    """Wait for the server to close; not for one that does not."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await asyncio.shield(socket.closed)
    socket.abort()
