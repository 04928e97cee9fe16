"""Opus from a web page: what PyAV encodes is heard, what is damaged is not, a missing extra is told."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from bridge.audio.g711 import decode_ulaw
from bridge.checkup import Verdict, examine
from bridge.clock import Clock
from bridge.errors import ConfigError
from bridge.line import Line
from bridge.opus import OpusDecoder, require_opus
from bridge.transcoding import FromMulaw, ToMulaw
from protocols import PROVIDERS, AudioReceived, CallStarted, MediaProtocol, PlayAudio, RemoteProtocolError
from protocols.audio import OPUS, AudioFormat, Encoding
from protocols.browser import BrowserOptions
from protocols.http import HttpRequest
from protocols.provider import Grant

START = '{"type":"start","audio":{"encoding":"opus","sample_rate":16000}}'
FRAME = 960  # samples of 20 ms
HERTZ = 440


@pytest.fixture(scope="module")
def packets() -> list[bytes]:
    """Two seconds of a tone at -12 dBFS, as `AudioEncoder` would send them."""
    import av  # noqa: PLC0415

    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = 48_000, "mono", "s16", 24_000
    tone = (8192 * np.sin(2 * np.pi * HERTZ * np.arange(96_000) / 48_000)).astype("<i2")
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


def test_a_tone_in_packets_is_the_tone(packets: list[bytes]) -> None:
    """One message, one packet, no container: its pitch, its loudness and its length."""
    protocol = page()
    (started,) = protocol.receive(START)
    assert isinstance(started, CallStarted)
    ears = ToMulaw(started.heard)
    events = [event for packet in packets for event in protocol.receive(packet)]
    payloads = [event.payload for event in events if isinstance(event, AudioReceived)]
    heard = np.frombuffer(decode_ulaw(b"".join(map(ears.process, payloads))), "<i2").astype(float)

    assert started == CallStarted(started.details, heard=OPUS, spoken=AudioFormat(Encoding.LINEAR, 16_000))
    assert payloads == packets
    assert 15_000 < len(heard) <= 16_000
    assert strongest_hertz(heard[4000:12_000]) == HERTZ
    assert heard[4000:12_000].std() == pytest.approx(8192 / np.sqrt(2), rel=0.1)


def test_our_audio_is_linear(packets: list[bytes]) -> None:
    """At the rate of the start, as ever; nothing of ours is Opus."""
    protocol = page()
    protocol.receive(START)
    assert protocol.send(PlayAudio(b"\1\0" * 320)) == (b"\1\0" * 320,)
    with pytest.raises(ValueError, match="not spoken"):
        FromMulaw(OPUS).process(b"\xff" * 160)


def test_a_damaged_packet_is_nothing_and_the_next_one_is_heard(packets: list[bytes]) -> None:
    """Whatever comes: the decoder neither fails nor loses its place."""
    decoder = OpusDecoder()
    assert len(decoder.decode(packets[0])) > 0
    for damaged in (b"", b"\xff" * 50, packets[1][:3], bytes(range(256)) * 8):
        decoder.decode(damaged)
    assert len(decoder.decode(packets[2])) == 2 * FRAME


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
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ConfigError, match=r"pip install 'hatif\[media\]'"):
        require_opus()

    async def messages() -> AsyncIterator[str | bytes]:
        yield START

    async def send(message: str | bytes) -> None:
        """Nobody listens."""

    line = Line(page(), clock=Clock(), send=send)
    await line.read(messages())
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
