"""Which engine speaks: every voice by its name, such as "piper/ar_JO-kareem-medium".

The one place that knows all engines. Whatever is wrong with a name is told when the voice is asked for, and
nothing has been started for it; an engine's process starts when one of its voices is first used.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Self

from msgspec import Struct

from bridge.config import Settings
from bridge.errors import BridgeError, ConfigError
from bridge.speech.base import Engine, Speech, Synthesizer
from bridge.speech.condition import WorkerCondition
from bridge.speech.espeak.synthesizer import EspeakEngine
from bridge.speech.script import Passage

__all__ = ["ENGINES", "VoiceBench", "VoiceName"]


class VoiceName(Struct, frozen=True):
    """A voice as it is configured and as SSML names it: ENGINE/VOICE."""

    engine: str
    voice: str  # as the engine calls it; it may hold slashes of its own

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "ENGINE/VOICE"; ConfigError, in one sentence, when it is nothing such."""
        engine, _, voice = text.partition("/")
        if engine not in ENGINES or not voice.strip():
            engines = ", ".join(ENGINES)
            raise ConfigError(
                f"{text!r} names no voice; it must be ENGINE/VOICE, such as espeak-ng/ar (engines: {engines})"
            )
        return cls(engine, voice.strip())

    def __str__(self) -> str:
        return f"{self.engine}/{self.voice}"


def _espeak(settings: Settings) -> Engine:
    return EspeakEngine(settings.voice)


def _piper(settings: Settings) -> Engine:
    from bridge.speech.piper.synthesizer import PiperEngine  # noqa: PLC0415 - each engine only where it is asked for

    return PiperEngine(settings.piper.folder)


def _xtts(settings: Settings) -> Engine:
    from bridge.voices.cloned import XttsEngine  # noqa: PLC0415

    return XttsEngine(settings)


def _server(settings: Settings) -> Engine:
    from bridge.speech.server.synthesizer import SpeechServerEngine  # noqa: PLC0415

    return SpeechServerEngine(settings.speech_server)


# Every engine, by the name that `voice.engine` and the names of voices have for it.
ENGINES: Mapping[str, Callable[[Settings], Engine]] = {
    "espeak-ng": _espeak,
    "piper": _piper,
    "xtts": _xtts,
    "server": _server,
}


class VoiceBench:
    """All voices of one daemon or command; each engine is started once, when first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engines: dict[str, _SharedEngine] = {}
        self._voices: dict[VoiceName, Synthesizer] = {}

    def voice(self, name: str | VoiceName) -> Synthesizer:
        """The voice of that name; it starts its engine when it is started or first speaks.

        Raises:
            ConfigError: no voice is called so, or its engine is not installed or not configured; of the
                configured voice, with the place in the configuration.

        """
        known = name if isinstance(name, VoiceName) else VoiceName.parse(name)
        if known not in self._voices:
            try:
                engine = self._engine(known.engine)
                self._voices[known] = _SharedVoice(engine, engine.made.voice(known.voice))
            except BridgeError as error:
                if known != self.default_name:
                    raise
                raise ConfigError(f"{self._place()}: voice: {known} cannot speak: {error}") from None
        return self._voices[known]

    @property
    def default_name(self) -> VoiceName:
        """The configured voice's name."""
        return VoiceName(self._settings.voice.engine, self._settings.voice.voice)

    def default(self) -> Synthesizer:
        """The configured voice; ConfigError, with the place in the configuration, when it cannot be used."""
        return self.voice(self.default_name)

    def _place(self) -> str:
        """Where the configured voice is written."""
        places = [self._settings.origin(name) for name in ("voice.voice", "voice.engine")]
        return next((place for place in places if place != "default"), "default")

    async def start(self, name: str | VoiceName) -> Synthesizer:
        """The voice of that name, ready to speak; ConfigError or WorkerError when it cannot be."""
        voice = self.voice(name)
        await voice.start()
        return voice

    def states(self) -> dict[str, tuple[bool, int]]:
        """Of each engine that is used: whether it can speak, and how often its process was replaced."""
        return {name: (self._can_speak(name), engine.made.restarts) for name, engine in self._engines.items()}

    def _can_speak(self, engine: str) -> bool:
        return any(voice.is_ready for name, voice in self._voices.items() if name.engine == engine)

    def conditions(self) -> list[WorkerCondition]:
        """How the processes of the engines that were started are."""
        made = (engine.made.condition() for engine in self._engines.values() if engine.is_up)
        return [condition for condition in made if condition is not None]

    async def stop(self) -> None:
        """End every engine that was started."""
        await asyncio.gather(*(engine.stop() for engine in self._engines.values()))

    def _engine(self, name: str) -> "_SharedEngine":
        if name not in ENGINES:
            raise ConfigError(f"there is no engine {name!r}; there are: {', '.join(ENGINES)}")
        if name not in self._engines:
            self._engines[name] = _SharedEngine(ENGINES[name](self._settings))
        return self._engines[name]


class _SharedEngine:
    """An engine that the first of its voices starts."""

    def __init__(self, made: Engine) -> None:
        self.made = made
        self.is_up = False
        self._changing = asyncio.Lock()

    async def start(self) -> None:
        """Start it, unless it has been."""
        if self.is_up:
            return
        async with self._changing:
            if not self.is_up:
                await self.made.start()
                self.is_up = True

    async def stop(self) -> None:
        """End it, once whoever is starting it has done so."""
        async with self._changing:
            if self.is_up:
                self.is_up = False
                await self.made.stop()


class _SharedVoice(Synthesizer):
    """A voice whose engine others use too."""

    def __init__(self, engine: _SharedEngine, voice: Synthesizer) -> None:
        self._engine = engine
        self._voice = voice
        self._starting = asyncio.Lock()
        self._is_started = False

    @property
    def identity(self) -> str:
        """The voice's own."""
        return self._voice.identity

    @property
    def is_ready(self) -> bool:
        """Whether its engine runs and has been reliable lately."""
        return self._engine.is_up and self._voice.is_ready

    async def start(self) -> None:
        """Start the engine and what is this voice's own, as far as they have not been."""
        async with self._starting:
            if self._is_started and self._engine.is_up:
                return
            await self._engine.start()
            await self._voice.start()
            self._is_started = True

    async def stop(self) -> None:
        """End what is this voice's own; its engine runs until the bench is stopped."""
        async with self._starting:
            self._is_started = False
            await self._voice.stop()

    async def stream(self, passage: Passage) -> AsyncGenerator[Speech]:
        """Speak it, once engine and voice are ready."""
        await self.start()
        async with aclosing(self._voice.stream(passage)) as pieces:
            async for piece in pieces:
                yield piece

    async def synthesise(self, text: str) -> Speech:
        """Speak it whole, once engine and voice are ready."""
        await self.start()
        return await self._voice.synthesise(text)
