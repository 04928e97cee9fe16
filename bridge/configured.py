"""Parts of the daemon that are made of the configuration alone, each by one function."""

from collections.abc import Callable

import aiohttp
import structlog

from bridge.audio.recording import CallRecorder
from bridge.clock import Clock
from bridge.config import Settings, TracingSettings, unguarded
from bridge.errors import ConfigError
from bridge.holding import Patience
from bridge.identity.access import AccessTokens
from bridge.identity.public_keys import read_public_keys
from bridge.identity.service import ServiceSecret
from bridge.identity.streams import StreamTokens
from bridge.notifier import Notifier, Target
from bridge.phone_control import PhoneControl
from bridge.privacy.recordings import recorder_in
from bridge.speech.vosk.model import unfit_for_transcripts
from bridge.speech.vosk.recognizer import VoskRecognizer
from bridge.storage.store import Store
from bridge.telemetry.tracing import NoTracing, Tracing
from bridge.web.crowd import HttpLimits
from bridge.web.doorkeeper import Doorkeeper
from bridge.web.media import SocketLimits
from protocols.provider import Door, Options
from protocols.registry import PROVIDERS

__all__ = [
    "access_tokens",
    "doorkeeper",
    "guarded",
    "http_limits",
    "media_paths",
    "notifier",
    "patience",
    "phone_control",
    "provider_options",
    "public_url",
    "recognizer",
    "recordings",
    "service_secret",
    "socket_limits",
    "stream_tokens",
    "tracing",
]

log = structlog.get_logger()


def provider_options(settings: Settings) -> dict[str, Options]:
    """What is configured of every provider, by its name."""
    return {name: settings.provider(name) for name in PROVIDERS}


def guarded(settings: Settings) -> dict[str, bool]:
    """Which providers are enabled, and whether they have a credential."""
    without = unguarded(settings)
    has_tokens = settings.tokens.secret is not None
    return {
        name: has_tokens if provider.door is Door.TOKEN else f"providers.{name}" not in without
        for name, provider in PROVIDERS.items()
        if settings.provider(name).enabled
    }


def media_paths(settings: Settings) -> tuple[str, ...]:
    """Where the providers that are enabled open their sockets."""
    return tuple(
        f"/ws/{name}/{{token}}" if provider.door is Door.TOKEN else f"/ws/{name}[/{{questionnaire}}]"
        for name, provider in PROVIDERS.items()
        if settings.provider(name).enabled
    )


def public_url(settings: Settings) -> str | None:
    """By which providers reach us."""
    return str(settings.server.public_url) if settings.server.public_url else None


def stream_tokens(settings: Settings) -> StreamTokens | None:
    """What opens media sockets; None without a secret to sign it with."""
    secret = settings.tokens.secret
    return StreamTokens(secret.get_secret_value()) if secret else None


def access_tokens(settings: Settings) -> AccessTokens:
    """What lets programs in for a quarter of an hour; ConfigError where a public key cannot be read."""
    secret = settings.tokens.secret
    return AccessTokens(
        secret.get_secret_value() if secret else None,
        others=read_public_keys(settings.identity.keys),
        audience=settings.identity.audience,
        leeway_seconds=settings.identity.leeway_seconds,
    )


def service_secret(settings: Settings) -> ServiceSecret | None:
    """What other services share with us."""
    secret = settings.identity.service_secret
    scopes = frozenset(settings.identity.service_scopes)
    return ServiceSecret(secret.get_secret_value(), scopes) if secret else None


def doorkeeper(settings: Settings, store: Store, clock: Clock, tokens: StreamTokens | None) -> Doorkeeper:
    """Who looks at the credentials of those that bring calls; `tokens`: None where none are to be taken."""
    service = service_secret(settings)
    return Doorkeeper(
        options=provider_options(settings),
        tokens=tokens,
        store=store,
        clock=clock,
        public_url=public_url(settings),
        is_service_secret=service.is_shown if service else None,
    )


def phone_control(settings: Settings, http: aiohttp.ClientSession, clock: Clock) -> PhoneControl:
    """What asks providers to end, hand over and place calls."""
    return PhoneControl(provider_options(settings), http=http, clock=clock, public_url=public_url(settings))


def patience(settings: Settings, waiting_sound: bytes) -> Patience:
    """How long calls wait, and what callers hear meanwhile."""
    return Patience(
        first_message_seconds=settings.server.first_message_seconds,
        max_call_seconds=settings.calls.max_seconds,
        look_back_seconds=settings.calls.look_back_seconds,
        waiting_seconds=settings.calls.waiting_seconds,
        waiting_sound=waiting_sound,
    )


def notifier(store: Store, clock: Clock, settings: Settings) -> Notifier:
    """Who tells the site of callers in danger."""
    wanted = settings.notifications
    if wanted.url is None:
        log.warning("notifications_go_nowhere", setting="notifications.url", effect="log and list only")
        return Notifier(store, clock, None)
    secret = wanted.secret.get_secret_value() if wanted.secret else None
    return Notifier(store, clock, Target(str(wanted.url), secret, wanted.repeat_seconds))


def recordings(settings: Settings) -> Callable[[str], CallRecorder] | None:
    """What makes the recorder of a call, where calls are recorded."""
    if not settings.recording.enabled:
        return None
    folder, ring = settings.recording.folder, settings.privacy.ring
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return lambda call_id: recorder_in(folder, call_id, ring)


def socket_limits(settings: Settings) -> SocketLimits:
    """What a carrier's socket may do."""
    return SocketLimits(
        max_message_bytes=settings.server.max_message_bytes,
        heartbeat_seconds=settings.server.heartbeat_seconds,
        idle_seconds=settings.server.idle_seconds,
        first_message_seconds=Clock(settings.clock.speed).real_seconds(settings.server.first_message_seconds),
    )


def http_limits(settings: Settings) -> HttpLimits:
    """What one connection, and all of them together, may do."""
    server = settings.server
    return HttpLimits(**{name: getattr(server, name) for name in HttpLimits.__struct_fields__})


def recognizer(settings: Settings) -> VoskRecognizer:
    """The ears, not started yet; ConfigError where the model cannot serve what is configured."""
    ears = VoskRecognizer(
        settings.recogniser.model,
        threads=settings.recogniser.threads,
        phases=settings.recogniser.phases,
        finish_timeout_seconds=settings.recogniser.finish_timeout_seconds,
    )
    if settings.monitoring.enabled and (problem := unfit_for_transcripts(ears.summary)):
        raise ConfigError(f"{settings.origin('monitoring.enabled')}: monitoring.enabled: {problem}")
    return ears


def tracing(settings: TracingSettings) -> Tracing:
    """Where calls are traced; without the extra it is said how to install it, and calls are taken."""
    if settings.endpoint is None:
        return NoTracing()
    try:
        from bridge.telemetry.otlp import OtlpTracing  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        log.warning(
            "tracing_not_installed",
            setting="tracing.endpoint",
            detail="traces need OpenTelemetry: run `pip install 'hatif[tracing]'`, or set it to null",
        )
        return NoTracing()
    return OtlpTracing.to(str(settings.endpoint), settings.sample)
