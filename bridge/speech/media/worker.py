"""The process in which PyAV lives: `python -m bridge.speech.media.worker`. Nothing else loads it.

PyAV's wheels carry GPL codecs, and FFmpeg reads what strangers send: a process of its own keeps both away
from Hatif. Once it has passed its self-test it can open nothing any more, neither a file nor a socket: some
kinds of files (playlists, session descriptions) are instructions to fetch others.
"""

import io
import resource
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, assert_never

import msgspec
import numpy as np

from bridge.speech.messages import (
    CloseOpus,
    DecodeFile,
    DecodeOpus,
    FileDecoded,
    MediaRequest,
    Message,
    OpenMedia,
    OpusDecoded,
    Ready,
    Refused,
    StartFailed,
)
from bridge.speech.pipe import ParentPipe

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.audio.stream import AudioStream
    from av.container import InputContainer

__all__ = ["OPUS_RATE", "OpusDecoder", "main"]

OPUS_RATE = 48_000  # hertz; of the decoder, whatever the encoder was given
RATES = range(8_000, 192_001)  # hertz, of files
MAX_MEMORY_BYTES = 1 << 30  # PyAV and numpy take a quarter of it; a file that needs more is out to harm
MAX_PACKET_BYTES = 4_000  # libopus's own advice for a buffer; 20 ms are about 60
MAX_OPUS_STREAMS = 1_000  # a call has one; of more, the one that has been silent for the longest goes

_BYTES_PER_SAMPLE = 2
_NO_PROTOCOL = {"protocol_whitelist": "none"}  # what a file names is not opened


class _MediaRefusedError(Exception):
    """This file cannot be used; the text is the rest of a sentence that begins with its name."""


class OpusDecoder:
    """One stream of packets (RFC 6716), each whole and without a container."""

    def __init__(self) -> None:
        import av  # noqa: PLC0415 - GPL codecs: in this process only

        self._packet = av.Packet
        self._error = av.error.FFmpegError
        # libopus, which PyAV's wheels have: half the work of FFmpeg's own, and mono of 16 bits at once
        self._decoder: AudioCodecContext = av.CodecContext.create("libopus", "r")
        self._decoder.sample_rate = OPUS_RATE
        self._decoder.layout = "mono"

    def decode(self, packet: bytes) -> bytes:
        """The sound of one packet, linear at `OPUS_RATE`, mono; nothing where it is none or is damaged."""
        if not 0 < len(packet) <= MAX_PACKET_BYTES:  # to FFmpeg an empty one is the end of the stream
            return b""
        try:
            frames = self._decoder.decode(self._packet(packet))
        except self._error:
            return b""
        return b"".join(bytes(frame.planes[0])[: frame.samples * _BYTES_PER_SAMPLE] for frame in frames)


class _Desk:
    """Takes one request after the other; only streams of Opus are remembered."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._streams: dict[int, OpusDecoder] = {}
        self._is_open = False

    def handle(self, message: MediaRequest) -> None:
        match message:
            case OpenMedia():
                self._open()
            case CloseOpus(stream=stream):
                self._streams.pop(stream, None)
            case _ if not self._is_open:
                self._send(Refused(message.id, "the media worker has not been opened"))
            case DecodeFile():
                self._send(_decoded(message))
            case DecodeOpus(id=request, packets=packets):
                self._send(OpusDecoded(request, tuple(self._sound(*packet) for packet in packets)))
            case _:
                assert_never(message)

    def _open(self) -> None:
        try:
            import av  # noqa: PLC0415 - GPL codecs: in this process only

            _test()
        except ImportError:
            self._send(StartFailed("PyAV is not installed; run `pip install 'hatif[media]'`"))
            return
        except Exception as error:  # noqa: BLE001 - whatever an unfit build of PyAV raises
            self._send(StartFailed(f"PyAV cannot be used ({type(error).__name__})"))
            return
        _lock_up()
        self._is_open = True
        self._send(Ready(f"PyAV {av.__version__}"))

    def _sound(self, stream: int, packet: bytes) -> bytes:
        decoder = self._streams.pop(stream, None) or OpusDecoder()
        self._streams[stream] = decoder  # the last in the order of use
        if len(self._streams) > MAX_OPUS_STREAMS:
            del self._streams[next(iter(self._streams))]
        return decoder.decode(packet)


def _test() -> None:
    """Encode and decode a little: afterwards everything that is imported late has been."""
    import av  # noqa: PLC0415

    file = io.BytesIO()
    with av.open(file, "w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=RATES[0], layout="mono")
        silence = np.zeros((1, RATES[0]), dtype="<i2")
        frame = av.AudioFrame.from_ndarray(silence, format="s16", layout="mono")
        frame.rate = RATES[0]
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    _read(file.getvalue(), 1.0)
    OpusDecoder().decode(b"\xf8\xff\xfe")  # 20 ms of silence
    try:
        _read(b"no sound at all", 1.0)
    except _MediaRefusedError:
        return


def _lock_up() -> None:
    """From here on: no file, no socket, no process of our own, and only so much memory."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


def _decoded(request: DecodeFile) -> FileDecoded | Refused:
    try:
        decoded = _read(request.content, request.max_seconds)
    except _MediaRefusedError as error:
        return Refused(request.id, str(error))
    except MemoryError:
        return Refused(request.id, "needs more memory than a recording may")
    return msgspec.structs.replace(decoded, id=request.id)


def _read(content: bytes, max_seconds: float) -> FileDecoded:
    """Sniff a file and decode its first audio stream; its name and what it says of itself do not count."""
    import av  # noqa: PLC0415

    try:
        container = av.open(io.BytesIO(content), "r", options=_NO_PROTOCOL)
    except (av.error.FFmpegError, OSError, ValueError):
        raise _MediaRefusedError("is no sound file, or of a kind that cannot be read") from None
    with container:
        if not container.streams.audio:
            raise _MediaRefusedError("holds no sound")
        return _sound_of(container, container.streams.audio[0], max_seconds)


def _sound_of(container: "InputContainer", stream: "AudioStream", max_seconds: float) -> FileDecoded:
    rate = stream.rate
    if rate not in RATES:
        raise _MediaRefusedError(f"has {rate} samples a second; {RATES[0]} to {RATES[-1]} can be read")
    most_bytes = int(max_seconds * rate) * _BYTES_PER_SAMPLE
    pcm = bytearray()
    for samples in _mono(container, stream):
        pcm += samples
        if len(pcm) > most_bytes:
            break
    if not pcm:
        raise _MediaRefusedError("holds no sound")
    return FileDecoded(
        0,
        bytes(pcm[:most_bytes]),
        rate,
        container=container.format.name,
        codec=stream.codec_context.name,
        channels=stream.channels,
        is_longer=len(pcm) > most_bytes,
    )


def _mono(container: "InputContainer", stream: "AudioStream") -> Iterator[bytes]:
    """The stream's samples, 16 bits, its channels mixed."""
    import av  # noqa: PLC0415

    mixer = av.AudioResampler(format="s16", layout="mono")
    try:
        for frame in container.decode(stream):
            for mixed in mixer.resample(frame):
                yield mixed.to_ndarray().astype("<i2").tobytes()
        for mixed in mixer.resample(None):
            yield mixed.to_ndarray().astype("<i2").tobytes()
    except (av.error.FFmpegError, OSError, ValueError):
        raise _MediaRefusedError("is damaged: its sound cannot be decoded to the end") from None


def main() -> None:
    """Serve the parent until it closes the pipe."""
    pipe = ParentPipe.claim()
    desk = _Desk(pipe.send)
    decoder: msgspec.msgpack.Decoder[MediaRequest] = msgspec.msgpack.Decoder(MediaRequest)
    pipe.serve(decoder, desk.handle)


if __name__ == "__main__":
    main()
