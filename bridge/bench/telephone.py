"""One caller's ear: what was received, as far as it has been played, and what that says of the server. Pure.

It knows audio by its length and by whether anything is to be heard in it. No audio is kept: a hundred ears
are to cost next to nothing. Seconds are of call time; what was seen is in milliseconds.
"""

from collections import deque
from collections.abc import Sequence

from msgspec import Struct, structs

from bridge.audio.frames import SAMPLE_RATE

__all__ = ["Ear", "Seen", "is_silent"]

SILENT_SHARE = 0.9
UNDERRUN_SECONDS = 0.02  # a telephone bridges less; what comes later is heard as a gap


class Seen(Struct):
    """What all callers noted. Milliseconds."""

    first_words: list[float] = []  # from the wish to call to the first sound that is not silence
    replies: list[float] = []  # from the end of speech to that
    key_replies: list[float] = []  # from the last key to that
    unanswered: int = 0
    clears: list[float] = []  # from speech over a prompt to the wish to drop the rest of it
    uncleared: int = 0
    pacing: list[float] = []  # how far a piece of a prompt came from where its own rhythm wanted it
    underruns: int = 0  # pieces that came when everything before had been played
    received_seconds: float = 0.0  # of audio
    messages: int = 0

    def forget(self) -> None:
        """Begin anew, but for how calls began."""
        for name, value in structs.asdict(Seen(first_words=self.first_words)).items():
            setattr(self, name, value)


class Ear:
    """One caller's."""

    def __init__(self, seen: Seen, began_at: float) -> None:
        """They wished to call at `began_at`."""
        self._seen = seen
        self._began_at: float | None = began_at  # None once something was heard
        self._plays_until = 0.0
        self._voices: deque[tuple[float, float]] = deque()  # from when until when something is to be heard
        self._marks: deque[tuple[float, str]] = deque()
        self._ended_at: float | None = None  # speech or keys, to which no reply has come
        self._by_key = False
        self._interrupts_since: float | None = None
        self._pieces: list[float] = []  # of the prompt: when each came, less the audio before it
        self._prompt_seconds = 0.0
        self._clears = 0

    # What the caller does

    def begin_to_speak(self, now: float) -> None:
        """The caller speaks; over a prompt that must make it stop."""
        self._settle_turn()
        if now < self._plays_until:
            self._interrupts_since = now

    def end_to_speak(self, now: float) -> None:
        """Nothing more is said: a reply is due, unless the prompt went on as though nobody had spoken."""
        if self._interrupts_since is not None:
            self._seen.uncleared += 1
            self._interrupts_since = None
        else:
            self._ended_at, self._by_key = now, False

    def press(self, now: float) -> None:
        """The last key was pressed: a reply is due."""
        self._settle_turn()
        self._ended_at, self._by_key = now, True

    # What the caller hears

    def receive(self, ulaw: bytes, now: float) -> None:
        """Take more of the server's audio in."""
        seconds = len(ulaw) / SAMPLE_RATE
        self._seen.received_seconds += seconds
        self._seen.messages += 1
        is_voice = not is_silent(ulaw)
        if is_voice:
            self._hear(now)
        if self._pieces and now > self._plays_until + UNDERRUN_SECONDS:
            self._seen.underruns += 1
        self._pieces.append(now - self._prompt_seconds)
        self._prompt_seconds += seconds
        begins_at = max(now, self._plays_until)
        self._plays_until = begins_at + seconds
        if is_voice:
            self._voices.append((begins_at, self._plays_until))

    def hears_voice(self, now: float) -> bool:
        """Whether the caller is spoken to at this moment."""
        while self._voices and self._voices[0][1] <= now:
            self._voices.popleft()
        return bool(self._voices) and self._voices[0][0] <= now

    def mark(self, name: str) -> None:
        """Give this back when all before it has been played."""
        self._marks.append((self._plays_until, name))
        self._settle_pacing()  # what follows a mark need not follow at once

    def clear(self, now: float) -> list[str]:
        """Drop the rest; the marks in it, which are to come back at once."""
        if self._interrupts_since is not None:
            self._seen.clears.append((now - self._interrupts_since) * 1000)
            self._interrupts_since = None
        self._clears += 1
        self._plays_until = now
        self._voices.clear()
        self._settle_pacing()
        dropped = [name for _, name in self._marks]
        self._marks.clear()
        return dropped

    @property
    def clears(self) -> int:
        """How often the server has dropped what it had said."""
        return self._clears

    def due(self, now: float) -> Sequence[str]:
        """Marks whose audio has been played."""
        names = []
        while self._marks and self._marks[0][0] <= now:
            names.append(self._marks.popleft()[1])
        return names

    def _hear(self, now: float) -> None:
        if self._began_at is not None:
            self._seen.first_words.append((now - self._began_at) * 1000)
            self._began_at = None
        if self._ended_at is not None:
            replies = self._seen.key_replies if self._by_key else self._seen.replies
            replies.append((now - self._ended_at) * 1000)
            self._ended_at = None
            self._settle_pacing()

    def _settle_turn(self) -> None:
        if self._ended_at is not None:
            self._seen.unanswered += 1
            self._ended_at = None

    def _settle_pacing(self) -> None:
        """Weigh the prompt so far against its own rhythm; its first piece opens it, and may be ahead."""
        steady = sorted(self._pieces[1:])
        if steady:
            middle = steady[len(steady) // 2]
            self._seen.pacing += [abs(piece - middle) * 1000 for piece in steady]
        self._pieces.clear()
        self._prompt_seconds = 0.0


def is_silent(ulaw: bytes) -> bool:
    """Whether it is filling only."""
    return ulaw.count(b"\xff") + ulaw.count(b"\x7f") > SILENT_SHARE * len(ulaw)
