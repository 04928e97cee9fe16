"""Names by which other guides call our settings: read, outranked, refused, and documented."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.config import Settings, load_settings, option_names
from bridge.config_aliases import ALIASES, PLATFORMS, UNUSED, as_markdown
from bridge.errors import ConfigError

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT.parent / "shared" / "requirements"
PAGE = ROOT / "docs" / "environment.md"
SECRET = "0123456789abcdef" * 2
OPTIONS = frozenset(option_names())

# What a document may mean as a variable: CAPITALS_WITH_LINES anywhere, and capitals that are set or read.
_NAMED = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_USED = re.compile(
    r"\$\{?([A-Z][A-Z0-9_]+)|\benv\.([A-Z][A-Z0-9_]+)|^\s*(?:export\s+|-\s+)?([A-Z][A-Z0-9_]+)\s*=",
    re.MULTILINE,
)

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Settings of an empty config.yaml, or of `text`, and this environment."""
    file = tmp_path / "config.yaml"

    def loaded(text: str = "", **environ: str) -> Settings:
        file.write_text(text)
        return load_settings(file, environ=environ)

    return loaded


@pytest.fixture
def problems(load: Load) -> Callable[..., list[str]]:
    """What such an environment is refused with."""

    def refused(**environ: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(**environ)
        return str(caught.value).splitlines()

    return refused


def test_every_alias_names_an_option() -> None:
    """And no name is there twice."""
    assert {alias.option for alias in ALIASES} <= OPTIONS
    names = [alias.name for alias in ALIASES] + list(UNUSED)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["MAX_CONCURRENT_SESSIONS", "VOICE_MAX_CONNECTIONS"])
def test_an_alias_outranks_the_file_and_our_own_name_outranks_it(load: Load, name: str) -> None:
    """The origin says which variable it was."""
    text = "calls: {max_concurrent: 7}\n"
    by_alias = load(text, **{name: "10"})
    assert (by_alias.calls.max_concurrent, by_alias.origin("calls.max_concurrent")) == (10, name)
    own = load(text, **{name: "10", "HATIF_CALLS__MAX_CONCURRENT": "20"})
    assert own.calls.max_concurrent == 20


@pytest.mark.parametrize(
    ("name", "value", "option", "becomes"),
    [
        ("PORT", "9000", "server.port", 9000),
        ("VOICE_WS_PORT", "8081", "server.port", 8081),
        ("TTS_HOST", "0.0.0.0", "server.host", "0.0.0.0"),  # noqa: S104
        ("VOICE_SESSION_TIMEOUT", "300000", "server.idle_seconds", 300.0),
        ("VOICE_SESSION_TIMEOUT", "1500", "server.idle_seconds", 1.5),
        ("LOG_LEVEL", "INFO", "log.level", "info"),
        ("LOG_LEVEL", "WARN", "log.level", "warning"),
        ("VOICE_DEBUG", "true", "log.level", "debug"),
        ("VOICE_DEBUG", "false", "log.level", "info"),
        ("MAX_CONCURRENT_SESSIONS", "", "calls.max_concurrent", 50),
    ],
)
def test_values_become_ours(load: Load, name: str, value: str, option: str, becomes: object) -> None:
    """Milliseconds become seconds, levels small letters; an empty value sets nothing."""
    section, _, key = option.partition(".")
    assert getattr(getattr(load(**{name: value}), section), key) == becomes


def test_models_and_voices_are_found_where_others_put_them(load: Load) -> None:
    """TTS_HOME as coqui-tts lays it out."""
    settings = load(
        VOSK_MODEL_PATH="/data/models/vosk", TTS_HOME="/data/tts_cache", VOICES_DIR="/data/voices"
    )
    assert settings.recogniser.model == Path("/data/models/vosk")
    assert settings.xtts.model == Path("/data/tts_cache/tts/tts_models--multilingual--multi-dataset--xtts_v2")
    assert settings.voices.folder == Path("/data/voices")


def test_secrets_are_taken_and_never_shown(load: Load, problems: Callable[..., list[str]]) -> None:
    """Each is a secret's option, so that its length is looked at and its value is not repeated."""
    settings = load(JWT_SECRET=SECRET, MAQSAM_TOKEN="from Maqsam", DATABASE_URL="postgres://u:p@db/hatif")
    assert settings.tokens.secret is not None
    assert settings.tokens.secret.get_secret_value() == SECRET
    assert settings.storage.url is not None
    (told,) = problems(VOICE_SERVICE_TOKEN="short and known")
    assert told.startswith("VOICE_SERVICE_TOKEN: tokens.secret: this value is not allowed; it must be 32")
    assert "short and known" not in told


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("VOICE_SERVICE_SECRET", "hana_voice_shared_secret_2024_secure_key"),
        ("JWT_SECRET", "your-super-secret-key-min-32-chars"),
    ],
)
def test_samples_of_guides_are_refused(problems: Callable[..., list[str]], name: str, sample: str) -> None:
    """Under the very name by which the guide prints them."""
    (told,) = problems(**{name: sample})
    assert told.startswith(f"{name}: ")
    assert sample not in told


def test_limits_pages_and_redis(load: Load) -> None:
    """The names of requirement documents for what identity.md describes."""
    settings = load(
        RATE_LIMIT_PER_MINUTE="90",
        REDIS_URL="redis://redis:6379",
        VOICE_CORS_ORIGIN="https://a.example,https://b.example",
        VOICE_SERVICE_SECRET=SECRET,
    ).model_dump()
    assert settings["limits"]["per_minute"] == 90
    assert settings["server"]["origins"] == ["https://a.example", "https://b.example"]
    assert settings["identity"]["service_secret"].get_secret_value() == SECRET


def test_a_hoster_chooses_the_port(load: Load) -> None:
    """Its PORT outranks other names; where it is known, every network is served, unless somebody chose."""
    assert load(PORT="9000", VOICE_WS_PORT="8080").server.port == 9000
    assert load(PORT="9000").server.host == "127.0.0.1"
    for platform in PLATFORMS:
        assert load(PORT="9000", **{platform: "x"}).server.host == "0.0.0.0"  # noqa: S104
    assert load(PORT="9000", RENDER="true", HATIF_SERVER__HOST="::").server.host == "::"
    assert load(RENDER="true").server.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"PORT": "http"}, "PORT: server.port: is not allowed; it must be a port from 1 to 65535"),
        ({"PORT": "70000"}, 'PORT: server.port: "70000" is not allowed; it must be a port from 1 to 65535'),
        (
            {"VOICE_SESSION_TIMEOUT": "5 minutes"},
            "VOICE_SESSION_TIMEOUT: server.idle_seconds: is not allowed; ",
        ),
        ({"LOG_LEVEL": "loud"}, 'LOG_LEVEL: log.level: "loud" is not allowed; it must be debug, info'),
        ({"VOICE_DEBUG": "maybe"}, "VOICE_DEBUG: log.level: is not allowed; it must be true or false"),
        (
            {"MAX_CONCURRENT_SESSIONS": "10", "VOICE_MAX_CONNECTIONS": "1000"},
            "VOICE_MAX_CONNECTIONS: calls.max_concurrent: says something else than MAX_CONCURRENT_SESSIONS",
        ),
    ],
)
def test_a_wrong_value_names_the_variable(
    problems: Callable[..., list[str]], environ: dict[str, str], told: str
) -> None:
    """And what would be right."""
    (problem,) = problems(**environ)
    assert problem.startswith(told)


def test_our_own_name_settles_what_others_contradict(load: Load) -> None:
    """Then the others are not looked at."""
    environ = {"MAX_CONCURRENT_SESSIONS": "10", "VOICE_MAX_CONNECTIONS": "many"}
    assert load(HATIF_CALLS__MAX_CONCURRENT="30", **environ).calls.max_concurrent == 30


@pytest.mark.skipif(
    not REQUIREMENTS.is_dir(), reason="needs the requirement documents in ../shared/requirements"
)
def test_every_name_of_the_documents_is_in_the_table() -> None:
    """None is passed over silently."""
    known = {alias.name for alias in ALIASES} | UNUSED.keys()
    files = sorted(REQUIREMENTS.glob("00[0-4]_*"))
    assert len(files) == 5
    for file in files:
        text = file.read_text(encoding="utf-8")
        named = set(_NAMED.findall(text)) | {name for names in _USED.findall(text) for name in names if name}
        assert named - known == set(), file.name


def test_the_page_is_the_table() -> None:
    """docs/environment.md shows what the code does."""
    shown = PAGE.read_text(encoding="utf-8").partition("<!-- table -->\n")[2].partition("\n<!-- end -->")[0]
    assert shown == as_markdown(), "replace the table in docs/environment.md by what as_markdown() returns"
