"""The whole way of a call without engines: real socket, switchboard, session and store; callers press keys.

Prompts are tones of half a second, one for each question, so that whoever calls knows what was asked. As a
program it forks a daemon for every line that it reads, which starts in a fraction of a second, and may be
killed as any process may.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog
from msgspec.structs import replace

from bridge.admission import Admission
from bridge.audio.playout import Ticker
from bridge.carriers.base import CarrierCall
from bridge.carriers.caller import SILENT_FRAME, CallerFrame
from bridge.carriers.fake import CallOutcome, FakeCarrier
from bridge.carriers.wires.maqsam import MaqsamWire
from bridge.clock import Clock
from bridge.config import load_settings
from bridge.content import CONTENT
from bridge.dialogue.loader import parse
from bridge.dialogue.questionnaire import Questionnaire
from bridge.equipment import beside
from bridge.errors import StorageError, WorkerError
from bridge.holding import Patience, Services
from bridge.lifecycle import Lifecycle
from bridge.offering import Offer
from bridge.speech.mouth import CACHE, Phrase
from bridge.storage.store import Store
from bridge.switchboard import Switchboard
from bridge.telemetry.metrics import Metrics
from bridge.web.doorkeeper import Doorkeeper
from bridge.web.health import Component, Health
from bridge.web.media import MediaSockets, SocketLimits
from bridge.web.server import Server
from protocols import maqsam

__all__ = ["ITEMS", "House", "KeyCaller", "call", "house", "questionnaire"]

TOKEN = "the-maqsam-token"
ASKED = {
    "consent": "هَلْ تُوَافِق؟",
    "q1": "هَلْ نِمْتَ جَيِّدًا؟",
    "q2": "هَلْ عِنْدَكَ حُمَّى؟",
    "q3": "هَلْ أَكَلْتَ الْيَوْم؟",
    "q4": "هَلْ خَرَجْتَ مِنَ الْبَيْت؟",
    "q5": "هَلْ شَرِبْتَ الدَّوَاء؟",
}
ITEMS = tuple(ASKED)
TONE_BYTES = 4000
TONES = {item: 0x10 + number for number, item in enumerate(ITEMS)}  # mu-law samples, all of them loud
OTHER_TONE = 0x30
NO_INPUT_SECONDS = 20  # of a time that flies: whoever calls may be kept from answering by a busy machine
QUIET_FRAMES = 20  # 0.4 s: nothing is being said


def questionnaire(*, resumptions: int = 9) -> Questionnaire:
    """Consent and five questions that are answered by key."""
    items = [
        f"  - {{id: {item}, type: {'consent' if item == 'consent' else 'yes_no, kind: fact'}, "
        f'no_input_seconds: {NO_INPUT_SECONDS}, ask: "{ask}"}}'
        for item, ask in ASKED.items()
    ]
    text = "\n".join(
        [
            'format: 1\nid: keys\nversion: "1"\ntitle: مفاتيح\nlanguage: ar\nstatus: draft',
            "source: {name: test, licence: own}",
            f"resume: {{within_hours: 24, attempts: {resumptions}, recap: false}}",
            "items:",
            *items,
        ]
    )
    common = (CONTENT / "questionnaires" / "common" / "ar.yaml").read_text(encoding="utf-8")
    return parse(text + "\n", name="keys.yaml", common=common)


class Tones:
    """Says everything as a tone by which callers know what is asked."""

    def of(self, _questionnaire: Questionnaire) -> Any:
        return self

    async def phrases(self, texts: Sequence[str]) -> list[Phrase]:
        return [Phrase(bytes([self._tone(text)]) * TONE_BYTES, CACHE) for text in texts]

    def _tone(self, text: str) -> int:
        return next((TONES[item] for item, ask in ASKED.items() if ask in text), OTHER_TONE)


class NoEars:
    """A recogniser that is dead; whoever asks it is told so."""

    has_open_vocabulary = False
    is_reliable = is_quick = False

    def open(self, _phrases: Sequence[str]) -> Any:
        raise WorkerError("there is no recogniser in this house")


class House:
    """A daemon of one test: what it is reached by, and what may be looked at."""

    def __init__(
        self, store: Store, switchboard: Switchboard, server: Server, clock: Clock, metrics: Metrics
    ) -> None:
        self.store = store
        self.metrics = metrics
        self.switchboard = switchboard
        self.server = server
        self.clock = clock

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.server.port}/ws/maqsam"


@asynccontextmanager
async def house(
    database: Path,
    *,
    clock: Clock | None = None,
    busy_seconds: float = 5.0,
    limits: SocketLimits | None = None,
    **patience: Any,
) -> AsyncIterator[House]:
    """Open one in this event loop."""
    clock = clock or Clock(8)
    settings = load_settings(environ={"HATIF_PROVIDERS__MAQSAM__TOKEN": TOKEN})
    lifecycle = Lifecycle()
    asked = questionnaire()
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        store = await Store.open(database, clock=clock, busy_seconds=busy_seconds)
        stack.push_async_callback(store.close)
        await store.close_interrupted()
        ticker = Ticker(clock, on_error=_tell)
        beside(stack, ticker.run(), "ticker")
        nobody: Any = NoEars()
        services = Services(
            clock=clock,
            store=store,
            recognizer=nobody,
            recognizer_identity="nobody",
            voices=Tones(),
            ticker=ticker,
            patience=Patience(**patience),
            metrics=metrics,
        )
        stack.push_async_callback(services.endings.stop, store)
        switchboard = Switchboard(
            services=services,
            offer=Offer({asked.id: asked}, asked.id, {}),
            admission=Admission(100),
            lifecycle=lifecycle,
            new_call_id=lambda: uuid4().hex,
        )
        health = Health(
            lifecycle=lifecycle,
            components=lambda: _components(store),
            active_calls=lambda: switchboard.active_calls,
        )
        server = Server(health, has_page=False)
        stack.push_async_callback(server.stop)
        doorkeeper = Doorkeeper(
            options={"maqsam": settings.provider("maqsam")},
            tokens=None,
            store=store,
            clock=clock,
            public_url=None,
        )
        limits = limits or SocketLimits(heartbeat_seconds=2, idle_seconds=3)
        nothing: Any = None
        server.open_media(
            MediaSockets(switchboard=switchboard, doorkeeper=doorkeeper, database=store, limits=limits),
            nothing,
            nothing,
            nothing,
        )
        await server.start("127.0.0.1", 0)
        lifecycle.started()
        yield House(store, switchboard, server, clock, metrics)
        await switchboard.drain(5)


async def _components(store: Store) -> list[Component]:
    try:
        await store.ping()
    except StorageError as error:
        return [Component("storage", is_ready=False, detail=str(error))]
    return [Component("storage", is_ready=True)]


def _tell(_callback: object, error: BaseException) -> None:
    raise error


@dataclass
class KeyCaller:
    """Presses 1 whenever a question has been asked, and notes what was heard when."""

    on_asked: Callable[[str], None] = lambda _item: None
    heard: list[str] = field(default_factory=list)  # items and "other", in order
    pressed_at: list[float] = field(default_factory=list)  # seconds since 1970
    longest_silence: int = 0  # in frames, while we wait
    answers: bool = True
    _quiet: int = 0
    _is_asked: bool = False

    def tick(self, heard: bytes) -> CallerFrame:
        """Hear, and press a key once it is quiet."""
        tone = next((byte for byte in heard if byte in TONES.values() or byte == OTHER_TONE), None)
        if tone is not None:
            self._hear(tone)
            return CallerFrame(SILENT_FRAME)
        self._quiet += 1
        self.longest_silence = max(self.longest_silence, self._quiet)
        if not (self._is_asked and self.answers) or self._quiet < QUIET_FRAMES:
            return CallerFrame(SILENT_FRAME)
        self._is_asked = False
        self.pressed_at.append(time.time())
        return CallerFrame(SILENT_FRAME, "1")

    def _hear(self, tone: int) -> None:
        item = next((item for item, its_own in TONES.items() if its_own == tone), "other")
        is_another = not self.heard or self.heard[-1] != item  # else a busy machine has made a pause in it
        self._is_asked |= item in ASKED and bool(self._quiet or is_another)
        self._quiet = 0
        if is_another:
            self.heard.append(item)
            self.on_asked(item)

    @property
    def asked(self) -> list[str]:
        """The questions heard, in order."""
        return [item for item in self.heard if item in ASKED]

    @property
    def acknowledged(self) -> list[str]:
        """Those whose answer was followed by another prompt."""
        last = self.heard[-1:] if self.heard[-1:] != ["other"] else []
        return [item for item in self.asked if item not in last]


async def call(
    url: str,
    caller: KeyCaller,
    *,
    clock: Clock,
    resumes: str | None = None,
    max_seconds: float = 120,
) -> CallOutcome:
    """Call a house as Maqsam does."""
    carrier = FakeCarrier(MaqsamWire(), caller, clock=clock, connect_seconds=10)
    custom = {"resumes": resumes} if resumes else {}
    made = CarrierCall(
        from_number="9621234567", to_number="9621234566", call_id=uuid4().hex[:8], custom=custom
    )
    return await carrier.place(url, call=made, token=TOKEN, max_seconds=max_seconds)


async def _live(order: dict[str, Any]) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    # Which call is gone on with stands in the setup; a second of a time that flies is no time to send it in.
    maqsam.MAQSAM = replace(maqsam.MAQSAM, setup_grace_seconds=None)
    async with house(Path(order["database"]), clock=Clock(order["speed"])) as ours:
        print(json.dumps({"pid": os.getpid(), "port": ours.server.port}), flush=True)  # noqa: T201
        await ended.wait()


def main() -> None:
    """Fork a daemon for each line; leave none behind, however the one who asked for them ended."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # half a line would hide our own
    questionnaire()  # whatever is read once is read before
    children = set()
    for line in sys.stdin:
        if (child := os.fork()) == 0:
            asyncio.run(_live(json.loads(line)))
            os._exit(0)
        children.add(child)
    for child in children:  # none was waited for, so that no number can be another's by now
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
