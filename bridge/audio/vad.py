"""Is this frame speech? webrtcvad in its strictest mode, behind an energy gate relative to the line's noise.

webrtcvad judges by absolute level: at a peak of -30 dBFS its mode 3 hears nothing, and any loud noise is
speech to it for ever (a boiler at -20 dBFS: every frame of 85 s). So what does not stand out from the noise
floor never reaches it, and the rest is brought to a common level first, though never so far that the noise
becomes loud.

Levels are RMS or peak in 16-bit steps: 10 is -70 dBFS, 104 is -50, 1036 is -30. The constants were tuned on
real voices (six speakers, twelve words) with line noise 30 and 45 dB below the peak, and on two recordings of
household machines.
"""

import webrtcvad

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.g711 import amplify, peak, rms

__all__ = ["NoiseFloor", "SpeechDetector"]

STRICTEST_MODE = 3  # modes 0-2 hold noise of +-16 steps to be speech for seconds

FLOOR_BLOCK_FRAMES = 20
FLOOR_BLOCKS = 3  # the floor is the quietest frame of 1.2 to 1.6 s: fluent speech dips more often than that
MIN_FLOOR = 10.0  # below, mu-law's own steps (8 at the centre) are all there is
MUTED_LEVEL = 4.0  # digital silence: the line is muted and tells nothing of the noise it will come back with
ASSUMED_FLOOR = 33.0  # then: a quiet room's, -60 dBFS. With less, noise coming back opened utterances
HOLE_RATIO = 0.4  # 8 dB below the floor at once: packets were lost, and nothing or another noise is heard
HOLE_FRAMES = 20  # until it has lasted for 400 ms; few losses in a row last longer

LEARNING_FRAMES = 10  # 200 ms: whatever a call begins with is the line, not the caller
OPEN_RATIO = 3.16  # 10 dB over the floor makes speech likely
MIN_OPEN_LEVEL = 30.0
KEEP_RATIO = 1.4  # 3 dB are enough shortly after: the ends of words are weak, and ستة is two short vowels
MIN_KEEP_LEVEL = 18.0
KEEP_FRAMES = 10  # 200 ms after the last strong frame

TARGET_PEAK = 12_000.0  # -8.7 dBFS, where mode 3 is at its best
ASSUMED_PEAK = 2_000.0  # before anybody spoke: hears a caller at -30 dBFS, but no noise below -45
LOUD_DECAY = 0.95  # per frame that stands out: after a shout, an ordinary voice is heard within half a second
QUIET_DECAY = 0.995  # below the assumed peak: slow, or any noise that lasts would be raised to a voice
MAX_GAIN = 10.0
MAX_NOISE_LEVEL = 400.0  # -38 dBFS: amplified beyond that, line noise is speech to mode 3


class NoiseFloor:
    """The level of the line when nobody speaks: the quietest frame of the last second and a half."""

    __slots__ = ("_blocks", "_earlier", "_floor", "_frames", "_hole_frames", "_quietest")

    def __init__(self) -> None:
        self._quietest = float("inf")  # of the block under way
        self._blocks: list[float] = []  # quietest of each block before, oldest first
        self._earlier = float("inf")  # quietest of those
        self._floor = 0.0  # not known
        self._frames = 0
        self._hole_frames = 0  # in a row

    def track(self, level: float) -> float:
        """Take in one frame's level; the floor as it is now."""
        if level < MUTED_LEVEL or level < self._floor * HOLE_RATIO:
            self._hole_frames += 1
            if self._hole_frames <= HOLE_FRAMES:
                return self._floor or ASSUMED_FLOOR
            level = level if level >= MUTED_LEVEL else ASSUMED_FLOOR
        else:
            self._hole_frames = 0
        self._quietest = min(self._quietest, level)
        self._floor = max(MIN_FLOOR, min(self._quietest, self._earlier))
        self._frames += 1
        if self._frames == FLOOR_BLOCK_FRAMES:
            self._close_block()
        return self._floor

    def _close_block(self) -> None:
        self._blocks = [*self._blocks, self._quietest][-FLOOR_BLOCKS:]
        self._earlier = min(self._blocks)
        self._quietest = float("inf")
        self._frames = 0


class SpeechDetector:
    """One call's judge of frames; it learns the line's noise and the caller's level as it goes."""

    __slots__ = ("_floor", "_keep_frames", "_learning_frames", "_peak", "_vad")

    def __init__(self) -> None:
        self._vad = webrtcvad.Vad(STRICTEST_MODE)
        self._floor = NoiseFloor()
        self._learning_frames = LEARNING_FRAMES
        self._keep_frames = 0
        self._peak = ASSUMED_PEAK

    def is_speech(self, frame_pcm: bytes) -> bool:
        """Whether these 20 ms (320 bytes) are speech."""
        level = rms(frame_pcm)
        floor = self._floor.track(level)
        if self._learning_frames:
            self._learning_frames -= 1
            return False
        is_strong = level >= MIN_OPEN_LEVEL and level >= floor * OPEN_RATIO
        if not is_strong and not self._is_kept(level, floor):
            return False
        if not self._vad.is_speech(self._normalised(frame_pcm, floor), SAMPLE_RATE):
            return False
        if is_strong:
            self._keep_frames = KEEP_FRAMES
        return True

    def _is_kept(self, level: float, floor: float) -> bool:
        if not self._keep_frames:
            return False
        self._keep_frames -= 1
        return level >= MIN_KEEP_LEVEL and level >= floor * KEEP_RATIO

    def _normalised(self, frame_pcm: bytes, floor: float) -> bytes:
        decay = LOUD_DECAY if self._peak > ASSUMED_PEAK else QUIET_DECAY
        self._peak = max(peak(frame_pcm), self._peak * decay)
        gain = min(TARGET_PEAK / self._peak, MAX_GAIN, MAX_NOISE_LEVEL / floor)
        return amplify(frame_pcm, gain) if gain > 1.0 else frame_pcm
