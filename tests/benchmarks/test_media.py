"""The measurement of what a call costs: its tables say what was measured."""

import argparse
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from benchmark_programs import benchmark
from measured import measured_load

from bridge.bench.load import Server
from bridge.dialogue.loader import load_folder


@pytest.fixture(scope="module")
def media() -> ModuleType:
    """The program, as a module."""
    return benchmark("media")


def test_ratios_are_against_hatif_under_the_same_load(media: ModuleType) -> None:
    def load(calls: int, cost: float) -> Any:
        return measured_load(calls=calls, server=Server(cost))

    measured = [
        media.Measured("hatif", load(10, 4.0)),
        media.Measured("aiohttp", load(10, 3.0)),
        media.Measured("aiohttp", load(50, 2.0)),
    ]
    assert media.ratios(measured) == [(10, {"hatif": 1.0, "aiohttp": 0.75})]
    assert media.shown(measured).row_count == 3


def test_whole_calls_are_measured_where_they_are_asked_for(media: ModuleType) -> None:
    """They take as long again; the rest is compared without them."""
    assert media._servers("hatif+vosk,hatif+vosk-1") == ["hatif+vosk", "hatif+vosk-1"]
    assert not set(media._all_servers()) & media.WHOLE


def test_the_question_is_one_that_hatif_asks(media: ModuleType, tmp_path: Path) -> None:
    """The questionnaire of the measurement is a good one."""
    media.lay_out(tmp_path, media.questions())
    (asked,) = load_folder(tmp_path / "questionnaires").values()
    assert len(asked.items) == media.ITEMS


def test_a_peer_that_is_not_installed_is_told_with_what_to_do(
    media: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is, is run."""
    environments = {name: tmp_path / name for name in media.PEERS}
    monkeypatch.setattr(media, "PEERS", environments)
    (environments["vocode"] / "lib" / "python3.11" / "site-packages" / "vocode").mkdir(parents=True)
    assert media._servers("hatif,vocode") == ["hatif", "vocode"]
    with pytest.raises(argparse.ArgumentTypeError, match=r"pipecat is not installed: `make bench-peers`"):
        media._servers("hatif,vocode,pipecat")
    assert not set(media._all_servers()) & set(environments)
