"""Daemons killed with SIGKILL at random moments of real calls lose nothing that their callers had heard."""

import random
from pathlib import Path

import pytest
from killing import kill_rounds


@pytest.mark.timeout(1800)  # two hundred rounds on a busy machine
async def test_what_was_acknowledged_is_stored_once(tmp_path: Path, kills: int) -> None:
    """Every answer that was followed by another prompt; and a call goes on at the last committed question."""
    seed = random.randrange(2**32)
    assert await kill_rounds(tmp_path, kills, seed=seed) > kills // 4, (
        f"hardly anything was tried: seed {seed}"
    )
