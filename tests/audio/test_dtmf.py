"""dtmf: every key that ITU-T Q.24 asks to be taken is, no speech and no noise is taken for one."""

from typing import Any

import numpy as np
import pytest

from bridge.audio.dtmf import HIGH_HZ, KEYS, LOW_HZ, HeardKeys, KeyDetector, KeyFilter, key_tone
from bridge.audio.g711 import decode_ulaw, encode_ulaw
from bridge.audio.gate import UtteranceStarted, VoiceGate
from bridge.audio.resample import resample
from bridge.speech.espeak.synthesizer import EspeakSynthesizer

ALL = "".join(KEYS)
RANDOM = np.random.default_rng(11)

NUMBERS_AND_ANSWERS = (
    "نَعَم لَا صِفْر وَاحِد اِثْنَان ثَلَاثَة أَرْبَعَة خَمْسَة سِتَّة سَبْعَة ثَمَانِيَة تِسْعَة عَشَرَة "
    "أَشْعُرُ بِأَلَمٍ شَدِيدٍ فِي صَدْرِي مُنْذُ أَمْسِ وَلَا أَسْتَطِيعُ النَّوْم "
    "إِي وَاللهِ الحَمْدُ لِلّه أَحْسَن مِن أَوَّل لٰكِن رِجْلِي تُوجِعْنِي"
)


def tones(
    key: str, ms: float, *, low_dbfs: float = -13, high_dbfs: float = -13, low: float = 1, high: float = 1
) -> np.ndarray[Any, Any]:
    """One key, its frequencies off by the factors `low` and `high`, beginning at any phase."""
    row = next(row for row, keys in enumerate(KEYS) if key in keys)
    seconds = np.arange(round(ms * 8)) / 8000
    parts = ((LOW_HZ[row] * low, low_dbfs), (HIGH_HZ[KEYS[row].index(key)] * high, high_dbfs))
    return sum(  # type: ignore[no-any-return]
        10 ** (level / 20) * np.sin(2 * np.pi * hertz * seconds + RANDOM.uniform(0, 6.28))
        for hertz, level in parts
    )


def line(*parts: np.ndarray[Any, Any], pause_ms: float = 40, noise_dbfs: float = -65) -> bytes:
    """The parts with pauses between, at no particular beginning, with noise, through mu-law."""
    pause = np.zeros(round(pause_ms * 8))
    spaced = [piece for part in parts for piece in (part, pause)]
    wave = np.concatenate([np.zeros(RANDOM.integers(400, 800)), *spaced, np.zeros(400)])
    wave += RANDOM.standard_normal(len(wave)) * 10 ** (noise_dbfs / 20)
    pcm = np.clip(np.rint(wave * 32_767), -32_768, 32_767).astype("<i2").tobytes()
    return decode_ulaw(encode_ulaw(pcm))


def heard(pcm: bytes) -> str:
    return KeyDetector().process(pcm)


@pytest.mark.parametrize("dbfs", [-6.1, -13, -20, -28, -36])
def test_every_key_of_40_ms_is_heard_at_every_level(dbfs: float) -> None:
    """From the loudest that the line carries to well below -25 dBm0, 40 ms apart."""
    assert heard(line(*(tones(key, 40, low_dbfs=dbfs, high_dbfs=dbfs) for key in ALL))) == ALL


@pytest.mark.parametrize("noise_dbfs", [-57, -45, -35])
def test_every_key_is_heard_through_noise(noise_dbfs: float) -> None:
    """Down to 15 dB between each tone and the noise."""
    pcm = line(*(tones(key, 45, low_dbfs=-20, high_dbfs=-20) for key in ALL), noise_dbfs=noise_dbfs)
    assert heard(pcm) == ALL


@pytest.mark.parametrize("low", [0.985, 1, 1.015])
@pytest.mark.parametrize("high", [0.985, 1, 1.015])
def test_frequencies_within_a_percent_and_a_half_are_taken(low: float, high: float) -> None:
    """Q.24 asks for 1.5 % and two hertz more."""
    assert heard(line(*(tones(key, 40, low=low, high=high) for key in ALL), noise_dbfs=-50)) == ALL


@pytest.mark.parametrize("off", [0.965, 1.035])
def test_frequencies_three_and_a_half_percent_off_are_not(off: float) -> None:
    """Either of the two is enough to be refused."""
    assert heard(line(*(tones(key, 100, low=off) for key in ALL))) == ""
    assert heard(line(*(tones(key, 100, high=off) for key in ALL))) == ""


@pytest.mark.parametrize(("low_dbfs", "high_dbfs"), [(-17, -13), (-13, -21)])
def test_twist_within_the_limits_is_taken(low_dbfs: float, high_dbfs: float) -> None:
    """The high tone up to 4 dB stronger, the low one up to 8 dB."""
    assert heard(line(*(tones(key, 40, low_dbfs=low_dbfs, high_dbfs=high_dbfs) for key in ALL))) == ALL


@pytest.mark.parametrize(("low_dbfs", "high_dbfs"), [(-25, -13), (-13, -28), (-13, -100), (-100, -13)])
def test_twist_far_beyond_them_is_not(low_dbfs: float, high_dbfs: float) -> None:
    """And neither is one tone alone."""
    assert heard(line(*(tones(key, 100, low_dbfs=low_dbfs, high_dbfs=high_dbfs) for key in ALL))) == ""


def test_a_tone_too_short_or_too_soft_is_none() -> None:
    """23 ms, and -55 dBm0."""
    assert heard(line(*(tones(key, 23) for key in ALL * 5), pause_ms=60)) == ""
    assert heard(line(*(tones(key, 100, low_dbfs=-58, high_dbfs=-58) for key in ALL), noise_dbfs=-80)) == ""


def test_a_dropout_does_not_make_two_keys_of_one() -> None:
    """10 ms within a tone are the line's fault; a pause of 40 ms is the finger's."""
    assert heard(line(tones("5", 60), tones("5", 60), pause_ms=10)) == "5"
    assert heard(line(tones("5", 60), tones("5", 60), pause_ms=40)) == "55"


def test_a_long_key_is_one_key_and_keys_need_no_pause_between_different_ones() -> None:
    """However long the finger stays."""
    assert heard(line(tones("#", 3000))) == "#"
    assert heard(line(np.concatenate([tones("1", 80), tones("2", 80)]))) == "12"


@pytest.mark.parametrize("size", [1, 7, 40, 160, 1000])
def test_it_does_not_matter_how_the_stream_is_cut(size: int) -> None:
    """Any number of samples at a time."""
    pcm, detector = line(*(tones(key, 50) for key in "1590#")), KeyDetector()
    pieces = (pcm[at : at + 2 * size] for at in range(0, len(pcm), 2 * size))
    assert "".join(detector.process(piece) for piece in pieces) == "1590#"


@pytest.mark.parametrize("voice", ["ar", "ar+Denis", "ar+Andrea", "ar+f2"])
async def test_speech_is_no_key(voice: str) -> None:
    """Arabic numbers, answers and sentences, slow, quick, loud and soft."""
    pitches = (25, 50, 80)
    for pitch in pitches:
        synthesizer = EspeakSynthesizer(voice=voice, words_per_minute=110 + pitch, pitch=pitch)
        await synthesizer.start()
        try:
            speech = await synthesizer.synthesise(NUMBERS_AND_ANSWERS)
        finally:
            await synthesizer.stop()
        pcm = resample(speech.pcm, speech.rate, 8000)
        for gain in (0.05, 0.3, 1.0):
            wave = np.frombuffer(pcm, "<i2") / 32_767 * gain
            assert heard(line(wave)) == ""


def test_no_vowel_and_no_noise_is_a_key(sounds: Any) -> None:
    """Whatever holds still for long."""
    assert heard(sounds.call((1, -6), (0.5, None), (2, -20), noise_dbfs=-40)) == ""
    assert heard(decode_ulaw(encode_ulaw(sounds.noise(20, -20)))) == ""


def test_what_makes_tones_and_what_hears_them_agree() -> None:
    """At every level that a telephone makes."""
    for key in ALL:
        assert heard(bytes(800) + key_tone(key, 0.1) + bytes(800)) == key
    with pytest.raises(ValueError, match="a key is one of"):
        key_tone("12", 0.1)


# On the line


def filtered(pcm: bytes, size: int = 160) -> HeardKeys:
    """A whole line through a filter, and enough silence for it to give back what it held."""
    ulaw, keys = encode_ulaw(pcm) + b"\xff" * 320, KeyFilter()
    pieces = [keys.process(ulaw[at : at + size]) for at in range(0, len(ulaw), size)]
    return HeardKeys("".join(each.keys for each in pieces), b"".join(each.audio for each in pieces))


@pytest.mark.parametrize("size", [50, 160, 999])
def test_what_is_no_key_passes_unchanged(sounds: Any, size: int) -> None:
    """To the byte."""
    pcm = sounds.call((0.5, None), (0.6, -12), (0.5, None))
    passed = filtered(pcm, size)
    assert (passed.keys, passed.audio[: len(pcm) // 2]) == ("", encode_ulaw(pcm)[: len(passed.audio)])


@pytest.mark.parametrize("shift", range(0, 160, 16))
def test_no_part_of_a_key_is_left_over(shift: int) -> None:
    """Its beginning too, wherever in a frame that falls, so that nobody takes it for the start of a word."""
    pcm = bytes(2 * (1600 + shift)) + key_tone("8", 0.12) + bytes(1600)
    passed = filtered(pcm)
    assert passed.keys == "8"
    assert set(passed.audio) == {0xFF}


def test_a_word_beside_a_key_is_heard_and_the_key_is_not(sounds: Any) -> None:
    """Ten keys, quickly: no utterance; a word after them: one."""
    keys = b"".join(key_tone(key, 0.1) + bytes(1600) for key in "0551234567")
    silence = sounds.noise(1, -60)
    passed = filtered(silence + keys + silence + sounds.vowel(0.5, -12) + silence)
    events = VoiceGate().process(passed.audio)
    assert passed.keys == "0551234567"
    assert [type(event) for event in events].count(UtteranceStarted) == 1
    assert [type(event) for event in VoiceGate().process(filtered(silence + keys + silence).audio)] == []
