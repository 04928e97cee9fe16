"""Polish: what any engine gives becomes speech of one loudness, in the telephone's band, without clicks."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.audio.g711 import decode_ulaw, encode_ulaw
from bridge.audio.levels import peak_dbfs
from bridge.audio.loudness import loudness
from bridge.audio.polish import TARGET_LUFS, Polisher, VoiceLevel, polish

RATES = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


def pcm_of(samples: np.ndarray) -> bytes:
    return np.rint(samples).clip(-32_768, 32_767).astype("<i2").tobytes()


def samples_of(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2").astype(float)


def tone(rate: int, hertz: float, dbfs: float = -12.0, seconds: float = 1.0) -> np.ndarray:
    time = np.arange(round(rate * seconds)) / rate
    return 32_767 * 10 ** (dbfs / 20) * np.sin(2 * np.pi * hertz * time)


def syllables(rate: int, dbfs: float = -12.0, seconds: float = 2.4) -> np.ndarray:
    """Something of the shape of speech: a buzz in bursts, with weak hisses between and pauses."""
    count = round(rate * seconds)
    time = np.arange(count) / rate
    buzz = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 25))
    envelope = np.clip(np.sin(2 * np.pi * 2.5 * time), 0, 1) ** 0.5
    hiss = np.random.default_rng(5).normal(size=count) * 0.02 * (envelope < 0.3)
    spoken = buzz * envelope + hiss
    return np.asarray(32_767 * 10 ** (dbfs / 20) * spoken / np.abs(spoken).max())


def heard(pcm: bytes) -> bytes:
    """What arrives at the far end."""
    return decode_ulaw(encode_ulaw(pcm))


def streamed(pcm: bytes, rate: int, size: int = 3000, level: VoiceLevel | None = None) -> bytes:
    polisher = Polisher(rate, level)
    parts = [polisher.process(pcm[start : start + size]) for start in range(0, len(pcm), size)]
    return b"".join(parts) + polisher.flush()


def line_dbfs(pcm: bytes, hertz: float) -> float:
    """The level of one frequency in the middle of some audio at 8 kHz, against a sine of full scale."""
    samples = samples_of(pcm)
    middle = samples[len(samples) // 2 - 2000 : len(samples) // 2 + 2000] / 32_768
    window = np.hanning(len(middle))
    turn = np.exp(-2j * np.pi * hertz / 8000 * np.arange(len(middle)))
    return float(20 * np.log10(2 * abs(np.dot(middle * window, turn)) / window.sum() + 1e-12))


# Aliasing

RATES = (11_025, 16_000, 22_050, 24_000, 44_100, 48_000)
ABOVE_THE_BAND = (4200, 4400, 5000, 6300, 7000, 8100, 9300, 10_000)


@pytest.mark.parametrize(
    ("hertz", "rate"), [(hertz, rate) for hertz in ABOVE_THE_BAND for rate in RATES if hertz < rate / 2]
)
@pytest.mark.parametrize("way", [polish, streamed])
def test_nothing_above_the_band_folds_into_it(rate: int, hertz: int, way: object) -> None:
    """A tone of 4.2 to 10 kHz beside one of 730 Hz, both at the engine's rate, leaves at most -60 dB."""
    both = tone(rate, 730, -12, 1.5) + tone(rate, hertz, -12, 1.5)
    folded = abs(hertz - 8000 * round(hertz / 8000))
    polished = way(pcm_of(both), rate)  # type: ignore[operator]
    assert line_dbfs(polished, 730) > -20
    assert line_dbfs(polished, folded) <= line_dbfs(polished, 730) - 60


@pytest.mark.parametrize("rate", [22_050, 24_000, 48_000])
def test_a_tone_that_no_telephone_carries_is_silence(rate: int) -> None:
    """It is not raised until its remains are heard."""
    swelling = tone(rate, 6000, -3) * np.hanning(rate)
    assert polish(pcm_of(swelling), rate) == b""


def test_the_band_itself_is_kept() -> None:
    """From 300 to 3400 Hz within a decibel; 50 Hz is gone."""
    levels = {}
    for hertz in (50, 300, 1000, 2000, 3400):
        both = tone(24_000, 700, -14, 2.0) + tone(24_000, hertz, -26, 2.0)
        polished = polish(pcm_of(both), 24_000)
        levels[hertz] = line_dbfs(polished, hertz) - line_dbfs(polished, 700)
    assert levels[50] < -40
    assert [levels[hertz] for hertz in (300, 1000, 2000, 3400)] == pytest.approx([-12] * 4, abs=1)


# Loudness


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("dbfs", [-36.0, -12.0, 0.0])
def test_every_engine_is_as_loud(rate: int, dbfs: float) -> None:
    """Measured behind mu-law, whatever the rate and however loud the engine is; nothing is clipped."""
    far_end = heard(polish(pcm_of(syllables(rate, dbfs)), rate))
    assert loudness(far_end) == pytest.approx(TARGET_LUFS, abs=0.15)
    assert peak_dbfs(far_end) <= -1.5


def test_what_is_polished_stays_as_loud() -> None:
    """Polishing again moves neither the level nor the ends by much."""
    once = polish(pcm_of(syllables(24_000)), 24_000)
    twice = polish(once, 8000)
    assert loudness(heard(twice)) == pytest.approx(loudness(heard(once)), abs=0.2)
    assert abs(len(twice) - len(once)) / 16 < 70


def test_it_repeats_itself() -> None:
    """The same speech gives the same bytes, whole and streamed."""
    pcm = pcm_of(syllables(22_050))
    assert polish(pcm, 22_050) == polish(pcm, 22_050)
    assert streamed(pcm, 22_050) == streamed(pcm, 22_050)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("dbfs", [-24.0, -12.0, -1.0])
def test_a_stream_is_about_as_loud(rate: int, dbfs: float) -> None:
    """Within 3 LU of the whole with nothing known of the voice, within 1.5 LU of it once it is remembered."""
    pcm = pcm_of(syllables(rate, dbfs))
    assert loudness(heard(streamed(pcm, rate))) == pytest.approx(TARGET_LUFS, abs=3)
    level = VoiceLevel()
    polish(pcm, rate, level)
    assert loudness(heard(streamed(pcm, rate, level=level))) == pytest.approx(TARGET_LUFS, abs=1.5)


def test_a_voice_is_remembered_as_it_is_lately() -> None:
    """The first piece sets what is expected; a single odd one moves it by a tenth."""
    level = VoiceLevel()
    polish(pcm_of(syllables(8000, -12)), 8000, level)
    first = level.loudness
    polish(pcm_of(syllables(8000, -32)), 8000, level)
    assert first is not None
    assert level.loudness == pytest.approx(first - 2, abs=0.2)


# A stream


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("is_known", [True, False])
def test_a_stream_speaks_while_the_rest_is_made(rate: int, is_known: bool) -> None:
    """It is never more than 180 ms behind a voice that it remembers, and 390 ms behind another."""
    pcm = pcm_of(tone(rate, 600, -12, 2.0))
    level = VoiceLevel()
    if is_known:
        polish(pcm, rate, level)
    polisher, given, came = Polisher(rate, level), 0, 0
    size = 2 * (rate // 50)
    for start in range(0, len(pcm), size):
        given += len(pcm[start : start + size])
        came += len(polisher.process(pcm[start : start + size]))
        assert given / 2 / rate - came / 16_000 <= (0.18 if is_known else 0.39)
    came += len(polisher.flush())
    assert came / 16_000 == pytest.approx(2.0, abs=0.06)


@pytest.mark.parametrize("size", [1, 7, 641])
def test_a_stream_may_be_cut_anywhere(size: int) -> None:
    """Odd byte counts too: the same length, nearly the same sound."""
    pcm = pcm_of(syllables(24_000, seconds=0.6))
    pieces, whole = streamed(pcm, 24_000, size), streamed(pcm, 24_000, len(pcm))
    assert abs(len(pieces) - len(whole)) <= 64
    assert loudness(pieces) == pytest.approx(loudness(whole), abs=3)


# Ends, steps and clicks


@pytest.mark.parametrize("way", [polish, streamed])
@pytest.mark.parametrize("before", [0.0, 0.01, 0.5])
def test_silence_at_the_ends_is_short(way: object, before: float) -> None:
    """At most 20 ms before the first sound and 60 ms after the last; between them nothing is lost."""
    rate = 22_050
    speech = tone(rate, 500, -12, 0.8)
    around = np.zeros(round(rate * before))
    polished = samples_of(way(pcm_of(np.concatenate((around, speech, around))), rate))  # type: ignore[operator]
    sounding = np.flatnonzero(np.abs(polished) > 33)  # -60 dBFS
    assert sounding[0] / 8000 <= 0.020
    assert (len(polished) - sounding[-1]) / 8000 <= 0.060
    assert (sounding[-1] - sounding[0]) / 8000 == pytest.approx(0.8, abs=0.02)


def test_weak_consonants_are_kept() -> None:
    """A hiss 38 dB under the vowel, in front of it and behind it."""
    rate = 16_000
    hiss = np.random.default_rng(3).normal(size=rate // 10) * 32_767 * 10 ** (-50 / 20) * 2
    silence = np.zeros(rate // 5)
    vowel = tone(rate, 400, -9, 0.3)
    polished = polish(pcm_of(np.concatenate((silence, hiss, vowel, hiss, silence))), rate)
    assert len(polished) / 16_000 >= 0.5


@pytest.mark.parametrize("way", [polish, streamed])
@pytest.mark.parametrize("offset", [0, 3000, -20_000])
def test_pieces_may_be_put_one_after_the_other(way: object, offset: int) -> None:
    """They begin and end near zero, with no step in between, also where the engine's own begin with one."""
    rate = 22_050
    piece = way(pcm_of(tone(rate, 433, -12, 0.5 + 1 / 433 / 4) + offset), rate)  # type: ignore[operator]
    samples = samples_of(piece)
    assert abs(samples[0]) <= 100
    assert abs(samples[-1]) <= 100
    steps = np.abs(np.diff(np.concatenate((samples[-32:], samples[:16]))))
    assert steps.max() <= np.abs(np.diff(samples[15:-32])).max()
    assert abs(samples[-1] - samples[0]) <= 100


@pytest.mark.parametrize("way", [polish, streamed])
def test_a_constant_offset_is_taken_away(way: object) -> None:
    """DC moves a telephone's loudspeaker and says nothing."""
    polished = samples_of(way(pcm_of(syllables(24_000) + 4000), 24_000))  # type: ignore[operator]
    assert abs(polished.mean()) < 20


# What is no speech


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("pcm", [b"", b"\x01", bytes(2), bytes(30_001), b"\x01\x00\xff\xff" * 4000], ids=len)
def test_silence_becomes_nothing(rate: int, pcm: bytes) -> None:
    """Also nothing, half a sample, one sample, and what only the lowest bit says."""
    assert polish(pcm, rate) == b""
    assert streamed(pcm, rate) == b""


@pytest.mark.parametrize("rate", [7_999, 0, -1, 48_001])
def test_a_rate_that_no_engine_has_is_refused(rate: int) -> None:
    """By a sentence that says which there are."""
    with pytest.raises(ValueError, match="8000 to 48000 Hz"):
        polish(b"", rate)
    with pytest.raises(ValueError, match="8000 to 48000 Hz"):
        Polisher(rate)


@settings(deadline=None, max_examples=50)
@given(
    rate=st.integers(8_000, 48_000),
    parts=st.lists(
        st.tuples(
            st.sampled_from(["noise", "square", "step", "silence", "click", "tone"]),
            st.integers(0, 3000),
            st.integers(0, 32_767),
        ),
        max_size=6,
    ),
    size=st.integers(1, 9000),
    odd=st.booleans(),
)
def test_nothing_ever_clips(rate: int, parts: list[tuple[str, int, int]], size: int, odd: bool) -> None:
    """Whatever comes at whatever rate: no sample past the ceiling, both ends near zero, no exception."""
    pcm = pcm_of(np.concatenate([np.zeros(0), *(_part(*part) for part in parts)])) + b"\x7f" * odd
    for polished in (polish(pcm, rate), streamed(pcm, rate, size)):
        assert len(polished) % 2 == 0
        if polished:
            assert peak_dbfs(polished) <= -1.99
            assert max(map(abs, samples_of(polished)[[0, -1]])) <= 500


def _part(kind: str, count: int, size: int) -> np.ndarray:
    if kind == "noise":
        return np.random.default_rng(count).uniform(-size, size, count)
    if kind == "square":
        return np.where(np.arange(count) // 20 % 2, size, -size).astype(float)
    if kind == "tone":
        return size * np.sin(np.arange(count) * math.tau / 37)
    samples = np.full(count, float(size) if kind == "step" else 0.0)
    if kind == "click" and count:
        samples[count // 2] = size
    return samples
