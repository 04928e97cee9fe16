"""levels: measuring and changing how loud audio is."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.audio.g711 import peak
from bridge.audio.levels import CEILING, MAX_GAIN, TARGET_PEAK, Leveller, peak_dbfs, scale_to_peak


def pcm(*samples: int) -> bytes:
    return np.array(samples, dtype="<i2").tobytes()


def test_peak_is_measured_against_full_scale() -> None:
    """Full scale is 0 dBFS, a tenth of it -20, silence minus infinity."""
    assert peak_dbfs(pcm(0, -32_767)) == pytest.approx(0)
    assert peak_dbfs(pcm(3_277)) == pytest.approx(-20, abs=0.01)
    assert peak_dbfs(pcm(0, 0)) == -math.inf


@pytest.mark.parametrize("dbfs", [-3, -12, -30])
def test_scaling_brings_the_peak_to_a_level(dbfs: float) -> None:
    """The loudest sample lands where it was asked to, louder or quieter."""
    assert peak_dbfs(scale_to_peak(pcm(100, -9_000, 50), dbfs)) == pytest.approx(dbfs, abs=0.05)


def test_scaling_leaves_silence_alone() -> None:
    """There is no gain that makes silence loud."""
    assert scale_to_peak(pcm(0, 0), -3) == pcm(0, 0)


@pytest.mark.parametrize("level", [4_000, 8_000, 32_000])
def test_a_loud_onset_is_brought_to_the_target(level: int) -> None:
    """However loud a caller is, the utterance is handed on at one level."""
    leveller = Leveller()
    leveller.begin(pcm(10, -level))
    assert peak(leveller.apply(pcm(10, -level))) == pytest.approx(TARGET_PEAK, abs=1)


def test_a_quiet_onset_is_no_proof_of_a_quiet_caller() -> None:
    """Of a stranger an ordinary level is expected, so that the noise before a word is not blown up."""
    leveller = Leveller()
    leveller.begin(pcm(50))
    assert leveller.gain == 1


def test_a_quiet_caller_is_raised_step_by_step() -> None:
    """Each quiet utterance raises the gain of the next, up to a limit."""
    leveller = Leveller()
    gains = []
    for _ in range(20):
        leveller.begin(pcm(100))
        gains.append(leveller.gain)
    assert gains == sorted(gains)
    assert gains[-1] == MAX_GAIN


def test_the_gain_falls_at_the_ceiling() -> None:
    """A loud word after a quiet onset is not distorted, and the gain stays down."""
    leveller = Leveller()
    leveller.begin(pcm(1_000))
    assert peak(leveller.apply(pcm(32_000))) == pytest.approx(CEILING, abs=1)
    assert peak(leveller.apply(pcm(1_000))) == 500


def test_the_caller_is_remembered() -> None:
    """After a loud utterance a quiet onset gets less gain than it would from a stranger."""
    leveller = Leveller()
    leveller.begin(pcm(1_000))
    leveller.apply(pcm(32_000))
    leveller.begin(pcm(1_000))
    assert 0.4 < leveller.gain < 0.6


def test_silence_is_not_remembered() -> None:
    """An utterance of nothing tells nothing about the caller."""
    leveller = Leveller()
    leveller.begin(pcm(0))
    leveller.begin(pcm(0))
    assert leveller.gain == 1


@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=30))
def test_within_an_utterance_the_gain_never_rises(samples: list[int]) -> None:
    """Whatever comes, the gain only falls until the next utterance begins."""
    leveller = Leveller()
    leveller.begin(pcm(samples[0]))
    gains = [leveller.gain]
    for sample in samples:
        leveller.apply(pcm(sample))
        gains.append(leveller.gain)
    assert gains == sorted(gains, reverse=True)
