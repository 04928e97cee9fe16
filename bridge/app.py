"""The composition root, the only module that knows all the others: it builds the daemon and takes it down.

What is made of the configuration alone is in `configured`, what calls are held with in `equipment`, what has
come up so far in `inventory`, and what is served beside calls in `front`.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import cast
from uuid import uuid4

import aiohttp
import structlog

from bridge import configured
from bridge.admission import Admission, Vitals
from bridge.admission.vitals import vitals, watch_vitals
from bridge.asterisk_calls import AsteriskCalls
from bridge.audio.playout import Ticker
from bridge.audiosocket import AudioSocketServer
from bridge.clock import Clock
from bridge.collecting import keep_all_so_far, keep_giving_back, keep_together, look_seldom
from bridge.config import Settings, unguarded_in_short
from bridge.crew.crew import Crew, Desk
from bridge.equipment import begin_ears, begin_opus_ears, begin_ticker, begin_voices, beside
from bridge.following import LiveTranscripts
from bridge.front import Front
from bridge.holding import Patience, Services
from bridge.inventory import Inventory
from bridge.lifecycle import Lifecycle, Urgency
from bridge.offering import Engines, Offer, begin, read_offer
from bridge.phone_control import PhoneControl
from bridge.privacy.forgetting import forget_every_hour
from bridge.pulse import Pulse
from bridge.readiness import Readiness
from bridge.reconnection import Reconnections
from bridge.reloading import Reloaded, Reloader
from bridge.speech.engines import VoiceBench
from bridge.speech.vosk.recognizer import VoskRecognizer
from bridge.storage.store import Store
from bridge.storage.upgrading import Upgrade
from bridge.supervision import Supervision, handed_over_socket
from bridge.switchboard import Switchboard
from bridge.telemetry.metrics import Metrics
from bridge.telemetry.tracing import Tracing
from bridge.voicing import Voices
from bridge.web.applications import ApplicationSockets
from bridge.web.media import MediaSockets
from bridge.web.reception import Reception
from bridge.web.scraping import MetricsListener
from bridge.web.transcripts import TranscriptRoutes
from bridge.web.webhooks import WebhookRoutes
from protocols.asterisk import AsteriskOptions
from protocols.audiosocket import AudioSocketOptions

__all__ = ["Daemon"]

log = structlog.get_logger()


class Daemon:
    """The whole of Hatif, from configuration to last call."""

    def __init__(
        self,
        settings: Settings,
        read_settings: Callable[[], Settings] | None = None,
        crew: Crew | None = None,
    ) -> None:
        """`read_settings` reads the configuration again, for a reload; without it only its files are.

        `crew` holds the calls; without it this process does.
        """
        self._crew = crew
        self._settings = settings
        self._read_settings = read_settings or (lambda: settings)
        self._reload_wanted = asyncio.Event()
        self._reloader: Reloader | None = None
        self._lifecycle = Lifecycle()
        self._admission = Admission(settings.calls.max_concurrent, settings.admission)
        self._clock = Clock(settings.clock.speed)
        self._metrics = Metrics()
        self._pulse = Pulse(on_lag=self._metrics.loop_measured)
        self._has = Inventory(self._lifecycle, self._pulse, self._clock, crew)
        if crew is not None:
            self._metrics.others = crew.counted
        self._supervision = Supervision(
            lambda: self._has.situation(is_reloading=self._supervision.is_reloading)
        )
        self._lifecycle.on_change(self._supervision.tell)
        self._front = Front(settings, self._has, self._metrics, self._reload)
        self._server = self._front.server

    def _vitals(self) -> Vitals:
        own = vitals(self._pulse, self._has.recognizer)
        return own if self._crew is None else self._crew.vitals(own)

    @property
    def port(self) -> int:
        """The port listened on, once started."""
        return self._server.port

    async def run(self) -> None:
        """Start, serve until a signal, drain, stop.

        Raises:
            BridgeError: something that is needed is missing or wrong; nothing is left half-started.

        """
        keep_together()
        self._lifecycle.watch_signals(on_hang_up=self._reload_wanted.set)
        async with AsyncExitStack() as stack:
            beside(stack, self._supervision.run(), "supervision")
            beside(stack, self._pulse.run(), "pulse")
            if self._crew is not None:
                stack.push_async_callback(self._crew.stop)
            watching = watch_vitals(self._admission, self._vitals)
            beside(stack, watching, "vitals")
            if await self._lifecycle.unless_ended(self._start(stack)):
                keep_all_so_far()
                look_seldom()
                self._lifecycle.started()
                log.info("ready", host=self._settings.server.host, port=self._server.port)
                await self._lifecycle.urged(Urgency.AFTER_CALLS)
            log.info("stopping", signal=self._lifecycle.ended_by)
            if self._has.switchboard is not None:
                await self._has.switchboard.drain(self._settings.calls.drain_seconds)
        self._lifecycle.stopped()
        log.info("stopped")

    # Start: everything in the order in which it is needed; the stack takes it down in reverse

    async def _start(self, stack: AsyncExitStack) -> None:
        offer = read_offer(self._settings) if self._crew is None else self._crew.offer
        keep_all_so_far()
        beside(stack, keep_giving_back(), "memory")
        bench = VoiceBench(self._settings)
        bench.default()  # a voice that there is not is told before anything is begun
        self._has.opus = await begin_opus_ears(self._settings, self._metrics, stack)
        tracing = await self._serve(stack)
        store = self._has.store = await self._open_store(stack)
        ears = self._has.recognizer = await begin_ears(self._settings, self._pulse, stack)
        self._has.bench = bench
        voices = self._has.voices = await begin_voices(self._settings, bench, self._clock, stack)
        readiness = self._has.readiness = Readiness(voices)
        engines = Engines(store, ears.summary, readiness)
        rendered = await begin(offer, engines)
        log.info("prompts_ready", questionnaire=offer.default, rendered=rendered)
        beside(stack, readiness.run(), "rendering")
        http = await stack.enter_async_context(aiohttp.ClientSession())
        control = configured.phone_control(self._settings, http, self._clock)
        ticker = begin_ticker(self._clock, stack)
        reconnections = Reconnections()
        services = self._services(
            reconnections=reconnections,
            offer=offer,
            store=store,
            ears=ears,
            voices=voices,
            ticker=ticker,
            control=control,
            tracing=tracing,
        )
        stack.push_async_callback(services.endings.stop, store)
        transcripts = LiveTranscripts(self._crew.followed) if self._crew else LiveTranscripts()
        desk = Desk(
            store=store,
            reconnections=reconnections,
            control=control,
            transcripts=transcripts,
            clock=self._clock,
            thresholds=self._settings.admission.thresholds,
        )
        await self._have_workers(desk, services.patience, stack)
        switchboard = self._has.switchboard = self._open_media(
            services, control, offer, readiness, transcripts
        )
        self._front.show_calls()
        await self._take_other_calls(switchboard, control, http, stack)
        self._begin_reloads(offer, engines, switchboard, stack)

    async def _serve(self, stack: AsyncExitStack) -> Tracing:
        """Listen, serve metrics apart from everything else and send traces, where either is configured."""
        settings = self._settings
        stack.push_async_callback(self._front.gate.close)
        stack.push_async_callback(self._server.stop)
        await self._server.start(
            settings.server.host, settings.server.port, settings.admin.socket, handed_over_socket()
        )
        if settings.metrics.port is not None:
            listener = MetricsListener(self._front.scraping)
            stack.push_async_callback(listener.stop)
            await listener.start(settings.metrics.host, settings.metrics.port)
            log.info("metrics_listen", host=settings.metrics.host, port=listener.port)
        tracing = configured.tracing(settings.tracing)
        stack.push_async_callback(tracing.stop)
        return tracing

    async def _open_store(self, stack: AsyncExitStack) -> Store:
        """Open the database, and look after what is in it."""
        settings = self._settings
        store = await Store.open(
            settings.database,
            clock=self._clock,
            node=settings.node,
            on_error=self._metrics.storage_failed,
            takes_turns=self._crew is not None,
        )
        stack.push_async_callback(store.close)
        _tell_upgrade(store.upgrade)
        if settings.privacy.ring is None and not settings.server.is_loopback:
            effect = "numbers and answers are readable on disk"
            log.warning("answers_not_encrypted", setting="privacy.key", effect=effect)
        self._front.know(store)
        if interrupted := await store.close_interrupted():
            log.warning("calls_were_interrupted", calls=interrupted)
        beside(stack, forget_every_hour(store, self._clock, lambda: self._settings), "forgetting")
        beside(stack, configured.notifier(store, self._clock, settings).run(), "notifier")
        return store

    def _services(
        self,
        *,
        reconnections: Reconnections,
        offer: Offer,
        store: Store,
        ears: VoskRecognizer,
        voices: Voices,
        ticker: Ticker,
        control: PhoneControl,
        tracing: Tracing,
    ) -> Services:
        """What all calls share."""
        return Services(
            clock=self._clock,
            store=store,
            recognizer=ears,
            recognizer_identity=ears.identity,
            voices=voices,
            ticker=ticker,
            patience=configured.patience(self._settings, offer.waiting_sound),
            resumes_by_number=self._settings.calls.resume_by_number,
            site=offer.site,
            control=control,
            opus=self._has.opus,
            reconnections=reconnections,
            metrics=self._metrics,
            tracing=tracing,
        )

    # Calls

    async def _have_workers(self, desk: Desk, patience: Patience, stack: AsyncExitStack) -> None:
        """Start those that hold calls, where there are any."""
        if self._crew is not None:
            stack.push_async_callback(self._crew.stop)
            await self._crew.start(desk, patience)

    def _open_media(
        self,
        services: Services,
        control: PhoneControl,
        offer: Offer,
        readiness: Readiness,
        transcripts: LiveTranscripts,
    ) -> Switchboard:
        """Put calls through from now on."""
        settings, store = self._settings, services.store
        switchboard = Switchboard(
            services=services,
            offer=offer,
            admission=self._admission,
            lifecycle=self._lifecycle,
            new_call_id=lambda: uuid4().hex,
            recordings=configured.recordings(settings),
            transcripts=transcripts if settings.monitoring.enabled else None,
            is_rendered=readiness.is_ready,
            elsewhere=self._crew,
        )
        doorkeeper = configured.doorkeeper(settings, store, self._clock, self._front.stream_tokens)
        limits = configured.socket_limits(settings)
        reception = Reception(
            switchboard=switchboard,
            database=store,
            tokens=self._front.stream_tokens,
            token_seconds=settings.tokens.stream_seconds,
            clock=self._clock,
            public_url=configured.public_url(settings),
            new_reference=lambda: uuid4().hex,
        )
        self._server.open_media(
            MediaSockets(
                switchboard=switchboard,
                doorkeeper=doorkeeper,
                database=store,
                limits=limits,
                workers=self._crew,
            ),
            WebhookRoutes(doorkeeper=doorkeeper, reception=reception, clock=self._clock, control=control),
            ApplicationSockets(doorkeeper=doorkeeper, reception=reception, control=control, limits=limits),
            TranscriptRoutes(store=store, transcripts=transcripts, audit=self._front.house.audit),
        )
        if missing := unguarded_in_short(settings):
            effect = "loopback only; providers.only names those that are used"
            log.warning("no_credential_configured", settings=missing, effect=effect)
        return switchboard

    async def _take_other_calls(
        self,
        switchboard: Switchboard,
        control: PhoneControl,
        http: aiohttp.ClientSession,
        stack: AsyncExitStack,
    ) -> None:
        """Take those that come over no WebSocket to us: over plain TCP, and fetched from Asterisk."""
        options = cast("AudioSocketOptions", self._settings.provider("audiosocket"))
        audiosocket = AudioSocketServer(switchboard=switchboard, options=options, workers=self._crew)
        stack.push_async_callback(audiosocket.stop)
        await audiosocket.start()
        asterisk = cast("AsteriskOptions", self._settings.provider("asterisk"))
        if asterisk.enabled and asterisk.app is not None:
            fetched = AsteriskCalls(switchboard=switchboard, options=asterisk, control=control, http=http)
            beside(stack, fetched.run(), "asterisk")

    # Reload

    async def _reload(self) -> Reloaded:
        if self._reloader is None:
            return Reloaded(("the daemon is not up yet",))
        return await self._reloader.reload()

    def _begin_reloads(
        self, offer: Offer, engines: Engines, switchboard: Switchboard, stack: AsyncExitStack
    ) -> None:
        def take_up(offer: Offer, settings: Settings) -> None:
            self._settings = settings
            patience = configured.patience(settings, offer.waiting_sound)
            switchboard.offer(
                offer,
                patience=patience,
                max_concurrent=settings.calls.max_concurrent,
                rules=settings.admission,
            )
            if self._crew is not None:
                self._crew.take_up(offer, patience)
                self._crew.desk.thresholds = settings.admission.thresholds

        self._reloader = Reloader(
            settings=self._settings,
            offer=offer,
            engines=engines,
            read_settings=self._read_settings,
            on_reloaded=take_up,
            wanted=self._reload_wanted,
            during=self._supervision.reloading,
            on_result=self._metrics.reloaded,
        )
        beside(stack, self._reloader.run(), "reloads")


def _tell_upgrade(upgrade: Upgrade) -> None:
    if upgrade.before is not None and upgrade.migrations:
        schemas = f"schema {upgrade.before} to {upgrade.now}, its backup before is the file"
        log.info("database_upgraded", detail=schemas, file=upgrade.backup)
