"""Whose voices a questionnaire's calls are held in: its own, those nearest to it, and espeak-ng at last."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from bridge.config import Settings
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import BridgeError
from bridge.speech.base import Synthesizer
from bridge.speech.engines import VoiceBench, VoiceName
from bridge.speech.measured import MeasuredVoice
from bridge.speech.mouth import Mouth, Speaker
from bridge.speech.prompt_files import CacheStatistics, PromptFiles
from bridge.speech.prompts import PromptCache, as_written
from bridge.speech.reading.building import build_reader
from bridge.voices.choosing import chooser

__all__ = ["Bench", "Voices", "open_voices", "prompt_files", "prompts_in", "prompts_of"]

LAST_RESORT = VoiceName("espeak-ng", "ar")  # installed with Hatif, and needs milliseconds

log = structlog.get_logger()


class Bench(Protocol):
    """Where voices come from, by name."""

    @property
    def default_name(self) -> VoiceName:
        """The configured voice's."""
        ...

    def voice(self, name: VoiceName) -> Synthesizer:
        """The voice of that name; ConfigError when there is none."""
        ...


class Voices:
    """All voices that calls are held in, each measured for all of them together."""

    def __init__(
        self,
        bench: Bench,
        *,
        files: PromptFiles,
        live_seconds: float,
        now: Callable[[], datetime],
        choose: Callable[[Questionnaire], Sequence[VoiceName]] | None = None,
        read: Callable[[str], str] = as_written,
    ) -> None:
        """`files` are the prompts of all voices; `live_seconds` is how long a caller may wait for a voice.

        `read` makes words of what is written.

        `choose` names the voices of a questionnaire, its own first and then those that stand nearest to it;
        without it everything is said in the configured voice.
        """
        self._bench = bench
        self._files = files
        self._live_seconds = live_seconds
        self._now = now
        self._read = read
        self._choose = choose or (lambda _: (bench.default_name,))
        self._speakers: dict[VoiceName, Speaker] = {}
        self._absent: dict[VoiceName, str] = {}  # wished for, and why there is none
        self._known: dict[str, Container[str]] = {}  # what questionnaires say, by their hash

    async def start(self) -> None:
        """Start the configured voice and the last resort; a BridgeError when either cannot be."""
        for name in dict.fromkeys((self._bench.default_name, self._last_resort)):
            if name not in self._speakers:
                await self._speaker(name).voice.start()

    async def stop(self) -> None:
        """Stop all of them; the engines are the bench's."""
        for speaker in self._speakers.values():
            await speaker.voice.stop()

    async def engage(self, questionnaires: Iterable[Questionnaire]) -> None:
        """Start the voices that these wish for. One that cannot be started is told, and stood in for."""
        wished = dict.fromkeys(name for one in questionnaires for name in self._choose(one))
        for name in wished:
            if name in self._speakers:
                continue
            try:
                await self._speaker(name).voice.start()
            except BridgeError as error:
                if name not in self._speakers:
                    self._absent[name] = str(error)
                log.error("voice_not_started", voice=str(name), code=error.code, detail=str(error))  # noqa: TRY400 - ours, told in full

    def of(self, questionnaire: Questionnaire) -> Mouth:
        """Who says the prompts of one call of it."""
        known = self._known.get(questionnaire.hash, frozenset())
        return Mouth(self.speakers_of(questionnaire), live_seconds=self._live_seconds, known=known)

    def speakers_of(self, questionnaire: Questionnaire) -> tuple[Speaker, ...]:
        """Its voices, its own first and the last resort at the end; at least one."""
        chosen = (self._speakers.get(name) for name in (*self._choose(questionnaire), self._last_resort))
        return tuple(dict.fromkeys(speaker for speaker in chosen if speaker is not None))

    def keep(self, questionnaire: Questionnaire, texts: Container[str]) -> None:
        """What this questionnaire says whoever the caller is; made in a call, it is kept."""
        self._known[questionnaire.hash] = texts

    def statistics(self) -> CacheStatistics:
        """How the cache of prompts does; slow the first time."""
        return self._files.statistics()

    @property
    def counts(self) -> Mapping[str, int]:
        """What the cache of prompts has done so far, by word."""
        return self._files.counts

    def troubles(self) -> list[str]:
        """Which voices cannot speak, since when and why; a sentence for each."""
        found = [f"there is no {name} ({why})" for name, why in self._absent.items()]
        for speaker in self._speakers.values():
            if (trouble := speaker.voice.trouble) is not None:
                since = trouble.since.isoformat(timespec="seconds")
                found.append(f"{speaker.voice.name} is down since {since} ({trouble.why})")
        return found

    def report(self) -> tuple[bool, str]:
        """Whether anybody can speak, and who it is; what is wrong, where something is."""
        able = [name for name, speaker in self._speakers.items() if speaker.voice.trouble is None]
        configured = self._bench.default_name
        speaks = configured if configured in able else self._last_resort
        told = [f"{speaks} speaks" if speaks in able else "nobody speaks", *self.troubles()]
        return bool(able), "; ".join(told)

    @property
    def _last_resort(self) -> VoiceName:
        configured = self._bench.default_name
        return configured if configured.engine == LAST_RESORT.engine else LAST_RESORT

    def _speaker(self, name: VoiceName) -> Speaker:
        voice = MeasuredVoice(str(name), self._bench.voice(name), now=self._now)
        prompts = PromptCache(self._files.folder, voice, files=self._files, read=self._read)
        return self._speakers.setdefault(name, Speaker(voice, prompts))


def open_voices(settings: Settings, bench: VoiceBench, now: Callable[[], datetime]) -> Voices:
    """The voices that are configured, none of them started.

    Raises:
        ConfigError: the diacritiser does not exist.
        LexiconError: the lexicon cannot be read.

    """
    return Voices(
        bench,
        files=prompt_files(settings),
        live_seconds=settings.voice.live_seconds,
        now=now,
        choose=chooser(settings),
        read=build_reader(settings.voice).read,
    )


def prompts_of(settings: Settings, questionnaire: Questionnaire | None = None) -> PromptCache:
    """The prompts of a questionnaire in its own voice, or of any in the configured one, to look at.

    Raises:
        BridgeError: there is no such voice, or the reading is not as configured.

    """
    name = None if questionnaire is None else chooser(settings)(questionnaire)[0]
    return prompts_in(settings, VoiceBench(settings), name)


def prompts_in(
    settings: Settings, bench: VoiceBench, name: VoiceName | None = None, files: PromptFiles | None = None
) -> PromptCache:
    """The prompts of a voice, the configured one if none is named; it is not started.

    Raises:
        BridgeError: there is no such voice, or the reading is not as configured.

    """
    return PromptCache(
        settings.prompts.folder,
        bench.default() if name is None else bench.voice(name),
        files=files or prompt_files(settings),
        read=build_reader(settings.voice).read,
    )


def prompt_files(settings: Settings) -> PromptFiles:
    """The configured folder of prompts, for all voices together."""
    return PromptFiles(settings.prompts.folder, max_bytes=settings.prompts.max_mb << 20)
