"""Settings: every way to give them, and what is said about every way to get them wrong."""

import socket
from collections.abc import Callable, Mapping
from operator import attrgetter
from pathlib import Path

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from bridge import config
from bridge.config import (
    Settings,
    load_settings,
    option_names,
    unguarded,
    unguarded_in_short,
)
from bridge.content import CONTENT, DEFAULT_CONFIG
from bridge.errors import ConfigError
from bridge.privacy.keys import new_key
from protocols.maqsam import MaqsamOptions
from protocols.registry import PROVIDERS

CANARY = "canary-canary-canary-canary-canary-canary"
Refusal = Callable[..., list[str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


@pytest.fixture
def refusal(file: Path, monkeypatch: pytest.MonkeyPatch) -> Refusal:
    """The problems that a config.yaml, or an environment, is refused with."""
    monkeypatch.chdir(file.parent)

    def load(text: str = "", **environ: str) -> list[str]:
        file.write_text(text)
        with pytest.raises(ConfigError) as caught:
            load_settings(file, environ=environ)
        return str(caught.value).splitlines()

    return load


def test_shipped_file_holds_the_defaults() -> None:
    """config.yaml, as shipped, changes nothing, but that it may ask what ships with it: drafts."""
    shipped = load_settings(DEFAULT_CONFIG, environ={})
    assert shipped.questionnaires.allow_draft
    for name, option in option_names().items():
        if name == "questionnaires.allow_draft":
            continue
        is_path = isinstance(option.default, Path)
        assert attrgetter(name)(shipped) == (CONTENT / option.default if is_path else option.default), name


def test_shipped_file_mentions_every_option() -> None:
    """A reader of config.yaml sees every option there is, each with a comment beside it.

    What each provider takes is listed by `hatif carrier list`: there are too many of them.
    """
    lines = DEFAULT_CONFIG.read_text().splitlines()
    shipped = load_settings(DEFAULT_CONFIG, environ={})
    for name in option_names():
        where = shipped.origin(name)
        if name.startswith("providers.") and where == "default":
            continue
        assert where != "default", name
        line = lines[int(where.rpartition(":")[2]) - 1]
        assert line.strip().startswith(f"{name.rpartition('.')[2]}: ")
        assert "  # " in line


def test_shipped_file_lies_where_it_is_looked_for() -> None:
    """Without a word about it, the shipped config.yaml is read, and what it names is there."""
    settings = load_settings(environ={})
    assert "config.yaml:" in settings.origin("server.port")
    assert settings.questionnaires.folder.is_dir()
    assert settings.recogniser.model.is_dir()


def test_option_left_out_has_its_default(file: Path) -> None:
    """An empty file, an emptied section and a missing section are all defaults."""
    for text in ("", "# nothing\n", "server:\nlog:\n", "server: {}\n"):
        file.write_text(text)
        settings = load_settings(file, environ={})
        assert settings.server.port == 8080
        assert settings.origin("server.port") == "default"


def test_relative_paths_start_at_the_file(file: Path) -> None:
    """What config.yaml names lies beside it; what it leaves out of the shipped content is the shipped one."""
    file.write_text("questionnaires: {folder: ours}\nstorage: {path: ../answers.db}\n")
    settings = load_settings(file, environ={"HATIF_PROMPTS__FOLDER": "/var/cache/hatif"})
    assert settings.questionnaires.folder == file.parent / "ours"
    assert settings.storage.path == file.parent / "../answers.db"
    assert settings.recording.folder == file.parent / "data/recordings"
    assert settings.prompts.folder == Path("/var/cache/hatif")
    assert settings.recogniser.model == CONTENT / "models/hatif-ar-phone-0.2"


def test_installed_file_keeps_its_data_where_one_stands(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The config.yaml inside an installed package does not put a database beside itself."""
    content = file.parent / "site-packages" / "bridge" / "_content"
    content.mkdir(parents=True)
    (content / "config.yaml").write_text("storage: {path: data/hatif.db}\nquestionnaires: {folder: q}\n")
    monkeypatch.setattr(config, "CONTENT", content)
    monkeypatch.setattr(config, "DEFAULT_CONFIG", content / "config.yaml")
    monkeypatch.chdir(file.parent)
    settings = load_settings(environ={})
    assert settings.storage.path == file.parent / "data/hatif.db"
    assert settings.questionnaires.folder == content / "q"


def test_environment_outranks_the_file(file: Path) -> None:
    """HATIF_SECTION__KEY replaces what config.yaml says, and is read as the option's own type."""
    file.write_text("server: {port: 1, host: localhost}\n")
    environ = {
        "HATIF_SERVER__PORT": "8090",
        "HATIF_RECORDING__ENABLED": "true",
        "HATIF_CLOCK__SPEED": "4.5",
        "HATIF_PROVIDERS__MAQSAM__TOKEN": "12345",
    }
    settings = load_settings(file, environ=environ)
    assert (settings.server.port, settings.server.host) == (8090, "localhost")
    assert (settings.recording.enabled, settings.clock.speed) == (True, 4.5)
    assert settings.provider("maqsam") == MaqsamOptions(token="12345")
    assert settings.origin("server.port") == "HATIF_SERVER__PORT"


def test_environment_may_name_the_file(file: Path) -> None:
    """HATIF_CONFIG says where config.yaml is; it and HATIF_SPEECH_DATA are no options."""
    file.write_text("server: {port: 81}\n")
    settings = load_settings(environ={"HATIF_CONFIG": str(file), "HATIF_SPEECH_DATA": "x", "PATH": "/bin"})
    assert settings.server.port == 81


def test_credentials_outrank_everything(file: Path, tmp_path: Path) -> None:
    """A secret that systemd hands over is used without its line end; other files there are not ours."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "tokens_secret").write_text("s" * 40 + "\n")
    (folder / "tls_key").write_bytes(b"\xff")
    file.write_text(f"tokens: {{secret: {'f' * 40}}}\n")
    settings = load_settings(
        file, environ={"CREDENTIALS_DIRECTORY": str(folder), "HATIF_TOKENS__SECRET": "e" * 40}
    )
    assert settings.tokens.secret is not None
    assert settings.tokens.secret.get_secret_value() == "s" * 40
    assert settings.provider("maqsam") == MaqsamOptions()
    assert settings.origin("tokens.secret") == "credential tokens_secret"


def test_credentials_of_a_folder_that_was_loaded_whole(file: Path, tmp_path: Path) -> None:
    """Then systemd puts `hatif_` before their names; without it they count first."""
    file.write_text("")
    (tmp_path / "hatif_tokens_secret").write_text("s" * 40)
    (tmp_path / "hatif_maqsam_token").write_text("m" * 20)
    (tmp_path / "maqsam_token").write_text("n" * 20)
    settings = load_settings(file, environ={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert settings.tokens.secret is not None
    assert settings.tokens.secret.get_secret_value() == "s" * 40
    assert settings.provider("maqsam") == MaqsamOptions(token="n" * 20)


def test_keys_of_privacy_come_several_at_a_time(file: Path, tmp_path: Path) -> None:
    """The current one and those before it, a line each; and days that are no number are refused."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "privacy_key").write_text(f"{new_key('new')}\n{new_key('old')}\n")
    file.write_text("privacy:\n  keep_days:\n    sounds: 30\n")
    privacy = load_settings(file, environ={"CREDENTIALS_DIRECTORY": str(folder)}).privacy
    assert privacy.ring is not None
    assert [key.name for key in privacy.ring.keys] == ["new", "old"]
    assert (privacy.keep_days.sounds, privacy.keep_days.calls) == (30, None)
    file.write_text("privacy:\n  keep_days_of:\n    phq9: {answers: 400, sounds: null}\n")
    (own,) = load_settings(file, environ={}).privacy.keep_days_of.values()
    assert own.given == {"answers": 400, "sounds": None}
    file.write_text("privacy:\n  keep_days_of:\n    phq9:\n      audit: 3\n")
    with pytest.raises(
        ConfigError, match=r"config.yaml:[234]: privacy.keep_days_of: .*it must be other periods"
    ):
        load_settings(file, environ={})
    file.write_text("privacy:\n  keep_days:\n    sounds: 0\n")
    with pytest.raises(ConfigError, match=r"config.yaml:3: privacy.keep_days.sounds: 0 is not allowed"):
        load_settings(file, environ={})


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * 20_000])
def test_unreadable_credential_is_told(refusal: Refusal, tmp_path: Path, content: bytes) -> None:
    """A credential that is no text is named by its file."""
    (tmp_path / "maqsam_token").write_bytes(content)
    (problem,) = refusal(CREDENTIALS_DIRECTORY=str(tmp_path))
    assert problem.startswith("credential maqsam_token: ")
    assert problem.endswith("cannot be read as text; it must hold the secret alone")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "server:\n  prot: 1\n",
            "config.yaml:2: server.prot: there is no such option; did you mean server.port?",
        ),
        ("sever:\n  port: 1\n", "config.yaml:1: sever: there is no such option; did you mean server?"),
        (
            "\nport: 1\n",
            "config.yaml:2: port: there is no such option; did you mean server.port or metrics.port?",
        ),
        (
            "log:\n  x: 1\n",
            "config.yaml:2: log.x: there is no such option; log has format, level",
        ),
        (
            "log: json\n",
            "config.yaml:1: log: is a section; its options stand below it, as `  key: value`",
        ),
        (
            "providers:\n  maqsam:\n    tokken: x\n",
            (
                "config.yaml:3: providers.maqsam.tokken: there is no such option; "
                "did you mean providers.maqsam.token?"
            ),
        ),
    ],
)
def test_unknown_option_is_refused_with_what_was_meant(refusal: Refusal, text: str, problem: str) -> None:
    """A name that means nothing is refused by file and line, with the nearest that does."""
    assert refusal(text) == [problem]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("HATIF_SERVER__PROT", "did you mean HATIF_SERVER__PORT?"),
        ("HATIF_PORT", "did you mean HATIF_SERVER__PORT or HATIF_METRICS__PORT?"),
        ("HATIF_SPEECHDATA", "did you mean HATIF_SPEECH_DATA?"),
        ("HATIF_COLOUR", "every option of config.yaml is HATIF_SECTION__KEY, as in HATIF_SERVER__PORT"),
    ],
)
def test_unknown_variable_is_refused(refusal: Refusal, name: str, near: str) -> None:
    """A variable that begins with HATIF_ and means nothing is a mistake."""
    assert refusal(**{name: "1"}) == [f"{name}: there is no such option; {near}"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("port: 99999", "server.port: 99999 is not allowed; it must be a port from 1 to 65535, or 0 for any"),
        ("port: many", 'server.port: "many" is not allowed; it must be a port'),
        ("port: true", "server.port: true is not allowed"),
        ("port: 80.5", "server.port: 80.5 is not allowed"),
        ("port:", "server.port: nothing is not allowed"),
        ("port: [1]", "server.port: a list is not allowed"),
        ("port: {a: 1}", "server.port: a section is not allowed"),
        ("port: 2026-01-01", 'server.port: "2026-01-01" is not allowed'),
        ("host: ' '", 'server.host: " " is not allowed; it must be an address of this machine'),
        (
            "idle_seconds: .inf",
            "server.idle_seconds: Infinity is not allowed; it must be a number of seconds",
        ),
        ("idle_seconds: .nan", "server.idle_seconds: NaN is not allowed"),
        ("idle_seconds: false", "server.idle_seconds: false is not allowed"),
    ],
)
def test_bad_value_is_refused_with_what_would_be_right(refusal: Refusal, text: str, problem: str) -> None:
    """A value is refused by file and line, as it was written, with what it may be."""
    (told,) = refusal(f"server:\n  {text}\n")
    assert told.startswith(f"config.yaml:2: {problem}")


@pytest.mark.parametrize(
    ("section", "key", "value", "right"),
    [
        ("log", "level", "loud", "debug, info, warning or error"),
        ("log", "format", "xml", "console or json"),
        ("voice", "engine", "festival", "espeak-ng, piper, xtts or server"),
        ("voice", "lexicon", "[]", "the path of a lexicon, *.yaml, or null"),
        ("voice", "diacritiser", "''", "the name of an installed diacritiser, or null"),
        ("recording", "enabled", "perhaps", "true or false"),
        ("storage", "path", "''", "the path of a file"),
        ("storage", "backups", "''", "the path of a folder, or null"),
        ("storage", "node", "''", "a name that no other daemon on the same database has"),
        ("recogniser", "threads", "0", "a whole number from 1 to 64"),
        ("calls", "look_back_seconds", "0.1", "a number of seconds from 0.3 to 2"),
        ("clock", "speed", "0", "a number above 0 and at most 16"),
        (
            "server",
            "trusted_proxies",
            "[nobody]",
            "a list of addresses or networks, such as [127.0.0.1, 10.0.0.0/8]",
        ),
        (
            "server",
            "origins",
            "['https://clinic.example/page']",
            "a list of pages' origins, such as [https://clinic.example]",
        ),
        ("identity", "leeway_seconds", "61", "a number of seconds from 0 to 60"),
        (
            "providers",
            "only",
            "[pigeon]",
            "a list of providers, such as [maqsam]; `hatif carrier list` shows them",
        ),
        ("limits", "per_minute", "0", "a whole number from 1 to 1000000"),
        (
            "limits",
            "redis_url",
            "http://h",
            "the address of a Redis: redis://..., rediss://... or unix://...",
        ),
        (
            "privacy",
            "key",
            "short",
            "keys as `hatif privacy key NAME` makes them, NAME:BASE64, the current one first; or null",
        ),
    ],
)
def test_each_section_says_what_would_be_right(
    refusal: Refusal, section: str, key: str, value: str, right: str
) -> None:
    """Words, switches, paths and numbers each say what they may be."""
    (told,) = refusal(f"{section}: {{{key}: {value}}}\n")
    assert told.startswith(f"config.yaml:1: {section}.{key}: ")
    assert told.endswith(f"; it must be {right}")


def test_every_problem_is_told_at_once(refusal: Refusal) -> None:
    """Nobody has to start the daemon once for each mistake."""
    problems = refusal(
        "server:\n  port: x\n  hots: y\nlog:\n  level: z\n", HATIF_CLOCK__SPEED="100", HATIF_X=""
    )
    assert [problem.split(": ")[0] for problem in problems] == [
        "config.yaml:3",
        "HATIF_X",
        "config.yaml:2",
        "config.yaml:5",
        "HATIF_CLOCK__SPEED",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("server:\n  port: 1\n  port: 2\n", "config.yaml:3: port: is there twice; keep one of the two"),
        (
            "server:\n\tport: 1\n",
            "config.yaml:2: is not YAML: found character '\\t' that cannot start any token",
        ),
        ("server: [\n", "config.yaml:2: is not YAML: expected the node content, but found ..."),
        ("- server\n", "config.yaml:1: holds no sections; write `server:` and below it `  port: 8080`"),
        ("a: \x01\n", "config.yaml: is not YAML; look for control characters"),
        ("a: 2026-99-99\n", "config.yaml: holds a value that YAML cannot read; put text in quotes"),
        ("[" * 500, "config.yaml: is nested too deeply; a section holds options, one below the other"),
        (
            "#" * 300_000,
            "config.yaml: is larger than 64 KiB, or has thousands of values; this is no configuration",
        ),
    ],
)
def test_file_that_is_no_configuration_is_one_sentence(refusal: Refusal, text: str, problem: str) -> None:
    """Whatever the file holds, one sentence says what is wrong with it."""
    assert refusal(text) == [problem]


def test_file_that_is_no_text_is_told(file: Path) -> None:
    """A file in another encoding is refused as such."""
    file.write_bytes(b"server: \xff\n")
    with pytest.raises(ConfigError, match="is not UTF-8 text; save it as UTF-8"):
        load_settings(file, environ={})


@pytest.mark.parametrize(
    ("name", "reason"), [("none.yaml", "no such file or directory"), (".", "is a directory")]
)
def test_missing_file_is_told(tmp_path: Path, name: str, reason: str) -> None:
    """A config.yaml that was named and is not there is not replaced by another."""
    with pytest.raises(
        ConfigError, match=f"cannot be read, {reason}; --config or HATIF_CONFIG must name a file"
    ):
        load_settings(tmp_path / name, environ={})


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        (f"tokens:\n  secret: {CANARY[:31]}\n", {}),
        (f"tokens:\n  secret: [{CANARY}]\n", {}),
        (f"tokens:\n  secret: *{CANARY}\n", {}),
        (f"tokens:\n  secret: {CANARY}\n  secret: {CANARY}\n", {}),
        (f"providers:\n  maqsam:\n    token: {{a: {CANARY}}}\n", {}),
        (f"tokens:\n  secret: '{CANARY}\n", {}),
        (f"{{tokens: {{secret: {CANARY}\n", {}),
        ("", {"HATIF_TOKENS__SECRET": CANARY[:31]}),
        ("", {"HATIF_TOKENS__SECRETT": CANARY}),
        ("", {"HATIF_STORAGE__URL": f"mysql://u:{CANARY}@h/d"}),
        ("", {"HATIF_STORAGE__BACKUP_KEY": CANARY[:31]}),
        ("", {"HATIF_TOKENS__SECRET": ""}),
    ],
)
def test_refused_secret_is_not_repeated(refusal: Refusal, text: str, environ: Mapping[str, str]) -> None:
    """Whatever is wrong with a secret, the text of the error does not hold it."""
    assert CANARY[:12] not in "\n".join(refusal(text, **environ))


def test_the_database_is_a_file_or_a_url(file: Path) -> None:
    """The URL outranks the path; password and keys come as credentials, and none of it can be shown."""
    credentials = file.parent / "credentials"
    credentials.mkdir()
    (credentials / "storage_password").write_text(CANARY)
    (credentials / "backup_key").write_text(CANARY)
    file.write_text("storage: {path: a.db}\n")
    settings = load_settings(file, environ={"CREDENTIALS_DIRECTORY": str(credentials)})
    assert settings.database.file == file.parent / "a.db"
    assert settings.database.backup_folder == file.parent / "backups"
    assert settings.node == f"{socket.gethostname()}:8080"
    file.write_text(f"storage: {{path: a.db, url: 'postgres://u:{CANARY}@h/d', node: ward}}\n")
    settings = load_settings(file, environ={"CREDENTIALS_DIRECTORY": str(credentials)})
    place = settings.database
    assert (place.file, place.backup_folder, place.password, place.backup_key) == (None, None, CANARY, CANARY)
    assert settings.node == "ward"
    assert CANARY not in f"{settings!r} {settings.model_dump_json()} {place!r}"


def test_secret_is_never_printed(file: Path) -> None:
    """Settings may be shown: secrets are stars."""
    file.write_text(f"tokens: {{secret: {CANARY}}}\nproviders: {{maqsam: {{token: {CANARY}}}}}\n")
    settings = load_settings(file, environ={})
    assert CANARY not in f"{settings} {settings!r} {settings.model_dump_json()}"


def test_short_secret_says_how_to_make_one(refusal: Refusal) -> None:
    """A stream token's secret is at least as long as the hash that it is for."""
    (told,) = refusal("tokens:\n  secret: short\n")
    assert told == (
        "config.yaml:2: tokens.secret: this value is not allowed; "
        "it must be 32 random bytes or more (`openssl rand -hex 32` makes them)"
    )


@pytest.mark.parametrize("option", ["identity.service_secret", "tokens.secret"])
@pytest.mark.parametrize(
    "sample", ["hana_voice_shared_secret_2024_secure_key", "your-super-secret-key-min-32-chars"]
)
def test_a_secret_out_of_a_guide_is_refused(refusal: Refusal, option: str, sample: str) -> None:
    """Long enough, and known to everybody who has read the guide; the text does not repeat it."""
    section, _, key = option.partition(".")
    (told,) = refusal(f"{section}:\n  {key}: {sample}\n")
    assert told.startswith(f"config.yaml:2: {option}: this value is an example out of a guide")
    assert sample not in told


def test_lists_are_written_with_commas_in_the_environment(file: Path) -> None:
    """Proxies, origins and scopes."""
    file.write_text("")
    environ = {
        "HATIF_SERVER__TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8",
        "HATIF_SERVER__ORIGINS": "https://a.example,https://b.example:8443",
        "HATIF_IDENTITY__SERVICE_SCOPES": "sessions:read",
    }
    settings = load_settings(file, environ=environ)
    assert settings.server.trusted_proxies == ["127.0.0.1", "10.0.0.0/8"]
    assert settings.server.origins == ["https://a.example", "https://b.example:8443"]
    assert settings.identity.service_scopes == ["sessions:read"]


def test_a_site_of_one_provider_names_it_and_has_no_others(file: Path) -> None:
    """Nobody has to switch off twenty, one by one; what is switched off by itself stays so."""
    file.write_text("providers: {only: [maqsam, twilio], twilio: {enabled: false}}")
    settings = load_settings(file, environ={})
    assert [name for name in PROVIDERS if settings.provider(name).enabled] == ["maqsam"]
    file.write_text("")
    settings = load_settings(file, environ={"HATIF_PROVIDERS__ONLY": "maqsam, telnyx"})
    assert [name for name in PROVIDERS if settings.provider(name).enabled] == ["maqsam", "telnyx"]
    assert all(load_settings(file, environ={}).provider(name).enabled for name in PROVIDERS)


def test_doors_without_a_credential_are_told_in_short_where_they_are_all(file: Path) -> None:
    """Whoever has configured nothing yet is not shown a dozen names; whoever has one, all the others."""
    file.write_text("")
    assert unguarded_in_short(load_settings(file, environ={})) == ["providers.*", "tokens.secret"]
    file.write_text(f"providers: {{maqsam: {{token: {CANARY}}}}}")
    settings = load_settings(file, environ={})
    assert unguarded_in_short(settings) == unguarded(settings)
    assert "providers.telnyx" in unguarded(settings)
    file.write_text(f"providers: {{only: [maqsam]}}\ntokens: {{secret: {CANARY}}}")
    assert unguarded_in_short(load_settings(file, environ={})) == ["providers.maqsam"]


def test_time_runs_fast_on_this_machine_only(refusal: Refusal, file: Path) -> None:
    """A daemon that others can call runs at the speed of life."""
    (told,) = refusal("server:\n  host: 0.0.0.0\nclock:\n  speed: 4\n")
    assert told.startswith("config.yaml:4: clock.speed: 4 is not allowed while server.host is 0.0.0.0")
    for host in ("127.0.0.1", "::1", "localhost"):
        assert load_settings(file, environ={"HATIF_SERVER__HOST": host}).clock.speed == 4
    assert load_settings(file, environ={"HATIF_CLOCK__SPEED": "1"}).server.host == "0.0.0.0"  # noqa: S104


def test_settings_are_frozen_and_closed() -> None:
    """Nobody changes a setting under way, and code cannot invent one either."""
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.server.port = 1  # type: ignore[misc]
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Settings.model_validate({"server": {"prot": 1}})


def test_shipped_file_is_yaml_for_other_readers_too() -> None:
    """Nothing in config.yaml depends on who reads it: options are text, numbers, true, false and null."""
    document = YAML(typ="safe", pure=True).load(DEFAULT_CONFIG)
    assert document["server"]["port"] == 8080
    assert document["providers"]["twilio"]["enabled"] is True
