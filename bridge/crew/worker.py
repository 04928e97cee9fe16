"""A worker: a process that holds calls, and does nothing else. Its composition root.

It has ears, voices and a way to the database of its own. Which calls it holds, and in whose place, the main
process says. It ends when that wants it to, or is gone: then nobody says any more which calls may be held.
"""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from itertools import count
from types import TracebackType
from typing import Any, NoReturn, Self, cast

import aiohttp
import structlog
from aiohttp import web
from msgspec import structs

from bridge import configured
from bridge.admission import Busy, BusyReason
from bridge.audiosocket import converse
from bridge.clock import Clock
from bridge.collecting import keep_all_so_far, keep_giving_back, keep_together, look_seldom
from bridge.config import Settings
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
from bridge.dialogue.loader import parse
from bridge.dialogue.questionnaire import Questionnaire
from bridge.equipment import begin_ears, begin_opus_ears, begin_ticker, begin_voices, beside
from bridge.errors import BridgeError, StorageError, WorkerLostError
from bridge.exchange import Exchange
from bridge.following import Unfinished
from bridge.holding import Place, Services
from bridge.identity.principal import DEFAULT_TENANT
from bridge.line import Messages
from bridge.loop import run
from bridge.offering import Offer
from bridge.pulse import Pulse
from bridge.readiness import Readiness
from bridge.reconnection import CallKey
from bridge.speech.engines import VoiceBench
from bridge.storage.store import Store, worker_node
from bridge.storage.utterances import StoredUtterance
from bridge.telemetry.metrics import Metrics
from bridge.web.headers import tell_browsers
from bridge.web.media import CallSockets, ReadyCall
from protocols.audiosocket import AudioSocketOptions
from protocols.base import MediaProtocol
from protocols.events import CallDetails
from protocols.http import HttpRequest

__all__ = ["work"]

_PutThrough = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]

BEAT_SECONDS = 0.5
BEATS_TO_A_COUNT = 10  # what was counted is told so often: a worker that is killed takes 5 s of it along

log = structlog.get_logger()


def work(settings: Settings, offer: Offer, number: int, sockets: Sockets) -> NoReturn:
    """Be worker `number` until the end; `offer` is what was read before there were workers."""
    try:
        structlog.contextvars.bind_contextvars(process=number)
        keep_together()
        run(_live(settings, offer, number, sockets))
    except BridgeError as error:
        log.error("worker_failed", code=error.code, detail=str(error))  # noqa: TRY400 - ours, told in full
    except BaseException:  # nothing of the main process's stack, which is ours too, may go on here
        log.exception("worker_failed")
    finally:
        sys.stderr.flush()
        os._exit(1)


async def _live(settings: Settings, offer: Offer, number: int, sockets: Sockets) -> None:
    await _Worker(settings, offer, number, sockets).run()


class _Seat:
    """A call's place, which the main process keeps."""

    def __init__(self, channel: Channel, call_id: str, tenant: str) -> None:
        self._channel = channel
        self._call_id = call_id
        self.tenant = tenant

    async def settled(self, number: str | None) -> Busy | None:
        """Say which number of ours the call is about."""
        try:
            settled = await self._channel.ask(Settle(self._call_id, number))
        except WorkerLostError:
            return Busy(BusyReason.NOT_READY)
        if not isinstance(settled, Settled):
            raise TypeError(type(settled).__name__)
        self.tenant = settled.tenant
        return settled.busy

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave it; the connection may take a moment longer to close."""
        self._channel.tell(Over(self._call_id))


class _Holders:
    """Which socket has one of our calls' phone call; the main process knows."""

    def __init__(self, channel: Channel, call_id: str, ways: dict[str, Callable[[], None]]) -> None:
        """`ways`: how calls give way, by their ids."""
        self._channel = channel
        self._call_id = call_id
        self._ways = ways

    @asynccontextmanager
    async def only(self, key: CallKey, give_way: Callable[[], None], clock: Clock) -> AsyncIterator[None]:  # noqa: ARG002
        """Have a phone call alone.

        Raises:
            TimeoutError: whoever has it does not give way.

        """
        self._ways[self._call_id] = give_way
        try:
            if not await self._granted(key):
                raise TimeoutError
            yield
        finally:
            del self._ways[self._call_id]
            self._channel.tell(Release(self._call_id))

    async def _granted(self, key: CallKey) -> bool:
        try:
            answer = await self._channel.ask(Claim(self._call_id, key))
        except WorkerLostError:
            return False
        return isinstance(answer, Granted) and answer.is_so


class _Obedient:
    """A provider's application socket, which the main process has."""

    def __init__(self, channel: Channel, call_id: str) -> None:
        self._channel = channel
        self._call_id = call_id

    async def transfer(self, to: str) -> bool:
        """Put the caller through to a number; whether the provider was told."""
        return await self._told(PutThrough(self._call_id, to))

    async def hang_up(self) -> bool:
        """End the call; whether the provider was told."""
        return await self._told(HangUp(self._call_id))

    async def _told(self, wish: PutThrough | HangUp) -> bool:
        try:
            answer = await self._channel.ask(wish)
        except WorkerLostError:
            return False
        return isinstance(answer, Obeyed) and answer.is_so


class _Transcripts:
    """What is said in calls that are listened to, for those who follow them in the main process."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._followed: set[str] = set()  # calls

    @contextmanager
    def of_call(self, call_id: str) -> Iterator[None]:
        """The main process knows for how long it can be followed."""
        try:
            yield
        finally:
            self._followed.discard(call_id)

    def note(self, followed: Followed) -> None:
        """Somebody follows a call, or nobody."""
        (self._followed.add if followed.is_so else self._followed.discard)(followed.call_id)

    def is_followed(self, call_id: str) -> bool:
        """Whether anybody is told what is being said."""
        return call_id in self._followed

    def hint(self, call_id: str, saying: Unfinished) -> None:
        """Tell the main process what is being said."""
        self._channel.tell(Saying(call_id, saying))

    def publish(self, call_id: str, said: StoredUtterance) -> None:
        """Tell it."""
        self._channel.tell(Said(call_id, said))


class _Worker:
    """The process."""

    def __init__(self, settings: Settings, offer: Offer, number: int, sockets: Sockets) -> None:
        self._settings = settings
        self._number = number
        self._clock = Clock(settings.clock.speed)
        self._metrics = Metrics()
        self._pulse = Pulse(on_lag=self._metrics.loop_measured)
        self._channel = Channel(sockets, self._take)
        self._transcripts = _Transcripts(self._channel)
        self._ways: dict[str, Callable[[], None]] = {}
        self._versions = {one.hash: one for one in offer.questionnaires.values()}
        self._first: asyncio.Future[TakeUp] = asyncio.get_running_loop().create_future()
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._serving: dict[int, tuple[_PutThrough, asyncio.Future[None]]] = {}

    async def run(self) -> None:
        """Hold calls until the main process says that it is enough, or is gone."""
        hearing = asyncio.create_task(self._channel.run(), name="channel")
        hearing.add_done_callback(_leave)
        async with AsyncExitStack() as stack:
            await self._start(stack)
            keep_all_so_far()
            look_seldom()
            self._channel.tell(Up())
            log.info("worker_up", pid=os.getpid())
            await self._stopping.wait()
            await self._exchange.cut_all()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=5.0)
        sys.stderr.flush()
        os._exit(0)  # the way to the main process is closed by that alone

    async def _start(self, stack: AsyncExitStack) -> None:
        settings = self._settings
        beside(stack, self._pulse.run(), "pulse")
        beside(stack, keep_giving_back(), "memory")
        self._bench = VoiceBench(settings)
        opus = await begin_opus_ears(settings, self._metrics, stack)
        self._store = await Store.open(
            settings.database,
            clock=self._clock,
            node=worker_node(settings.node, self._number),
            on_error=self._metrics.storage_failed,
            takes_turns=True,
        )
        stack.push_async_callback(self._store.close)
        self._ears = await begin_ears(settings, self._pulse, stack)
        self._voices = await begin_voices(settings, self._bench, self._clock, stack)
        self._readiness = Readiness(self._voices)
        tracing = configured.tracing(settings.tracing)
        stack.push_async_callback(tracing.stop)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        self._control = configured.phone_control(settings, http, self._clock)
        ticker = begin_ticker(self._clock, stack)
        first = await self._first
        services = Services(
            clock=self._clock,
            store=self._store,
            recognizer=self._ears,
            recognizer_identity=self._ears.identity,
            voices=self._voices,
            ticker=ticker,
            patience=first.patience,
            resumes_by_number=settings.calls.resume_by_number,
            site=first.site,
            control=self._control,
            opus=opus,
            metrics=self._metrics,
            tracing=tracing,
        )
        stack.push_async_callback(services.endings.stop, self._store)
        self._exchange = Exchange(
            services=services,
            new_call_id=_no_call_id,
            recordings=configured.recordings(settings),
            transcripts=self._transcripts if settings.monitoring.enabled else None,
            holders=lambda call_id: _Holders(self._channel, call_id, self._ways),
        )
        await self._readiness.follow([await self._version(one) for one in first.questionnaires], first.site)
        # Without tokens: the main process has looked at them.
        self._doorkeeper = configured.doorkeeper(settings, self._store, self._clock, tokens=None)
        self._sockets = CallSockets(exchange=self._exchange, limits=configured.socket_limits(settings))
        application = web.Application()
        application.on_response_prepare.append(tell_browsers)
        application.router.add_get("/{number}", self._connected)
        self._runner = web.AppRunner(application, handle_signals=False, access_log=None)
        stack.push_async_callback(self._runner.cleanup)
        await self._runner.setup()
        beside(stack, self._beat(), "beat")

    # What the main process says

    def _take(self, message: Message, reply: Reply | None) -> None:
        match message:
            case TakeUp():
                self._take_up(message)
            case TakeCall():
                self._begin(self._hold(message), f"call-{message.call_id}")
            case ListCalls() if reply is not None:
                reply(Listed(self._exchange.sessions()))
            case Tell() if reply is not None:
                reply(Told(self._metrics.counted()))
            case Stop():
                self._stopping.set()
            case _:
                self._pass_on(message)

    def _pass_on(self, message: Message) -> None:
        """What is meant for calls in progress."""
        match message:
            case EndCall(call_id=call_id):
                self._exchange.end(call_id)
            case DismissCalls():
                self._exchange.dismiss_all()
            case CutCalls():
                self._begin(self._exchange.cut_all(), "cut")
            case MachineAnswered(key=key):
                self._exchange.machine_answered(key.provider, key.provider_call_id)
            case Followed():
                self._transcripts.note(message)
            case GiveWay(call_id=call_id) if call_id in self._ways:
                self._ways[call_id]()

    def _take_up(self, offered: TakeUp) -> None:
        """Hold new calls so; what is not read yet is read beside the calls that go on."""
        if not self._first.done():
            self._first.set_result(offered)
            return
        self._begin(self._follow(offered), "take-up")
        self._exchange.renew(offered.site, offered.patience)

    async def _follow(self, offered: TakeUp) -> None:
        versions = [await self._version(one) for one in offered.questionnaires]
        await self._readiness.follow(versions, offered.site)

    async def _version(self, asked: Asked) -> Questionnaire:
        """A version of a questionnaire, as it was when it was offered, whatever its file says by now."""
        if asked.hash not in self._versions:
            self._versions[asked.hash] = await self._read_again(asked)
        return self._versions[asked.hash]

    async def _read_again(self, asked: Asked) -> Questionnaire:
        sources = await self._store.questionnaire_sources(asked.hash)
        if sources is None:
            raise StorageError(f"the database has no such version of {asked.id}")
        return await asyncio.to_thread(parse, sources[0], name=f"{asked.id}.yaml", common=sources[1])

    # Calls

    async def _hold(self, call: TakeCall) -> None:
        """Hold one call on the connection that comes beside; whatever becomes of it, the others go on."""
        try:
            questionnaire = None if call.questionnaire is None else await self._version(call.questionnaire)
            connection = await self._channel.connection(call.number)
            with ExitStack() as held:
                if call.is_obeyed and call.known.provider_call_id is not None:
                    who = _Obedient(self._channel, call.call_id)
                    held.enter_context(self._control.obeying(call.provider, call.known.provider_call_id, who))
                if call.upgrade is None:
                    await self._on_stream(call, questionnaire, connection)
                else:
                    await self._on_socket(call, call.upgrade, questionnaire, connection)
        except (BridgeError, OSError) as error:
            detail = str(error) if isinstance(error, BridgeError) else type(error).__name__
            log.error("call_not_held", call_id=call.call_id, provider=call.provider, detail=detail)  # noqa: TRY400
        except Exception:
            log.exception("call_not_held", call_id=call.call_id)
        finally:
            self._channel.tell(Over(call.call_id))

    async def _on_stream(
        self, call: TakeCall, questionnaire: Questionnaire | None, connection: socket.socket
    ) -> None:
        """Hold a call of AudioSocket, which is plain TCP."""
        options = cast("AudioSocketOptions", self._settings.provider(call.provider))
        seat = _Seat(self._channel, call.call_id, call.tenant or DEFAULT_TENANT)

        async def hold(
            protocol: MediaProtocol,
            messages: Messages,
            send: Callable[[str | bytes], Awaitable[None]],
        ) -> None:
            await self._exchange.hold(
                protocol, questionnaire, messages, send, known=None, seat=seat, call_id=call.call_id
            )

        reader, writer = await asyncio.open_connection(sock=connection)
        await converse(reader, writer, options.sample_rate, hold)

    async def _on_socket(
        self,
        call: TakeCall,
        upgrade: HttpRequest,
        questionnaire: Questionnaire | None,
        connection: socket.socket,
    ) -> None:
        """Answer the upgrade that the main process has read, and hold the call until it is over."""
        over = asyncio.get_running_loop().create_future()

        async def put_through(request: web.Request) -> web.StreamResponse:
            return await self._sockets.put_through(request, self._ready(call, upgrade, questionnaire))

        self._serving[call.number] = put_through, over
        try:
            loop, server = asyncio.get_running_loop(), cast("web.Server", self._runner.server)
            _, handler = await loop.connect_accepted_socket(server, connection)
            handler.data_received(_head(call))
            await over
        finally:
            del self._serving[call.number]

    async def _connected(self, request: web.Request) -> web.StreamResponse:
        """The upgrade, as `_head` has written it."""
        put_through, over = self._serving[int(request.match_info["number"])]
        try:
            return await put_through(request)
        finally:
            if not over.done():
                over.set_result(None)

    def _ready(self, call: TakeCall, upgrade: HttpRequest, questionnaire: Questionnaire | None) -> ReadyCall:
        visit = self._doorkeeper.visited(call.provider, upgrade, is_authenticated=call.is_authenticated)

        async def let_in(details: CallDetails) -> Place:
            try:
                answer: Message | None = await self._channel.ask(LetIn(call.call_id, details))
            except WorkerLostError:
                answer = None
            if not isinstance(answer, Seated):
                raise web.HTTPServiceUnavailable
            return _Seat(self._channel, call.call_id, answer.tenant)

        return ReadyCall(
            visit=visit if call.tenant is None else structs.replace(visit, trial=None),
            questionnaire=questionnaire,
            known=call.known,
            seat=None if call.tenant is None else _Seat(self._channel, call.call_id, call.tenant),
            let_in=let_in,
            call_id=call.call_id,
        )

    # Signs of life

    async def _beat(self) -> None:
        beats = count(1)
        while True:
            self._channel.tell(self._how_it_is())
            if next(beats) % BEATS_TO_A_COUNT == 0:
                self._channel.tell(Told(self._metrics.counted()))
            await asyncio.sleep(BEAT_SECONDS)

    def _how_it_is(self) -> Beat:
        ears, prompts = self._ears, self._voices.counts
        return Beat(
            lag_seconds=self._pulse.lag_seconds,
            waited_seconds=ears.waited_seconds,
            ears=ears.report(),
            ears_restarts=ears.restarts,
            utterances=ears.utterances,
            tasks=len(asyncio.all_tasks()),
            not_begun=self._exchange.not_begun,
            engines=[ears.condition(), *self._bench.conditions()],
            voices=self._bench.states(),
            prompts=(prompts["hits"], prompts["misses"]),
        )

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("worker_task_failed", exc_info=error)


def _head(call: TakeCall) -> bytes:
    """The request for a WebSocket, with what its answer is made of and nothing else."""
    lines = [
        f"GET /{call.number} HTTP/1.1",
        "Host: worker",
        *(f"{name}: {text}" for name, text in call.handshake.items()),
    ]
    return "\r\n".join((*lines, "", "")).encode(errors="surrogateescape")


def _no_call_id() -> str:
    raise ValueError("the main process names calls")


def _leave(_hearing: asyncio.Task[None]) -> None:
    """The main process is gone: nothing here needs tidying, for what was acknowledged is on disk."""
    os._exit(1)
