"""Names by which other deployment guides call our settings: one table, read at the start and shown in docs.

An alias outranks config.yaml and is outranked by HATIF_SECTION__KEY. A name that sets nothing here says why.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from bridge.config_sources import Given, Source, variable

__all__ = ["ALIASES", "PLATFORMS", "UNUSED", "Alias", "as_markdown", "read_aliases"]

EVERY_NETWORK = "0.0.0.0"  # noqa: S104 - where a hoster's proxy is on another machine
PLATFORMS = ("RAILWAY_ENVIRONMENT_NAME", "RENDER", "DYNO")  # set by Railway, Render and Heroku themselves
MILLISECONDS = 1000
XTTS_IN_TTS_HOME = "tts/tts_models--multilingual--multi-dataset--xtts_v2"  # as coqui-tts lays it out
LEVELS = {"warn": "warning", "critical": "error", "fatal": "error", "trace": "debug"}
YES, NO = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})


class AliasError(ValueError):
    """What would be right instead."""


@dataclass(frozen=True, slots=True)
class Alias:
    """One name: whose setting it sets, and how its value becomes ours (None: it sets nothing now)."""

    name: str
    option: str
    convert: Callable[[str], str | None] = str.strip
    conversion: str = ""
    outranks: bool = False  # other aliases of the same option that say something else


def _port(text: str) -> str:
    if not text.strip().isdecimal():
        raise AliasError("a port from 1 to 65535")
    return text.strip()


def _seconds(text: str) -> str:
    if not text.strip().isdecimal():
        raise AliasError("a whole number of milliseconds, such as 300000")
    return f"{int(text) / MILLISECONDS:g}"


def _level(text: str) -> str:
    level = text.strip().lower()
    return LEVELS.get(level, level)


def _debug(text: str) -> str | None:
    if text.strip().lower() not in YES | NO:
        raise AliasError("true or false")
    return "debug" if text.strip().lower() in YES else None


def _xtts_below(text: str) -> str:
    return f"{text.strip().rstrip('/')}/{XTTS_IN_TTS_HOME}"


ALIASES = (
    Alias("PORT", "server.port", _port, "outranks the other ports: the hoster chooses it", outranks=True),
    Alias("VOICE_WS_PORT", "server.port", _port, "HTTP and WebSockets share one port"),
    Alias("TTS_PORT", "server.port", _port, "there is no second server for speech"),
    Alias("TTS_HOST", "server.host"),
    Alias("VOICE_SERVICE_URL", "server.public_url"),
    Alias("VOICE_CORS_ORIGIN", "server.origins", conversion="several with commas between them"),
    Alias("VOICE_SESSION_TIMEOUT", "server.idle_seconds", _seconds, "milliseconds become seconds"),
    Alias("VOICE_SERVICE_SECRET", "identity.service_secret"),
    Alias("VOICE_SERVICE_TOKEN", "tokens.secret", conversion="the secret that signs tokens"),
    Alias("JWT_SECRET", "tokens.secret"),
    Alias("MAQSAM_TOKEN", "providers.maqsam.token"),
    Alias("MAX_CONCURRENT_SESSIONS", "calls.max_concurrent"),
    Alias("VOICE_MAX_CONNECTIONS", "calls.max_concurrent"),
    Alias("RATE_LIMIT_PER_MINUTE", "limits.per_minute"),
    Alias("REDIS_URL", "limits.redis_url"),
    Alias("DATABASE_URL", "storage.url", conversion="of PostgreSQL; left out, SQLite at storage.path"),
    Alias("VOSK_MODEL_PATH", "recogniser.model", conversion="left out, the model that is shipped"),
    Alias("TTS_HOME", "xtts.model", _xtts_below, f"`{XTTS_IN_TTS_HOME}` below it"),
    Alias("XTTS_MODEL_PATH", "xtts.model"),
    Alias("VOICES_DIR", "voices.folder"),
    Alias("LOG_LEVEL", "log.level", _level, "in any case; WARN, CRITICAL and FATAL are understood"),
    Alias("VOICE_DEBUG", "log.level", _debug, "true is `debug`, false nothing"),
)

_ELSEWHERE = "nothing that callers say leaves the machine, so that there is no account"
_BY_WIRE = "the wire of each provider says it, and everything is converted"
_SUPABASE = "answers are in SQLite or PostgreSQL (`DATABASE_URL`)"
_TARGET = "a target, not a switch: `deploy/monitoring/alerts.yml` watches it"
_POSTGRES = "of PostgreSQL's image; `deploy/compose/compose.yaml` gives it a file"
_PLACEHOLDER = "no variable: a place in an example where a credential is to be written (`hatif keys create`)"

UNUSED = {
    "AUDIO_FORMAT": _BY_WIRE,
    "AUDIO_QUALITY": _BY_WIRE,
    "AUDIO_WORKLET_DEBUG": "the page that calls has no such switch",
    "AWS_TRANSCRIBE_REGION": _ELSEWHERE,
    "CUDA_VISIBLE_DEVICES": "PyTorch reads it by itself; whether XTTS uses a GPU says `xtts.device`",
    "EMBEDDINGS_DIR": "what was computed from a voice's recordings lies beside them (`voices.folder`)",
    "ENABLE_VAD": "speech is always told from silence, else nobody would know when an answer ends",
    "GF_SECURITY_ADMIN_PASSWORD": "of Grafana; `deploy/compose/compose.yaml` gives it a file",
    "MAX_AUDIO_DURATION": "an answer ends when the caller falls silent; `calls.max_seconds` bounds the call",
    "MAX_CONCURRENT_STREAMS": "each call has one stream: `calls.max_concurrent` bounds both",
    "NODE_ENV": "there is one mode, and it is production",
    "OPENAI_API_KEY": _ELSEWHERE,
    "OPENAI_ORG_ID": _ELSEWHERE,
    "POSTGRES_DB": _POSTGRES,
    "POSTGRES_PASSWORD": _POSTGRES,
    "POSTGRES_USER": _POSTGRES,
    "PREVIOUS_REVISION": "no variable: a place in an example where a revision is to be written",
    "PROCESSING_TIMEOUT": "nobody waits so long on the telephone: `recogniser.finish_timeout_seconds` is 4 s",
    "SAMPLE_RATE": _BY_WIRE,
    "SKIP_MODEL_LOADING": "the daemon takes calls only once its model has recognised a known phrase",
    "SUPABASE_SERVICE_ROLE_KEY": _SUPABASE,
    "SUPABASE_URL": _SUPABASE,
    "TELEPHONY_ENABLED": "each provider has a switch of its own, such as `providers.maqsam.enabled`",
    "TTS_MODEL_NAME": "`voice.engine: xtts` chooses it, and its licence has to be accepted (docs/xtts.md)",
    "VAD_THRESHOLD": "the threshold follows the noise of each line",
    "VOICE_BITRATE": _BY_WIRE,
    "VOICE_FRAME_MS": _BY_WIRE,
    "VOICE_HEALTH_CHECK_INTERVAL": "health is looked at when it is asked for, at most once a second",
    "VOICE_METRICS_ENABLED": "`/metrics` is always there for those who may see it (docs/monitoring.md)",
    "VOICE_PERFORMANCE_WARNINGS": "`deploy/monitoring/alerts.yml` warns",
    "VOICE_SAMPLE_RATE": _BY_WIRE,
    "VOICE_SERVICE_ENV": "there is one mode, and it is production",
    "VOICE_TARGET_BARGE_IN_MS": _TARGET,
    "VOICE_TARGET_FIRST_TOKEN_MS": _TARGET,
    "VOICE_TARGET_PARTIAL_LATENCY_MS": _TARGET,
    "YOUR_ADMIN_SECRET": _PLACEHOLDER,
    "YOUR_API_KEY": _PLACEHOLDER,
}


def read_aliases(environ: Mapping[str, str], options: Collection[str]) -> Source:
    """What the names of other guides set. An empty value sets nothing: compose files write `${NAME:-}`."""
    source = Source()
    for alias in ALIASES:
        is_outranked = variable(alias.option) in environ
        if alias.option not in options or is_outranked or not environ.get(alias.name, "").strip():
            continue
        try:
            value = alias.convert(environ[alias.name])
        except AliasError as right:
            source.problems.append(f"{alias.name}: {alias.option}: is not allowed; it must be {right}")
            continue
        if value is not None:
            _give(source, alias, value)
    if "server.port" in source.given and any(name in environ for name in PLATFORMS):
        source.given.setdefault("server.host", Given(EVERY_NETWORK, source.given["server.port"].origin))
    return source


def _give(source: Source, alias: Alias, value: str) -> None:
    """Set an option; a second name that says something else is a fault."""
    first = source.given.get(alias.option)
    if first is None:
        source.given[alias.option] = Given(value, alias.name)
        return
    is_outranked = any(each.outranks and each.name == first.origin for each in ALIASES)
    if first.value != value and not is_outranked:
        source.problems.append(
            f"{alias.name}: {alias.option}: says something else than {first.origin}; "
            f"set one of the two, or {variable(alias.option)}"
        )


def as_markdown() -> str:
    """The table of docs/environment.md."""
    return "\n".join(["| variable | what it sets here |", "|---|---|", *sorted(_rows())])


def _rows() -> Iterator[str]:
    for alias in ALIASES:
        remark = f"; {alias.conversion}" if alias.conversion else ""
        yield f"| `{alias.name}` | `{alias.option}`{remark} |"
    for name, why in UNUSED.items():
        yield f"| `{name}` | not used: {why} |"
