"""The measurement of voices: it measures what it says, and its numbers can be bad."""

from pathlib import Path
from types import ModuleType

import pytest
from benchmark_programs import benchmark

from bridge.errors import BridgeError
from bridge.speech.base import Speech, Synthesizer
from bridge.speech.prompts import PromptCache


class Hum(Synthesizer):
    """A voice that hums."""

    identity = "hum"

    async def synthesise(self, text: str) -> Speech:
        return Speech(b"\x00\x10\x00\x10\x00\xf0\x00\xf0" * 800, 8000)


@pytest.fixture(scope="module")
def voices() -> ModuleType:
    """The script, as a module."""
    return benchmark("voices")


async def test_hits_are_timed_to_their_first_frame(voices: ModuleType, tmp_path: Path) -> None:
    """What is not there is no hit, and is told instead of being timed."""
    cache = PromptCache(tmp_path, Hum())
    with pytest.raises(BridgeError, match="is not there"):
        voices.hit_times(lambda: cache, ["a"])
    await cache.render(["a"])
    median, high = voices.hit_times(lambda: cache, ["a"])

    assert 0 < median <= high


@pytest.mark.parametrize("is_streamed", [True, False])
def test_aliases_are_found_where_there_are_any(
    voices: ModuleType, monkeypatch: pytest.MonkeyPatch, is_streamed: bool
) -> None:
    """Ours are far below -60 dB; those of a resampler without a filter are not."""
    assert voices.alias_db(24_000, 5000, is_streamed=is_streamed) < -60

    def careless(pcm: bytes, rate: int) -> bytes:
        return b"".join(pcm[at : at + 2] for at in range(0, len(pcm), 2 * rate // 8000))

    monkeypatch.setattr(voices, "polish", careless)
    assert voices.alias_db(24_000, 5000, is_streamed=False) > -6
