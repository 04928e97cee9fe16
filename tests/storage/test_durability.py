"""Acknowledged means stored: after kill -9, and, as counted in fsyncs, after a power cut."""

import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from programs import needs, path_of

from bridge.clock import Clock
from bridge.storage.store import Store

ROOT = Path(__file__).parents[2]
WRITER = Path(__file__).with_name("writer.py")
ROUNDS = 3


def write_turns(path: Path, call_id: str, turns: int, *prefix: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*prefix, sys.executable, str(WRITER), str(path), call_id, str(turns)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
    )


def kill_after(writer: subprocess.Popen[str], lines: int) -> list[int]:
    """Read so many acknowledgements, kill, and read what else was acknowledged before death."""
    with writer:
        acknowledged = [int(writer.stdout.readline()) for _ in range(lines)]
        writer.kill()
        rest = writer.stdout.read()
    return acknowledged + [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_kill_loses_no_acknowledged_turn(
    path: Path, query: Callable[..., list[Any]], seed: int
) -> None:
    """After kill -9 every acknowledged turn is there once, the file is sound, the next daemon writes."""
    turns = random.Random(seed).randint(1, 60)
    acknowledged = kill_after(write_turns(path, "killed", 100_000), turns)
    stored = [index for (index,) in query("SELECT turn_index FROM turns ORDER BY 1")]
    assert set(acknowledged) <= set(stored)
    assert stored == list(range(1, len(stored) + 1))
    assert query("SELECT revision, turn_index FROM answers ORDER BY 1") == [(n, n) for n in stored]
    assert query("SELECT turn_index FROM dialogue_states") == [(len(stored),)]
    assert query("PRAGMA integrity_check") == [("ok",)]
    assert query("PRAGMA foreign_key_check") == []
    store = await Store.open(path, clock=Clock())
    assert await store.close_interrupted() == 1
    await store.close()


@needs("strace")
def test_disk_acknowledges_every_turn(path: Path, tmp_path: Path) -> None:
    """Between one acknowledged turn and the next, the disk is asked to have it: at least one fsync each."""
    log = tmp_path / "strace.log"
    turns = 20
    options = ["-f", "-qq", "-o", str(log), "-e", "trace=fsync,fdatasync", "-e", "signal=none"]
    with write_turns(path, "traced", turns, path_of("strace"), *options) as writer:
        assert writer.stdout.read().split() == [str(n) for n in range(1, turns + 1)]
    assert writer.returncode == 0
    assert len(re.findall(r"\bf(?:data)?sync\(\d+.*= 0$", log.read_text(), re.MULTILINE)) >= turns
