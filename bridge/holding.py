"""What holding a call is, whatever it is held for: be introduced, begin its record, attend, finish.

Both directions of the line run while it lasts. Whatever goes wrong ends this call and no other, every wait
has a deadline, and the record is closed even when the daemon stops. What is done meanwhile, a conversation or
listening only, is said by those who inherit from it.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

import structlog
from msgspec import Struct

from bridge.admission import Busy
from bridge.audio.comfort import WAITING_TONE
from bridge.audio.playout import Ticker
from bridge.clock import CallTime, Clock, done_by
from bridge.cuts import Cut
from bridge.dialogue.actions import Disposition
from bridge.dialogue.questionnaire import Questionnaire
from bridge.endings import Ending, Endings
from bridge.errors import StorageError
from bridge.identity.principal import DEFAULT_TENANT
from bridge.line import Line, Messages
from bridge.opus import OpusEars
from bridge.phone_control import PhoneControl
from bridge.reconnection import CallKey, Reconnections
from bridge.running import RunningCall, Stage
from bridge.speech.base import Recognizer
from bridge.speech.mouth import Mouth
from bridge.speech.queueing import listening_for
from bridge.storage.store import Store as AnswerStore
from bridge.telemetry.metrics import Metrics
from bridge.telemetry.tracing import CallTrace, NoTracing, Tracing
from protocols import commands, events
from protocols.errors import CLOSE_POLICY

__all__ = ["CLOSE_TRY_AGAIN", "HeldCall", "Holders", "Mouths", "Outcome", "Patience", "Place", "Services"]

CLOSE_TRY_AGAIN = 1013  # registered with IANA: the service cannot go on, another call may

log = structlog.get_logger()

T = TypeVar("T")
LineT = TypeVar("LineT", bound=Line)


class Patience(Struct, frozen=True):
    """How long a session waits, in seconds of call time where nothing else is said."""

    first_message_seconds: float = 10.0
    send_seconds: float = 5.0
    commit_seconds: float = 4.0  # of the wall clock, in silence: nobody waits longer than 5 s
    max_call_seconds: float = 1800.0
    look_back_seconds: float = 0.3
    waiting_seconds: float = 3.0  # of the wall clock, in silence, while something takes its time
    waiting_sound: bytes = WAITING_TONE  # what is heard then: mu-law, 8 kHz


class Mouths(Protocol):
    """Who speaks."""

    def of(self, questionnaire: Questionnaire) -> Mouth:
        """Who says the prompts of one call of this questionnaire."""
        ...


class Place(Protocol):
    """One call's place among all; left at the end of the context that it is."""

    @property
    def tenant(self) -> str:
        """Whose call it is."""
        ...

    async def settled(self, number: str | None) -> Busy | None:
        """Say which number of ours the call is about; Busy: there is no place for it as that one's call."""
        ...

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Holders(Protocol):
    """Who has which phone call, of several sockets of it."""

    def only(
        self, key: CallKey, give_way: Callable[[], None], clock: Clock
    ) -> AbstractAsyncContextManager[None]:
        """Have a call alone; TimeoutError where whoever has it does not give way."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What all calls share."""

    clock: Clock
    store: AnswerStore
    recognizer: Recognizer
    recognizer_identity: str
    voices: Mouths
    ticker: Ticker
    patience: Patience
    resumes_by_number: bool = False  # who was cut off and phones again goes on
    site: Mapping[str, str] = field(default_factory=dict)  # what questionnaires may name as {site.NAME}
    control: PhoneControl | None = None  # of phone calls, beside their sockets
    opus: OpusEars | None = None  # where pages may send it
    reconnections: Holders = field(default_factory=Reconnections)
    endings: Endings = field(default_factory=Endings)
    metrics: Metrics = field(default_factory=Metrics)
    tracing: Tracing = field(default_factory=NoTracing)


class Outcome(Struct, frozen=True):
    """How a session ended, for the socket and the log."""

    disposition: str | None  # None: no call came about
    close_code: int
    detail: str


class HeldCall(ABC, Generic[LineT]):
    """One call on its line."""

    def __init__(
        self,
        call_id: str,
        line: LineT,
        services: Services,
        known: events.CallDetails | None = None,
        seat: Place | None = None,
    ) -> None:
        """`known` is what is known of the call already, where its wire does not say it.

        `seat` is its place among all calls, and says whose call it is.
        """
        self.call_id = call_id
        self._line = line
        self._services = services
        self._clock = services.clock
        self._known = known or events.CallDetails()
        self._metrics = services.metrics
        self._seat = seat
        self._trace: CallTrace | None = None  # once the call is held
        self._log = log.bind(call_id=call_id, provider=line.capabilities.name)
        self._time = CallTime(self._clock)
        self._stage = Stage.CONNECTING
        self._direction: str | None = None
        self._provider_call_id: str | None = None
        self._is_dismissed = False
        self._cut: Cut | None = None  # why the call was ended, where neither its line nor the caller did
        self._due = 0.0  # by the loop's time: when the database has kept the caller waiting for too long

    @property
    def _tenant(self) -> str:
        """Whose call it is; settled once the call is introduced."""
        return self._seat.tenant if self._seat else DEFAULT_TENANT

    @abstractmethod
    async def _begin(self, details: events.CallDetails) -> None:
        """Begin the call's record; StorageError where it cannot be."""

    @abstractmethod
    async def _attend(self, details: events.CallDetails) -> str:
        """Do what the call is held for until it is over; the disposition."""

    @abstractmethod
    async def _finish(self, disposition: str, details: events.CallDetails) -> None:
        """Leave the line, and close the record; not interrupted by whoever stops the call."""

    @abstractmethod
    def running(self) -> RunningCall:
        """How the call is at this moment; neither waits nor reads the database."""

    def dismiss(self) -> None:
        """Let the call end soon and properly: the caller is told, and the record is closed."""
        if not self._is_dismissed:
            self._is_dismissed = True
            self._log.info("call_dismissed")
            self._line.dismiss()

    def machine_answered(self) -> None:
        """The provider has found that no person has picked up."""

    def is_call(self, provider: str, provider_call_id: str) -> bool:
        """Whether it is held for this phone call."""
        return (self._line.capabilities.name, self._provider_call_id) == (provider, provider_call_id)

    async def run(self, messages: Messages) -> Outcome:
        """Serve the call until it is over; what the carrier or an engine does wrong is not raised."""
        disposition = None
        async with asyncio.TaskGroup() as directions:
            reading = self._line.read(messages, on_bug=self._broke_down)
            reader = directions.create_task(self._guarded(reading))
            writer = directions.create_task(self._guarded(self._line.write()))
            try:
                disposition = await self._serve()
                await self._line.flush()
                await self._see_off(reader)
            finally:
                reader.cancel()
                writer.cancel()
        return Outcome(disposition, self._line.close_code, self._line.close_reason)

    async def _see_off(self, reader: asyncio.Task[None]) -> None:
        """Let the carrier close first, where its protocol has a farewell."""
        seconds = self._farewell_seconds()
        if seconds and not self._line.has_failed:
            await asyncio.wait({reader}, timeout=self._clock.real_seconds(seconds))
            await self._line.flush()

    def _farewell_seconds(self) -> float:
        """How long the carrier is given to close first."""
        return self._line.capabilities.farewell_seconds

    async def _guarded(self, direction: Coroutine[Any, Any, None]) -> None:
        """Run one direction of the line; a bug in it ends this call, not the daemon's peace."""
        try:
            await direction
        except Exception:  # noqa: BLE001
            self._broke_down()

    def _broke_down(self) -> None:
        self._log.exception("line_broke_down")
        self._line.break_down()

    async def _serve(self) -> str | None:
        details = await self._introduced()
        if details is None:
            why = self._line.close_reason or "the connection ended before the call began"
            self._log.warning("call_not_started", detail=why)
            return None
        self._provider_call_id = details.provider_call_id
        if not await self._is_seated(details):
            return None
        self._keep_waiting()
        try:
            return await self._take(details)
        except StorageError as error:
            self._log.error("call_not_recorded", code=error.code, detail=str(error))
            self._metrics.call_refused("not_recorded")
            self._line.fail(CLOSE_TRY_AGAIN, "the call cannot be recorded")
            return None

    async def _is_seated(self, details: events.CallDetails) -> bool:
        """Whether there is a place for it, now that the call says of itself whose it is."""
        busy = await self._seat.settled(details.own_number) if self._seat else None
        if busy is not None:
            tenant = self._seat.tenant if self._seat else None
            self._log.warning("call_refused", reason=busy.reason, tenant=tenant)
            self._metrics.call_refused(busy.reason)
            self._line.fail(CLOSE_TRY_AGAIN, f"no call can be taken now: {busy.reason}")
        return busy is None

    async def _take(self, details: events.CallDetails) -> str | None:
        """Begin the call's record and hold it; None: there is nothing to be held.

        Raises:
            StorageError: it cannot be recorded.

        """
        await self._begin(details)
        return await self._hold(details)

    async def _hold(self, details: events.CallDetails) -> str:
        """Attend to the call, and close its record whatever happens."""
        started = self._clock.monotonic()
        disposition: str = Disposition.INTERRUPTED
        self._trace = self._services.tracing.call(self.call_id, self._line.capabilities.name, self._tenant)
        remove_from_ticker = self._services.ticker.add(self._line.tick)
        self._stage, self._direction = Stage.IN_PROGRESS, details.direction
        listening_for.set((self._tenant, self.call_id))  # of this task, and of those it begins
        try:
            self._line.command(commands.AcceptCall())
            disposition = await self._attend(details)
            if self._line.has_broken_down:
                disposition = Disposition.FAILED
        finally:
            self._stage = Stage.ENDING
            remove_from_ticker()
            self._tell_cut()
            await asyncio.shield(self._finish(disposition, details))
            seconds = round(self._clock.monotonic() - started, 1)
            self._log.info("call_ended", disposition=disposition, seconds=seconds)
            self._metrics.call_ended(self._line.capabilities.name, disposition, self._tenant)
            self._trace.end(disposition)
        return disposition

    def _tell_cut(self) -> None:
        """Say why it was we who ended the call, where it was."""
        cut = self._cut or self._line.cut
        if cut is not None:
            self._log.warning("call_cut", cause=cut.value, detail=self._line.close_reason or None)
            self._metrics.call_cut(self._line.capabilities.name, cut.value)

    # Be introduced

    async def _introduced(self) -> events.CallDetails | None:
        """Wait for the carrier to introduce the call; None when it does not."""
        grace = self._line.capabilities.setup_grace_seconds
        if grace is not None:
            with suppress(TimeoutError):
                return await self._introduced_within(grace)
            self._line.begin_without_setup()
        patience = self._services.patience.first_message_seconds
        try:
            return await self._introduced_within(patience)
        except TimeoutError:
            self._line.fail(CLOSE_POLICY, f"no call setup within {patience:g} s")
            return None

    async def _introduced_within(self, seconds: float) -> events.CallDetails | None:
        async with self._clock.timeout(seconds):
            details = await asyncio.shield(self._line.introduction)
        return details.completed_by(self._known) if details else None

    # The record

    def _keep_waiting(self) -> None:
        """From now on somebody hears nothing until what follows is on disk: all of it `_in_time` together."""
        # of the wall clock: no database hurries for a demonstration
        self._due = asyncio.get_running_loop().time() + self._services.patience.commit_seconds

    async def _in_time(self, writing: Coroutine[Any, Any, T]) -> T:
        """Give up on a database that keeps the caller waiting; what it still writes was not acknowledged."""
        limit = self._services.patience.commit_seconds
        try:
            return await done_by(self._due, writing)
        except TimeoutError:
            self._metrics.storage_failed("timeout")
            raise StorageError(f"the database did not answer within {limit:g} s") from None

    async def _end_record(self, disposition: str) -> None:
        """Store how the call ended; a database that keeps us waiting does not keep the caller on the line."""
        ending = Ending(self.call_id, disposition, self._time.now())
        await self._services.endings.store(
            self._services.store, ending, self._services.patience.commit_seconds
        )
