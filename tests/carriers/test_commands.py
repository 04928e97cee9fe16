"""`hatif carrier`, as an integrator types it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typed import typed
from typer.testing import CliRunner

from bridge.carriers.commands import carrier_app
from bridge.carriers.faults import Fault
from bridge.config import load_settings
from protocols import PROVIDERS


def hatif(*arguments: str) -> tuple[int, str, str]:
    done = typed(*arguments)
    return done.returncode, done.stdout, done.stderr


def test_every_provider_is_listed() -> None:
    """By the name that all other commands take."""
    status, listed, _ = hatif("carrier", "list")

    assert status == 0
    assert all(name in listed for name in PROVIDERS)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_what_a_provider_takes_can_be_copied_into_the_configuration(name: str, tmp_path: Path) -> None:
    """It is YAML, and valid as it stands."""
    done = CliRunner().invoke(carrier_app, ["options", name])
    status, shown = done.exit_code, done.stdout
    config = tmp_path / "config.yaml"
    config.write_text(shown, encoding="utf-8")

    assert status == 0
    assert list(YAML(typ="safe").load(shown)["providers"]) == [name]
    assert load_settings(config, environ={}).provider(name) == PROVIDERS[name].options()


def test_unknown_names_are_told_with_the_known_ones() -> None:
    """Of providers and of faults."""
    assert "maqsam" in hatif("carrier", "options", "pigeon")[2]
    status, _, told = hatif("carrier", "run", "ws://127.0.0.1:1/", "--faults", "gremlins")
    assert status == 2
    assert all(fault in "".join(told.split()) for fault in Fault if fault.isalpha())


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """Is told in a sentence, and in the report."""
    report = tmp_path / "report.json"
    status, told, _ = hatif(
        "carrier", "run", "ws://127.0.0.1:1/ws/maqsam", "--calls", "2", "--json", str(report)
    )

    assert status == 1
    assert "cannot be reached" in told
    assert [one["ended_by"] for one in json.loads(report.read_text())["outcomes"]] == ["refused", "refused"]


@pytest.mark.call
def test_bad_calls_beside_each_other(start_daemon: Callable[..., Any]) -> None:
    """Three calls of a real daemon, each with a stream token of its own, late marks and doubled audio."""
    daemon = start_daemon(HATIF_CLOCK__SPEED="1")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bridge", "carrier", "run", daemon.url("/ws/twilio")),
            *("--provider", "twilio", "--faults", "dup,late-marks", "--issue", "--calls", "3"),
            *("--max-seconds", "6"),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={"HATIF_TOKENS__SECRET": daemon.tokens_secret},
    )
    daemon.stop()

    assert "3 of 3 calls were taken and spoken to" in done.stdout, done.stderr
    assert done.returncode == 0


def test_a_law_where_the_wire_cannot_announce_it() -> None:
    """Is refused, before any call is made, in words that say why."""
    done = CliRunner().invoke(
        carrier_app, ["run", "ws://127.0.0.1:1/", "--provider", "twilio", "--faults", "alaw"]
    )

    assert done.exit_code == 2
    assert "not applicable to twilio" in " ".join(done.output.replace("│", " ").split())


def test_the_help_and_the_page_list_every_fault() -> None:
    """By the names that --faults takes."""
    shown = "".join(CliRunner().invoke(carrier_app, ["run", "--help"]).output.replace("│", "").split())
    page = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text(encoding="utf-8")

    assert all(fault in shown for fault in Fault)
    assert all(f"`{fault}`" in page for fault in Fault)
