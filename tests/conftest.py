"""What whole-daemon tests share: the real `hatif serve`, as a process, in a folder of its own."""

import asyncio
import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from lanes import in_lanes
from shipped import NAMES, copy_shipped, shipped
from skips import pytest_sessionfinish, pytest_terminal_summary

from bridge.config_aliases import ALIASES
from bridge.content import DEFAULT_CONFIG
from bridge.demo.daemon import free_port
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import WorkerError
from bridge.speech.base import Hearing, Speech, Synthesizer
from bridge.speech.measured import MeasuredVoice
from bridge.speech.mouth import Mouth, Speaker
from bridge.speech.prompts import PromptCache
from bridge.speech.script import Passage

__all__ = [
    "pytest_sessionfinish",
    "pytest_terminal_summary",
]  # hooks: what was skipped, and whether with cause

MAQSAM_TOKEN = "the-maqsam-token"
TOKENS_SECRET = "s" * 48
START_SECONDS = 300.0  # on a busy machine, every prompt of every questionnaire rendered
STOP_SECONDS = 30.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """What the usual run plays a part of, by a fixed choice, `make check-all` plays whole."""
    parser.addoption(
        "--exhaustive", action="store_true", help="every provider with every fault, every number"
    )
    parser.addoption("--workers", type=int, default=1, help="how many processes hold a daemon's calls")
    parser.addoption("--kills", type=int, default=20, help="how many daemons are killed in mid-call")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what is slow, where workers share the tests."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = [items[number] for number in in_lanes([item.nodeid for item in items], workers)]


@pytest.fixture(autouse=True)
def _logging_restored() -> Iterator[None]:
    """The logging as it was before: commands that run in the process write to a stream that is gone later."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@dataclass
class DaemonUnderTest:
    """One daemon process and what it left behind."""

    folder: Path
    environment: dict[str, str]
    config: Path = DEFAULT_CONFIG
    all_ready: bool = True  # wait for every questionnaire, not for the default alone
    port: int = 0
    prefix: tuple[str, ...] = ()  # what the daemon is started by, such as a tracer
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def database(self) -> Path:
        return self.folder / "hatif.db"

    @property
    def admin_socket(self) -> Path:
        return self.folder / "admin.sock"

    @property
    def log(self) -> str:
        return (self.folder / "daemon.log").read_text(encoding="utf-8")

    @property
    def token(self) -> str:
        return self.environment.get("HATIF_PROVIDERS__MAQSAM__TOKEN", "")

    @property
    def tokens_secret(self) -> str:
        return self.environment.get("HATIF_TOKENS__SECRET", "")

    def url(self, path: str) -> str:
        """The WebSocket address of a path."""
        return f"ws://127.0.0.1:{self.port}{path}"

    def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON body of a GET; (0, None) when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
        except OSError:
            return 0, None

    def get_as_admin(self, path: str) -> tuple[int, bytes]:
        """Status and body of a GET over the admin socket; (0, b"") when nobody answers."""
        connection = http.client.HTTPConnection("localhost", timeout=5)
        try:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(5)
            connection.sock.connect(str(self.admin_socket))
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()

    def health(self) -> Any:
        """`/health` with its details; None when nobody answers."""
        _, body = self.get_as_admin("/health")
        return json.loads(body) if body else None

    def active_calls(self) -> int:
        """How many calls it is holding."""
        _, health = self.get("/health")
        return int(health["active_calls"]) if health else 0

    def sockets(self) -> int:
        """How many it has open; of the database it opens more files when many ask at the same time."""
        return sum(_is_socket(entry) for entry in Path(f"/proc/{self.process.pid}/fd").iterdir())

    def start(self) -> None:
        """Start and wait until calls are taken."""
        self.port = self.port or free_port()
        ours = {alias.name for alias in ALIASES}
        environment = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith("HATIF_") and name not in ours
        }
        environment |= {
            "HATIF_SERVER__PORT": str(self.port),
            "HATIF_STORAGE__PATH": str(self.database),
            "HATIF_PROMPTS__FOLDER": str(self.folder / "prompts"),
            "HATIF_ADMIN__SOCKET": str(self.admin_socket),
            "HATIF_LOG__FORMAT": "json",
        }
        with (self.folder / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, sys.executable, "-m", "bridge", "serve", "--config", str(self.config)],
                env=environment | self.environment,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while self.get("/readyz")[0] != 200:
            assert self.process.poll() is None, f"the daemon ended: {self.log}"
            assert time.monotonic() < deadline, f"the daemon was not ready in time: {self.log}"
            time.sleep(0.05)
        while self.all_ready and self.unready:
            assert time.monotonic() < deadline, f"not all prompts were rendered in time: {self.log}"
            time.sleep(0.05)

    @property
    def unready(self) -> str:
        """Which questionnaires cannot be asked yet."""
        health = self.health()
        return str(health["components"]["questionnaires"]["detail"]) if health else ""

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def children(self) -> dict[str, int]:
        """The engines' processes, by the module that they run."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        found = {}
        for pid in children:
            with suppress(OSError):
                arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                found[arguments[2].decode()] = int(pid)
        return found


def _is_socket(entry: Path) -> bool:
    try:
        return str(entry.readlink()).startswith("socket:")
    except FileNotFoundError:  # closed meanwhile
        return False


@pytest.fixture(scope="session")
def spoken_prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all daemons of a run keep what they say: it is known by its content, and made once."""
    folder = tmp_path_factory.getbasetemp()
    is_shared = "PYTEST_XDIST_WORKER" in os.environ
    return (folder.parent if is_shared else folder) / "prompts"


@contextmanager
def starting(
    factory: pytest.TempPathFactory, prompts: Path, workers: int = 1
) -> Iterator[Callable[..., DaemonUnderTest]]:
    """What starts daemons, none of which outlives it."""
    started: list[DaemonUnderTest] = []

    def start(
        *,
        config: Path = DEFAULT_CONFIG,
        all_ready: bool = True,
        prefix: tuple[str, ...] = (),
        questionnaires: Sequence[str] = ("post_discharge",),
        **environment: str,
    ) -> DaemonUnderTest:
        folder = factory.mktemp("daemon")
        defaults = {
            "HATIF_QUESTIONNAIRES__FOLDER": str(copy_shipped(folder / "questionnaires", questionnaires)),
            "HATIF_PROVIDERS__MAQSAM__TOKEN": MAQSAM_TOKEN,
            "HATIF_TOKENS__SECRET": TOKENS_SECRET,
            "HATIF_CLOCK__SPEED": "4",
            "HATIF_CALLS__PER_SECOND": "1000",
            "HATIF_CALLS__BURST": "1000",
            "HATIF_OVERLOAD__LAG_SECONDS": "60",  # tests share their machine: none is refused for it
            "HATIF_OVERLOAD__RECOGNISE_SECONDS": "60",
            "HATIF_OVERLOAD__FREE_MEMORY_MB": "1",
            "HATIF_WORKERS": str(workers),
            "HATIF_PROMPTS__FOLDER": str(prompts),
        }
        chosen = {name: text for name, text in (defaults | environment).items() if text}
        daemon = DaemonUnderTest(folder, chosen, config, all_ready, prefix=prefix)
        started.append(daemon)
        daemon.start()
        return daemon

    try:
        yield start
    finally:
        for daemon in started:
            if daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait()


@pytest.fixture(scope="module")
def start_daemon(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, spoken_prompts: Path
) -> Iterator[Callable[..., DaemonUnderTest]]:
    """Start a daemon with credentials, at four times the speed of life; keywords are its environment.

    It offers the default questionnaire alone, for reading and rendering all twelve costs each start seconds;
    `questionnaires=` names others that ship.
    """
    workers = request.config.getoption("--workers")
    with starting(tmp_path_factory, spoken_prompts, workers) as start:
        yield start


@pytest.fixture(scope="session")
def start_lasting_daemon(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, spoken_prompts: Path
) -> Iterator[Callable[..., DaemonUnderTest]]:
    """As `start_daemon`, for daemons that several files share."""
    workers = request.config.getoption("--workers")
    with starting(tmp_path_factory, spoken_prompts, workers) as start:
        yield start


@pytest.fixture(scope="session")
def daemon(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, spoken_prompts: Path
) -> Iterator[DaemonUnderTest]:
    """A daemon that many tests may call, with everything that ships; nobody stops it."""
    workers = request.config.getoption("--workers")
    with starting(tmp_path_factory, spoken_prompts, workers) as start:
        yield start(questionnaires=NAMES)


@pytest.fixture
def questionnaire(request: pytest.FixtureRequest) -> Questionnaire:
    """The one that ships under the name that is the test's parameter (`indirect`)."""
    return shipped(request.param)


class OneVoice:
    """Every questionnaire in one voice, which is given more time than any busy machine takes."""

    def __init__(self, prompts: PromptCache, voice: Synthesizer) -> None:
        self._speaker = Speaker(MeasuredVoice("espeak-ng/ar", voice, now=lambda: datetime.now(UTC)), prompts)

    def of(self, _questionnaire: Questionnaire) -> Mouth:
        """Who speaks in one call."""
        return Mouth([self._speaker], live_seconds=60.0)


@pytest.fixture(scope="session")
def one_voice() -> type[OneVoice]:
    """What is made of prompts and a voice for a session that is to speak."""
    return OneVoice


LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class PretendVoice(Synthesizer):
    """Says a text's own bytes, one text at a time, after as long as it is told to take."""

    def __init__(self, name: str, seconds: Callable[[str], float] = lambda _: 0.0) -> None:
        self.name = name
        self.seconds = seconds
        self.runs = True
        self.is_dead = False  # every request fails
        self.is_unstartable = False
        self.asked: list[str] = []
        self.ended: list[str] = []  # given up, or closed early
        self._lane = asyncio.Semaphore(1)

    @property
    def identity(self) -> str:
        return f"pretend {self.name}"

    @property
    def is_ready(self) -> bool:
        return self.runs

    async def start(self) -> None:
        if self.is_unstartable:
            raise WorkerError(f"{self.name} has half a checkpoint")

    async def stop(self) -> None:
        self.runs = False

    async def stream(self, passage: Passage) -> AsyncGenerator[Speech]:
        self.asked.append(passage.text)
        try:
            async with self._lane:
                await asyncio.sleep(self.seconds(passage.text))
                if self.is_dead:
                    raise WorkerError(f"the {self.name} worker died")
                yield Speech(f"{self.name}:{passage.text}".encode(), 8000)
        except (asyncio.CancelledError, GeneratorExit):
            self.ended.append(passage.text)
            raise


class Shelf:
    """Stands for a cache of prompts: in memory, with nothing done to the sound, and without threads."""

    def __init__(self, voice: Synthesizer) -> None:
        self._voice = voice
        self.kept: dict[str, bytes] = {}

    def get(self, text: str) -> bytes | None:
        return self.kept.get(text)

    async def make(self, text: str) -> bytes:
        return (await self._voice.synthesise(text)).pcm

    async def phrase(self, text: str) -> bytes:
        self.kept[text] = await self.make(text)
        return self.kept[text]


async def speaker(voice: PretendVoice) -> Speaker:
    """A voice that is started, measured, and has an empty shelf."""
    measured = MeasuredVoice(voice.name, voice, now=lambda: LONG_AGO)
    await measured.start()
    shelf: Any = Shelf(measured)
    return Speaker(measured, shelf)


@pytest.fixture(scope="session")
def pretend() -> Any:
    """Voices of no engine: `pretend.voice(...)`, and `await pretend.speaker(voice)`."""
    return SimpleNamespace(voice=PretendVoice, speaker=speaker, long_ago=LONG_AGO)


class ScriptedStream:
    """One utterance, of which it was decided beforehand what is heard."""

    def __init__(self, phrases: tuple[str, ...], heard: str | None, on_partial: Any = None) -> None:
        self.phrases = phrases
        self.on_partial = on_partial
        self.pcm = b""
        self.is_cancelled = False
        self._heard = heard

    def feed(self, pcm: bytes) -> None:
        self.pcm += pcm

    async def finish(self) -> Hearing:
        if self._heard is None:
            raise WorkerError("the recogniser died while the caller was speaking")
        return Hearing((self._heard,), (self._heard,), 1.0, 0.01)

    def cancel(self) -> None:
        self.is_cancelled = True


class ScriptedEars:
    """A recogniser that hears what a test says: for what happens around the hearing, not for the hearing."""

    has_open_vocabulary = False
    is_reliable = is_quick = True

    def __init__(self) -> None:
        self.will_hear: list[str | None] = []  # None: the recogniser dies
        self.streams: list[ScriptedStream] = []

    def open(self, phrases: Sequence[str], on_partial: Any = None) -> ScriptedStream:
        heard = self.will_hear[len(self.streams)] if len(self.streams) < len(self.will_hear) else ""
        self.streams.append(ScriptedStream(tuple(phrases), heard, on_partial))
        return self.streams[-1]


@pytest.fixture
def ears() -> ScriptedEars:
    """Ears whose hearing is decided beforehand."""
    return ScriptedEars()
