"""echo: what was heard and what was said in, how much one is the other out."""

from typing import Any

import numpy as np
import pytest

from bridge.audio.echo import ALIKE, is_echo, likeness
from bridge.audio.g711 import decode_ulaw, encode_ulaw


def speech(seed: int, seconds: float) -> Any:
    """Something as varied as speech: noise in the band of a voice, swelling and fading."""
    chance = np.random.default_rng(seed)
    count = int(seconds * 8000)
    noise = np.convolve(chance.normal(0, 1, count), np.hanning(12), "same")
    syllables = np.repeat(chance.uniform(0, 1, count // 800 + 1), 800)[:count]
    return noise * syllables * 3000


def pcm(samples: Any) -> bytes:
    return bytes(np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes())


SAID = speech(1, 2.5)
ONSET_SECONDS = 0.12  # of speech, with which an utterance begins


@pytest.mark.parametrize("decibels", [-15, -30])
@pytest.mark.parametrize("late_seconds", [0.0, 0.3, 1.5])
def test_an_echo_is_found_however_late(decibels: float, late_seconds: float) -> None:
    """Softer, through the line's codec and hiss."""
    until = len(SAID) - int(late_seconds * 8000)
    heard = SAID[until - 3360 : until] * 10 ** (decibels / 20) + np.random.default_rng(2).normal(0, 20, 3360)
    assert is_echo(decode_ulaw(encode_ulaw(pcm(heard))), pcm(SAID), ONSET_SECONDS)


def test_an_echo_of_a_beginning_is_found() -> None:
    """Before we began to speak there was nothing to be heard."""
    heard = np.concatenate((np.zeros(2400), SAID[:960] * 0.1))
    assert is_echo(pcm(heard), pcm(SAID[:4000]), ONSET_SECONDS)


def test_another_voice_is_no_echo() -> None:
    """Also over one."""
    caller = speech(3, 0.42)[:3360]
    assert likeness(pcm(caller), pcm(SAID)) < ALIKE / 2
    assert not is_echo(pcm(caller + SAID[5000:8360] * 10 ** (-15 / 20)), pcm(SAID), ONSET_SECONDS)


def test_whoever_begins_to_speak_after_an_echo_is_none() -> None:
    """Three tenths of a second of it, and then a voice: what has just begun decides."""
    echo, caller = SAID[5000:7400] * 0.2, speech(3, 0.5)[1600:2560]
    heard = pcm(np.concatenate((echo, caller * 0.2)))
    assert likeness(heard, pcm(SAID)) >= ALIKE
    assert not is_echo(heard, pcm(SAID), ONSET_SECONDS)


def test_an_echo_after_something_else_is_one() -> None:
    """A caller's earlier word before it, louder than it is: what has just begun decides."""
    caller, echo = speech(3, 0.5)[:2400], SAID[5000:5960] * 0.2
    heard = pcm(np.concatenate((caller, echo)))
    assert likeness(heard, pcm(SAID)) < ALIKE
    assert is_echo(heard, pcm(SAID), ONSET_SECONDS)


def test_silence_is_like_nothing() -> None:
    """Nothing is divided by nothing."""
    assert likeness(b"", pcm(SAID)) == 0.0
    assert likeness(pcm(SAID[:400]), pcm(SAID)) == 0.0  # too little to tell
    assert likeness(bytes(3200), pcm(SAID)) == 0.0
    assert likeness(pcm(SAID[:1600]), b"") == 0.0
    assert likeness(pcm(SAID[:1600]), bytes(6400)) == 0.0
