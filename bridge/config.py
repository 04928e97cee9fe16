"""Every option of Hatif, with its default and what it may be: `load_settings` makes one frozen `Settings`.

config.yaml is overridden by the environment (names of other guides, see `config_aliases`, and above them
HATIF_SECTION__KEY), and that by the files in $CREDENTIALS_DIRECTORY, or in `credentials` beside config.yaml:
tokens_secret and its like, secrets of providers as PROVIDER_OPTION.
Whatever is wrong is told in one go: where, what, and what would be right. Secrets are never part of a text.
"""

import ipaddress
import json
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from msgspec.structs import replace
from pydantic import (
    AfterValidator,
    HttpUrl,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bridge.admission import Rules
from bridge.admission.pace import Pace
from bridge.clock import MAX_SPEED
from bridge.config_admission import Overload, Tenant, faulty_tenants
from bridge.config_aliases import read_aliases
from bridge.config_identity import Identity, Limits, Networks, Origins
from bridge.config_options import (
    ContentPath,
    DataPath,
    Name,
    Number,
    PublishedSecretError,
    Secret,
    Section,
    Whole,
    Word,
    a_database_url,
    long_enough,
    option,
)
from bridge.config_privacy import Privacy
from bridge.config_providers import PROVIDER_SECRETS, Providers, options_of
from bridge.config_sources import (
    Given,
    credentials_folder,
    read_credentials,
    read_environment,
    read_yaml,
)
from bridge.config_speech import Piper, Prompts, SpeechServer, Voice, Voices, Xtts
from bridge.content import CONTENT, DEFAULT_CONFIG
from bridge.errors import ConfigError, told_in_lines
from bridge.identity.strength import MIN_SECRET_BYTES
from bridge.storage.place import Place
from protocols.provider import Door, Options
from protocols.registry import PROVIDERS

__all__ = ["Settings", "load_settings", "option_names", "unguarded", "unguarded_in_short"]

CREDENTIALS = {
    "tokens_secret": "tokens.secret",
    "notifications_secret": "notifications.secret",
    "service_secret": "identity.service_secret",
    "limits_redis_url": "limits.redis_url",
    "speech_server_key": "speech_server.key",
    "voices_key": "voices.key",
    "storage_password": "storage.password",
    "backup_key": "storage.backup_key",
    "privacy_key": "privacy.key",
    **PROVIDER_SECRETS,  # maqsam_token and its like
}
SHIPPED = ("questionnaires.folder", "recogniser.model")  # left out, they are what Hatif came with
SHOWN_CHARACTERS = 60


class Server(Section):
    """Where the daemon listens, and how much it takes from a stranger."""

    host: Word = option("127.0.0.1", "an address of this machine, such as 127.0.0.1 or 0.0.0.0")
    port: Whole = option(8080, "a port from 1 to 65535, or 0 for any free one", ge=0, le=65535)
    max_message_bytes: Whole = option(65536, "a number of bytes from 4096 to 1048576", ge=4096, le=1048576)
    heartbeat_seconds: Number = option(20.0, "a number of seconds from 1 to 300", ge=1, le=300)
    first_message_seconds: Number = option(10.0, "a number of seconds from 0.1 to 60", ge=0.1, le=60)
    idle_seconds: Number = option(30.0, "a number of seconds from 1 to 600", ge=1, le=600)
    header_seconds: Number = option(15.0, "a number of seconds from 0.1 to 300", ge=0.1, le=300)
    body_seconds: Number = option(10.0, "a number of seconds from 0.1 to 300", ge=0.1, le=300)
    send_seconds: Number = option(30.0, "a number of seconds from 1 to 300", ge=1, le=300)
    max_connections: Whole = option(512, "a whole number from 1 to 100000", ge=1, le=100000)
    max_connections_per_address: Whole = option(64, "a whole number from 1 to 100000", ge=1, le=100000)
    public_url: HttpUrl | None = option(None, "the address by which providers reach us: https://...")
    trusted_proxies: Networks = option([], "a list of addresses or networks, such as [127.0.0.1, 10.0.0.0/8]")
    origins: Origins = option([], "a list of pages' origins, such as [https://clinic.example]")

    @property
    def is_loopback(self) -> bool:
        """Only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class Storage(Section):
    """Where answers are kept."""

    path: DataPath = option(Path("data/hatif.db"), "the path of a file")
    url: Annotated[Secret, AfterValidator(a_database_url)] | None = option(
        None, "the URL of a PostgreSQL database, postgresql+asyncpg://USER@HOST/DATABASE, or null"
    )
    password: Secret | None = option(None, "the password of the user in storage.url")
    node: Word | None = option(None, "a name that no other daemon on the same database has")
    backups: DataPath | None = option(None, "the path of a folder, or null")
    backup_key: Annotated[Secret, AfterValidator(long_enough)] | None = option(
        None, f"{MIN_SECRET_BYTES} random bytes or more (`openssl rand -hex 32` makes them)"
    )


class Admin(Section):
    """Where the daemon's own user looks at it and drives it."""

    socket: DataPath | None = option(Path("data/admin.sock"), "the path of a file, or null")


class Questionnaires(Section):
    """What is asked."""

    folder: ContentPath = option(Path("questionnaires"), "the path of a folder with questionnaires, *.yaml")
    default: Word = option("post_discharge", "the id of a questionnaire in that folder")
    allow_draft: bool = option(False, "true or false")


class Site(Section):
    """What questionnaires may say about the place that they run at, as {site.name}."""

    name: Word | None = option(None, "a name, in quotes")
    phone: Word | None = option(None, "a telephone number, in quotes")
    crisis_number: Word | None = option(None, "the telephone number that helps in a crisis, in quotes")

    @property
    def facts(self) -> dict[str, str]:
        """What is configured."""
        return {name: value for name, value in self.model_dump().items() if value is not None}


class Recogniser(Section):
    """The ears."""

    model: ContentPath = option(Path("models/hatif-ar-phone-0.2"), "the path of a Vosk model's folder")
    threads: Whole = option(2, "a whole number from 1 to 64", ge=1, le=64)
    phases: Whole = option(3, "a whole number from 1 to 3", ge=1, le=3)
    finish_timeout_seconds: Number = option(4.0, "a number of seconds from 0.5 to 60", ge=0.5, le=60)


class Calls(Section):
    """How many calls, and how long."""

    max_concurrent: Whole = option(50, "a whole number from 1 to 10000", ge=1, le=10000)
    max_seconds: Number = option(1800.0, "a number of seconds from 1 to 86400", ge=1, le=86400)
    drain_seconds: Number = option(600.0, "a number of seconds from 0 to 86400", ge=0, le=86400)
    look_back_seconds: Number = option(0.3, "a number of seconds from 0.3 to 2", ge=0.3, le=2)
    per_second: Number = option(5.0, "a number from 0.01 to 1000", ge=0.01, le=1000)
    burst: Whole = option(10, "a whole number from 1 to 10000", ge=1, le=10000)
    resume_by_number: bool = option(False, "true or false")
    waiting_seconds: Number = option(3.0, "a number of seconds from 0.5 to 4.5", ge=0.5, le=4.5)
    waiting_sound: ContentPath | None = option(None, "the path of a sound file, .wav or .ulaw")


class Tokens(Section):
    """Stream tokens, which we issue ourselves."""

    secret: Annotated[Secret, AfterValidator(long_enough)] | None = option(
        None, f"{MIN_SECRET_BYTES} random bytes or more (`openssl rand -hex 32` makes them)"
    )
    stream_seconds: Whole = option(60, "a whole number of seconds from 5 to 3600", ge=5, le=3600)


class Notifications(Section):
    """Where the site is told that a caller may be in danger."""

    url: HttpUrl | None = option(None, "an address that takes POST requests: https://..., or http://...")
    secret: Annotated[Secret, AfterValidator(long_enough)] | None = option(
        None, f"{MIN_SECRET_BYTES} random bytes or more (`openssl rand -hex 32` makes them)"
    )
    repeat_seconds: Whole = option(60, "a whole number of seconds from 5 to 3600", ge=5, le=3600)


class Recording(Section):
    """Whether the sound of calls is kept."""

    enabled: bool = option(False, "true or false")
    folder: DataPath = option(Path("data/recordings"), "the path of a folder")


class Monitoring(Section):
    """Whether calls between others are listened to and written down, and for how long that is kept."""

    enabled: bool = option(False, "true or false")
    keep_days: Whole = option(30, "a whole number of days from 1 to 3650", ge=1, le=3650)


class MetricsSettings(Section):
    """A listener for Prometheus, which cannot ask at the admin socket."""

    host: Word = option("127.0.0.1", "an address of this machine, such as 127.0.0.1")
    port: Whole | None = option(None, "a port from 1 to 65535, 0 for any free one, or null", ge=0, le=65535)


class TracingSettings(Section):
    """Where traces of calls are sent."""

    endpoint: HttpUrl | None = option(None, "the address of an OTLP collector: http://127.0.0.1:4318")
    sample: Number = option(1.0, "a number from 0 to 1", ge=0, le=1)


class Log(Section):
    """What the daemon tells about itself."""

    level: Literal["debug", "info", "warning", "error"] = option("info", "debug, info, warning or error")
    format: Literal["console", "json"] = option("console", "console or json")


class ClockSettings(Section):
    """Time, for demonstrations and tests."""

    speed: Number = option(1.0, f"a number above 0 and at most {MAX_SPEED:g}", gt=0, le=MAX_SPEED)


class Settings(Section):
    """The whole configuration."""

    workers: Whole = option(1, "a whole number of processes from 1 to 64", ge=1, le=64)
    server: Server = Server()
    storage: Storage = Storage()
    admin: Admin = Admin()
    questionnaires: Questionnaires = Questionnaires()
    site: Site = Site()
    recogniser: Recogniser = Recogniser()
    voice: Voice = Voice()
    piper: Piper = Piper()
    xtts: Xtts = Xtts()
    speech_server: SpeechServer = SpeechServer()
    voices: Voices = Voices()
    prompts: Prompts = Prompts()
    calls: Calls = Calls()
    overload: Overload = Overload()
    tenants: dict[Name, Tenant] = option(
        {}, "tenants by name, such as {clinic_a: {numbers: ['+96265001000'], max_concurrent: 5}}"
    )
    providers: Providers = Providers()  # type: ignore[valid-type]  # made from the registry
    tokens: Tokens = Tokens()
    identity: Identity = Identity()
    limits: Limits = Limits()
    notifications: Notifications = Notifications()
    recording: Recording = Recording()
    monitoring: Monitoring = Monitoring()
    privacy: Privacy = Privacy()
    metrics: MetricsSettings = MetricsSettings()
    tracing: TracingSettings = TracingSettings()
    log: Log = Log()
    clock: ClockSettings = ClockSettings()
    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _speed_is_for_this_machine(self) -> Self:
        if self.clock.speed != 1 and not self.server.is_loopback:
            raise ValueError(
                f"clock.speed: {self.clock.speed:g} is not allowed while server.host is {self.server.host}; "
                "it must be 1 where anybody but this machine can call"
            )
        return self

    @model_validator(mode="after")
    def _tenants_agree(self) -> Self:
        if problem := faulty_tenants(self.tenants, self.calls.max_concurrent):
            raise ValueError(problem)
        return self

    @property
    def admission(self) -> Rules:
        """When a call is taken, beside `calls.max_concurrent`."""
        return Rules(
            pace=Pace(self.calls.per_second, self.calls.burst),
            thresholds=self.overload.thresholds,
            tenants={name: tenant.share for name, tenant in self.tenants.items()},
        )

    @property
    def database(self) -> Place:
        """Which database is meant, with what opens it, its values and its backups."""
        storage = self.storage
        return Place(
            address=storage.url.get_secret_value() if storage.url else storage.path,
            password=storage.password.get_secret_value() if storage.password else None,
            backups=storage.backups,
            backup_key=storage.backup_key.get_secret_value() if storage.backup_key else None,
            audit=storage.path.with_name(f"{storage.path.name}.audit"),
            keys=self.privacy.ring,
        )

    def provider(self, name: str) -> Options:
        """What is configured of a provider, as its own file declares it.

        Where `providers.only` names others, it is switched off.
        """
        options = options_of(name, getattr(self.providers, name))
        only: list[str] = self.providers.only  # type: ignore[attr-defined]  # made from the registry
        return replace(options, enabled=False) if only and name not in only else options

    @property
    def node(self) -> str:
        """Which of the daemons that share a database this one is: by default its machine and port."""
        return self.storage.node or f"{socket.gethostname()}:{self.server.port}"

    def origin(self, name: str) -> str:
        """Where an option was written, such as `config.yaml:12`; "default" when it was left out.

        Of an option that has names below it, such as tenants.clinic_a, so do these.
        """
        return self._origins.get(name, "default")


def load_settings(path: Path | None = None, *, environ: Mapping[str, str] | None = None) -> Settings:
    """Read config.yaml (`path`, else $HATIF_CONFIG, else the shipped one) and what overrides it.

    Relative paths are relative to the folder of config.yaml.

    Raises:
        ConfigError: with a line for every problem found.

    """
    environ = os.environ if environ is None else environ
    path = path or Path(environ.get("HATIF_CONFIG") or DEFAULT_CONFIG)
    given, problems = _gather(path, environ)
    settings = _validate(given, path, problems)
    if problems or settings is None:
        raise ConfigError(told_in_lines(problems))
    return settings


def unguarded(settings: Settings) -> list[str]:
    """Where a credential is not configured, so that only this machine is served: options' names."""
    missing = [
        f"providers.{name}"
        for name in _with_own_credentials(settings)
        if not PROVIDERS[name].is_guarded(settings.provider(name))  # type: ignore[misc]  # those have one
        and not (PROVIDERS[name].takes_service_secret and settings.identity.service_secret)
    ]
    return missing + ["tokens.secret"] * (settings.tokens.secret is None)


def unguarded_in_short(settings: Settings) -> list[str]:
    """The same to be read: `providers.*` where there are several, and none of them has a credential."""
    missing = unguarded(settings)
    every = [f"providers.{name}" for name in _with_own_credentials(settings)]
    if len(every) > 1 and set(every) <= set(missing):
        return ["providers.*", *(name for name in missing if name not in every)]
    return missing


def _with_own_credentials(settings: Settings) -> list[str]:
    """Providers that are enabled, and whose sockets are opened by a credential and not by a stream token."""
    return [
        name
        for name, provider in PROVIDERS.items()
        if provider.is_guarded and provider.door is not Door.TOKEN and settings.provider(name).enabled
    ]


def option_names() -> dict[str, FieldInfo]:
    """Every option by its dotted name."""
    return dict(_options(Settings, ""))


def _options(section: type[Section], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, info in section.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from _options(kind, f"{prefix}{name}.")
        else:
            yield prefix + name, info


def _gather(path: Path, environ: Mapping[str, str]) -> tuple[dict[str, Given], list[str]]:
    """What all sources give, the later ones first in rank, and what is wrong with them."""
    options = option_names()
    sources = [read_yaml(path, options), read_aliases(environ, options), read_environment(environ, options)]
    credentials = credentials_folder(path, environ)
    if credentials is not None and os.access(credentials, os.R_OK | os.X_OK):  # root's; others go without
        sources.append(read_credentials(credentials, CREDENTIALS))
    given = {name: value for source in sources for name, value in source.given.items()}
    return given, [problem for source in sources for problem in source.problems]


def _validate(given: Mapping[str, Given], path: Path, problems: list[str]) -> Settings | None:
    """Make the settings; what is wrong with a value is added to `problems`."""
    values = {name: info.default for name, info in option_names().items()}
    for name in SHIPPED:
        values[name] = CONTENT / values[name]
    values |= {name: each.value for name, each in given.items()}
    try:
        settings = Settings.model_validate(_nested(values), context=_folders(path))
    except ValidationError as error:
        problems += [_sentence(detail, given) for detail in error.errors(include_url=False)]
        return None
    for name, each in given.items():
        settings._origins.update(each.origins(name))  # noqa: SLF001
    return settings


def _folders(path: Path) -> dict[str, Path]:
    """What relative paths are relative to: config.yaml's folder.

    The config.yaml inside an installed package has no folder for data beside it; there it is the current one.
    """
    content = path.absolute().parent
    is_installed = CONTENT.name == "_content" and path.absolute() == DEFAULT_CONFIG
    return {"content": content, "data": Path.cwd() if is_installed else content}


def _nested(values: Mapping[str, object]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in values.items():
        *sections, key = name.split(".")
        node = tree
        for section in sections:
            node = node.setdefault(section, {})
        node[key] = value
    return tree


def _sentence(detail: ErrorDetails, given: Mapping[str, Given]) -> str:
    """`config.yaml:3: server.port: 99999 is not allowed; it must be ...`."""
    options = option_names()
    dotted = ".".join(str(part) for part in detail["loc"])
    # the location of a union's member ends with more than the option's name
    name = next((known for known in options if dotted == known or dotted.startswith(f"{known}.")), None)
    if name is None:  # a rule about several options; its text begins with the one to change
        text = str(detail.get("ctx", {}).get("error", detail["msg"]))
        return f"{_origin(text.partition(':')[0], given)}: {text}"
    info = options[name]
    if (
        name in given
        and isinstance(given[name].value, Mapping)
        and (error := detail.get("ctx", {}).get("error"))
    ):
        return f"{_origin(dotted, given)}: {name}: {error}; it must be {info.description}"
    value = "this value" if "Secret" in str(info.annotation) else _shown(given[name].value)
    is_published = isinstance(detail.get("ctx", {}).get("error"), PublishedSecretError)
    fault = "is an example out of a guide, which everybody knows" if is_published else "is not allowed"
    return f"{_origin(name, given)}: {name}: {value} {fault}; it must be {info.description}"


def _origin(name: str, given: Mapping[str, Given]) -> str:
    """Where a name was written: the option itself, or the part of it that the name goes down to."""
    origins = {
        place: origin for option, each in given.items() for place, origin in each.origins(option).items()
    }
    while name not in origins and "." in name:
        name = name.rpartition(".")[0]
    return origins.get(name, "default")


def _shown(value: object) -> str:
    """A value as one would write it in config.yaml."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a section"
    if isinstance(value, list):
        return "a list"
    return json.dumps(value, ensure_ascii=False, default=str)[:SHOWN_CHARACTERS]
