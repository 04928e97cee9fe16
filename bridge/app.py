"""The composition root, the only module that knows all the others: it builds the daemon and takes it down."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import cast
from uuid import uuid4

import aiohttp
import structlog

from bridge.admission import Admission
from bridge.admission.vitals import vitals, watch_vitals
from bridge.asterisk_calls import AsteriskCalls
from bridge.audio.playout import Ticker
from bridge.audio.recording import CallRecorder
from bridge.audiosocket import AudioSocketServer
from bridge.audit.copying import AuditCopy
from bridge.audit.log import AuditLog
from bridge.clock import Clock
from bridge.collecting import keep_all_so_far
from bridge.condition import Parts, look, memory_bytes
from bridge.config import Settings, unguarded
from bridge.errors import ConfigError, StorageError
from bridge.following import LiveTranscripts
from bridge.holding import Patience, Services
from bridge.identity.access import AccessTokens
from bridge.identity.authenticator import Authenticator
from bridge.identity.denial import DenyList
from bridge.identity.keys import ApiKeys
from bridge.identity.public_keys import read_public_keys
from bridge.identity.service import ServiceSecret
from bridge.identity.streams import StreamTokens
from bridge.lifecycle import Lifecycle, Urgency
from bridge.notifier import Notifier, Target
from bridge.offering import Engines, Offer, begin, read_offer
from bridge.opus import OpusEars
from bridge.phone_control import PhoneControl
from bridge.privacy.forgetting import forget_every_hour
from bridge.privacy.recordings import SealedFile
from bridge.pulse import Pulse
from bridge.readiness import Readiness
from bridge.reloading import Reloaded, Reloader
from bridge.speech.engines import VoiceBench
from bridge.speech.vosk.model import unfit_for_transcripts
from bridge.speech.vosk.recognizer import VoskRecognizer
from bridge.storage.migrated import Migrated, migrated
from bridge.storage.store import Store
from bridge.storage.upgrading import Upgrade
from bridge.supervision import Situation, Supervision, handed_over_socket
from bridge.switchboard import Switchboard
from bridge.telemetry.metrics import Metrics
from bridge.telemetry.tracing import Tracing, open_tracing
from bridge.voicing import Voices, open_voices
from bridge.web.admin.house import House
from bridge.web.admin.routes import admin_routes
from bridge.web.applications import ApplicationSockets
from bridge.web.control import ControlRoutes
from bridge.web.doorkeeper import Doorkeeper
from bridge.web.gate import Gate
from bridge.web.health import Component, Health
from bridge.web.issuing import Issuing
from bridge.web.measuring import measuring
from bridge.web.media import MediaSockets, SocketLimits
from bridge.web.reception import Reception
from bridge.web.refusals import RefusalCounts, Refusals
from bridge.web.scraping import MetricsListener, Scraping
from bridge.web.server import Server
from bridge.web.transcripts import TranscriptRoutes
from bridge.web.webhooks import WebhookRoutes
from protocols.asterisk import AsteriskOptions
from protocols.audiosocket import AudioSocketOptions
from protocols.browser import BrowserOptions
from protocols.provider import Door, Options
from protocols.registry import PROVIDERS

__all__ = ["Daemon"]

log = structlog.get_logger()


class Daemon:
    """The whole of Hatif, from configuration to last call."""

    def __init__(self, settings: Settings, read_settings: Callable[[], Settings] | None = None) -> None:
        """`read_settings` reads the configuration again, for a reload; without it only its files are."""
        self._settings = settings
        self._read_settings = read_settings or (lambda: settings)
        self._reload_wanted = asyncio.Event()
        self._lifecycle = Lifecycle()
        self._pulse = Pulse()
        self._admission = Admission(settings.calls.max_concurrent, settings.admission)
        self._supervision = Supervision(self._situation)
        self._lifecycle.on_change(self._supervision.tell)
        self._clock = Clock(settings.clock.speed)
        self._store: Store | None = None
        self._recognizer: VoskRecognizer | None = None
        self._voices: Voices | None = None
        self._readiness: Readiness | None = None
        self._switchboard: Switchboard | None = None
        self._reloader: Reloader | None = None
        self._bench: VoiceBench | None = None
        self._opus: OpusEars | None = None
        self._metrics = Metrics()
        health = Health(
            lifecycle=self._lifecycle,
            components=self._components,
            active_calls=lambda: self._active_calls,
            migrated=self._migrated,
            memory_bytes=memory_bytes,
        )
        self._gate = Gate(settings)
        self._access_tokens = _access_tokens(settings)
        self._stream_tokens = _stream_tokens(settings)
        issuing = Issuing(
            tokens=self._access_tokens,
            streams=self._stream_tokens,
            stream_seconds=settings.tokens.stream_seconds,
            public_url=_public_url(settings),
        )
        control = ControlRoutes(
            lifecycle=self._lifecycle,
            pulse=self._pulse,
            components=self._components,
            active_calls=lambda: self._active_calls,
            versions=self._versions,
            reload=self._reload,
        )
        self._scraping = Scraping(self._metrics, lambda: look(self._parts()))
        self._house = House(lifecycle=self._lifecycle, components=self._components, counts=RefusalCounts())
        self._house.guarded = _guarded(settings)
        refusals = Refusals(self._house.counts, lambda: self._house.audit)
        self._server = Server(
            health,
            has_page=settings.provider("browser").enabled,
            admin=admin_routes(self._house, [*self._scraping.routes(), *issuing.routes(), *control.routes()]),
            middlewares=[measuring(self._metrics.requested), refusals.watch],
            gate=self._gate,
        )

    @property
    def port(self) -> int:
        """The port listened on, once started."""
        return self._server.port

    async def run(self) -> None:
        """Start, serve until a signal, drain, stop.

        Raises:
            BridgeError: something that is needed is missing or wrong; nothing is left half-started.

        """
        self._lifecycle.watch_signals(on_hang_up=self._reload_wanted.set)
        async with AsyncExitStack() as stack:
            watching = watch_vitals(self._admission, lambda: vitals(self._pulse, self._recognizer))
            for looking in (self._supervision.run(), self._pulse.run(), watching):
                stack.push_async_callback(_cancel, asyncio.create_task(looking, name="supervision"))
            if await self._lifecycle.unless_ended(self._start(stack)):
                self._lifecycle.started()
                log.info("ready", host=self._settings.server.host, port=self._server.port)
                await self._lifecycle.urged(Urgency.AFTER_CALLS)
            log.info("stopping")
            if self._switchboard is not None:
                await self._switchboard.drain(self._settings.calls.drain_seconds)
        self._lifecycle.stopped()
        log.info("stopped")

    async def _start(self, stack: AsyncExitStack) -> None:
        """Bring everything up, in the order in which it is needed; `stack` takes it down in reverse."""
        settings = self._settings
        offer = read_offer(settings)
        keep_all_so_far()
        bench = self._bench = VoiceBench(settings)
        bench.default()  # a voice that there is not is told before anything is begun
        self._opus = opus = await self._opus_ears(stack)
        stack.push_async_callback(self._gate.close)
        stack.push_async_callback(self._server.stop)
        await self._server.start(
            settings.server.host, settings.server.port, settings.admin.socket, handed_over_socket()
        )
        tracing = await self._show(stack)

        self._store = await Store.open(
            settings.database,
            clock=self._clock,
            node=settings.node,
            on_error=self._metrics.storage_failed,
        )
        _tell_upgrade(self._store.upgrade)
        stack.push_async_callback(self._store.close)
        self._gate.open(self._authenticator(self._store))
        if settings.privacy.ring is None and not settings.server.is_loopback:
            log.warning(
                "answers_not_encrypted",
                setting="privacy.key",
                effect="numbers and answers are readable on disk",
            )
        self._open_audit(self._store)
        interrupted = await self._store.close_interrupted()
        if interrupted:
            log.warning("calls_were_interrupted", calls=interrupted)

        forgetting = asyncio.create_task(
            forget_every_hour(self._store, self._clock, lambda: self._settings), name="forgetting"
        )
        stack.push_async_callback(_cancel, forgetting)
        notifying = asyncio.create_task(_notifier(self._store, self._clock, settings).run(), name="notifier")
        stack.push_async_callback(_cancel, notifying)
        self._recognizer = VoskRecognizer(
            settings.recogniser.model,
            threads=settings.recogniser.threads,
            phases=settings.recogniser.phases,
            finish_timeout_seconds=settings.recogniser.finish_timeout_seconds,
        )
        stack.push_async_callback(self._recognizer.stop)
        if settings.monitoring.enabled and (problem := unfit_for_transcripts(self._recognizer.summary)):
            raise ConfigError(f"{settings.origin('monitoring.enabled')}: monitoring.enabled: {problem}")
        await self._recognizer.start()
        self._pulse.watch(self._recognizer)

        stack.push_async_callback(bench.stop)
        self._voices = voices = open_voices(settings, bench, self._clock.now)
        stack.push_async_callback(voices.stop)
        await voices.start()
        self._readiness = readiness = Readiness(voices)
        engines = Engines(self._store, self._recognizer.summary, readiness)
        rendered = await begin(offer, engines)
        log.info("prompts_ready", questionnaire=offer.default, rendered=rendered)
        rendering = asyncio.create_task(readiness.run(), name="rendering")
        stack.push_async_callback(_cancel, rendering)

        http = await stack.enter_async_context(aiohttp.ClientSession())
        ticker = Ticker(self._clock, on_error=_on_tick_error)
        ticking = asyncio.create_task(ticker.run(), name="ticker")
        stack.push_async_callback(_cancel, ticking)
        control = PhoneControl(
            _provider_options(settings), http=http, clock=self._clock, public_url=_public_url(settings)
        )
        services = Services(
            clock=self._clock,
            store=self._store,
            recognizer=self._recognizer,
            recognizer_identity=self._recognizer.identity,
            voices=voices,
            ticker=ticker,
            patience=_patience(settings),
            site=offer.site,
            control=control,
            opus=opus,
            metrics=self._metrics,
            tracing=tracing,
        )
        self._switchboard = self._open_media(services, control, offer, self._store, readiness)
        self._furnish(self._recognizer, bench)
        audiosocket = self._audiosocket(self._switchboard)
        stack.push_async_callback(audiosocket.stop)
        await audiosocket.start()
        if (asterisk := self._asterisk(self._switchboard, control, http)) is not None:
            attending = asyncio.create_task(asterisk.run(), name="asterisk")
            stack.push_async_callback(_cancel, attending)
        self._begin_reloads(offer, engines, self._switchboard, stack)

    async def _show(self, stack: AsyncExitStack) -> Tracing:
        """Serve metrics apart from everything else, and send traces, where either is configured."""
        wanted = self._settings.metrics
        if wanted.port is not None:
            listener = MetricsListener(self._scraping)
            stack.push_async_callback(listener.stop)
            await listener.start(wanted.host, wanted.port)
            log.info("metrics_listen", host=wanted.host, port=listener.port)
        tracing = open_tracing(self._settings.tracing)
        stack.push_async_callback(tracing.stop)
        return tracing

    def _authenticator(self, store: Store) -> Authenticator:
        """Who tells whose credential is whose."""
        return Authenticator(
            keys=ApiKeys(store, self._clock),
            tokens=self._access_tokens,
            denied=DenyList(store, self._clock),
            service=_service_secret(self._settings),
        )

    async def _opus_ears(self, stack: AsyncExitStack) -> OpusEars | None:
        """What decodes Opus, where pages may send it."""
        if not cast("BrowserOptions", self._settings.provider("browser")).opus:
            return None
        ears = OpusEars(on_dropped=lambda frames: self._metrics.dropped("in", frames))
        stack.push_async_callback(ears.stop)
        await ears.start()
        return ears

    async def _reload(self) -> Reloaded:
        if self._reloader is None:
            return Reloaded(("the daemon is not up yet",))
        return await self._reloader.reload()

    def _begin_reloads(
        self, offer: Offer, engines: Engines, switchboard: Switchboard, stack: AsyncExitStack
    ) -> None:
        def take_up(offer: Offer, settings: Settings) -> None:
            self._settings = settings
            switchboard.offer(
                offer,
                patience=_patience(settings),
                max_concurrent=settings.calls.max_concurrent,
                rules=settings.admission,
            )

        self._reloader = Reloader(
            settings=self._settings,
            offer=offer,
            engines=engines,
            read_settings=self._read_settings,
            on_reloaded=take_up,
            wanted=self._reload_wanted,
            during=self._supervision.reloading,
        )
        reloading = asyncio.create_task(self._reloader.run(), name="reloads")
        stack.push_async_callback(_cancel, reloading)

    def _open_media(
        self, services: Services, control: PhoneControl, offer: Offer, store: Store, readiness: Readiness
    ) -> Switchboard:
        settings = self._settings
        transcripts = LiveTranscripts()
        switchboard = Switchboard(
            services=services,
            offer=offer,
            admission=self._admission,
            lifecycle=self._lifecycle,
            new_call_id=lambda: uuid4().hex,
            recordings=_recordings(settings),
            transcripts=transcripts if settings.monitoring.enabled else None,
            is_rendered=readiness.is_ready,
        )
        service = _service_secret(settings)
        doorkeeper = Doorkeeper(
            options=_provider_options(settings),
            tokens=self._stream_tokens,
            store=store,
            clock=self._clock,
            public_url=_public_url(settings),
            is_service_secret=service.is_shown if service else None,
        )
        limits = SocketLimits(
            max_message_bytes=settings.server.max_message_bytes,
            heartbeat_seconds=settings.server.heartbeat_seconds,
            idle_seconds=settings.server.idle_seconds,
        )
        reception = Reception(
            switchboard=switchboard,
            database=store,
            tokens=self._stream_tokens,
            token_seconds=settings.tokens.stream_seconds,
            clock=self._clock,
            public_url=_public_url(settings),
            new_reference=lambda: uuid4().hex,
        )
        webhooks = WebhookRoutes(
            doorkeeper=doorkeeper, reception=reception, clock=self._clock, control=control
        )
        applications = ApplicationSockets(
            doorkeeper=doorkeeper, reception=reception, control=control, limits=limits
        )
        media = MediaSockets(switchboard=switchboard, doorkeeper=doorkeeper, database=store, limits=limits)
        reading = TranscriptRoutes(store=store, transcripts=transcripts, audit=self._house.audit)
        self._server.open_media(media, webhooks, applications, reading)
        if missing := unguarded(settings):
            log.warning("no_credential_configured", settings=missing, effect="loopback only")
        return switchboard

    def _audiosocket(self, switchboard: Switchboard) -> AudioSocketServer:
        options = cast("AudioSocketOptions", self._settings.provider("audiosocket"))
        return AudioSocketServer(switchboard=switchboard, options=options)

    def _asterisk(
        self, switchboard: Switchboard, control: PhoneControl, http: aiohttp.ClientSession
    ) -> AsteriskCalls | None:
        """The application by which we connect to Asterisk, where that is configured."""
        options = cast("AsteriskOptions", self._settings.provider("asterisk"))
        if not options.enabled or options.app is None:
            return None
        return AsteriskCalls(switchboard=switchboard, options=options, control=control, http=http)

    @property
    def _active_calls(self) -> int:
        return self._switchboard.active_calls if self._switchboard else 0

    def _parts(self) -> Parts:
        """All that metrics look at."""
        return Parts(
            state=self._lifecycle.state,
            calls=self._active_calls,
            now=self._clock.now(),
            pulse=self._pulse,
            store=self._store,
            recognizer=self._recognizer,
            bench=self._bench,
            voices=self._voices,
            opus=self._opus,
        )

    async def _migrated(self) -> Migrated | None:
        return await migrated(self._store) if self._store else None

    def _open_audit(self, store: Store) -> None:
        """From now on it is written down who does what."""
        copy = AuditCopy(self._settings.database.audit_copy)
        self._house.database = store
        self._house.audit = AuditLog(store, copy, self._clock)

    def _furnish(self, ears: VoskRecognizer, bench: VoiceBench) -> None:
        """Let the operator see what has come up."""
        house = self._house
        house.switchboard, house.readiness = self._switchboard, self._readiness
        house.engines = lambda: [ears.condition(), *bench.conditions()]
        house.utterances = lambda: ears.utterances
        house.lag_seconds = lambda: self._pulse.lag_seconds

    def _situation(self) -> Situation:
        """What the service manager is told of."""
        return Situation(
            state=self._lifecycle.state,
            is_ending=self._lifecycle.is_ending,
            is_reloading=self._supervision.is_reloading,
            is_alive=self._pulse.is_alive(),
            calls=self._active_calls,
        )

    def _versions(self) -> dict[str, str]:
        recognizer = self._recognizer
        return {"recogniser": recognizer.engine, "model": recognizer.identity} if recognizer else {}

    async def _components(self) -> list[Component]:
        recognizer, voices, readiness = self._recognizer, self._voices, self._readiness
        return [
            Component("storage", *await self._storage_health()),
            Component("recogniser", *(recognizer.report() if recognizer else (False, "not started"))),
            Component("voice", *(voices.report() if voices else (False, "not started"))),
            Component("prompts", voices is not None, await self._prompts_detail()),
            Component(
                "questionnaires", readiness is not None, readiness.report() if readiness else "not begun"
            ),
        ]

    async def _prompts_detail(self) -> str:
        return str(await asyncio.to_thread(self._voices.statistics)) if self._voices else "not open"

    async def _storage_health(self) -> tuple[bool, str]:
        if self._store is None:
            return False, "not open"
        try:
            await self._store.ping()
        except StorageError as error:
            return False, str(error)
        return True, ""


def _tell_upgrade(upgrade: Upgrade) -> None:
    if upgrade.before is not None and upgrade.migrations:
        schemas = f"schema {upgrade.before} to {upgrade.now}, its backup before is the file"
        log.info("database_upgraded", detail=schemas, file=upgrade.backup)


def _provider_options(settings: Settings) -> dict[str, Options]:
    return {name: settings.provider(name) for name in PROVIDERS}


def _guarded(settings: Settings) -> dict[str, bool]:
    """Which providers are enabled, and whether they have a credential."""
    without = unguarded(settings)
    has_tokens = settings.tokens.secret is not None
    return {
        name: has_tokens if provider.door is Door.TOKEN else f"providers.{name}" not in without
        for name, provider in PROVIDERS.items()
        if settings.provider(name).enabled
    }


def _public_url(settings: Settings) -> str | None:
    return str(settings.server.public_url) if settings.server.public_url else None


def _stream_tokens(settings: Settings) -> StreamTokens | None:
    secret = settings.tokens.secret
    return StreamTokens(secret.get_secret_value()) if secret else None


def _access_tokens(settings: Settings) -> AccessTokens:
    secret = settings.tokens.secret
    return AccessTokens(
        secret.get_secret_value() if secret else None,
        others=read_public_keys(settings.identity.keys),
        audience=settings.identity.audience,
        leeway_seconds=settings.identity.leeway_seconds,
    )


def _service_secret(settings: Settings) -> ServiceSecret | None:
    secret = settings.identity.service_secret
    scopes = frozenset(settings.identity.service_scopes)
    return ServiceSecret(secret.get_secret_value(), scopes) if secret else None


def _patience(settings: Settings) -> Patience:
    return Patience(
        first_message_seconds=settings.server.first_message_seconds,
        max_call_seconds=settings.calls.max_seconds,
        look_back_seconds=settings.calls.look_back_seconds,
    )


def _notifier(store: Store, clock: Clock, settings: Settings) -> Notifier:
    wanted = settings.notifications
    if wanted.url is None:
        log.warning("notifications_go_nowhere", setting="notifications.url", effect="log and list only")
        return Notifier(store, clock, None)
    secret = wanted.secret.get_secret_value() if wanted.secret else None
    return Notifier(store, clock, Target(str(wanted.url), secret, wanted.repeat_seconds))


def _recordings(settings: Settings) -> Callable[[str], CallRecorder] | None:
    """What makes the recorder of a call, where calls are recorded."""
    if not settings.recording.enabled:
        return None
    folder, ring = settings.recording.folder, settings.privacy.ring
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def recorder(call_id: str) -> CallRecorder:
        return CallRecorder(SealedFile(folder, call_id, ring.current) if ring else folder / f"{call_id}.wav")

    return recorder


def _on_tick_error(_callback: object, error: BaseException) -> None:
    log.error("playout_failed", exc_info=error)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
