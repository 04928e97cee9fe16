"""frames: any chunk length in, whole frames out, nothing lost."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.audio.frames import FRAME_BYTES, FRAME_SECONDS, PCM_FRAME_BYTES, SAMPLE_RATE, Framer


def test_frame_is_twenty_milliseconds() -> None:
    """A frame is 20 ms of 8 kHz audio: 160 mu-law bytes, 320 PCM bytes."""
    assert FRAME_SECONDS == 0.02
    assert FRAME_BYTES == SAMPLE_RATE * 0.02
    assert PCM_FRAME_BYTES == 2 * FRAME_BYTES


def test_whole_frame_passes_as_it_is() -> None:
    """A payload of exactly one frame comes out untouched."""
    payload = bytes(range(160))
    assert Framer().push(payload) == [payload]


@given(st.lists(st.binary(max_size=700)))
def test_split_audio_equals_whole_audio(chunks: list[bytes]) -> None:
    """However audio is split, the frames joined are the audio, and only the flushed one is filled up."""
    framer = Framer()
    frames = [frame for chunk in chunks for frame in framer.push(chunk)]
    rest = framer.flush()
    whole = b"".join(chunks)
    assert all(len(frame) == FRAME_BYTES for frame in frames)
    assert (b"".join(frames) + (rest or b""))[: len(whole)] == whole
    assert (rest is None) == (len(whole) % FRAME_BYTES == 0)


def test_flush_fills_up_with_silence() -> None:
    """The remainder becomes a frame that ends in silence; a second flush has nothing left."""
    framer = Framer()
    framer.push(b"\x10" * 10)
    assert framer.flush() == b"\x10" * 10 + b"\xff" * 150
    assert framer.flush() is None
