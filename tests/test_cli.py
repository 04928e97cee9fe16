"""The command line as its users meet it: helps with examples, one clear sentence for every mistake."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from readme import commands_under
from typed import typed

from bridge.cli import PANELS, app
from bridge.config import load_settings
from bridge.content import CONTENT, DEFAULT_CONFIG
from bridge.identity.access import AccessTokens
from bridge.identity.principal import Scope
from bridge.identity.streams import StreamTokens

COMMANDS = (
    *(
        "serve",
        "demo",
        "call",
        "check",
        "doctor",
        "render",
        "say",
        "answers list",
        "answers show",
        "answers sound",
        "token stream",
        "token transcripts",
        "transcript",
    ),
    *("notifications list", "notifications acknowledge"),
    *("audit show", "audit verify"),
    *("bench", "calls list", "calls end", "status", "drain", "undrain", "reload", "verify"),
    *("models list", "models verify", "models fetch", "models evaluate"),
    *("questionnaire simulate", "questionnaire graph"),
)
MODEL = load_settings(DEFAULT_CONFIG, environ={}).recogniser.model.relative_to(CONTENT)


class Shell:
    """Runs `hatif` in a folder that holds a copy of what is shipped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("questionnaires", "models"):
            shutil.copytree(CONTENT / name, folder / name)
        shutil.copy(CONTENT / "config.yaml", folder)

    def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """Exit status, standard output, standard error; never a traceback."""
        ended = typed(*arguments, folder=self.folder, **{"COLUMNS": "200"} | environment)
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended.returncode, ended.stdout, ended.stderr

    def start(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """The same of a process of its own, as a shell sees it."""
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("HATIF_")}
        ended = subprocess.run(
            [sys.executable, "-m", "bridge", *arguments],
            cwd=self.folder,
            env=inherited | {"COLUMNS": "200", "NO_COLOR": "1"} | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended.returncode, ended.stdout, ended.stderr

    def refused(self, *arguments: str, **environment: str) -> str:
        """The one complaint with which a command refuses."""
        status, _, complaint = self.run(*arguments, **environment)
        assert status == 2, (status, complaint)
        return complaint

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file as a careless person would."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A deployment of one's own."""
    return Shell(tmp_path)


@pytest.fixture
def taken_port() -> Iterator[str]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield str(other.getsockname()[1])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(shell: Shell, command: str) -> None:
    """Nobody has to read the code to use it."""
    status, told, _ = shell.run(*command.split(), "--help")
    assert status == 0
    assert "Example" in told


def test_every_command_stands_in_a_panel_of_the_help(shell: Shell) -> None:
    """Thirty commands in one list are read by nobody; a new one is put where it belongs."""
    commands: Any = typer.main.get_command(app)
    assert set(commands.commands) == {name for names in PANELS.values() for name in names}
    told = shell.run("--help")[1]
    places = [told.index(f" {panel} ──") for panel in PANELS]
    assert places == sorted(places)
    assert told.index("│ serve ") < told.index("│ status ") < told.index("│ say ") < told.index("│ keys ")


def test_the_version_is_told(shell: Shell) -> None:
    """A bug report can name it."""
    assert shell.start("--version")[1].startswith("hatif 0.")


@pytest.mark.parametrize(
    "words", [line for line in commands_under("Your own daemon") if line[0] == "hatif"], ids=" ".join
)
def test_what_the_readme_types_is_understood(words: list[str]) -> None:
    """Each command, option and file that it reads is there."""
    command: Any = typer.main.get_command(app)
    arguments = words[1:]
    while hasattr(command, "resolve_command"):
        _, command, arguments = command.resolve_command(typer.Context(command), arguments)
    given = command.make_context(words[1], arguments).params
    assert (CONTENT / (given.get("script") or "")).exists()


def test_the_readme_says_what_makes_the_environment_that_it_enters() -> None:
    """`make` knows the target, and that is what makes the folder whose `activate` is read next."""
    first, *_ = commands_under("Your own daemon")
    make, target, _and, _dot, script = first
    assert (make, script) == ("make", ".venv/bin/activate")
    planned = subprocess.run(
        ["/usr/bin/env", "make", "--dry-run", "--always-make", target],
        cwd=CONTENT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "-m venv .venv" in planned.stdout


class TestServe:
    """`hatif serve` refuses what cannot work, before anything is started."""

    def test_a_port_in_use(self, shell: Shell, taken_port: str) -> None:
        """The port and the way out are named."""
        status, _, complaint = shell.start("serve", "--config", "config.yaml", HATIF_SERVER__PORT=taken_port)
        assert status == 2
        assert f"port {taken_port} on 127.0.0.1 is in use" in complaint

    def test_an_unknown_option(self, shell: Shell) -> None:
        """File, line and what was probably meant."""
        shell.edit("config.yaml", "  port: 8080", "  prot: 8080")
        complaint = shell.refused("serve", "--config", "config.yaml")
        assert "config.yaml:" in complaint
        assert "server.prot" in complaint
        assert "port" in complaint

    def test_a_missing_configuration(self, shell: Shell) -> None:
        """The file that was named is named again."""
        assert "nowhere.yaml" in shell.refused("serve", "--config", "nowhere.yaml")

    def test_a_missing_model(self, shell: Shell) -> None:
        """What a model needs is told."""
        shutil.rmtree(shell.folder / "models")
        assert str(MODEL) in shell.refused("serve", "--config", "config.yaml")

    def test_half_a_model(self, shell: Shell) -> None:
        """The file that is missing is named."""
        (shell.folder / MODEL / "graph/HCLr.fst").unlink()
        assert "graph/HCLr.fst" in shell.refused("serve", "--config", "config.yaml")

    def test_a_model_of_another_rate(self, shell: Shell) -> None:
        """Vosk would have refused it when the first caller spoke."""
        features = next(
            file for file in (shell.folder / MODEL / "conf").iterdir() if file.name != "model.conf"
        )
        features.write_text("--sample-frequency=16000\n")
        complaint = shell.refused("serve", "--config", "config.yaml")
        assert (
            f"conf/{features.name} is for speech of 16000 Hz; the model must be one for 8000 Hz" in complaint
        )

    def test_a_model_with_half_its_words(self, shell: Shell) -> None:
        """Vosk would have loaded it, and heard nothing where they are said."""
        words = shell.folder / MODEL / "graph/words.txt"
        words.write_text("<eps> 0\nنعم 1\n", encoding="utf-8")
        assert "graph/words.txt lacks" in shell.refused("serve", "--config", "config.yaml")

    def test_a_typing_error_in_a_questionnaire(self, shell: Shell) -> None:
        """File, line, field and what was probably meant."""
        shell.edit("questionnaires/post_discharge.yaml", "    kind: symptom", "    kindd: symptom")
        complaint = shell.refused("serve", "--config", "config.yaml")
        assert "post_discharge.yaml:" in complaint
        assert "kindd" in complaint

    def test_a_database_that_is_none(self, shell: Shell) -> None:
        """A file of something else is not overwritten."""
        (shell.folder / "other.db").write_text("not a database, but somebody's notes" * 100)
        complaint = shell.refused("serve", "--config", "config.yaml", HATIF_STORAGE__PATH="other.db")
        assert "other.db" in complaint


class TestCheck:
    """`hatif check` reports everything at once."""

    def test_what_is_shipped_is_good(self, shell: Shell) -> None:
        """Credentials, and a number for the three questionnaires of the mind, are left to configure."""
        status, report, _ = shell.start("check", "--config", "config.yaml")
        assert status == 0
        assert "bad" not in report.split()
        assert report.count("not configured") == 1 + 3
        told = " ".join(report.split())
        assert "calls are answered busy until the daemon, or `hatif render`, has rendered: " in told
        assert "post_discharge (" in told

    def test_every_fault_is_listed(self, shell: Shell) -> None:
        """A bad model does not hide a bad questionnaire."""
        (shell.folder / MODEL / "am/final.mdl").unlink()
        shell.edit("questionnaires/post_discharge.yaml", "type: consent", "type: consnet")
        status, report, _ = shell.run("check", "--config", "config.yaml")
        assert status == 1
        assert report.count("bad ") == 2

    def test_a_word_that_the_model_does_not_know_is_a_warning(self, shell: Shell) -> None:
        """No caller could be heard saying it; nor is a period good for a questionnaire that there is not."""
        shell.edit("config.yaml", "keep_days_of: {} ", "keep_days_of: {phq8: {sounds: 7}} ")
        shell.edit("questionnaires/post_discharge.yaml", "accept: [ممتاز]", "accept: [مدهش]")
        status, report, _ = shell.run("check", "--config", "config.yaml")
        assert status == 0
        assert "does not know" in report
        assert "مدهش" in report
        assert "privacy.keep_days_of names what is not in the folder: phq8" in " ".join(report.split())

    def test_a_voice_that_cannot_speak_is_told_as_the_daemon_would(self, shell: Shell) -> None:
        """With the place in the configuration, and what would be right; nothing listens or is rendered."""
        shell.edit("config.yaml", "engine: espeak-ng ", "engine: server    ")
        status, report, _ = shell.run("check", "--config", "config.yaml")
        assert status == 1
        assert "speech_server.url must be its address" in " ".join(report.split())
        for command in ("serve", "render"):
            complaint = shell.refused(command, "--config", "config.yaml")
            assert "config.yaml:" in complaint
            assert "no speech server is configured; speech_server.url must be its address" in complaint
        assert not (shell.folder / "data").exists()


def test_prompts_are_rendered_once(shell: Shell) -> None:
    """The second time there is nothing left to do."""
    first = shell.start("render", "phq2", "--config", "config.yaml")
    second = shell.run("render", "phq2", "--config", "config.yaml")
    assert (first[0], second[0]) == (0, 0)
    assert int(first[1].split()[0]) > 50
    assert second[1].startswith("0 prompts rendered")


def test_an_unknown_questionnaire_is_not_rendered(shell: Shell) -> None:
    """The ones that there are, are named."""
    assert "post_discharge" in shell.refused("render", "nothing", "--config", "config.yaml")


def test_answers_of_a_call_that_never_was(shell: Shell) -> None:
    """No database, no call of that name: one sentence each."""
    assert "there is no database" in shell.refused("answers", "list", "--config", "config.yaml")


def test_a_model_of_answers_is_too_small_for_transcripts(shell: Shell) -> None:
    """`check` says so before the daemon would."""
    status, told, _ = shell.run("check", "--config", "config.yaml", HATIF_MONITORING__ENABLED="true")
    assert status == 1
    assert "too few to write down what is said between others" in " ".join(told.split())


def test_a_key_of_another_issuer_is_looked_at(shell: Shell) -> None:
    """`check` says what the daemon would."""
    keys = "{c1: {file: none.pem, algorithm: ES256, issuer: 'https://id.example', scopes: [sessions:read]}}"
    shell.edit("config.yaml", "  keys: {}", f"  keys: {keys}")
    status, told, _ = shell.run("check", "--config", "config.yaml")
    assert status == 1
    assert "none.pemcannotberead" in "".join(told.split())  # a long path is broken anywhere


def test_an_operators_token_opens_transcripts(shell: Shell) -> None:
    """What is printed is a token of the configured secret, and nothing else."""
    command, secret = ("token", "transcripts", "--call", "c1", "--config", "config.yaml"), "s" * 48
    _, printed, _ = shell.run(*command, HATIF_TOKENS__SECRET=secret)
    principal, _ = AccessTokens(secret).read(printed.strip())
    assert (principal.scopes, principal.call) == ({Scope.TRANSCRIPTS}, "c1")
    assert "tokens.secret is not configured" in shell.refused(*command)


def test_a_stream_token_opens_what_it_says(shell: Shell) -> None:
    """What is printed is a token of the configured secret, and nothing else."""
    secret = "t" * 40
    _, printed, _ = shell.run("token", "stream", "--config", "config.yaml", HATIF_TOKENS__SECRET=secret)
    assert StreamTokens(secret).read(printed.strip(), provider="twilio").questionnaire is None
    assert "tokens.secret is not configured" in shell.refused("token", "stream", "--config", "config.yaml")


def test_a_call_to_nobody(shell: Shell) -> None:
    """A refused connection is an outcome, and a status of 1."""
    status, told, _ = shell.run("call", "ws://127.0.0.1:9/ws/maqsam", "--say", "نَعَم", "--json")
    assert status == 1
    assert json.loads(told)["outcome"]["accepted"] is False
