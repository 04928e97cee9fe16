"""Tenants as they are configured: what is wrong with them is told, with its line."""

from pathlib import Path

import pytest

from bridge.admission import Rules, Share, Thresholds
from bridge.admission.pace import Pace
from bridge.config import Settings, load_settings
from bridge.errors import ConfigError
from bridge.offering import read_offer


def load(folder: Path, text: str) -> Settings:
    file = folder / "config.yaml"
    file.write_text(text)
    return load_settings(file, environ={})


def test_tenants_are_read(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "calls: {per_second: 2, burst: 4}\n"
        "overload: {lag_seconds: null, recognise_seconds: 2, free_memory_mb: 1}\n"
        "tenants:\n"
        "  a: {numbers: ['+96265001000'], questionnaires: [phq2],\n"
        "    max_concurrent: 5, per_second: 1, burst: 3}\n",
    )
    assert settings.admission == Rules(
        pace=Pace(2.0, 4),
        thresholds=Thresholds(None, 2.0, 1 << 20),
        tenants={"a": Share(("+96265001000",), ("phq2",), 5, None, Pace(1.0, 3))},
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "tenants:\n  a:\n    numbers: ['+96265001000']\n  b:\n    numbers: ['+962 6 500 1000']\n",
            "config.yaml:5: tenants.b.numbers: +962 6 500 1000 is a's already; a number has one owner",
        ),
        ("tenants:\n  a:\n    numbers: [what]\n", "config.yaml:3: tenants: Value error, a number"),
        (
            "calls: {max_concurrent: 3}\ntenants:\n  a: {reserved: 4}\n",
            "config.yaml:3: tenants.a.reserved: 4",
        ),
        (
            "calls: {max_concurrent: 3}\ntenants:\n  a: {reserved: 2}\n  b: {reserved: 2}\n",
            "config.yaml:2: tenants: 4 places are reserved, and calls.max_concurrent is 3",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as told:
        load(tmp_path, text)
    assert problem.removeprefix("config.yaml").replace("Value error, ", "") in str(told.value)


def test_a_questionnaire_that_there_is_not_is_told_with_its_line(tmp_path: Path) -> None:
    text = "questionnaires: {allow_draft: true}\ntenants:\n  a:\n    questionnaires: [nothing]\n"
    with pytest.raises(ConfigError, match=r"config.yaml:4: tenants.a.questionnaires: there is no 'nothing'"):
        read_offer(load(tmp_path, text))
