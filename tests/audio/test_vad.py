"""vad: a voice at any level is heard, a line's noise is not."""

from typing import Any

import pytest

from bridge.audio.frames import PCM_FRAME_BYTES
from bridge.audio.g711 import decode_ulaw, encode_ulaw
from bridge.audio.vad import ASSUMED_FLOOR, HOLE_FRAMES, MIN_FLOOR, NoiseFloor, SpeechDetector


def judged(pcm: bytes) -> list[bool]:
    """Each frame's verdict, after the trip over the line."""
    heard = decode_ulaw(encode_ulaw(pcm))
    detector = SpeechDetector()
    starts = range(0, len(heard) - PCM_FRAME_BYTES + 1, PCM_FRAME_BYTES)
    return [detector.is_speech(heard[start : start + PCM_FRAME_BYTES]) for start in starts]


@pytest.mark.parametrize("peak_dbfs", [-6, -12, -20, -30])
def test_a_voice_is_speech_at_every_level(sounds: Any, peak_dbfs: float) -> None:
    """Half a second of voice on a line 45 dB quieter is found, and little else."""
    verdicts = judged(sounds.call((1, None), (0.5, peak_dbfs), (1, None), noise_dbfs=peak_dbfs - 45))
    assert sum(verdicts[50:75]) >= 20
    assert sum(verdicts[:50]) == 0
    assert sum(verdicts[80:]) == 0


@pytest.mark.parametrize("rms_dbfs", [-70, -60, -50, -40, -30])
def test_line_noise_at_the_start_of_a_call_is_not_speech(sounds: Any, rms_dbfs: float) -> None:
    """A noisy line is noisy from its first frame, and taken for what it is."""
    assert sum(judged(sounds.noise(5, rms_dbfs))) == 0


@pytest.mark.parametrize("rms_dbfs", [-70, -60, -50])
def test_faint_noise_after_digital_silence_is_hardly_speech(sounds: Any, rms_dbfs: float) -> None:
    """Noise that sets in later may catch a few frames, never the 120 ms of an utterance."""
    assert sum(judged(sounds.silence(1) + sounds.noise(5, rms_dbfs))) < 6


def test_loud_steady_noise_is_soon_taken_for_the_line(sounds: Any) -> None:
    """Noise at -20 dBFS that sets in is no longer speech two seconds later."""
    assert sum(judged(sounds.silence(1) + sounds.noise(6, -20))[150:]) == 0


def test_a_quiet_voice_is_heard_after_a_loud_one(sounds: Any) -> None:
    """What a caller's level was does not deafen us to what it is."""
    verdicts = judged(sounds.call((1, None), (1, -6), (1, None), (1, -24), (1, None)))
    assert sum(verdicts[150:200]) >= 40


def test_digital_silence_is_not_speech(sounds: Any) -> None:
    """Nothing is nothing."""
    assert not any(judged(sounds.silence(3)))


def test_the_floor_falls_at_once_and_rises_slowly() -> None:
    """One quieter frame tells the floor; a second of loud ones does not raise it."""
    floor = NoiseFloor()
    assert floor.track(500) == 500
    assert floor.track(210) == 210
    assert {floor.track(900) for _ in range(59)} == {210}
    assert [floor.track(900) for _ in range(40)][-1] == 900


@pytest.mark.parametrize("filled_with", [0.0, 33.0], ids=["silence", "comfort noise"])
def test_lost_packets_do_not_lower_the_floor(filled_with: float) -> None:
    """Whatever is put in their place; if it lasts, it is the line."""
    floor = NoiseFloor()
    for frame in range(200):
        lost = frame % 20 in {3, 4, 5, 11}
        assert floor.track(filled_with if lost else 184.0) == 184
    assert {floor.track(filled_with) for _ in range(HOLE_FRAMES)} == {184}
    assert floor.track(filled_with) == 33


def test_a_noisy_line_that_loses_packets_is_not_speech(sounds: Any) -> None:
    """Noise around the holes stands out from them, and not from the line."""
    noise = bytearray(sounds.noise(20, -45))
    for at in range(0, len(noise), 20 * PCM_FRAME_BYTES):
        noise[at : at + PCM_FRAME_BYTES] = bytes(PCM_FRAME_BYTES)
    assert sum(judged(bytes(noise))) == 0


def test_the_floor_has_a_bottom() -> None:
    """A very quiet line does not make the faintest noise stand out."""
    assert NoiseFloor().track(5) == MIN_FLOOR


def test_digital_silence_tells_nothing_of_the_noise() -> None:
    """While the line is muted the floor of a quiet room is assumed."""
    assert NoiseFloor().track(0) == ASSUMED_FLOOR
