"""The process in which models are tried, and may crash: `python -m bridge.models.trial_worker`.

It decodes as a call does, in chunks of 100 ms, but one recording at a time, so that processor time and memory
can be told to belong to the model.
"""

import json
import os
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import msgspec

from bridge.audio.g711 import decode_ulaw
from bridge.models.trial_messages import (
    Decode,
    Decoded,
    OpenTrial,
    Reading,
    TrialFailed,
    TrialOpened,
    TrialRequest,
)
from bridge.speech.messages import SAMPLE_RATE
from bridge.speech.pipe import ParentPipe
from bridge.speech.vosk.loading import load

__all__ = ["main"]

CHUNK_BYTES = SAMPLE_RATE // 10 * 2  # 100 ms, as a call hands audio over


class _KaldiRecognizer(Protocol):
    def AcceptWaveform(self, data: bytes) -> int: ...  # noqa: N802 - the library's own name
    def Result(self) -> str: ...  # noqa: N802
    def FinalResult(self) -> str: ...  # noqa: N802
    def SetWords(self, enable: bool) -> None: ...  # noqa: N802


class _Word(msgspec.Struct):
    word: str
    conf: float


class _Result(msgspec.Struct):
    """What Vosk says of one piece; without any word it gives no `result`."""

    result: list[_Word] = []


class _Trial:
    """A loaded model and the grammars that it is tried with."""

    def __init__(self, message: OpenTrial) -> None:
        self.bytes_before = _resident_bytes()
        began = time.perf_counter()
        self._model, self._open_model = load(Path(message.path))
        self.load_seconds = time.perf_counter() - began
        self._grammars = [json.dumps(one, ensure_ascii=False) if one else None for one in message.grammars]

    def decode(self, message: Decode) -> Decoded:
        pcm = decode_ulaw(message.ulaw)
        readings = tuple(self._read(pcm, self._grammars[number]) for number in message.grammars)
        return Decoded(message.id, readings, _resident_bytes())

    def _read(self, pcm: bytes, grammar: str | None) -> Reading:
        began = time.thread_time()
        recognizer = self._recognizer(grammar)
        words = [word for piece in _pieces(recognizer, pcm) for word in piece.result]
        cpu_seconds = time.thread_time() - began
        confidence = min((word.conf for word in words), default=0.0)
        return Reading(" ".join(word.word for word in words), min(max(confidence, 0.0), 1.0), cpu_seconds)

    def _recognizer(self, grammar: str | None) -> _KaldiRecognizer:
        from vosk import KaldiRecognizer  # noqa: PLC0415 - as `load`

        model, extra = (self._open_model, []) if grammar is None else (self._model, [grammar])
        recognizer: _KaldiRecognizer = KaldiRecognizer(model, SAMPLE_RATE, *extra)
        recognizer.SetWords(True)  # with their confidences
        return recognizer


def _pieces(recognizer: _KaldiRecognizer, pcm: bytes) -> Iterator[_Result]:
    """A recording may pause: Vosk then ends a piece, and goes on with the next."""
    for begin in range(0, len(pcm), CHUNK_BYTES):
        if recognizer.AcceptWaveform(pcm[begin : begin + CHUNK_BYTES]):
            yield msgspec.json.decode(recognizer.Result(), type=_Result)
    yield msgspec.json.decode(recognizer.FinalResult(), type=_Result)


def _resident_bytes() -> int:
    """Memory of this process that is in use, as Linux tells it; 0 where nobody does."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), 0)


def main() -> None:
    """Serve the parent until it closes the pipe."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one process, one core: that is what is measured
    pipe = ParentPipe.claim()
    decoder: msgspec.msgpack.Decoder[TrialRequest] = msgspec.msgpack.Decoder(TrialRequest)
    trial: _Trial | None = None
    for message in pipe.receive(decoder):
        if isinstance(message, OpenTrial):
            trial = _open(pipe, message)
        elif trial is not None:
            pipe.send(trial.decode(message))
    pipe.leave()


def _open(pipe: ParentPipe, message: OpenTrial) -> _Trial | None:
    try:
        trial = _Trial(message)
    except ImportError:
        pipe.send(TrialFailed("the vosk package cannot be imported"))
    except Exception:  # noqa: BLE001 - Vosk raises plain Exception, and its reasons go to stderr
        pipe.send(TrialFailed("Vosk cannot load it"))
    else:
        engine = f"vosk {version('vosk')}"
        pipe.send(TrialOpened(engine, trial.load_seconds, trial.bytes_before, _resident_bytes()))
        return trial
    return None


if __name__ == "__main__":
    main()
