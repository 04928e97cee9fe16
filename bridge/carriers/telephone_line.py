"""What a bad telephone line does to a caller's voice: a machine that is given 20 ms and gives what arrives.

The voice meets its faults in the order of a real line: the level, the echo of what the caller hears, an
offset, the line's own noise, a telephone that suppresses silence, a line that is dead for a while, packets
that are lost, and packets that are late. Chance is a generator that is passed in. What is lost and what is
late does not depend on how anything sounds, so that two lines of one seed can be compared.
"""

from collections import deque
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from bridge.audio.frames import FRAME_BYTES, FRAME_SECONDS, SAMPLE_RATE
from bridge.audio.g711 import decode_ulaw, encode_ulaw, rms
from bridge.carriers.caller import SILENT_FRAME
from bridge.carriers.voice import LineNoise

__all__ = ["BAD_LINES", "Filling", "LineCondition", "TelephoneLine"]

COMFORT_NOISE_DBFS = -60.0  # what a provider plays for silence that is not sent
SPOKEN_RMS = 184  # -45 dBFS: below, a telephone that suppresses silence sends none
HANGOVER_FRAMES = 10  # 200 ms, for which such telephones wait before they fall silent
MOST_LOST = 0.5  # beyond that nobody holds a conversation
JITTER_POWER = 4  # most packets are hardly late, and a few very
PACKET_STEP_SAMPLES = 80  # 10 ms
_SILENCE = SILENT_FRAME[:1]


class Filling(StrEnum):
    """What a provider sends where nothing came."""

    NOTHING = "nothing"  # what follows comes at once: the sound is shorter by it
    SILENCE = "silence"  # mu-law of zero
    NOISE = "noise"  # comfort noise


class LineCondition(Struct, frozen=True):
    """How bad a line is; without arguments it is perfect. Times are seconds of the call."""

    gain_db: float = 0.0  # of all that the caller's end sends; what becomes too loud is clipped
    offset: int = 0  # in steps of 16 bits: a direct current
    noise_dbfs: float | None = None  # RMS of noise that the line adds after the gain
    echo_db: float | None = None  # of what the caller hears, against what was sent
    echo_seconds: float = 0.1  # how late it is
    packet_seconds: float = FRAME_SECONDS  # a multiple of 10 ms
    loss: float = 0.0  # the share of packets that never come
    loss_packets: float = 1.0  # how many are lost in a row, on average
    filling: Filling = Filling.SILENCE  # in place of those
    jitter_seconds: float = 0.0  # by so much a packet is late at most; what waits behind it comes with it
    suppressed: Filling | None = None  # in place of the caller's silence, where their telephone sends none
    dead: tuple[tuple[float, float], ...] = ()  # from when to when nothing comes through
    dead_filling: Filling = Filling.NOTHING
    comfort_noise_dbfs: float = COMFORT_NOISE_DBFS

    def __post_init__(self) -> None:
        samples = round(self.packet_seconds * SAMPLE_RATE)
        if samples <= 0 or samples % PACKET_STEP_SAMPLES:
            raise ValueError("a packet lasts a multiple of 10 ms")
        if not 0 <= self.loss <= MOST_LOST or self.loss_packets < 1:
            raise ValueError("at most half of the packets are lost, one or more in a row")
        if self.jitter_seconds < 0 or self.echo_seconds < 0:
            raise ValueError("nothing comes before it was sent")

    @property
    def keeps_length(self) -> bool:
        """Whether what arrives is as long as what was sent."""
        is_lost = self.loss > 0 and self.filling is Filling.NOTHING
        is_dead = bool(self.dead) and self.dead_filling is Filling.NOTHING
        return not (is_lost or is_dead or self.suppressed is Filling.NOTHING)


_LOSSY = LineCondition(loss=0.05)

# What callers have to bear, by name.
BAD_LINES: Mapping[str, LineCondition] = MappingProxyType(
    {
        "quiet": LineCondition(gain_db=-20),
        "quiet-noisy": LineCondition(gain_db=-20, noise_dbfs=-60),
        "faint": LineCondition(gain_db=-30),
        "loud": LineCondition(gain_db=20),
        "noisy": LineCondition(noise_dbfs=-45),
        "offset": LineCondition(offset=600),
        "quiet-offset": LineCondition(offset=600, gain_db=-20),
        "lossy": _LOSSY,
        "lossy-gaps": replace(_LOSSY, filling=Filling.NOTHING),
        "lossy-noise": replace(_LOSSY, filling=Filling.NOISE),
        "lossy-bursts": replace(_LOSSY, loss_packets=3),
        "lossy-noisy": replace(_LOSSY, noise_dbfs=-45),
        "filled-noisy": replace(_LOSSY, noise_dbfs=-45, filling=Filling.NOISE),
        "frames-30": replace(_LOSSY, packet_seconds=0.03, jitter_seconds=0.2),
        "frames-60": replace(_LOSSY, packet_seconds=0.06, jitter_seconds=0.4),
        "muted": LineCondition(suppressed=Filling.SILENCE),
        "comfort-noise": LineCondition(suppressed=Filling.NOISE),
        "echo": LineCondition(echo_db=-15),
        "late-echo": LineCondition(echo_db=-15, echo_seconds=0.4),
        "everything": LineCondition(
            gain_db=-10,
            offset=200,
            noise_dbfs=-55,
            echo_db=-15,
            packet_seconds=0.03,
            loss=0.05,
            jitter_seconds=0.2,
        ),
    }
)


class TelephoneLine:
    """One caller's line."""

    def __init__(self, condition: LineCondition, rng: np.random.Generator) -> None:
        self._condition = condition
        self._losses, self._delays, noise, comfort = rng.spawn(4)
        level = condition.noise_dbfs
        self._noise = None if level is None else LineNoise(noise, level_dbfs=level)
        self._comfort = LineNoise(comfort, level_dbfs=condition.comfort_noise_dbfs)
        self._packet_bytes = round(condition.packet_seconds * SAMPLE_RATE)
        self._echo = deque([SILENT_FRAME] * round(condition.echo_seconds / FRAME_SECONDS))
        self._frames = 0  # taken in
        self._hangover_frames = 0  # until silence is suppressed
        self._is_losing = False
        self._uncut = b""  # waits for the rest of its packet
        self._under_way: deque[tuple[float, bytes]] = deque()  # when each may arrive; in order

    def tick(self, said: bytes, heard: bytes = SILENT_FRAME) -> list[bytes]:
        """Take in what the caller says and hears in 20 ms; the packets that arrive by its end, in order."""
        began = self._frames * FRAME_SECONDS
        self._frames += 1
        now = self._frames * FRAME_SECONDS
        self._uncut += self._let_through(self._coloured(said, heard), began)
        while len(self._uncut) >= self._packet_bytes:
            packet, self._uncut = self._uncut[: self._packet_bytes], self._uncut[self._packet_bytes :]
            self._send(packet, now)
        arrived = []
        while self._under_way and self._under_way[0][0] <= now:
            arrived.append(self._under_way.popleft()[1])
        return arrived

    def flush(self) -> list[bytes]:
        """What is still under way, and what had not filled a packet yet."""
        arriving = [packet for _, packet in self._under_way] + ([self._uncut] if self._uncut else [])
        self._under_way.clear()
        self._uncut = b""
        return arriving

    def carry(self, said: bytes, heard: bytes = b"") -> bytes:
        """Send all of it, whole frames; what arrives in the end."""
        arriving: list[bytes] = []
        for at in range(0, len(said), FRAME_BYTES):
            arriving += self.tick(_frame(said, at), _frame(heard, at))
        return b"".join([*arriving, *self.flush()])

    def _coloured(self, said: bytes, heard: bytes) -> bytes:
        """How it sounds before it becomes packets."""
        condition = self._condition
        self._echo.append(heard)
        echo = self._echo.popleft()
        if (
            not condition.gain_db
            and not condition.offset
            and self._noise is None
            and condition.echo_db is None
        ):
            return said
        pcm = (
            np.frombuffer(decode_ulaw(said), dtype="<i2") * 10 ** (condition.gain_db / 20) + condition.offset
        )
        if condition.echo_db is not None:
            pcm += np.frombuffer(decode_ulaw(echo), dtype="<i2") * 10 ** (condition.echo_db / 20)
        if self._noise is not None:
            pcm += self._noise.samples(len(pcm))
        return encode_ulaw(np.clip(np.rint(pcm), -32_768, 32_767).astype("<i2").tobytes())

    def _let_through(self, frame: bytes, seconds: float) -> bytes:
        """The frame, or what takes its place."""
        condition = self._condition
        if any(begin <= seconds < end for begin, end in condition.dead):
            return self._filled(condition.dead_filling, len(frame))
        if condition.suppressed is None:
            return frame
        is_spoken = rms(decode_ulaw(frame)) >= SPOKEN_RMS
        self._hangover_frames = HANGOVER_FRAMES if is_spoken else self._hangover_frames - 1
        return frame if self._hangover_frames > 0 else self._filled(condition.suppressed, len(frame))

    def _send(self, packet: bytes, now: float) -> None:
        delay = self._condition.jitter_seconds * self._delays.random() ** JITTER_POWER
        arriving = self._filled(self._condition.filling, len(packet)) if self._is_lost() else packet
        if arriving:
            self._under_way.append((now + delay, arriving))

    def _is_lost(self) -> bool:
        """Losses come in rows: one begins as often as makes the share, and goes on as makes its length."""
        condition = self._condition
        begins = condition.loss / (1 - condition.loss) / condition.loss_packets
        goes_on = 1 - 1 / condition.loss_packets
        self._is_losing = bool(self._losses.random() < (goes_on if self._is_losing else begins))
        return self._is_losing

    def _filled(self, filling: Filling, count: int) -> bytes:
        match filling:
            case Filling.NOTHING:
                return b""
            case Filling.SILENCE:
                return _SILENCE * count
            case Filling.NOISE:
                return self._comfort.ulaw(count)


def _frame(ulaw: bytes, at: int) -> bytes:
    return ulaw[at : at + FRAME_BYTES].ljust(FRAME_BYTES, _SILENCE)
