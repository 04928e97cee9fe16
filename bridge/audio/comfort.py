"""The sound of somebody who is still there: what is heard where there are no words to be said."""

from array import array
from math import cos, pi, sin

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.g711 import encode_ulaw

__all__ = ["WAITING_TONE"]

_HERTZ = 425.0  # a sound of the telephone network, which no key makes
_SECONDS = 0.4
_PEAK = 2_000.0  # -24 dBFS: softer than any prompt


def _tone() -> bytes:
    """Swells and fades: a beginning or an end at once would click."""
    count = int(_SECONDS * SAMPLE_RATE)
    swell = ((1 - cos(2 * pi * number / (count - 1))) / 2 for number in range(count))
    samples = (
        round(_PEAK * loudness * sin(2 * pi * _HERTZ * number / SAMPLE_RATE))
        for number, loudness in enumerate(swell)
    )
    return encode_ulaw(array("h", samples).tobytes())


WAITING_TONE = _tone()  # mu-law, 8 kHz
