"""A bad line: what arrives of what is said."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.audio.frames import FRAME_BYTES, FRAME_SECONDS, SAMPLE_RATE
from bridge.audio.g711 import ULAW_SILENCE, decode_ulaw, encode_ulaw, rms
from bridge.carriers.telephone_line import BAD_LINES, Filling, LineCondition, TelephoneLine

SILENCE = bytes([ULAW_SILENCE])
SOUND = bytes(code for code in range(256) if code not in {0x7F, 0xFF})  # neither of the zeros


def line(seed: int = 1, **condition: Any) -> TelephoneLine:
    return TelephoneLine(LineCondition(**condition), np.random.default_rng(seed))


def said(seconds: float, seed: int = 0) -> bytes:
    """Somebody's noise, never digitally silent."""
    codes = np.random.default_rng(seed).integers(0, len(SOUND), round(seconds * SAMPLE_RATE))
    return bytes(SOUND[code] for code in codes)


def tone(seconds: float, amplitude: float) -> bytes:
    wave = amplitude * np.sin(np.arange(round(seconds * SAMPLE_RATE)) * 0.5)
    return encode_ulaw(wave.astype("<i2").tobytes())


def samples(ulaw: bytes) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.frombuffer(decode_ulaw(ulaw), dtype="<i2").astype(np.float64)


conditions = st.builds(
    LineCondition,
    gain_db=st.sampled_from([0.0, -20.0, 20.0]),
    offset=st.sampled_from([0, 300]),
    noise_dbfs=st.sampled_from([None, -50.0]),
    echo_db=st.sampled_from([None, -15.0]),
    packet_seconds=st.sampled_from([0.01, 0.02, 0.03, 0.06]),
    loss=st.sampled_from([0.0, 0.05, 0.5]),
    loss_packets=st.sampled_from([1.0, 3.0]),
    filling=st.sampled_from(Filling),
    jitter_seconds=st.sampled_from([0.0, 0.3]),
    suppressed=st.sampled_from([None, *Filling]),
    dead=st.sampled_from([(), ((0.1, 0.3),)]),
    dead_filling=st.sampled_from(Filling),
)
seeds = st.integers(0, 2**16)


def test_a_perfect_line_changes_nothing() -> None:
    """Every code arrives, in its own 20 ms."""
    perfect, frame = line(), bytes(range(160))
    assert [perfect.tick(frame) for _ in range(5)] == [[frame]] * 5
    assert perfect.flush() == []


@settings(max_examples=60, deadline=None)
@given(condition=conditions, seed=seeds)
def test_what_keeps_its_length_does(condition: LineCondition, seed: int) -> None:
    """A call's time goes on where something is put in the place of what is missing; else it is shorter."""
    voice = said(0.6)
    arrived = TelephoneLine(condition, np.random.default_rng(seed)).carry(voice)
    assert len(arrived) <= len(voice)
    assert len(arrived) == len(voice) or not condition.keeps_length


@settings(max_examples=60, deadline=None)
@given(condition=conditions, seed=seeds)
def test_a_line_repeats_with_its_seed(condition: LineCondition, seed: int) -> None:
    """Whatever is wrong with it, and however the same is given to it: at once or bit by bit."""
    voice, prompt = said(0.6), tone(0.6, 9000)
    whole, bits = (TelephoneLine(condition, np.random.default_rng(seed)) for _ in range(2))
    arrived = b"".join(
        b"".join(bits.tick(voice[at : at + FRAME_BYTES], prompt[at : at + FRAME_BYTES]))
        for at in range(0, len(voice), FRAME_BYTES)
    )
    assert whole.carry(voice, prompt) == arrived + b"".join(bits.flush())


@settings(max_examples=60, deadline=None)
@given(seed=seeds, packet=st.sampled_from([0.01, 0.02, 0.03, 0.06]), jitter=st.sampled_from([0.0, 0.05, 0.3]))
def test_jitter_delays_and_changes_nothing(seed: int, packet: float, jitter: float) -> None:
    """Packets are whole, in order, late by no more than the jitter, and nothing is lost or made."""
    late, voice = line(seed, packet_seconds=packet, jitter_seconds=jitter), said(1.2)
    arrived, most = b"", round(jitter * SAMPLE_RATE) + round(packet * SAMPLE_RATE)
    for at in range(0, len(voice), FRAME_BYTES):
        packets = late.tick(voice[at : at + FRAME_BYTES])
        assert {len(each) for each in packets} <= {round(packet * SAMPLE_RATE)}
        arrived += b"".join(packets)
        assert at + FRAME_BYTES - len(arrived) <= most
    assert arrived + b"".join(late.flush()) == voice


def test_jitter_bunches() -> None:
    """Now nothing comes, now several at once."""
    late = line(jitter_seconds=0.4)
    counts = [len(late.tick(said(FRAME_SECONDS))) for _ in range(500)]
    assert 0 in counts
    assert max(counts) >= 5


@pytest.mark.parametrize("row", [1.0, 3.0])
@pytest.mark.parametrize("filling", Filling)
def test_the_share_that_is_lost_is_what_was_asked(filling: Filling, row: float) -> None:
    """In rows of that length on average; what comes through is as it was."""
    voice = said(40)
    packets = [voice[at : at + 160] for at in range(0, len(voice), 160)]
    lossy = line(loss=0.1, loss_packets=row, filling=filling)
    arrived = [b"".join(lossy.tick(packet)) for packet in packets]
    lost = [packet != came for packet, came in zip(packets, arrived, strict=True)]
    rows = sum(is_lost and not before for before, is_lost in pairwise([False, *lost]))

    assert sum(lost) / len(lost) == pytest.approx(0.1, abs=0.03)
    assert sum(lost) / rows == pytest.approx(row, rel=0.25)
    fillings = {came for came, is_lost in zip(arrived, lost, strict=True) if is_lost}
    if filling is Filling.NOISE:
        assert all(len(one) == 160 and 0 < rms(decode_ulaw(one)) < 60 for one in fillings)
    else:
        assert fillings == {b"" if filling is Filling.NOTHING else SILENCE * 160}


@given(seed=seeds, gain=st.sampled_from([-20.0, 20.0]), offset=st.sampled_from([0, 400]))
@settings(max_examples=30, deadline=None)
def test_what_is_lost_does_not_depend_on_how_it_sounds(seed: int, gain: float, offset: int) -> None:
    """So that a quiet line can be compared to a good one that loses the same."""
    voice = said(2)
    plain, coloured = (
        line(seed, loss=0.2, **options).carry(voice) for options in ({}, {"gain_db": gain, "offset": offset})
    )
    silent = [plain[at : at + 160] == SILENCE * 160 for at in range(0, len(plain), 160)]
    assert any(silent)
    assert silent == [coloured[at : at + 160] == SILENCE * 160 for at in range(0, len(coloured), 160)]


@given(
    amplitude=st.sampled_from([500.0, 8000.0, 30_000.0]),
    gain=st.floats(-30, 30),
    offset=st.integers(-2000, 2000),
)
def test_gain_and_offset_are_applied_and_clipped(amplitude: float, gain: float, offset: int) -> None:
    """As a line does, to within the steps of mu-law, which are a sixteenth of a sample."""
    voice = tone(0.04, amplitude)
    arrived = samples(line(gain_db=gain, offset=offset).carry(voice))
    expected = np.clip(samples(voice) * 10 ** (gain / 20) + offset, -32_124, 32_124)
    assert np.all(np.abs(arrived - expected) <= np.abs(expected) / 32 + 12)


def test_an_echo_is_what_was_heard_softer_and_later() -> None:
    """15 dB softer, two tenths of a second late; what is said is heard over it."""
    prompt = tone(0.4, 20_000)
    arrived = samples(line(echo_db=-15, echo_seconds=0.2).carry(SILENCE * 8000, prompt))
    expected = np.concatenate([np.zeros(1600), samples(prompt) * 10 ** (-15 / 20), np.zeros(8000)])[:8000]
    assert arrived == pytest.approx(expected, abs=150)
    over = samples(line(echo_db=-15, echo_seconds=0.2).carry(tone(1, 3000), prompt))
    assert over == pytest.approx(arrived + samples(tone(1, 3000)), abs=400)


def test_noise_is_as_loud_as_was_asked() -> None:
    """And is not touched by the gain."""
    arrived = line(noise_dbfs=-40, gain_db=-30).carry(SILENCE * 16_000)
    assert 20 * np.log10(rms(decode_ulaw(arrived)) / 32768) == pytest.approx(-40, abs=0.5)


@pytest.mark.parametrize("filling", Filling)
def test_a_telephone_that_suppresses_silence_sends_speech_alone(filling: Filling) -> None:
    """And the fifth of a second after it."""
    speech, hiss = tone(0.5, 9000), tone(1, 60)
    sent = line(suppressed=filling).carry(hiss + speech + hiss)
    through = speech + hiss[: round(0.2 * SAMPLE_RATE) - FRAME_BYTES]
    assert through in sent
    if filling is Filling.NOTHING:
        assert sent == through
    else:
        assert len(sent) == len(hiss + speech + hiss)
        assert sent.startswith(SILENCE * 8000) is (filling is Filling.SILENCE)


@pytest.mark.parametrize("filling", Filling)
def test_a_dead_line_lets_nothing_through(filling: Filling) -> None:
    """From its second to its second; before and after, all arrives."""
    voice = said(1)
    arrived = line(dead=((0.4, 0.7),), dead_filling=filling).carry(voice)
    middle = arrived[3200 : len(arrived) - 2400]
    assert (arrived[:3200], arrived[-2400:]) == (voice[:3200], voice[-2400:])
    assert len(middle) == (0 if filling is Filling.NOTHING else 2400)
    assert set(middle) == {ULAW_SILENCE} or filling is not Filling.SILENCE


@pytest.mark.parametrize(
    "wrong",
    [
        {"packet_seconds": 0.025},
        {"packet_seconds": 0.0},
        {"loss": 0.6},
        {"loss": -0.1},
        {"loss_packets": 0.5},
        {"jitter_seconds": -1.0},
        {"echo_seconds": -0.1},
    ],
)
def test_what_no_line_does_is_refused(wrong: dict[str, float]) -> None:
    """Rather than be something else than was asked for."""
    with pytest.raises(ValueError, match=r"packet|lost|before"):
        line(**wrong)


@pytest.mark.parametrize("name", BAD_LINES)
def test_the_bad_lines_are_bad_and_carry_a_voice(name: str) -> None:
    """None of them is perfect, and none lets nothing through."""
    assert BAD_LINES[name] != LineCondition()
    voice = tone(1, 6000) + tone(1, 60)
    arrived = TelephoneLine(BAD_LINES[name], np.random.default_rng(1)).carry(voice, tone(1, 9000))
    assert arrived != voice
    assert len(set(arrived)) > 10
