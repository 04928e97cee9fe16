"""Between the formats of wires and ours."""

import numpy as np
import pytest

from bridge import transcoding
from bridge.audio.g711 import decode_ulaw, encode_ulaw, rms
from bridge.transcoding import CONVERTED_BYTES, FromMulaw, ToMulaw, from_mulaw
from protocols.audio import ALAW_8K, LINEAR_8K, MULAW_8K, AudioFormat, Encoding

FORMATS = [
    MULAW_8K,
    ALAW_8K,
    LINEAR_8K,
    AudioFormat(Encoding.LINEAR, big_endian=True),
    AudioFormat(Encoding.LINEAR, 16000),
    AudioFormat(Encoding.LINEAR, 24000),
    AudioFormat(Encoding.MULAW, 16000),
    AudioFormat(Encoding.LINEAR, 48000, big_endian=True),
]
every_format = pytest.mark.parametrize("wire", FORMATS, ids=str)


def tone(seconds: float = 1.0, hertz: float = 440.0) -> bytes:
    """A sine at -12 dBFS, mu-law."""
    at = np.arange(round(8000 * seconds)) / 8000
    return encode_ulaw((8192 * np.sin(2 * np.pi * hertz * at)).astype("<i2").tobytes())


def chunks(payload: bytes, size: int) -> list[bytes]:
    return [payload[start : start + size] for start in range(0, len(payload), size)]


@every_format
@pytest.mark.parametrize("size", [160, 241, 7])
def test_what_goes_out_comes_back(wire: AudioFormat, size: int) -> None:
    """A tone survives the round trip, whatever pieces it comes in: the error is codecs' noise."""
    said = tone()
    sent = from_mulaw(said, wire)
    decoder = ToMulaw(wire)
    heard = b"".join(decoder.process(piece) for piece in chunks(sent, size))

    middle = slice(1600, 6400)
    before = np.frombuffer(decode_ulaw(said), "<i2").astype(float)[middle]
    after = np.frombuffer(decode_ulaw(heard), "<i2").astype(float)[middle]
    assert np.sqrt(np.mean((before - after) ** 2)) < 0.05 * np.sqrt(np.mean(before**2))


@every_format
def test_a_phrase_is_as_long_as_it_was(wire: AudioFormat) -> None:
    """To the sample, so that clocks stay right."""
    assert len(from_mulaw(tone(0.5), wire)) == wire.bytes_per_second // 2


@every_format
def test_silence_is_silent(wire: AudioFormat) -> None:
    """The sample that fills a frame is heard as nothing."""
    decoder = ToMulaw(wire)
    count = wire.bytes_per_second // len(wire.silence)

    assert rms(decode_ulaw(decoder.process(wire.silence * count))) <= 8


@every_format
def test_a_stream_of_ours_has_no_seams(wire: AudioFormat) -> None:
    """Frame by frame it is what it is at once, up to the filter's delay."""
    encoder, decoder = FromMulaw(wire), ToMulaw(wire)
    heard = b"".join(decoder.process(encoder.process(frame)) for frame in chunks(tone(), 160))

    assert len(heard) > 0.8 * 8000
    pcm = np.frombuffer(decode_ulaw(heard), "<i2").astype(float)[800:6000]
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
    strongest = np.argmax(spectrum)
    elsewhere = np.delete(spectrum, range(max(0, strongest - 6), strongest + 7))
    assert strongest * 8000 / len(pcm) == pytest.approx(440, abs=3)
    assert elsewhere.max() < 0.02 * spectrum.max()


def test_our_own_format_is_not_touched() -> None:
    """The usual case costs nothing."""
    said = tone(0.1)

    assert from_mulaw(said, MULAW_8K) is said
    assert ToMulaw(MULAW_8K).process(said) is said
    assert FromMulaw(MULAW_8K).process(said) is said


def test_what_is_converted_is_kept_within_bounds() -> None:
    """Long phrases at high rates would be kept by the hundred megabytes, a call at a time."""
    wire = AudioFormat(Encoding.LINEAR, 48000)
    short, long = tone(0.1), [bytes([level]) * 160_000 for level in range(5)]  # 20 s: 1.9 MB
    assert from_mulaw(short, wire) is from_mulaw(short, wire)
    for phrase in long:
        from_mulaw(phrase, wire)
    assert 0 < transcoding._converted.bytes <= CONVERTED_BYTES
    assert from_mulaw(long[-1], wire) is from_mulaw(long[-1], wire)
