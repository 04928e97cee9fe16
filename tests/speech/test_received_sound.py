"""received_sound: samples survive any way of cutting an answer, and nothing else passes as samples."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import WorkerError
from bridge.speech.server.received_sound import ReceivedSound

SAMPLES = struct.pack("<40h", *range(-20, 20))


def wav(
    samples: bytes = SAMPLES,
    *,
    length: int | None = None,
    tag: int = 1,
    channels: int = 1,
    rate: int = 16000,
    bits: int = 16,
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, tag, channels, rate, rate * 2, 2, bits)
    data = struct.pack("<4sI", b"data", len(samples) if length is None else length) + samples
    return b"RIFF\xff\xff\xff\xffWAVE" + before + form + data + after


def received(content: bytes, cuts: list[int] | None = None) -> tuple[bytes, int]:
    """All samples of an answer that was cut at these places, and their rate."""
    sound = ReceivedSound(rate=24000, max_seconds=1)
    places = [0, *sorted(cut % (len(content) + 1) for cut in cuts or []), len(content)]
    pieces = [sound.feed(content[a:b]) for a, b in pairwise(places)]
    assert all(len(piece) % 2 == 0 for piece in pieces)
    return b"".join(pieces) + sound.finish(), sound.rate


@given(st.lists(st.integers(0, 200)))
def test_bare_samples_may_be_cut_anywhere(cuts: list[int]) -> None:
    """At odd places too."""
    assert received(SAMPLES, cuts) == (SAMPLES, 24000)


@given(st.lists(st.integers(0, 200)), st.sampled_from([None, 0, 0xFFFFFFFF, 0x7FFFFFFF]))
def test_wav_may_be_cut_anywhere(cuts: list[int], length: int | None) -> None:
    """Its length may be unknown, and other chunks stand before the sound."""
    titles = struct.pack("<4sI", b"LIST", 3) + b"abc\0"

    assert received(wav(length=length, before=titles), cuts) == (SAMPLES, 16000)


def test_what_follows_the_sound_is_no_sound() -> None:
    """A list of titles, say."""
    assert received(wav(after=b"LIST\x04\0\0\0abcd")) == (SAMPLES, 16000)


@pytest.mark.parametrize("samples", [SAMPLES[:2], SAMPLES[:10]])
def test_a_few_samples_are_sound_too(samples: bytes) -> None:
    """Fewer bytes than it takes to know a WAV file."""
    assert received(samples) == (samples, 24000)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (wav(b"", length=0), "is empty"),
        (SAMPLES[:-1], "ends in the middle"),
        (SAMPLES[:3], "ends in the middle"),
        (wav(length=len(SAMPLES) + 2), "ends in the middle"),
        (wav()[:30], "ends in the middle"),
        (b"RIFF", "ends in the middle"),
        (b"ID3\x04" + bytes(40), "sends MP3; it must send bare samples"),
        (b"OggS" + bytes(40), "sends Ogg"),
        (b"fLaC" + bytes(40), "sends FLAC"),
        (wav(channels=2), "2 channels"),
        (wav(tag=3, bits=32), "format 3 of WAV, 1 channels, 32 bits"),
        (wav(rate=96000), "96000 Hz"),
        (wav(tag=7, bits=8, rate=8000), "it must be one channel of 16 bits"),
        (b"RIFF\0\0\0\0WAVEdata\x10\0\0\0" + bytes(70000), "no sound where it should begin"),
        (b"RIFF\0\0\0\0WAVE" + b"junk\x02\0\0\0ab" * 8000, "no sound where it should begin"),
        (bytes(24000 * 2 + 2), "longer than 1 s"),
    ],
)
def test_what_is_no_whole_sound_is_refused(content: bytes, told: str) -> None:
    """In one sentence."""
    with pytest.raises(WorkerError, match=told):
        received(content, [len(content) // 2])
