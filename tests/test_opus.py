"""Opus from a web page: what PyAV encodes is heard, what is damaged is not, a missing extra is told."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from bridge.audio.g711 import decode_ulaw
from bridge.checkup import Verdict, examine
from bridge.clock import Clock
from bridge.errors import ConfigError
from bridge.line import Line, each_of
from bridge.opus import OPUS_RATE, OpusEars, require_opus, seconds_of
from bridge.transcoding import FromMulaw, ToMulaw
from protocols import PROVIDERS, AudioReceived, CallStarted, MediaProtocol, PlayAudio, RemoteProtocolError
from protocols.audio import OPUS, AudioFormat, Encoding
from protocols.browser import BrowserOptions
from protocols.http import HttpRequest
from protocols.provider import Grant

START = '{"type":"start","audio":{"encoding":"opus","sample_rate":16000}}'
FRAME = 960  # samples of 20 ms
DROPPED: list[int] = []  # what was told to be lost
HERTZ = 440


@pytest.fixture(scope="module")
def packets() -> list[bytes]:
    """Two seconds of a tone at -12 dBFS, as `AudioEncoder` would send them."""
    return encoded(HERTZ, 2.0)


def encoded(hertz: float, seconds: float) -> list[bytes]:
    """The packets of a tone."""
    import av  # noqa: PLC0415

    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = 48_000, "mono", "s16", 24_000
    at = np.arange(int(seconds * OPUS_RATE)) / OPUS_RATE
    tone = (8192 * np.sin(2 * np.pi * hertz * at)).astype("<i2")
    made = []
    for start in range(0, len(tone), FRAME):
        frame = av.AudioFrame.from_ndarray(tone[None, start : start + FRAME], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, start
        made += [bytes(packet) for packet in encoder.encode(frame)]
    return made


def page(*, opus: bool = True) -> MediaProtocol:
    upgrade = HttpRequest("GET", "wss://hatif.example/ws/browser/a.stream.token")
    grant = Grant(request=upgrade, is_authenticated=True)
    return PROVIDERS["browser"].media(BrowserOptions(opus=opus), grant)


def strongest_hertz(samples: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * 8000 / len(samples))


@pytest_asyncio.fixture
async def ears() -> AsyncIterator[OpusEars]:
    """What decodes, in its process."""
    ears = OpusEars(on_dropped=DROPPED.append)
    await ears.start()
    DROPPED.clear()
    yield ears
    await ears.stop()


class Caller:
    """One page's call on a line of ours; what it recorded is all that we heard."""

    def __init__(self, ears: OpusEars) -> None:
        self.heard = bytearray()
        self.line = Line(page(), clock=Clock(), send=self._ignore, opus=ears)
        self._messages: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._reading = asyncio.create_task(self.line.read(each_of(self._read())))
        self.line._take = self.heard.extend  # type: ignore[method-assign]

    def send(self, *messages: str | bytes | None) -> None:
        for message in messages:
            self._messages.put_nowait(message)

    async def until(self, count: int) -> bytes:
        """Wait until so many samples of mu-law have been heard."""
        async with asyncio.timeout(20):
            while len(self.heard) < count:  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.01)
        return bytes(self.heard)

    async def hang_up(self) -> None:
        self.send(None)
        await self._reading

    async def _read(self) -> AsyncIterator[str | bytes]:
        while (message := await self._messages.get()) is not None:
            yield message

    async def _ignore(self, message: str | bytes) -> None:
        """Nobody listens."""


def samples(ulaw: bytes) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.frombuffer(decode_ulaw(ulaw), "<i2").astype(float)


def test_a_page_sends_packets(packets: list[bytes]) -> None:
    """One message, one packet, no container."""
    protocol = page()
    (started,) = protocol.receive(START)
    assert isinstance(started, CallStarted)
    events = [event for packet in packets for event in protocol.receive(packet)]

    assert started == CallStarted(started.details, heard=OPUS, spoken=AudioFormat(Encoding.LINEAR, 16_000))
    assert [event.payload for event in events if isinstance(event, AudioReceived)] == packets
    with pytest.raises(ValueError, match="process of their own"):
        ToMulaw(started.heard)


async def test_a_tone_in_packets_is_the_tone(packets: list[bytes], ears: OpusEars) -> None:
    """Through the line: its pitch, its loudness and its length; and PyAV is in the other process only."""
    caller = Caller(ears)
    caller.send(START, *packets)
    heard = samples(await caller.until(15_000))
    await caller.hang_up()

    assert len(heard) <= 16_000
    assert strongest_hertz(heard[4000:12_000]) == HERTZ
    assert heard[4000:12_000].std() == pytest.approx(8192 / np.sqrt(2), rel=0.1)


async def test_calls_at_once_hear_their_own(ears: OpusEars) -> None:
    """Twenty tones through one process, packet by packet in turn: no sample of one is in another's ear."""
    callers = [Caller(ears) for _ in range(20)]
    tones = [encoded(300 + 100 * at, 1.0) for at in range(len(callers))]
    for caller in callers:
        caller.send(START)
    for row in zip(*tones, strict=True):
        for caller, packet in zip(callers, row, strict=True):
            caller.send(packet)
    for at, caller in enumerate(callers):
        heard = samples(await caller.until(7_500))[2000:6000]
        spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
        levels = [spectrum[(300 + 100 * other) // 2] for other in range(len(callers))]
        assert int(np.argmax(levels)) == at
        others = [level for other, level in enumerate(levels) if other != at]
        assert max(others) < levels[at] / 30, max(others) / levels[at]
        await caller.hang_up()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_call_survives_the_workers_death(
    packets: list[bytes], ears: OpusEars, how: signal.Signals
) -> None:
    """What a dead or hanging process had is silence of the same length; the next goes on with the stream."""
    caller = Caller(ears)
    caller.send(START, *packets[:25])
    before = len(await caller.until(3_500))
    assert ears.worker.pid is not None
    os.kill(ears.worker.pid, how)
    while how is signal.SIGKILL and ears.worker.is_up:  # noqa: ASYNC110 - of another process
        await asyncio.sleep(0)
    caller.send(*packets[25:50])
    silent = samples(await caller.until(before + 3_500))[before + 600 :]
    assert np.abs(silent).max() < 20
    assert sum(DROPPED) >= 25  # each packet is a frame

    await ears.worker.up(20)
    at = len(caller.heard)
    caller.send(*packets[50:])
    heard = samples(await caller.until(at + 7_200))[at + 3000 : at + 7000]
    assert strongest_hertz(heard) == HERTZ
    await caller.hang_up()


async def test_who_has_left_hears_nothing(packets: list[bytes], ears: OpusEars) -> None:
    """What is still under way when a call ends is thrown away, and its stream is forgotten."""
    caller = Caller(ears)
    caller.send(START, *packets)
    await caller.hang_up()
    at = len(caller.heard)
    other = Caller(ears)
    other.send(START, *packets)
    await other.until(15_000)
    assert len(caller.heard) == at
    await other.hang_up()


@pytest.mark.parametrize(
    ("packet", "seconds"),
    [
        (b"\x08\0", 0.02),  # SILK
        (b"\x19\0", 0.12),  # two frames of 60 ms
        (b"\x78\0", 0.02),  # hybrid
        (b"\x80\0", 0.0025),  # CELT
        (b"\xfb\x03\0", 0.06),  # three frames, counted
        (b"\xfb\x07\0", 0.0),  # seven: too long to be true
        (b"\xfb", 0.0),
        (b"", 0.0),
    ],
)
def test_a_packet_tells_how_long_it_is(packet: bytes, seconds: float) -> None:
    """RFC 6716 section 3.1."""
    assert seconds_of(packet) == seconds


def test_packets_are_as_long_as_they_say(packets: list[bytes]) -> None:
    """The encoder's own."""
    assert sum(map(seconds_of, packets)) == pytest.approx(2.0, abs=0.021)


def test_our_audio_is_linear(packets: list[bytes]) -> None:
    """At the rate of the start, as ever; nothing of ours is Opus."""
    protocol = page()
    protocol.receive(START)
    assert protocol.send(PlayAudio(b"\1\0" * 320)) == (b"\1\0" * 320,)
    with pytest.raises(ValueError, match="not spoken"):
        FromMulaw(OPUS).process(b"\xff" * 160)


async def test_a_damaged_packet_is_nothing_and_the_next_one_is_heard(
    packets: list[bytes], ears: OpusEars
) -> None:
    """Whatever comes: the decoder neither fails nor loses its place."""
    damaged = (b"", b"\xff" * 50, packets[1][:3], bytes(range(256)) * 8, bytes(60_000))
    stream = tuple((1, packet) for packet in (packets[0], *damaged, packets[2]))
    first, *_, last = await ears.worker.decode_opus(stream)
    assert len(first) > 0
    assert len(last) == 2 * FRAME
    assert ears.worker.restarts == 0


def test_a_page_learns_before_it_speaks_whether_opus_is_taken() -> None:
    """By the subprotocol; a page that offers none, or PCM only, is as good as before."""
    assert page(opus=True).capabilities.subprotocols == ("hatif.opus", "hatif.pcm")
    assert page(opus=False).capabilities.subprotocols == ("hatif.pcm",)


def test_where_the_site_does_not_take_it_it_is_refused() -> None:
    """And on the generic wire always: its peers have G.711."""
    generic = PROVIDERS["generic"]
    grant = Grant(request=HttpRequest("GET", "wss://h/ws/generic"), is_authenticated=True)
    for protocol in (page(opus=False), generic.media(generic.options(), grant)):
        with pytest.raises(RemoteProtocolError, match="Expected mulaw, alaw or linear16"):
            protocol.receive(START)


async def test_without_the_extra_it_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """At start and by `hatif check`; and a call that comes all the same is closed, not broken."""
    ears = OpusEars()
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ConfigError, match=r"pip install 'hatif\[media\]'"):
        require_opus()
    with pytest.raises(ConfigError, match=r"pip install 'hatif\[media\]'"):
        await ears.start()

    async def messages() -> AsyncIterator[str | bytes]:
        yield START

    async def send(message: str | bytes) -> None:
        """Nobody listens."""

    line = Line(page(), clock=Clock(), send=send)
    await line.read(each_of(messages()))
    assert (line.close_code, line.introduction.result()) == (1003, None)
    assert "hatif[media]" in line.close_reason


def test_the_check_looks_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where pages may send Opus, and nowhere else."""
    config = tmp_path / "config.yaml"
    for wanted, verdicts in (("true", [Verdict.BAD]), ("false", [])):
        config.write_text(f"providers: {{browser: {{opus: {wanted}}}}}", encoding="utf-8")
        monkeypatch.setitem(sys.modules, "av", None)
        found = [finding.verdict for finding in examine(config) if finding.subject == "opus"]
        assert found == verdicts
