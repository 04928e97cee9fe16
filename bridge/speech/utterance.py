"""One utterance on its way to the recogniser, which may be asked at any pause what has been said so far.

Vosk cannot be asked without being told that the utterance is over. So a pause is treated as the end: where it
is the end, the answer was there before the silence was over, and nothing was decoded twice. Where the caller
goes on, everything is decoded again as a whole.
"""

from collections.abc import Sequence

from bridge.errors import WorkerError
from bridge.speech.base import Hearing, RecognitionStream, Recognizer

__all__ = ["OpenUtterance"]


class OpenUtterance:
    """What is being said under one list of phrases."""

    def __init__(self, recognizer: Recognizer, phrases: Sequence[str]) -> None:
        self.phrases = tuple(phrases)
        self.pcm = bytearray()
        self._recognizer = recognizer
        self._stream: RecognitionStream | None = recognizer.open(self.phrases)
        self._heard: Hearing | WorkerError | None = None  # of all that was fed so far

    def feed(self, pcm: bytes) -> None:
        """More of it, in which something may have been said."""
        self.pcm += pcm
        if self._stream is None:
            self._heard = None
            self._stream = self._recognizer.open(self.phrases)
            self._stream.feed(bytes(self.pcm))
        else:
            self._stream.feed(pcm)

    async def so_far(self) -> Hearing:
        """What has been said until now. Asked again before anything was fed, it says the same.

        Raises:
            WorkerError: the recogniser died or did not answer in time.

        """
        if self._stream is not None:
            stream, self._stream = self._stream, None
            try:
                self._heard = await stream.finish()
            except WorkerError as error:
                self._heard = error
            finally:
                stream.cancel()
        if isinstance(self._heard, WorkerError):
            raise self._heard
        if self._heard is None:
            raise WorkerError("the utterance was cancelled")
        return self._heard

    async def whole(self, tail: bytes) -> Hearing:
        """What was said, now that it is over. After a pause that was asked about, the tail is silence.

        Raises:
            WorkerError: as `so_far` raises it.

        """
        if self._stream is not None:
            self._stream.feed(tail)
        self.pcm += tail
        return await self.so_far()

    def cancel(self) -> None:
        """Forget it."""
        if self._stream is not None:
            self._stream.cancel()
            self._stream = None
