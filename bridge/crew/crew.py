"""The workers, as the main process has them: which calls each holds, how each is, another where one died.

Who is let in, and whose place a call takes, is decided here and nowhere else: a worker asks, and is told.
What one that died had is let go: its places, its phone calls, and its records, which say "interrupted".
"""

import asyncio
import os
import signal
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any, NoReturn, Self, cast
from uuid import uuid4

import msgspec
import structlog
from aiohttp import web

from bridge.admission import Thresholds, Vitals
from bridge.clock import Clock
from bridge.config import Settings
from bridge.crew import worker as worker_process
from bridge.crew.channel import Channel, Reply, Sockets
from bridge.crew.messages import (
    Asked,
    Beat,
    Claim,
    CutCalls,
    DismissCalls,
    EndCall,
    Followed,
    GiveWay,
    Granted,
    HangUp,
    LetIn,
    ListCalls,
    Listed,
    MachineAnswered,
    Message,
    NotSeated,
    Obeyed,
    Over,
    PutThrough,
    Release,
    Said,
    Saying,
    Seated,
    Settle,
    Settled,
    Stop,
    TakeCall,
    TakeUp,
    Tell,
    Told,
    Up,
)
from bridge.crew.nursery import Nursery
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import ConfigError, StorageError, WorkerError, WorkerLostError
from bridge.following import LiveTranscripts
from bridge.holding import Patience, Place
from bridge.offering import Offer, read_offer
from bridge.phone_control import ControlError, PhoneControl
from bridge.reconnection import CallKey, Reconnections
from bridge.running import RunningCall, RunningWorker
from bridge.speech.condition import WorkerCondition
from bridge.speech.worker import RestartPolicy
from bridge.storage.store import Store
from bridge.telemetry.metrics import Counted, added
from bridge.telemetry.snapshot import EngineCondition, Snapshot, WorkersCondition
from bridge.web.media import ReadyCall
from bridge.web.runner import parting
from protocols.events import CallDetails

__all__ = ["Crew", "Desk"]

START_SECONDS = 120.0  # on a busy machine: loading a model
SILENT_SECONDS = 10.0  # a worker that gives no sign of life for so long hangs, and is killed
STALE_SECONDS = 2.0  # beyond, others are given the next call
LIST_SECONDS = 2.0  # whoever asks which calls there are waits no longer for a worker
STOP_SECONDS = 15.0  # for what is being written
LOOK_SECONDS = 0.5
# What the web asks of a WebSocket's upgrade, and what its answer is made of (RFC 6455 section 4.2.1).
HANDSHAKE = ("Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol")

log = structlog.get_logger()


def _nothing() -> None:
    pass


LettingIn = Callable[[CallDetails], Awaitable[Place]]


@dataclass(slots=True, kw_only=True)
class Desk:
    """What the main process keeps for all calls, and answers workers from."""

    store: Store
    reconnections: Reconnections
    control: PhoneControl
    transcripts: LiveTranscripts
    clock: Clock
    thresholds: Thresholds  # as they are configured now


class _Lent:
    """A call of ours that a worker holds."""

    def __init__(self, call: TakeCall, seat: Place | None, let_in: LettingIn | None = None) -> None:
        self.call = call
        self.seat = seat
        self.let_in = let_in
        self.held = ExitStack()  # what is let go when it is over
        self.welcome: Callable[[], None] = _nothing  # whose connection it is, is known
        self.released = asyncio.Event()  # of its phone call
        self.errands: set[asyncio.Task[None]] = set()


class _Worker:
    """One worker process."""

    def __init__(self, number: int, crew: "Crew") -> None:
        self.number = number
        self.lent: dict[str, _Lent] = {}
        self.beat: Beat | None = None
        self.beat_at = asyncio.get_running_loop().time()
        self.up = asyncio.Event()
        self.counted: Sequence[Counted] = ()
        self._crew = crew
        self.pid, sockets = crew.nursery.make(number)
        self._process = os.pidfd_open(self.pid)  # a number may be another process's by and by
        self.channel = Channel(sockets, self._take, self._opened)

    def _opened(self) -> None:
        if self._crew.offered is not None:
            self.channel.tell(self._crew.offered)

    @property
    def is_able(self) -> bool:
        """Whether it can hold one more call, as far as is known."""
        is_there = self.up.is_set() and not self.channel.is_closed
        return is_there and asyncio.get_running_loop().time() - self.beat_at < STALE_SECONDS

    def strain(self, thresholds: Thresholds) -> int:
        """How it is: 0 well, 1 busy, 2 without ears."""
        beat = self.beat
        if beat is None or not beat.ears[0]:
            return 2
        return int(
            beat.lag_seconds > (thresholds.lag_seconds or float("inf"))
            or beat.waited_seconds > (thresholds.recognise_seconds or float("inf"))
        )

    def running(self, thresholds: Thresholds) -> RunningWorker:
        """How it is, for its operator."""
        strain, wrong = self.strain(thresholds), ""
        if not self.up.is_set():
            wrong = "it is starting"
        elif not self.is_able:
            wrong = "it gives no sign of life"
        elif self.beat is not None and strain:
            wrong = self.beat.ears[1] or "it is late"
        return RunningWorker(
            number=self.number,
            pid=self.pid,
            calls=self.calls,
            is_well=self.is_able and not strain,
            detail=wrong,
        )

    @property
    def calls(self) -> int:
        """How many it holds; who has not shown a credential yet is none."""
        return sum(lent.seat is not None for lent in self.lent.values())

    async def live(self) -> None:
        """Take in what it says, until it is gone; what it had is let go then."""
        watching = asyncio.create_task(self._watch(), name=f"worker-{self.number}-watched")
        try:
            await self.channel.run()
        finally:
            watching.cancel()
            self.kill()  # one that has only closed its way to us must hold no call either
            os.close(self._process)
            for lent in tuple(self.lent.values()):
                self._let_go(lent)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, signal.SIGKILL)

    def hold(self, lent: _Lent, descriptor: int) -> None:
        """Have it hold a call on this connection; OSError where it takes none."""
        self.channel.hand_over(lent.call.number, descriptor)
        self.channel.tell(lent.call)
        self.lent[lent.call.call_id] = lent

    async def _watch(self) -> None:
        clock = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            silent = clock.time() - self.beat_at
            if silent > (SILENT_SECONDS if self.up.is_set() else START_SECONDS):
                log.error("worker_silent", worker=str(self.number), pid=self.pid, seconds=round(silent, 1))
                self.kill()
                return

    def _take(self, message: Message, reply: Reply | None) -> None:
        match message:
            case Beat():
                self.beat, self.beat_at = message, asyncio.get_running_loop().time()
            case Up():
                self.up.set()
            case Told(counted=counted):
                self.counted = counted
            case Said(call_id=call_id, said=said):
                self._crew.desk.transcripts.publish(call_id, said)
            case Saying(call_id=call_id, saying=saying):
                self._crew.desk.transcripts.hint(call_id, saying)
            case Over(call_id=call_id):
                self._over(call_id)
            case Release(call_id=call_id):
                self._release(call_id)
            case LetIn() | Settle() | Claim() | PutThrough() | HangUp() if reply is not None:
                if (lent := self.lent.get(message.call_id)) is not None:
                    self._serve(lent, self._answer(lent, message, reply))
            case _:
                log.error("message_unknown", worker=str(self.number), what=type(message).__name__)

    def _over(self, call_id: str) -> None:
        """Told when the call is over, and once more when its connection is."""
        if call_id in self.lent:
            self._let_go(self.lent[call_id])

    def _release(self, call_id: str) -> None:
        if call_id in self.lent:
            self.lent[call_id].released.set()

    def _serve(self, lent: _Lent, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand, name=f"errand-{lent.call.call_id}")
        lent.errands.add(task)
        task.add_done_callback(lent.errands.discard)

    async def _answer(
        self, lent: _Lent, wish: LetIn | Settle | Claim | PutThrough | HangUp, reply: Reply
    ) -> None:
        match wish:
            case LetIn(details=details):
                reply(await self._let_in(lent, details))
            case Settle(number=number):
                busy = await lent.seat.settled(number) if lent.seat else None
                reply(Settled(lent.seat.tenant if lent.seat else "", busy))
            case Claim(key=key):
                await self._keep(lent, key, reply)
            case PutThrough() | HangUp():
                reply(Obeyed(await self._obeyed(lent, wish)))

    async def _let_in(self, lent: _Lent, details: CallDetails) -> Message:
        if lent.let_in is None:
            return NotSeated()
        try:
            seat = await lent.let_in(details)
        except (web.HTTPException, StorageError):  # the log knows why
            return NotSeated()
        lent.seat = seat
        lent.held.enter_context(seat)
        lent.welcome()
        return Seated(seat.tenant)

    async def _keep(self, lent: _Lent, key: CallKey, reply: Reply) -> None:
        """Have the phone call for it alone, until it leaves it."""
        desk, lent.released = self._crew.desk, asyncio.Event()

        def give_way() -> None:
            self.channel.tell(GiveWay(lent.call.call_id))

        try:
            async with desk.reconnections.only(key, give_way, desk.clock):
                reply(Granted(is_so=True))
                await lent.released.wait()
        except TimeoutError:
            reply(Granted(is_so=False))

    async def _obeyed(self, lent: _Lent, wish: PutThrough | HangUp) -> bool:
        who = self._crew.desk.control.obedient(lent.call.provider, lent.call.known.provider_call_id)
        if who is None:
            return False
        try:
            return await (who.transfer(wish.to) if isinstance(wish, PutThrough) else who.hang_up())
        except (ControlError, ConnectionError):
            return False

    def _let_go(self, lent: _Lent) -> None:
        del self.lent[lent.call.call_id]
        for errand in tuple(lent.errands):
            errand.cancel()
        lent.held.close()
        self._crew.look_again()


class Crew:
    """All workers."""

    def __init__(
        self, nursery: Nursery, offer: Offer, *, workers: int, policy: RestartPolicy | None = None
    ) -> None:
        """`offer` is what was read before the nursery was opened."""
        self.nursery = nursery
        self.offer = offer
        self.desk: Desk = cast("Desk", None)  # until `start`
        self._wanted = workers
        self._policy = policy or RestartPolicy()
        self._workers: dict[int, _Worker] = {}  # those that are there
        self._keeping: list[asyncio.Task[None]] = []
        self._numbers = count(1)
        self.offered: TakeUp | None = None  # what new calls are held with
        self._gone: Sequence[Counted] = ()  # what workers that died had counted
        self._gone_not_begun = 0
        self._gone_ears_restarts = 0
        self.restarts = 0
        self._changed = asyncio.Event()
        self._is_ending = False

    # Life

    @classmethod
    def forked(cls, settings: Settings) -> Self:
        """Read what new calls are offered, and fork the process that workers come from; none is there yet.

        To be called before there are an event loop and threads.

        Raises:
            BridgeError: what is to be offered cannot be.

        """
        if not hasattr(os, "pidfd_open"):
            raise ConfigError("workers: more than 1 needs Linux, where processes hand over connections")
        offer = read_offer(settings)

        def work(number: int, sockets: Sockets) -> NoReturn:
            worker_process.work(settings, offer, number, sockets)

        return cls(Nursery.open(work), offer, workers=settings.workers)

    async def start(self, desk: Desk, patience: Patience) -> None:
        """Make all workers, and wait until each can hold calls.

        Raises:
            WorkerError: one of them cannot.

        """
        self.desk = desk
        self.take_up(self.offer, patience)
        numbers = range(1, self._wanted + 1)
        first = [self._make(number) for number in numbers]
        lives = [asyncio.create_task(worker.live(), name=f"worker-{worker.number}") for worker in first]
        self._keeping = [
            asyncio.create_task(self._keep(number, life), name=f"worker-{number}-kept")
            for number, life in zip(numbers, lives, strict=True)
        ]
        for worker, life in zip(first, lives, strict=True):
            rising = asyncio.ensure_future(worker.up.wait())
            await asyncio.wait({rising, life}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            rising.cancel()
            if not worker.up.is_set():
                raise WorkerError(f"worker {worker.number} did not come up: the log says what it lacked")
        log.info("workers_up", count=self._wanted)

    async def stop(self) -> None:
        """End all of them."""
        self._is_ending = True
        for worker in self._workers.values():
            worker.channel.tell(Stop())
        if self._keeping:
            await asyncio.wait(self._keeping, timeout=STOP_SECONDS)
        for worker in self._workers.values():
            worker.kill()
        for keeping in self._keeping:
            keeping.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        await asyncio.to_thread(self.nursery.close)

    def _make(self, number: int) -> _Worker:
        worker = self._workers[number] = _Worker(number, self)
        return worker

    async def _keep(self, number: int, life: asyncio.Task[None]) -> None:
        """See that there is a worker of that number, until all are to end."""
        deaths: deque[float] = deque(maxlen=self._policy.budget)
        clock = asyncio.get_running_loop()
        while True:
            await asyncio.wait({life})
            await self._bury(number, life)
            if self._is_ending:
                return
            deaths.append(clock.time())
            is_ill = len(deaths) == deaths.maxlen and deaths[0] > clock.time() - self._policy.window_seconds
            await asyncio.sleep(self._policy.slow_seconds if is_ill else 0)
            try:
                worker = self._make(number)
            except WorkerError as error:
                log.error("worker_not_made", worker=str(number), code=error.code, detail=str(error))  # noqa: TRY400
                return
            self.restarts += 1
            life = asyncio.create_task(worker.live(), name=f"worker-{number}")

    async def _bury(self, number: int, life: asyncio.Task[None]) -> None:
        """Keep what it had counted, and say in the records of its calls how they ended."""
        worker = self._workers.pop(number)
        if not life.cancelled() and (error := life.exception()) is not None:
            log.error("worker_broke_down", worker=str(number), exc_info=error)
        self._gone = added(self._gone, worker.counted)
        if worker.beat is not None:
            self._gone_not_begun += worker.beat.not_begun
            self._gone_ears_restarts += worker.beat.ears_restarts
        if self._is_ending:
            return
        log.error("worker_lost", worker=str(number), pid=worker.pid)
        while True:
            try:
                interrupted = await self.desk.store.close_lost(number)
            except StorageError as error:
                log.error("calls_not_closed", worker=str(number), code=error.code)  # noqa: TRY400 - ours
                await asyncio.sleep(LOOK_SECONDS)
            else:
                if interrupted:
                    log.warning("calls_were_interrupted", calls=interrupted, worker=str(number))
                return

    def look_again(self) -> None:
        """There may be no call any more."""
        self._changed.set()

    # New calls

    def take_up(self, offer: Offer, patience: Patience) -> None:
        """Have new calls held so."""
        asked = [Asked(one.hash, one.id) for one in offer.questionnaires.values()]
        self.offered = TakeUp(asked, dict(offer.site), patience)
        for worker in self._workers.values():
            worker.channel.tell(self.offered)

    @property
    def _next(self) -> _Worker | None:
        """Whose turn it is: one that is well, with the fewest calls."""
        able = [worker for worker in self._workers.values() if worker.is_able]
        thresholds = self.desk.thresholds
        return min(able, key=lambda one: (one.strain(thresholds), len(one.lent), one.number), default=None)

    async def take(self, request: web.Request, ready: ReadyCall, held: ExitStack) -> bool:
        """Have a worker hold a call on this request's connection; False: none can, and it is still ours."""
        lent = _Lent(self._call(request, ready), ready.seat, ready.let_in)
        if not self._lend(lent, parting(request), held):
            return False
        lent.held.callback(lent.welcome)
        if lent.call.tenant is not None:
            lent.welcome()
        if lent.call.questionnaire is None:
            lent.held.enter_context(self.desk.transcripts.of_call(lent.call.call_id))
        return True

    def take_stream(
        self,
        connection: socket.socket,
        provider: str,
        questionnaire: Questionnaire,
        seat: Place,
        held: ExitStack,
    ) -> bool:
        """Have a worker hold a call on a connection of which nothing was read; False: none can."""
        call = TakeCall(
            number=next(self._numbers),
            call_id=uuid4().hex,
            provider=provider,
            questionnaire=Asked(questionnaire.hash, questionnaire.id),
            known=CallDetails(),
            tenant=seat.tenant,
        )
        if not self._lend(_Lent(call, seat), nullcontext((connection.fileno(), _nothing)), held):
            return False
        connection.close()
        return True

    def _lend(
        self, lent: _Lent, leaving: AbstractContextManager[tuple[int, Callable[[], None]]], held: ExitStack
    ) -> bool:
        """Have the worker whose turn it is hold a call on the connection that we part with; False: none can.

        `leaving` gives it as a descriptor, with what is to be called once its sender is known. What `held`
        holds is let go when the call is over.
        """
        worker = self._next
        if worker is None:
            return False
        try:
            with leaving as (descriptor, lent.welcome):
                worker.hold(lent, descriptor)
        except OSError as error:
            log.warning("call_not_handed_over", worker=str(worker.number), cause=type(error).__name__)
            return False
        lent.held.push(held.pop_all())
        return True

    def _call(self, request: web.Request, ready: ReadyCall) -> TakeCall:
        visit, questionnaire = ready.visit, ready.questionnaire
        name, known = visit.provider.name, ready.known
        return TakeCall(
            number=next(self._numbers),
            call_id=uuid4().hex,
            provider=name,
            questionnaire=None if questionnaire is None else Asked(questionnaire.hash, questionnaire.id),
            known=known,
            tenant=ready.seat.tenant if ready.seat else None,
            upgrade=visit.upgrade,
            handshake={one: request.headers[one] for one in HANDSHAKE if one in request.headers},
            is_authenticated=visit.is_authenticated,
            is_obeyed=self.desk.control.obedient(name, known.provider_call_id) is not None,
        )

    # Calls in progress, as the switchboard asks for them

    @property
    def calls(self) -> int:
        """How many there are; who has not shown a credential yet is none."""
        return sum(worker.calls for worker in self._workers.values())

    @property
    def not_begun(self) -> int:
        """How many came to nothing."""
        return self._gone_not_begun + sum(beat.not_begun for beat in self._beats)

    async def sessions(self) -> list[RunningCall]:
        """All of them, of the workers that answer."""
        workers = [worker for worker in self._workers.values() if worker.up.is_set()]
        answers = await asyncio.gather(*(self._asked(worker, ListCalls()) for worker in workers))
        return [call for answer in answers if isinstance(answer, Listed) for call in answer.calls]

    async def _asked(self, worker: _Worker, question: Message) -> Message | None:
        try:
            return await worker.channel.ask(question, LIST_SECONDS)
        except WorkerLostError as error:
            log.warning("worker_did_not_answer", worker=str(worker.number), detail=str(error))
            return None

    def followed(self, call_id: str) -> None:
        """Somebody more follows a call that is listened to, or somebody no more."""
        for worker in self._workers.values():
            if call_id in worker.lent:
                worker.channel.tell(Followed(call_id, self.desk.transcripts.is_followed(call_id)))

    def end(self, call_id: str) -> bool:
        """Let one of them end soon and properly; False: there is none of that id."""
        for worker in self._workers.values():
            if call_id in worker.lent:
                worker.channel.tell(EndCall(call_id))
                return True
        return False

    def dismiss_all(self) -> None:
        """Let every one of them end soon and properly."""
        self._tell_all(DismissCalls())

    def machine_answered(self, provider: str, provider_call_id: str) -> None:
        """Tell one, wherever it is."""
        self._tell_all(MachineAnswered(CallKey(provider, provider_call_id)))

    async def over(self) -> None:
        """Wait until there are none."""
        while self.calls:
            self._changed.clear()
            await self._changed.wait()

    async def cut_all(self) -> None:
        """End every one of them now, and wait for what is being written."""
        self._tell_all(CutCalls())
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self.over()

    def _tell_all(self, message: Message) -> None:
        for worker in self._workers.values():
            worker.channel.tell(message)

    # How they are

    @property
    def _beats(self) -> list[Beat]:
        return [worker.beat for worker in self._workers.values() if worker.beat is not None]

    @property
    def up(self) -> int:
        """How many can hold one more call."""
        return sum(worker.is_able for worker in self._workers.values())

    def running(self) -> list[RunningWorker]:
        """Each that there is to be, by its number."""
        return [self._running(number) for number in range(1, self._wanted + 1)]

    def _running(self, number: int) -> RunningWorker:
        if number in self._workers:
            return self._workers[number].running(self.desk.thresholds)
        return RunningWorker(number=number, pid=None, calls=0, is_well=False, detail="it is not there")

    def vitals(self, own: Vitals) -> Vitals:
        """How the machine is for the next call: as its worker is, where we are no worse ourselves."""
        worker = self._next
        if worker is None or (beat := worker.beat) is None:
            return own
        lag = max(own.lag_seconds or 0.0, beat.lag_seconds)
        return Vitals(lag_seconds=lag, recognise_seconds=beat.waited_seconds, free_bytes=own.free_bytes)

    def report(self) -> tuple[bool, str]:
        """Whether any can hold calls, and how many cannot."""
        missing = self._wanted - self.up
        return missing < self._wanted, f"{missing} of {self._wanted} workers are missing" if missing else ""

    def ears(self, own: tuple[bool, str]) -> tuple[bool, str]:
        """Whether the next call can be heard; `own`: in this process, which takes it if no worker can."""
        worker = self._next
        ready = own[0] if worker is None or worker.beat is None else worker.beat.ears[0]
        wrong = [
            f"worker {one.number}: {one.beat.ears[1]}"
            for one in self._workers.values()
            if one.beat is not None and one.beat.ears[1]
        ]
        return ready, "; ".join(filter(None, (own[1], *wrong)))

    def engines(self) -> list[WorkerCondition]:
        """How the workers' engines are."""
        return [engine for beat in self._beats for engine in beat.engines]

    @property
    def utterances(self) -> int:
        """How many their recognisers have under way."""
        return sum(beat.utterances for beat in self._beats)

    @property
    def lag_seconds(self) -> float:
        """Of the worker whose event loop is latest."""
        return max((beat.lag_seconds for beat in self._beats), default=0.0)

    def added_to(self, own: Snapshot) -> Snapshot:
        """How the daemon is, with its workers."""
        beats = self._beats
        ears = own.engines.get("vosk", EngineCondition(is_up=False))
        engines = {
            **own.engines,
            "vosk": EngineCondition(
                ears.is_up and all(beat.ears[0] for beat in beats),
                ears.restarts + self._gone_ears_restarts + sum(beat.ears_restarts for beat in beats),
            ),
        }
        for beat in beats:
            for name, (is_up, restarts) in beat.voices.items():
                before = engines.get(name, EngineCondition(is_up=True))
                engines[name] = EngineCondition(before.is_up and is_up, before.restarts + restarts)
        prompts = own.prompts and msgspec.structs.replace(
            own.prompts,
            hits=own.prompts.hits + sum(beat.prompts[0] for beat in beats),
            misses=own.prompts.misses + sum(beat.prompts[1] for beat in beats),
        )
        return msgspec.structs.replace(
            own,
            lag_seconds=max(own.lag_seconds or 0.0, self.lag_seconds),
            tasks=(own.tasks or 0) + sum(beat.tasks for beat in beats),
            engines=engines,
            prompts=prompts,
            workers=WorkersCondition(self.up, self._wanted, self.restarts),
        )

    async def count(self) -> None:
        """Have all workers tell what they have counted."""
        workers = [worker for worker in self._workers.values() if worker.up.is_set()]
        for worker, told in zip(
            workers, await asyncio.gather(*(self._asked(one, Tell()) for one in workers)), strict=True
        ):
            if isinstance(told, Told):
                worker.counted = told.counted

    def counted(self) -> Sequence[Counted]:
        """What all workers have counted since the daemon began, as they last told."""
        sums = self._gone
        for worker in self._workers.values():
            sums = added(sums, worker.counted)
        return sums
