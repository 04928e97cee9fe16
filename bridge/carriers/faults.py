"""How carriers misbehave, each fault by a name: what is done to audio, to marks and to the connection.

Chance is a generator that is passed in, so that a call that went wrong can be had again.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from random import Random

__all__ = ["Fault", "Faults"]

LOST, DOUBLED, SWAPPED, DAMAGED = 0.02, 0.05, 0.05, 0.01  # of the audio's messages
LATE_MARK_SECONDS = (0.5, 3.0)
HICCUP_SECONDS = (0.05, 0.4)  # a network that stutters
HICCUP_FRAMES = 50  # one a second, on average
STALL_SECONDS = 3.0
STALLS_AFTER_SECONDS = 5.0
FLOOD_FACTOR = 10
ODD_BYTES = (1, 700)  # a frame has 160 of mu-law: most are longer or shorter


class Fault(StrEnum):
    """One way to misbehave."""

    LOSE = "lose"  # some audio never comes
    DUP = "dup"  # some comes twice
    REORDER = "reorder"  # some comes after what follows it
    CORRUPT = "corrupt"  # some is damaged
    DELAY = "delay"  # it comes in bursts
    STALL = "stall"  # nothing goes or comes for three seconds, once
    HALF_OPEN = "half-open"  # the carrier is gone, and the connection does not know
    FLOOD = "flood"  # audio at ten times the speed of life
    ODD_FRAMES = "odd-frames"  # audio in pieces of any length, across its frames
    ALAW = "alaw"  # no misbehaviour: both directions are A-law, where the wire can say so
    LATE_MARKS = "late-marks"  # marks come back long after their audio was played
    NO_MARKS = "no-marks"  # or never
    NEVER_READS = "never-reads"  # what Hatif sends piles up


class Faults:
    """The faults of one call."""

    def __init__(self, faults: Iterable[Fault] = (), *, seed: int = 0) -> None:
        self._faults = frozenset(faults)
        self._chance = Random(seed)  # noqa: S311 - not for secrets
        self._held: str | bytes | None = None  # to come after what follows it
        self._has_stalled = False
        self._uncut = b""  # audio that waits for the rest of its piece
        self._piece = 0  # how long that piece is to be

    def __contains__(self, fault: Fault) -> bool:
        return fault in self._faults

    @property
    def frames_per_tick(self) -> int:
        """How much audio goes out in the time of one frame."""
        return FLOOD_FACTOR if Fault.FLOOD in self else 1

    def cut(self, audio: bytes) -> list[bytes]:
        """The caller's audio in the pieces that are sent now; what is too short for one waits."""
        if Fault.ODD_FRAMES not in self:
            return [audio]
        pieces = []
        self._uncut += audio
        while len(self._uncut) >= self._piece:
            if self._piece:
                pieces.append(self._uncut[: self._piece])
                self._uncut = self._uncut[self._piece :]
            self._piece = self._chance.randint(*ODD_BYTES)
        return pieces

    def audio(self, messages: Sequence[str | bytes]) -> list[str | bytes]:
        """What becomes of the audio's messages on their way."""
        arriving: list[str | bytes] = []
        for message in messages:
            if self._happens(Fault.LOSE, LOST):
                continue
            damaged = self._damaged(message) if self._happens(Fault.CORRUPT, DAMAGED) else message
            arriving += [damaged] * (1 + self._happens(Fault.DUP, DOUBLED))
        return self._swapped(arriving)

    def mark_delay_seconds(self) -> float | None:
        """How late a mark comes back; None: never."""
        if Fault.NO_MARKS in self:
            return None
        return self._chance.uniform(*LATE_MARK_SECONDS) if Fault.LATE_MARKS in self else 0.0

    def pause_seconds(self, seconds: float) -> float:
        """How long nothing is sent, so many seconds into the call."""
        if Fault.STALL in self and not self._has_stalled and seconds >= STALLS_AFTER_SECONDS:
            self._has_stalled = True
            return STALL_SECONDS
        return self._chance.uniform(*HICCUP_SECONDS) if self._happens(Fault.DELAY, 1 / HICCUP_FRAMES) else 0.0

    def is_gone(self, seconds: float) -> bool:
        """Whether the carrier has left without a word."""
        return Fault.HALF_OPEN in self and seconds >= STALLS_AFTER_SECONDS

    def _happens(self, fault: Fault, probability: float) -> bool:
        return fault in self and self._chance.random() < probability

    def _swapped(self, messages: list[str | bytes]) -> list[str | bytes]:
        if self._held is not None:
            messages, self._held = [*messages, self._held], None
        elif messages and self._happens(Fault.REORDER, SWAPPED):
            self._held = messages.pop()
        return messages

    def _damaged(self, message: str | bytes) -> str | bytes:
        """One place of it is something else."""
        at = self._chance.randrange(max(1, len(message)))
        if isinstance(message, str):
            return message[:at] + chr(self._chance.randrange(32, 127)) + message[at + 1 :]
        return message[:at] + bytes([self._chance.randrange(256)]) + message[at + 1 :]
