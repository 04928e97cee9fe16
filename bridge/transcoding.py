"""Between the audio of a provider's wire and ours: mu-law, 8 kHz, mono.

What comes in is a stream and is converted as one. What goes out is whole phrases, each converted once before
it is cut into frames, so that no seam is heard.
"""

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.g711 import SAMPLE_WIDTH, decode_alaw, decode_ulaw, encode_alaw, encode_ulaw, swap_bytes
from bridge.audio.memory import SoundMemory
from bridge.audio.resample import Resampler, resample
from protocols.audio import MULAW_8K, AudioFormat, Encoding

__all__ = ["FromMulaw", "ToMulaw", "from_mulaw"]

# A questionnaire's phrases come again and again. A long one is a megabyte at 24 kHz: bytes count.
CONVERTED_BYTES = 4 << 20

_converted = SoundMemory(CONVERTED_BYTES)


class ToMulaw:
    """One stream in a wire's format, chunk by chunk: any bytes, in mid-sample too.

    Packets of Opus are decoded before (bridge/opus.py), in a process of their own.
    """

    def __init__(self, source: AudioFormat) -> None:
        if source.encoding is Encoding.OPUS:
            raise ValueError("packets of Opus are decoded in a process of their own")
        self._source = source
        self._is_ours = source == MULAW_8K
        self._odd = b""
        is_other_rate = source.sample_rate != SAMPLE_RATE
        self._resampler = Resampler(source.sample_rate, SAMPLE_RATE, is_live=True) if is_other_rate else None

    def process(self, payload: bytes) -> bytes:
        """More of the stream; what can be said of it so far."""
        if self._is_ours:
            return payload
        pcm = self._linear(payload)
        return encode_ulaw(self._resampler.process(pcm) if self._resampler else pcm)

    def _linear(self, payload: bytes) -> bytes:
        match self._source.encoding:
            case Encoding.MULAW:
                return decode_ulaw(payload)
            case Encoding.ALAW:
                return decode_alaw(payload)
            case _:
                joined = self._odd + payload
                whole = len(joined) - len(joined) % SAMPLE_WIDTH
                self._odd = joined[whole:]
                return swap_bytes(joined[:whole]) if self._source.big_endian else joined[:whole]


class FromMulaw:
    """One stream of ours, chunk by chunk, in a wire's format."""

    def __init__(self, target: AudioFormat) -> None:
        self._target = target
        is_other_rate = target.sample_rate != SAMPLE_RATE
        self._resampler = Resampler(SAMPLE_RATE, target.sample_rate, is_live=True) if is_other_rate else None

    def process(self, ulaw: bytes) -> bytes:
        """More of the stream; what can be said of it so far."""
        if self._target == MULAW_8K:
            return ulaw
        pcm = decode_ulaw(ulaw)
        return _encoded(self._resampler.process(pcm) if self._resampler else pcm, self._target)


def _encoded(pcm: bytes, target: AudioFormat) -> bytes:
    match target.encoding:
        case Encoding.MULAW:
            return encode_ulaw(pcm)
        case Encoding.ALAW:
            return encode_alaw(pcm)
        case Encoding.LINEAR:
            return swap_bytes(pcm) if target.big_endian else pcm
        case Encoding.OPUS:
            raise ValueError("Opus is heard, and not spoken")


def from_mulaw(phrase: bytes, target: AudioFormat) -> bytes:
    """A whole phrase in a wire's format: as long as it was, to the sample."""
    if target == MULAW_8K:
        return phrase
    if (converted := _converted.get((phrase, target))) is None:
        converted = _encoded(resample(decode_ulaw(phrase), SAMPLE_RATE, target.sample_rate), target)
        _converted.put((phrase, target), converted)
    return converted
