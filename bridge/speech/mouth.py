"""What a call hears of its prompts: rendered ahead wherever possible, else made live within a fixed time.

The questionnaire's own voice comes first: from its prompts, then live if it is expected to be quick enough,
then the voices nearest to it; last comes espeak-ng, which begins at the same moment and so has always made it
when the others have not. What is given up is ended, and never heard. What depends on the caller is held in
memory for as long as the call lasts, and nowhere else.
"""

import asyncio
from collections.abc import Container, Iterable, Sequence

import structlog
from msgspec import Struct
from msgspec.structs import replace

from bridge.errors import BridgeError
from bridge.speech.measured import MeasuredVoice
from bridge.speech.prompts import PromptCache
from bridge.speech.queueing import speaking_for

__all__ = ["CACHE", "Mouth", "Phrase", "Speaker", "spoken_by"]

CACHE = "cache"
LIVE = "live"
AHEAD = "rendered ahead"
REPEATED = "repeated"
MOST_REMEMBERED = 64  # pieces of one call; a name and some values are a handful

log = structlog.get_logger()


class Phrase(Struct, frozen=True):
    """One piece of a prompt, as sound, and how it came about."""

    audio: bytes  # mu-law, 8 kHz; b'' where no voice could say it in time
    by: str  # the voice; "cache": rendered ahead in the questionnaire's own
    how: str = ""  # rendered ahead, live, or repeated; '' of the cache
    seconds: float = 0.0  # that the caller waited
    after: str = ""  # who should have spoken, and why not

    def __str__(self) -> str:
        live = f"{self.seconds:.2f} s" if self.how == LIVE else ""
        after = f"after {self.after}" if self.after else ""
        return " ".join(filter(None, (self.by or "nobody", self.how, live, after)))


class Speaker(Struct, frozen=True):
    """A voice, and what has been rendered in it."""

    voice: MeasuredVoice
    prompts: PromptCache


class Mouth:
    """Says the prompts of one call."""

    def __init__(
        self, speakers: Sequence[Speaker], *, live_seconds: float, known: Container[str] = frozenset()
    ) -> None:
        """The best speaker is the first, and the last one always makes it.

        `live_seconds` is how long the caller may wait, on the wall clock. `known` are texts that belong to
        questionnaires: only they are kept on disk when they are made.
        """
        self._speakers = tuple(speakers)
        self._live_seconds = live_seconds
        self._known = known
        self._remembered: dict[str, Phrase] = {}
        self._call = f"call {id(self)}"  # stands in queues as one, whatever it asks for

    async def phrase(self, text: str) -> Phrase:
        """One piece, within the time for live speech at the latest; never a WorkerError."""
        (phrase,) = await self.phrases((text,))
        return phrase

    async def phrases(self, texts: Sequence[str]) -> list[Phrase]:
        """All pieces of a prompt; what has to be made is made at the same time, within the time for one."""
        phrases = {text: self._at_hand(text) for text in texts}
        missing = [text for text, phrase in phrases.items() if phrase is None]
        if missing:
            deadline = asyncio.get_running_loop().time() + self._live_seconds
            speaking_for.set(self._call)  # of this task, which speaks for one call, and of those it begins
            async with asyncio.TaskGroup() as making:
                made = {text: making.create_task(self._live(text, deadline)) for text in missing}
            phrases |= {text: task.result() for text, task in made.items()}
        return [phrase for text in texts if (phrase := phrases[text]) is not None]

    def _at_hand(self, text: str) -> Phrase | None:
        """What needs no waiting: rendered ahead, or made earlier in this call."""
        for speaker in self._speakers:
            if (audio := speaker.prompts.get(text)) is not None:
                is_own = speaker is self._speakers[0]
                return Phrase(audio, CACHE) if is_own else Phrase(audio, speaker.voice.name, AHEAD)
        return self._remembered.get(text)

    async def _live(self, text: str, deadline: float) -> Phrase:
        """Make a piece; whoever was asked for it and is not needed is told so before this returns."""
        began = _now()
        *better, last = self._speakers
        resort = asyncio.create_task(self._make(last, text))
        hindrances: list[str] = []
        try:
            phrase = await self._by_one_of(better, text, deadline, hindrances)
            if phrase is None:
                phrase = await _by_last_resort(last, resort, deadline, hindrances)
        finally:
            resort.add_done_callback(_seen)
            resort.cancel()
        phrase = replace(phrase, seconds=_now() - began, after=", ".join(hindrances))
        log.info("spoken_live", voice=phrase.by, live_seconds=round(phrase.seconds, 3), cause=phrase.after)
        if phrase.audio and len(self._remembered) < MOST_REMEMBERED:
            self._remembered[text] = Phrase(phrase.audio, phrase.by, REPEATED)
        return phrase

    async def _by_one_of(
        self, speakers: Iterable[Speaker], text: str, deadline: float, hindrances: list[str]
    ) -> Phrase | None:
        """Said by the first who makes it; what hindered those before is added to `hindrances`."""
        for speaker in speakers:
            name, left = speaker.voice.name, deadline - _now()
            hindrance = speaker.voice.hindrance(len(text), left)
            if not hindrance:
                try:
                    async with asyncio.timeout(left):
                        return Phrase(await self._make(speaker, text), name, LIVE)
                except TimeoutError:
                    hindrance = "took too long"
                except BridgeError:
                    hindrance = "failed"
            hindrances.append(f"{name} {hindrance}")
        return None

    async def _make(self, speaker: Speaker, text: str) -> bytes:
        if text in self._known:
            return await speaker.prompts.phrase(text)
        return await speaker.prompts.make(text)


async def _by_last_resort(
    speaker: Speaker, making: asyncio.Task[bytes], deadline: float, hindrances: list[str]
) -> Phrase:
    """What the last voice has made meanwhile; a phrase without sound where it has not."""
    name = speaker.voice.name
    done, _ = await asyncio.wait({making}, timeout=max(0.0, deadline - _now()))
    if not done:
        hindrances.append(f"{name} took too long")
        return Phrase(b"", "")
    try:
        return Phrase(making.result(), name, LIVE)
    except BridgeError:
        hindrances.append(f"{name} failed")
        return Phrase(b"", "")


def spoken_by(phrases: Iterable[Phrase]) -> str:
    """Who spoke a prompt, for its record: "cache", or whoever did what was not there, and for how long."""
    said = tuple(phrases)
    longest: dict[Phrase, float] = {}
    for phrase in said:
        if phrase.by != CACHE:
            alike = replace(phrase, audio=b"", seconds=0.0)
            longest[alike] = max(longest.get(alike, 0.0), phrase.seconds)
    if said and not longest:
        return CACHE
    return "; ".join(str(replace(alike, seconds=seconds)) for alike, seconds in longest.items())


def _seen(task: asyncio.Task[bytes]) -> None:
    """Nobody is left to whom its failure could be told."""
    if not task.cancelled():
        task.exception()


def _now() -> float:
    return asyncio.get_running_loop().time()
