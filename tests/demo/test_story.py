"""`bridge.demo.story`: what goes wrong before there is a call. Whole calls are in `tests/calls`."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from bridge.demo import story
from bridge.demo.daemon import DaemonSetup
from bridge.demo.options import CallerKind, DemoOptions
from bridge.demo.story import run_demo
from bridge.identity.streams import StreamTokens
from bridge.reports import STDOUT


def test_a_fast_demonstration_compresses_time_and_thought() -> None:
    """`--fast` runs the call's clock faster and lets the caller think less."""
    fast, usual = DemoOptions(fast=True), DemoOptions()

    assert fast.speed > usual.speed == 1
    assert fast.thinking_seconds < usual.thinking_seconds


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (DemoOptions(caller=CallerKind.RECORDED), "give --speech DIR"),
        (DemoOptions(caller=CallerKind.RECORDED, speech=Path("none")), "no such folder or archive"),
        (DemoOptions(answers=Path("none.yaml")), "none.yaml: cannot be read"),
        (DemoOptions(config=Path("none.yaml")), "none.yaml"),
        (DemoOptions(keep=Path(__file__)), "cannot be used as a folder"),
    ],
)
async def test_mistakes_are_told_before_the_daemon_is_started(
    capsys: pytest.CaptureFixture[str], options: DemoOptions, complaint: str
) -> None:
    """One sentence, exit status 1, no daemon."""
    status = await run_demo(options)

    output = capsys.readouterr().out
    assert status == 1
    assert complaint in output.replace("\n", " ")
    assert "Starting the daemon" not in output


async def test_standard_output_is_left_to_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    """With `--json -`, everything for people goes to standard error."""
    await run_demo(DemoOptions(json=STDOUT, answers=Path("none.yaml")))

    output = capsys.readouterr()
    assert output.out == ""
    assert "none.yaml" in output.err


def test_a_temporary_folder_without_anything_in_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A demonstration that failed early leaves nothing; one that was held leaves what there is to look at."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(story.tempfile, "tempdir", None)

    with story._folder(None) as failed:
        (failed / "prompts").mkdir()
    with story._folder(None) as held:
        (held / "call.wav").touch()

    assert not failed.exists()
    assert (held / "call.wav").exists()


def test_a_folder_that_is_kept_is_made(tmp_path: Path) -> None:
    """`--keep` may name a folder that is not there yet, and keeps everything."""
    with story._folder(tmp_path / "a" / "b") as folder:
        (folder / "prompts").mkdir()

    assert (tmp_path / "a" / "b" / "prompts").is_dir()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_unwinds_the_demonstration(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """What was started is taken down, and the exit status names the signal."""
    unwound = []

    async def run(_: object) -> int:
        try:
            os.kill(os.getpid(), number)
            await asyncio.sleep(30)
        finally:
            unwound.append(True)
        return 0

    monkeypatch.setattr(story.Demonstration, "run", run)

    assert await run_demo(DemoOptions()) == 128 + number
    assert unwound == [True]


def test_each_provider_is_let_in_by_its_own_credential(tmp_path: Path) -> None:
    """Maqsam by the configured token, Twilio by one that is good once."""
    setup = DaemonSetup.new(tmp_path, tmp_path, port=18080, speed=1.0)

    assert story._token("maqsam", setup) == setup.carrier_token
    claims = StreamTokens(setup.token_secret).read(story._token("twilio", setup), provider="twilio")
    assert claims.provider == "twilio"
