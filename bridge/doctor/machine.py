"""The machine: Python, libraries, memory, processors, clock, time zone, language of the terminal."""

import ctypes
import locale
import os
import platform
import re
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires, version

from bridge.checkup import Finding, Verdict
from bridge.config import Settings

__all__ = [
    "clock",
    "inodes",
    "libraries",
    "machine",
    "memory",
    "processors",
    "python",
    "terminal",
    "time_zone",
]

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)  # those that the tests are run with
_REQUIREMENT = re.compile(r"^(?P<name>[\w.-]+)(?:\[[^\]]*\])?(?:>=(?P<least>[\d.]+))?$")

BASE_BYTES = 600 << 20  # the daemon, the recogniser's worker and espeak-ng's, with a small model
BYTES_A_CALL = 5 << 20  # proposed, and measured by no load test yet
MODEL_FACTOR = 3  # what a model takes in memory, times what it takes on disk
SHARE_FOR_US = 0.8  # of all memory; the rest is the system's and the disk's cache
SPARE_INODES = 10_000

TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


class _Timex(ctypes.Structure):
    """The beginning of Linux' struct timex, and room for the rest. With `modes` 0 nothing is set."""

    _fields_ = (("modes", ctypes.c_uint), ("rest", ctypes.c_byte * 508))


def machine(settings: Settings, model_bytes: int) -> Iterator[Finding]:
    """Everything about it that a daemon needs."""
    yield python()
    yield libraries(requires("hatif") or [])
    yield memory(settings, model_bytes, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    yield processors(settings, len(os.sched_getaffinity(0)))
    yield inodes(os.statvfs(_existing(settings)))
    yield clock(_clock_state())
    yield time_zone(time.tzname[0], time.timezone)
    yield terminal(locale.getpreferredencoding(do_setlocale=False), os.environ)


def python(running: tuple[int, int] = sys.version_info[:2]) -> Finding:
    """One that the tests are run with."""
    shown = f"Python {platform.python_version()}, {platform.machine()}"
    if running < OLDEST_PYTHON:
        advice = "make the virtual environment with Python 3.11 or later"
        return Finding("python", Verdict.BAD, f"{shown} is too old", advice)
    if running > NEWEST_PYTHON:
        advice = "make the virtual environment with Python 3.11, 3.12 or 3.13"
        return Finding(
            "python", Verdict.WARNING, f"{shown} is newer than any that Hatif was tested with", advice
        )
    return Finding("python", Verdict.GOOD, shown)


def libraries(requirements: list[str]) -> Finding:
    """Those that Hatif always needs, and not older than it needs them."""
    wanted = [one for one in requirements if ";" not in one]  # the others are extras', or of some Pythons
    problems = [problem for one in wanted if (problem := _lacking(one))]
    if problems:
        advice = "install again: pip install --constraint constraints.txt into the same virtual environment"
        return Finding("libraries", Verdict.BAD, "; ".join(problems), advice)
    return Finding("libraries", Verdict.GOOD, f"all {len(wanted)} are there, in versions that will do")


def _lacking(requirement: str) -> str:
    found = _REQUIREMENT.match(requirement.replace(" ", ""))
    if found is None:
        return ""
    try:
        present = version(found["name"])
    except PackageNotFoundError:
        return f"{found['name']} is not installed"
    if found["least"] and _numbers(present) < _numbers(found["least"]):
        return f"{found['name']} {present} is older than {found['least']}"
    return ""


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text.partition("+")[0])[:3])


def memory(settings: Settings, model_bytes: int, present: int) -> Finding:
    """Is there enough for the model, the voices and as many calls as may be?"""
    needed = BASE_BYTES + MODEL_FACTOR * model_bytes + settings.calls.max_concurrent * BYTES_A_CALL
    if settings.voice.engine == "xtts":
        needed += settings.xtts.memory_mb << 20
    detail = (
        f"{present / 2**30:.1f} GiB; about {needed / 2**30:.1f} GiB are needed for "
        f"{settings.calls.max_concurrent} calls"
    )
    if needed > SHARE_FOR_US * present:
        advice = (
            "lower calls.max_concurrent, choose a smaller model or voice, or give the machine more memory"
        )
        return Finding("memory", Verdict.WARNING, detail, advice)
    return Finding("memory", Verdict.GOOD, detail)


def processors(settings: Settings, present: int) -> Finding:
    """One for each utterance that is recognised at a time, and something for the calls themselves."""
    threads = settings.recogniser.threads
    detail = f"{present}; {threads} utterances are recognised at a time"
    if threads > present:
        advice = f"set recogniser.threads to {present} at most: more of them only wait for each other"
        return Finding("processors", Verdict.WARNING, detail, advice)
    return Finding("processors", Verdict.GOOD, detail)


def _existing(settings: Settings) -> str:
    folder = settings.storage.path.absolute().parent
    return str(next(parent for parent in (folder, *folder.parents) if parent.exists()))


def inodes(volume: os.statvfs_result) -> Finding:
    """Each prompt is a file; a volume may be out of files long before it is full."""
    if volume.f_files == 0:  # btrfs and its like make them as they are needed
        return Finding("files", Verdict.GOOD, "the volume has no fixed number of files")
    detail = f"{volume.f_favail} more files fit on the volume of the database"
    if volume.f_favail < SPARE_INODES:
        advice = "remove small files there, or move storage.path and prompts.folder to another volume"
        return Finding("files", Verdict.WARNING, detail, advice)
    return Finding("files", Verdict.GOOD, detail)


def _clock_state() -> int | None:
    """What adjtimex(2) returns when it is only asked; None where the system has no such call."""
    try:
        return int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(_Timex())))
    except (AttributeError, OSError):
        return None


def clock(state: int | None) -> Finding:
    """Synchronised? Tokens, callbacks and the times of answers depend on it. No server is asked."""
    if state is None or state < 0:
        return Finding("clock", Verdict.WARNING, "the system does not tell", "see whether NTP is set up here")
    if state == TIME_ERROR:
        advice = "turn time synchronisation on: `timedatectl set-ntp true`, or install chrony"
        return Finding("clock", Verdict.WARNING, "it is not synchronised with any time server", advice)
    return Finding("clock", Verdict.GOOD, "synchronised")


def time_zone(name: str, seconds_west: int) -> Finding:
    """What callers call today and tomorrow."""
    hours = -seconds_west / 3600
    detail = f"{name}, UTC{hours:+g} h: callers' “tomorrow” and clock times are read so"
    if seconds_west == 0:
        advice = (
            "where callers live elsewhere, set theirs: `timedatectl set-timezone Asia/Riyadh`, then restart"
        )
        return Finding("time zone", Verdict.WARNING, detail, advice)
    return Finding("time zone", Verdict.GOOD, detail)


def terminal(encoding: str, environ: Mapping[str, str]) -> Finding:
    """Can Arabic be read here? It makes no difference to the daemon."""
    if encoding.upper().replace("-", "") != "UTF8":
        advice = "export LANG=C.UTF-8 in your shell"
        return Finding("terminal", Verdict.WARNING, f"text is {encoding}, which has no Arabic", advice)
    if environ.get("TERM") == "linux":
        advice = "use a terminal window or ssh to read what callers said"
        return Finding("terminal", Verdict.WARNING, "the Linux console has no Arabic letters", advice)
    return Finding("terminal", Verdict.GOOD, "UTF-8")
