"""recording: a WAV that any player opens, at any moment."""

import os
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bridge.audio.g711 import decode_ulaw
from bridge.audio.recording import CallRecorder, HeldSamples, StereoRecorder, WavFile

LEFT, RIGHT = b"\x10" * 160, b"\x90" * 160


def read(path: Path) -> np.ndarray:
    with wave.open(str(path)) as wav:
        assert (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (2, 2, 8_000)
        return np.frombuffer(wav.readframes(wav.getnframes()), "<i2").reshape(-1, 2)


def test_each_party_has_a_side(tmp_path: Path) -> None:
    """The first is left, the second right."""
    path = tmp_path / "call.wav"
    with StereoRecorder(path) as recorder:
        recorder.write(LEFT, RIGHT)
    sides = read(path)
    assert sides[:, 0].tobytes() == decode_ulaw(LEFT)
    assert sides[:, 1].tobytes() == decode_ulaw(RIGHT)


def test_the_shorter_side_is_filled_up_with_silence(tmp_path: Path) -> None:
    """Both sides stay in step whatever is missing of one."""
    path = tmp_path / "call.wav"
    with StereoRecorder(path) as recorder:
        recorder.write(LEFT, b"")
        recorder.write(b"", RIGHT)
    sides = read(path)
    assert len(sides) == 320
    assert not sides[:160, 1].any()
    assert not sides[160:, 0].any()


def test_nothing_recorded_is_a_valid_file(tmp_path: Path) -> None:
    """A call without audio leaves an empty WAV, not a broken one."""
    path = tmp_path / "call.wav"
    StereoRecorder(path).close()
    assert len(read(path)) == 0


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    """Whoever cleans up need not know who did before."""
    recorder = StereoRecorder(tmp_path / "call.wav")
    recorder.close()
    recorder.close()


def test_the_file_is_closed_when_the_call_fails(tmp_path: Path) -> None:
    """An exception in the call leaves what was recorded until then."""
    path = tmp_path / "call.wav"

    def call() -> None:
        with StereoRecorder(path) as recorder:
            recorder.write(LEFT, RIGHT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        call()
    assert len(read(path)) == 160


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork to kill a recording process")
def test_the_file_is_valid_when_the_process_dies(tmp_path: Path) -> None:
    """Killed without warning after 2.5 s, at least 2 s can be played."""
    path = tmp_path / "call.wav"
    child = os.fork()
    if child == 0:
        recorder = StereoRecorder(path)
        for _ in range(125):
            recorder.write(LEFT, RIGHT)
        os._exit(9)
    os.waitpid(child, 0)
    assert len(read(path)) >= 16_000


def test_a_call_is_recorded_as_the_caller_heard_it(tmp_path: Path) -> None:
    """What was sent ahead is written when it is heard; what was cleared never is."""
    recorder = CallRecorder(tmp_path / "call.wav")
    recorder.played(b"\x00" * 320)
    recorder.heard(b"\x80" * 160)
    recorder.cleared()
    recorder.heard(b"\x80" * 160)
    recorder.close()
    recorder.close()
    assert (tmp_path / "call.wav").stat().st_mode & 0o077 == 0
    with wave.open(str(tmp_path / "call.wav")) as wav:
        stereo = np.frombuffer(wav.readframes(wav.getnframes()), "<i2").reshape(-1, 2)
    assert len(stereo) == 320
    assert (set(stereo[:, 0].tolist()), set(stereo[:160, 1].tolist())) == ({32124}, {-32124})
    assert set(stereo[160:, 1].tolist()) == {0}


def held(path: Path, seconds: float = 120.0) -> CallRecorder:
    """A recorder of a call that may not be recorded yet."""
    return CallRecorder(HeldSamples(lambda: WavFile(path), lambda: path.unlink(missing_ok=True), seconds))


def test_nothing_is_written_before_it_is_agreed_to(tmp_path: Path) -> None:
    """Then all of it is, and what comes after; in between there is no file."""
    path = tmp_path / "call.wav"
    recorder = held(path)
    recorder.heard(LEFT)
    assert not path.exists()
    recorder.keep()
    recorder.heard(RIGHT)
    recorder.keep()
    recorder.close()
    assert read(path)[:, 0].tobytes() == decode_ulaw(LEFT + RIGHT)


@pytest.mark.parametrize("end", [CallRecorder.discard, CallRecorder.close])
def test_what_is_not_agreed_to_is_forgotten(tmp_path: Path, end: Callable[[CallRecorder], None]) -> None:
    """By a no, or by the call's end; a yes that comes too late changes nothing."""
    recorder = held(tmp_path / "call.wav")
    recorder.heard(LEFT)
    end(recorder)
    recorder.keep()
    recorder.heard(LEFT)
    recorder.close()
    assert list(tmp_path.iterdir()) == []


def test_a_yes_that_was_none_leaves_no_file(tmp_path: Path) -> None:
    """The rest of the sentence took it back."""
    recorder = held(tmp_path / "call.wav")
    recorder.heard(LEFT)
    recorder.keep()
    assert list(tmp_path.iterdir())
    recorder.discard()
    recorder.heard(LEFT)
    recorder.close()
    assert list(tmp_path.iterdir()) == []


def test_only_the_latest_is_held(tmp_path: Path) -> None:
    """Memory is bounded: of what is too old nothing is kept."""
    path = tmp_path / "call.wav"
    recorder = held(path, seconds=0.04)
    for ulaw in (LEFT, RIGHT, RIGHT):
        recorder.heard(ulaw)
    recorder.keep()
    recorder.close()
    assert read(path)[:, 0].tobytes() == decode_ulaw(RIGHT + RIGHT)
