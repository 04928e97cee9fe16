"""Sound files of any kind, and packets of Opus, decoded in a worker process. It never loads PyAV.

Its wheels carry GPL codecs. They are an extra: whether it is installed is looked up without importing it.
"""

from importlib.util import find_spec

from msgspec import Struct

from bridge.errors import ConfigError, WorkerError
from bridge.speech.messages import CloseOpus, DecodeFile, DecodeOpus, FileDecoded, OpenMedia, OpusDecoded
from bridge.speech.worker import RestartPolicy, WorkerProcess

__all__ = ["MAX_FILE_BYTES", "DecodedSound", "MediaWorker", "has_media"]

MAX_FILE_BYTES = 10 * 1024 * 1024
FILE_SECONDS = 20.0  # ten megabytes of the slowest codec take a busy machine two
OPUS_SECONDS = 1.0  # a batch takes milliseconds; who waits longer is heard as silence


class DecodedSound(Struct, frozen=True):
    """The sound of a file, and what kind of file it was, whatever its name said."""

    pcm: bytes  # signed 16-bit little-endian, mono
    rate: int  # hertz, the file's own
    container: str  # FFmpeg's names, such as ogg and opus
    codec: str
    channels: int  # before they were mixed
    is_longer: bool  # than what was asked for: the rest was not decoded

    @property
    def seconds(self) -> float:
        """How long what was decoded lasts."""
        return len(self.pcm) / 2 / self.rate


def has_media() -> bool:
    """Whether PyAV is installed."""
    try:
        return find_spec("av") is not None
    except ValueError:  # a module without a spec
        return False


class MediaWorker(WorkerProcess):
    """The process that PyAV runs in."""

    def __init__(self, *, policy: RestartPolicy | None = None) -> None:
        super().__init__("media", "bridge.speech.media.worker", OpenMedia(), policy=policy)

    async def start(self) -> None:
        """Start the process.

        Raises:
            ConfigError: the extra is not installed.
            WorkerError: the process cannot do its work.

        """
        if not has_media():
            raise ConfigError("PyAV is not installed; run `pip install 'hatif[media]'`")
        await super().start()

    async def decode(self, content: bytes, *, max_seconds: float) -> DecodedSound:
        """Decode the sound of a file, at most `max_seconds` of it.

        Raises:
            WorkerError: it is too large, no sound file, damaged, or has brought the process down; the text is
                the rest of a sentence that begins with the file's name.

        """
        if len(content) > MAX_FILE_BYTES:
            raise WorkerError(f"is larger than {MAX_FILE_BYTES // 2**20} MiB")
        generation = self.generation
        request = DecodeFile(self.new_id(), content, max_seconds)
        try:
            found = await self.request(request, FileDecoded, FILE_SECONDS)
        except WorkerError:
            if self.is_up and self.generation == generation:  # it refused
                raise
            raise WorkerError("cannot be decoded: the process that read it died, or took too long") from None
        return DecodedSound(
            found.pcm, found.rate, found.container, found.codec, found.channels, found.is_longer
        )

    async def decode_opus(self, packets: tuple[tuple[int, bytes], ...]) -> tuple[bytes, ...]:
        """The sound of each packet of the numbered streams: linear at 48 kHz, mono, b'' where it is damaged.

        Raises:
            WorkerError: there is no process, or it died or did not answer in time. The next one has forgotten
                its streams, and begins each with whatever packet comes first.

        """
        answer = await self.request(DecodeOpus(self.new_id(), packets), OpusDecoded, OPUS_SECONDS)
        if len(answer.sounds) != len(packets):
            raise WorkerError("the media worker gave an answer of the wrong length")
        return answer.sounds

    def close_opus(self, stream: int) -> None:
        """Forget a stream."""
        self.post(CloseOpus(stream))
