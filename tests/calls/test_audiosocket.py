"""AudioSocket against the whole daemon: a call over plain TCP, asked, answered by key and kept."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from bridge.carriers.base import CarrierCall
from bridge.carriers.caller import CallerFrame
from bridge.carriers.fake import FakeCarrier
from bridge.carriers.wires.audiosocket import AudioSocketWire
from bridge.clock import Clock
from bridge.demo.daemon import free_port

pytestmark = pytest.mark.call

SILENT = {0xFF, 0x7F}
CALL = CarrierCall("966500000001", "966110000001", "6fa459ea-ee8a-3ca4-894e-db77e160355e")
QUIET_FRAMES = 60


class Consenter:
    """Listens to the first prompt, consents by key, listens to the second and hangs up."""

    def __init__(self) -> None:
        self.prompts = 0
        self._is_sounding = False
        self._quiet = 0

    def tick(self, heard: bytes) -> CallerFrame:
        sounds = not SILENT.issuperset(heard)
        self._is_sounding |= sounds
        self._quiet = 0 if sounds else self._quiet + 1
        if not self._is_sounding or self._quiet < QUIET_FRAMES:
            return CallerFrame(b"\xff" * 160)
        self._is_sounding = False
        self.prompts += 1
        return CallerFrame(b"\xff" * 160, keys="1" if self.prompts == 1 else "", hang_up=self.prompts == 2)


@pytest.mark.parametrize("wire", [AudioSocketWire(sample_rate=16_000), AudioSocketWire(is_mute=True)])
async def test_a_call_over_audiosocket(start_daemon: Callable[..., Any], wire: AudioSocketWire) -> None:
    """At 16 kHz; and begun without audio, by a caller who sends none at first."""
    port = free_port()
    daemon = start_daemon(HATIF_PROVIDERS__AUDIOSOCKET__LISTEN=f"127.0.0.1:{port}")
    caller = Consenter()
    outcome = await FakeCarrier(wire, caller, clock=Clock(speed=4)).place(
        f"tcp://127.0.0.1:{port}", call=CALL, max_seconds=120
    )
    daemon.stop()

    assert (caller.prompts, outcome.detail) == (2, "")
    with closing(sqlite3.connect(daemon.database)) as database:
        calls = database.execute("SELECT provider, provider_call_id FROM calls").fetchall()
        turns = database.execute("SELECT count(*) FROM turns").fetchone()
    assert calls == [("audiosocket", CALL.call_id)]
    assert turns[0] >= 2
