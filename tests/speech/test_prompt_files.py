"""The folder of prompts: its size, what goes first, what stays, and two processes in it."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.speech.prompt_files import PromptFiles, audio_of, identity_in

VOICE = "whistle/1"
SOUND = bytes(range(256)) * 16  # 4096 bytes, half a second
FILE = 4096 + 24 + 64 + 16
START = 1_700_000_000.0


class Hours:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.hour = 0.0

    def __call__(self) -> float:
        return START + 3600 * self.hour


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def open_files(tmp_path: Path, hours: Hours) -> Callable[..., PromptFiles]:
    """The folder, as another process would open it."""
    return lambda **options: PromptFiles(tmp_path, now=hours, **options)


def address(number: int) -> str:
    return f"{number:02x}" * 32


def keep(files: PromptFiles, number: int, hours: Hours) -> None:
    """Keep a prompt, as of now: the file system has a clock of its own."""
    files.keep(address(number), VOICE, SOUND)
    os.utime(files.path_of(address(number)), (hours(), hours()))


def kept(files: PromptFiles) -> list[int]:
    return [number for number in range(256) if files.path_of(address(number)).exists()]


def test_the_least_recently_used_goes_first(open_files: Callable[..., PromptFiles], hours: Hours) -> None:
    """Room for ten; the eleventh evicts those that nobody has asked for, down to nine tenths."""
    files = open_files(max_bytes=10 * FILE)
    for number in range(10):
        hours.hour = number
        keep(files, number, hours)
    hours.hour = 20
    assert files.read(address(0), VOICE) == SOUND
    keep(files, 10, hours)

    assert kept(files) == [0, 3, 4, 5, 6, 7, 8, 9, 10]
    assert files.statistics().evicted == 2
    assert files.statistics().bytes == 9 * FILE


def test_what_was_used_is_known_after_a_restart(open_files: Callable[..., PromptFiles], hours: Hours) -> None:
    """The order is in the files' times, not in a process."""
    before = open_files()
    for number in range(4):
        hours.hour = number
        keep(before, number, hours)
    hours.hour = 9
    open_files().read(address(0), VOICE)
    hours.hour = 10
    keep(open_files(max_bytes=4 * FILE), 4, hours)

    assert kept(before) == [0, 3, 4]


def test_a_file_is_touched_once_an_hour(open_files: Callable[..., PromptFiles], hours: Hours) -> None:
    """Also when its sound comes from memory; in between a hit costs no disk."""
    files = open_files()
    keep(files, 1, hours)
    times = []
    for hours.hour in (0.5, 1.2, 1.9, 2.3):
        assert files.read(address(1), VOICE) == SOUND
        times.append((files.path_of(address(1)).stat().st_mtime - START) / 3600)

    assert times == [0, 1.2, 1.2, pytest.approx(2.3)]


def test_what_is_pinned_stays(
    open_files: Callable[..., PromptFiles], hours: Hours, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though it is the oldest, and though the limit is passed: that is told, once, with the option."""
    files = open_files(max_bytes=5 * FILE)
    files.pin("offer", [address(number) for number in range(8)])
    for number in range(12):
        hours.hour = number
        keep(files, number, hours)

    assert set(range(8)) <= set(kept(files))
    assert capsys.readouterr().out.count("prompts.max_mb") == 1

    files.pin("offer", [address(1)])
    keep(files, 12, hours)
    assert 1 in kept(files)
    assert len(kept(files)) <= 5


def test_what_is_being_rendered_stays(open_files: Callable[..., PromptFiles], hours: Hours) -> None:
    """A questionnaire's first prompts are not evicted for its last."""
    files = open_files(max_bytes=3 * FILE)
    with files.holding([address(1), address(2)]):
        for number in range(1, 6):
            hours.hour = number
            keep(files, number, hours)
        assert {1, 2} <= set(kept(files))
    hours.hour = 9
    keep(files, 9, hours)
    assert 1 not in kept(files)


def test_memory_is_bounded_and_saves_the_disk(open_files: Callable[..., PromptFiles], hours: Hours) -> None:
    """The latest sounds are there without their files; earlier ones are read again."""
    files = open_files(memory_bytes=2 * len(SOUND))
    for number in range(3):
        keep(files, number, hours)
    for number in range(3):
        files.path_of(address(number)).unlink()

    assert files.statistics().memory_bytes == 2 * len(SOUND)
    assert [files.read(address(number), VOICE) is not None for number in range(3)] == [False, True, True]
    assert not files.has(address(2), VOICE)


def test_what_a_dead_process_left_is_removed(
    tmp_path: Path, open_files: Callable[..., PromptFiles], hours: Hours
) -> None:
    """A half-written file of hours ago goes with the next eviction, a young one may still be written."""
    files = open_files(max_bytes=FILE)
    keep(files, 1, hours)
    old, young = tmp_path / "01" / ".old.part", tmp_path / "01" / ".young.part"
    for part, hour in ((old, -2), (young, 0)):
        part.write_bytes(b"half")
        os.utime(part, (START + 3600 * hour,) * 2)
    keep(files, 2, hours)

    assert [old.exists(), young.exists()] == [False, True]


def test_the_other_processes_prompts_count(open_files: Callable[..., PromptFiles], hours: Hours) -> None:
    """Whoever comes second learns what lies there when it first keeps something."""
    first, second = open_files(), open_files(max_bytes=4 * FILE)
    for number in range(8):
        hours.hour = number
        keep(first, number, hours)
    keep(second, 9, hours)

    assert second.statistics().bytes <= 4 * FILE


def test_a_voice_is_named_in_its_files(open_files: Callable[..., PromptFiles], hours: Hours) -> None:
    """So that the folder can be surveyed; another voice's file is no prompt of this one."""
    files = open_files()
    keep(files, 1, hours)
    path = files.path_of(address(1))

    assert identity_in(path) == VOICE
    assert audio_of(path.read_bytes(), VOICE) == SOUND
    assert audio_of(path.read_bytes(), "whistle/2") is None
    path.write_bytes(b"RIFF" + bytes(100))
    assert identity_in(path) is None


@given(content=st.binary(max_size=200), has_magic=st.booleans())
@settings(deadline=None)
def test_any_file_is_read_without_harm(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, has_magic: bool
) -> None:
    """Whatever somebody put there is no prompt, and no exception."""
    path = tmp_path_factory.mktemp("any") / "any.au"
    path.write_bytes(b".snd" * has_magic + content)

    assert audio_of(path.read_bytes(), VOICE) is None
    identity_in(path)


def test_threads_may_keep_at_the_same_time(open_files: Callable[..., PromptFiles]) -> None:
    """Nothing is lost, and the sum is right."""
    files = open_files()
    threads = [
        threading.Thread(target=lambda n=number: files.keep(address(n), VOICE, SOUND)) for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert kept(files) == list(range(20))
    assert files.statistics().bytes == 20 * FILE


WRITER = """
import sys
from pathlib import Path
from bridge.speech.prompt_files import PromptFiles

files = PromptFiles(Path(sys.argv[1]), max_bytes=20 * 4200)
sound = bytes(range(256)) * 16
wrong = 0
for turn in range(150):
    address = f"{(turn * int(sys.argv[2])) % 40:02x}" * 32
    files.keep(address, "whistle/1", sound)
    other = f"{(turn * 11) % 40:02x}" * 32
    there = PromptFiles(Path(sys.argv[1])).read(other, "whistle/1")
    wrong += there not in (None, sound)
print(wrong, files.statistics().damaged, files.statistics().evicted > 0)
"""


def test_two_processes_never_spoil_each_others_prompts(tmp_path: Path) -> None:
    """Both write the same addresses, read and evict all the time; nothing is ever half there."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), step],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        for step in ("3", "7")
    ]
    said = [writer.communicate(timeout=120)[0].splitlines()[-1] for writer in writers]

    assert said == ["0 0 True", "0 0 True"]
    assert all(audio_of(path.read_bytes(), VOICE) == SOUND for path in tmp_path.rglob("*.au"))
    assert not list(tmp_path.rglob(".*.part"))
