"""A model on trial: what it says, what it costs, and what happens when Vosk dies of it."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.errors import ModelError, WorkerError
from bridge.models.line import Line
from bridge.models.recordings import read_recordings
from bridge.models.trial import Heard, Job, Trial, decode_all

GRAMMARS = ((), ("نعم", "لا"), ("نعم", "لا", "ثلاثة"))
OPEN, YES_NO, THREE_WORDS = range(3)
SILENCE = Job(b"\xff" * 8000, (OPEN, YES_NO))


@pytest.fixture(scope="session")
def spoken(recordings: Path) -> dict[str, bytes]:
    """By label, what arrives of the synthetic speaker."""
    line = Line([], 1)
    found = read_recordings(recordings).readable
    return {one.label: line.carry(one.path, one.pcm, None) for one in found}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_recording_is_read_under_each_grammar(model: Path, spoken: dict[str, bytes]) -> None:
    """In the order that was asked for, each with its confidence and its processor time."""
    async with Trial.open(model, GRAMMARS) as trial:
        heard = await trial.decode(Job(spoken["yes"], (YES_NO, OPEN)))
        silent = await trial.decode(SILENCE)

    assert [reading.text for reading in heard.readings] == ["نعم", "نعم"]
    assert all(0 < reading.confidence <= 1 and reading.cpu_seconds > 0 for reading in heard.readings)
    assert heard.audio_seconds == len(spoken["yes"]) / 8000
    assert [reading.text for reading in silent.readings] == ["", ""]


async def test_the_grammar_is_obeyed(model: Path, spoken: dict[str, bytes]) -> None:
    """What is not in it is not heard, and with one word more it is."""
    async with Trial.open(model, GRAMMARS) as trial:
        heard = await trial.decode(Job(spoken["three"], (THREE_WORDS, YES_NO)))

    assert heard.readings[0].text == "ثلاثة"
    assert set(heard.readings[1].text.split()) <= {"نعم", "لا"}


async def test_what_loading_took_is_told(model: Path) -> None:
    """Time, memory, and whose engine it is."""
    async with Trial.open(model, GRAMMARS) as trial:
        opened = trial.opened

    assert opened.version.startswith("vosk ")
    assert opened.load_seconds > 0
    assert opened.bytes_after > opened.bytes_before > 0


async def test_a_trial_leaves_no_process_behind(model: Path) -> None:
    """Neither when it ends nor when it is given up."""
    is_open = asyncio.Event()
    pids: list[int] = []

    async def stay() -> None:
        async with Trial.open(model, GRAMMARS) as trial:
            pids.append(trial.pid)
            is_open.set()
            await asyncio.Event().wait()

    async with Trial.open(model, GRAMMARS) as trial:
        pids.append(trial.pid)
        assert alive(trial.pid)
    given_up = asyncio.create_task(stay())
    await is_open.wait()
    given_up.cancel()
    await asyncio.wait([given_up])

    assert len(pids) == 2
    assert not any(map(alive, pids))


async def test_a_death_is_a_sentence(model: Path) -> None:
    """With the signal that ended the process."""
    async with Trial.open(model, GRAMMARS) as trial:
        os.kill(trial.pid, signal.SIGABRT)
        with pytest.raises(WorkerError, match=r"^ended the process that decoded it \(SIGABRT\)$"):
            await trial.decode(SILENCE)


async def test_the_reason_that_vosk_gives_is_passed_on(copy: Path) -> None:
    """It stands on the standard error of the process, among much else."""
    with (copy / "conf" / "model.conf").open("a") as options:
        options.write("--beem=12\n")
    with pytest.raises(ModelError) as failure:
        async with Trial.open(copy, GRAMMARS):
            pass

    assert str(failure.value).startswith(
        f"{copy} cannot be used as a recognition model: Vosk cannot load it: "
    )
    assert "Invalid option --beem=12" in str(failure.value)


async def test_a_rate_that_vosk_refuses_is_a_sentence(copy: Path) -> None:
    """Vosk loads such a model, and ends with the first sound."""
    features = next(file for file in (copy / "conf").iterdir() if file.name != "model.conf")
    features.write_text(features.read_text().replace("8000", "16000"))
    async with Trial.open(copy, GRAMMARS) as trial:
        with pytest.raises(WorkerError, match="Sampling frequency mismatch, expected 16000, got 8000"):
            await trial.decode(SILENCE)


@pytest.mark.parametrize("processes", [1, 3])
async def test_results_are_in_the_order_of_the_jobs(
    model: Path, spoken: dict[str, bytes], processes: int
) -> None:
    """Whichever process was the fastest."""
    labels = ["yes", "لا", "three"] * 4
    jobs = [Job(spoken[label], (THREE_WORDS,)) for label in labels]
    done = 0

    def count() -> None:
        nonlocal done
        done += 1

    opened, heard = await decode_all(model, GRAMMARS, jobs, processes=processes, on_done=count)

    assert [each.readings[0].text for each in heard] == ["نعم", "لا", "ثلاثة"] * 4
    assert done == len(jobs)
    assert opened.load_seconds > 0


async def test_more_processes_than_jobs_do_no_harm(model: Path) -> None:
    """Nor does no job at all."""
    assert len((await decode_all(model, GRAMMARS, [SILENCE], processes=3))[1]) == 1
    assert (await decode_all(model, GRAMMARS, [], processes=2))[1] == []


async def test_a_recording_that_kills_costs_only_itself(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are decoded by the next process."""
    victim = Job(b"\xff" * 4000, (0,))
    kill_before(monkeypatch, victim)
    _, heard = await decode_all(model, GRAMMARS, [SILENCE, victim, SILENCE, SILENCE], processes=1)

    assert [bool(each.failure) for each in heard] == [False, True, False, False]
    assert heard[1].failure == "ended the process that decoded it (SIGKILL)"
    assert heard[1].readings == ()


async def test_a_model_that_keeps_dying_is_given_up(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After three recordings in a row, not after ten thousand."""
    asked: list[int] = []

    def jobs() -> Iterator[Job]:
        for number in range(100):
            asked.append(number)
            yield SILENCE

    kill_before(monkeypatch, SILENCE)
    with pytest.raises(ModelError, match="3 recordings in a row ended its process"):
        await decode_all(model, GRAMMARS, jobs(), processes=1)
    assert len(asked) == 3


async def test_a_model_that_is_none_is_one_error(tmp_path: Path) -> None:
    """However many processes were to load it."""
    with pytest.raises(ModelError, match="Vosk cannot load it"):
        await decode_all(tmp_path, GRAMMARS, [SILENCE], processes=3)


def kill_before(monkeypatch: pytest.MonkeyPatch, job: Job) -> None:
    """End the process as Vosk would, when it is about to decode this recording."""
    decode = Trial.decode

    async def decode_or_die(self: Trial, asked: Job) -> Heard:
        if asked == job:
            os.kill(self.pid, signal.SIGKILL)
        return await decode(self, asked)

    monkeypatch.setattr(Trial, "decode", decode_or_die)
