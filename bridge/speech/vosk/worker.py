"""The process in which Vosk lives: `python -m bridge.speech.vosk.worker`; the daemon has vosk nowhere else.

Each utterance is decoded under its own phrases and under every word of the model, either in several phases,
on a bounded pool of threads; one utterance's jobs are done one at a time and in order, but for the last: its
decoders come to their ends side by side, since somebody waits for that. It refuses to know
what words mean. What Vosk would crash on never reaches it: no `SetGrammar`, no empty list, no unknown word.

Phases: a small model's network looks at every third frame of 10 ms, so the same utterance begun 10 or 20 ms
later is a different one to it. What is recognised in one phase only was close to being something else. Under
phrases the open vocabulary is heard in one phase first: where it says what the phrases say in all of theirs,
the others could not change what is believed, and are left out.
"""

import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, assert_never
from weakref import WeakValueDictionary

import msgspec

from bridge.collecting import GIVE_BACK_SECONDS, give_back
from bridge.speech.messages import (
    MAX_STREAMS,
    MAX_UTTERANCE_BYTES,
    SAMPLE_RATE,
    CancelStream,
    FeedStream,
    FinishStream,
    Heard,
    LoadModel,
    Message,
    OpenStream,
    PartlyHeard,
    Probe,
    Probed,
    Ready,
    Refused,
    StartFailed,
    VoskRequest,
)
from bridge.speech.pipe import ParentPipe
from bridge.speech.vosk.loading import load
from bridge.speech.vosk.turns import Turns

__all__ = ["main"]

SELF_TEST_SECONDS = 0.5
UNKNOWN_WORD = "[unk]"  # where a model has it: "something else was said"
FIRST = slice(1)  # of the phases
PARTIAL_BYTES = SAMPLE_RATE // 5 * 2  # 0.2 s: what was said so far is told so often, where there is time
PHASE_BYTES = SAMPLE_RATE // 100 * 2  # 10 ms: one frame of the features

Send = Callable[[Message], None]


class _Word(msgspec.Struct):
    word: str
    conf: float


class _Result(msgspec.Struct):
    """What Vosk says of one piece of an utterance; without any word it gives no `result`."""

    result: list[_Word] = []


class _Partial(msgspec.Struct):
    """What Vosk says of a piece that goes on."""

    partial: str = ""


class _KaldiRecognizer(Protocol):
    def AcceptWaveform(self, data: bytes) -> int: ...  # noqa: N802 - the library's own name
    def Result(self) -> str: ...  # noqa: N802
    def PartialResult(self) -> str: ...  # noqa: N802
    def FinalResult(self) -> str: ...  # noqa: N802
    def SetWords(self, enable: bool) -> None: ...  # noqa: N802


class _Decoder:
    """One recogniser over one utterance, with the pieces that Vosk finished on the way joined again."""

    def __init__(self, recognizer: _KaldiRecognizer, phase: int) -> None:
        recognizer.SetWords(True)  # with their confidences
        self._recognizer = recognizer
        self._pieces: list[str] = []
        self._to_skip = phase * PHASE_BYTES

    def accept(self, pcm: bytes) -> None:
        if self._to_skip:
            pcm, self._to_skip = pcm[self._to_skip :], max(0, self._to_skip - len(pcm))
        if self._recognizer.AcceptWaveform(pcm):  # a pause ended a piece; the utterance goes on
            self._pieces.append(self._recognizer.Result())

    def so_far(self) -> str:
        """What was said until now, which may still become something else."""
        unfinished = msgspec.json.decode(self._recognizer.PartialResult(), type=_Partial).partial
        words = [word.word for word in _words(self._pieces)]
        return " ".join([*words, unfinished] if unfinished else words)

    def finish(self) -> list[_Word]:
        self._pieces.append(self._recognizer.FinalResult())
        return _words(self._pieces)


class _Later:
    """A decoder that is made only at the end, and hears the whole utterance then."""

    def __init__(self, make: Callable[[], list[_Decoder]], pcm: bytes) -> None:
        self._make = make
        self._pcm = pcm

    def finish(self) -> list[_Word]:
        (decoder,) = self._make()
        decoder.accept(self._pcm)
        return decoder.finish()


class _Model:
    """The loaded model: a source of decoders."""

    def __init__(self, path: str, phases: int) -> None:
        self._model, self._open_model = load(Path(path))
        self._phases = range(phases)
        self._takes_grammars = not (Path(path) / "graph" / "HCLG.fst").exists()

    @property
    def further_phases(self) -> list[slice]:
        """All but the first, each by itself."""
        return [slice(at, at + 1) for at in self._phases[1:]]

    def open_vocabulary(self, phases: slice = slice(None)) -> list[_Decoder]:
        return self._decoders(self._open_model, phases)

    def closed_vocabulary(self, phrases: Sequence[str]) -> list[_Decoder]:
        """Decoders for these phrases alone; none when Vosk could not be given a single one of them."""
        known = [phrase for phrase in phrases if self._knows(phrase)]
        if not known or not self._takes_grammars:
            return []
        return self._decoders(self._model, slice(None), json.dumps(known, ensure_ascii=False))

    def test(self, phrase: str, pcm: bytes) -> bool:
        """Decode somebody saying a phrase; whether that is heard, where the model has words for it."""
        # With nothing else to choose from, any sound is the phrase.
        closed = self.closed_vocabulary([phrase, UNKNOWN_WORD]) if self._knows(UNKNOWN_WORD) else []
        decoders = self.open_vocabulary()[:1] + closed[:1]
        for decoder in decoders:
            decoder.accept(pcm or bytes(int(SELF_TEST_SECONDS * SAMPLE_RATE) * 2))
        (last, *_) = reversed(_texts([decoder.finish() for decoder in decoders]))
        return last == phrase or not self._knows(phrase)

    def _decoders(self, model: Any, phases: slice, *grammar: str) -> list[_Decoder]:
        from vosk import KaldiRecognizer  # noqa: PLC0415 - as `load`

        recognizers = ((KaldiRecognizer(model, SAMPLE_RATE, *grammar), at) for at in self._phases[phases])
        return [_Decoder(recognizer, phase) for recognizer, phase in recognizers]

    def _knows(self, phrase: str) -> bool:
        words = phrase.split()
        return bool(words) and all(self._model.vosk_model_find_word(word) >= 0 for word in words)


class _Watch:
    """What the pool's threads are at, and since when."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: dict[int, float] = {}  # by thread

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """One thread is at one job meanwhile."""
        thread = threading.get_ident()
        with self._lock:
            self._since[thread] = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                del self._since[thread]

    def longest_seconds(self) -> float:
        """How long the slowest of them has been at its job."""
        with self._lock:
            return time.monotonic() - min(self._since.values(), default=time.monotonic())


_OnAll = Callable[[Sequence[Sequence[_Word]] | None], None]  # with None: one of them failed


class _Ends:
    """The last words of several decoders, which come to them in any order and on any thread."""

    def __init__(self, decoders: Sequence[_Decoder | _Later], on_all: _OnAll) -> None:
        self._decoders: list[_Decoder | _Later | None] = list(decoders)
        self._texts: list[list[_Word] | None] = [None] * len(self._decoders)
        self._left = len(self._decoders)
        self._lock = threading.Lock()
        self._on_all = on_all

    def end(self, number: int) -> None:
        """Let one come to its end, and tell of all after the last."""
        decoder, self._decoders[number] = self._decoders[number], None
        try:
            self._texts[number] = decoder.finish() if decoder is not None else None
        except Exception:  # noqa: BLE001 - Vosk raises plain Exception; the other utterances go on
            self._texts[number] = None
        with self._lock:
            self._left -= 1
            is_last = not self._left
        if is_last:
            texts = [one for one in self._texts if one is not None]
            self._on_all(texts if len(texts) == len(self._texts) else None)


class _Utterance:
    """One utterance and the jobs that wait for it: done one at a time, in order, on the shared pool.

    A Vosk recogniser has no lock and dies if two threads meet in it, or if it is freed under a running one.
    """

    def __init__(self, turns: Turns, watch: _Watch, send: Send, message: OpenStream, model: _Model) -> None:
        self._turns = turns
        self._path = (message.tenant, message.call, str(message.id))
        self._watch = watch
        self._send = send
        self._id = message.id
        self._lock = threading.Lock()
        self._jobs: deque[Callable[[], None]] = deque()
        self._is_busy = False
        self._received_bytes = 0
        self._closed: list[_Decoder] = []
        self._open: list[_Decoder] = []
        self._failure = ""
        self._model = model
        self._said: list[bytes] = []  # for decoders that are asked later, if at all
        self._tells = message.tells and not message.phrases
        self._heard_bytes = self._told_bytes = 0
        self._told = ""
        self._do(lambda: self._create(message.phrases))

    def feed(self, pcm: bytes) -> None:
        self._received_bytes += len(pcm)
        if self._received_bytes <= MAX_UTTERANCE_BYTES:
            self._do(lambda: self._accept(pcm))

    def finish(self) -> None:
        self._do(self._answer)

    def cancel(self) -> None:
        with self._lock:
            self._jobs.clear()
        self._do(self._free)

    def _do(self, job: Callable[[], None]) -> None:
        with self._lock:
            self._jobs.append(job)
            if self._is_busy:
                return
            self._is_busy = True
        self._turns.submit(self._work, self._path)

    def _work(self) -> None:
        """Do one job, then queue again behind the other utterances."""
        with self._lock:
            job = self._jobs.popleft() if self._jobs else None
        if job is not None:
            self._attempt(job)
        with self._lock:
            self._is_busy = bool(self._jobs)
            if not self._is_busy:
                return
        self._turns.submit(self._work, self._path)

    def _attempt(self, job: Callable[[], None]) -> None:
        try:
            with self._watch.at_work():
                job()
        except Exception as error:  # noqa: BLE001 - Vosk raises plain Exception; the other utterances go on
            self._failure = f"the recogniser failed ({type(error).__name__})"
            self._free()
            if job == self._answer:
                self._send(Refused(self._id, self._failure))

    def _create(self, phrases: Sequence[str]) -> None:
        self._closed = self._model.closed_vocabulary(phrases)
        self._open = self._model.open_vocabulary(FIRST if self._closed else slice(None))

    def _accept(self, pcm: bytes) -> None:
        self._said.append(pcm)
        for decoder in chain(self._closed, self._open):
            decoder.accept(pcm)
        self._heard_bytes += len(pcm)
        if self._tells and self._open and self._turns.is_idle:  # who waits for an end comes first
            self._tell_so_far()

    def _tell_so_far(self) -> None:
        if self._heard_bytes - self._told_bytes < PARTIAL_BYTES:
            return
        self._told_bytes = self._heard_bytes
        text = self._open[0].so_far()
        if text != self._told:
            self._told = text
            self._send(PartlyHeard(self._id, text, self._heard_bytes))

    def _answer(self) -> None:
        if self._failure:
            self._send(Refused(self._id, self._failure))
            return
        decoders, closed = (*self._closed, *self._open), len(self._closed)
        self._free()  # each end has its own, and whoever cancels now frees none of them
        self._end_all(decoders, partial(self._weigh, closed) if closed else partial(self._tell, 0))

    def _end_all(self, decoders: Sequence[_Decoder | _Later], on_all: _OnAll) -> None:
        ends = _Ends(decoders, on_all)
        for number in range(1, len(decoders)):
            self._turns.submit(partial(self._end, ends, number), self._path)
        ends.end(0)

    def _end(self, ends: "_Ends", number: int) -> None:
        with self._watch.at_work():
            ends.end(number)

    def _weigh(self, closed: int, texts: Sequence[Sequence[_Word]] | None) -> None:
        """Ask the further phases of the open vocabulary, unless what they say is of no consequence."""
        further = self._model.further_phases
        if texts is None or not further or _agree(_texts(texts)):
            self._tell(closed, texts)
            return
        said = b"".join(self._said)
        later = [_Later(partial(self._model.open_vocabulary, phase), said) for phase in further]
        self._end_all(later, lambda more: self._tell(closed, more and [*texts, *more]))

    def _tell(self, closed: int, texts: Sequence[Sequence[_Word]] | None) -> None:
        """All decoders are done; None: one of them failed."""
        if texts is None:
            self._send(Refused(self._id, "the recogniser failed at the end of an utterance"))
            return
        confidence = min((word.conf for word in chain.from_iterable(texts[:closed])), default=0.0)
        heard = _texts(texts[:closed]), _texts(texts[closed:])
        self._send(Heard(self._id, *heard, min(max(confidence, 0.0), 1.0)))

    def _free(self) -> None:
        self._closed, self._open = [], []


class _Ears:
    """Every utterance under way. Used by the main thread only, which never waits for a decoder."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._pool: ThreadPoolExecutor | None = None
        self._turns: Turns | None = None
        self._watch = _Watch()
        self._model: _Model | None = None
        self._streams: dict[int, _Utterance] = {}
        self._ending: WeakValueDictionary[int, _Utterance] = WeakValueDictionary()  # until they are told
        self._gave_back_at = time.monotonic()

    def handle(self, message: VoskRequest) -> None:
        match message:
            case LoadModel(threads=threads):
                self._pool = ThreadPoolExecutor(max_workers=threads)
                self._turns = Turns(self._pool)
                self._pool.submit(self._load, message)
            case OpenStream():
                self._begin(message)
            case FeedStream(id=key, pcm=pcm):
                if stream := self._streams.get(key):
                    stream.feed(pcm)
            case FinishStream(id=key):
                self._finish(key)
            case CancelStream(id=key):
                if stream := self._streams.pop(key, None) or self._ending.pop(key, None):
                    stream.cancel()
            case Probe(id=key):
                if self._pool:
                    self._pool.submit(self._probe, key)
            case _:
                assert_never(message)

    def _probe(self, key: int) -> None:
        """Answered by one of the pool's threads, after the jobs that wait already."""
        self._send(Probed(key, self._watch.longest_seconds()))
        if time.monotonic() - self._gave_back_at > GIVE_BACK_SECONDS:
            self._gave_back_at = time.monotonic()
            give_back()  # the matrices of what was decoded: some 60 MB of small pieces otherwise

    def _load(self, message: LoadModel) -> None:
        """Seconds for a large model: off the main thread, which must see the parent go."""
        try:
            model = _Model(message.path, message.phases)
            has_heard = model.test(message.known_phrase, message.known_pcm)
        except ImportError:
            self._send(StartFailed("the vosk package cannot be imported"))
        except Exception:  # noqa: BLE001 - Vosk raises plain Exception, and its reasons go to stderr
            self._send(StartFailed("Vosk cannot load it"))
        else:
            if not has_heard:
                self._send(StartFailed("Vosk loads it, but does not hear a known phrase with it"))
                return
            self._model = model
            self._send(Ready(f"vosk {version('vosk')}"))

    def _begin(self, message: OpenStream) -> None:
        if self._turns and self._model and len(self._streams) < MAX_STREAMS:
            self._streams[message.id] = _Utterance(self._turns, self._watch, self._send, message, self._model)

    def _finish(self, key: int) -> None:
        stream = self._streams.pop(key, None)
        if stream is None:
            self._send(Refused(key, "the recogniser has as many utterances under way as it takes"))
        else:
            self._ending[key] = stream
            stream.finish()


def _agree(texts: Sequence[str]) -> bool:
    """Whether all say the same, and know it."""
    said = set(texts)
    return len(said) == 1 and "" not in said and UNKNOWN_WORD not in texts[0].split()


def _words(pieces: Sequence[str]) -> list[_Word]:
    results = (msgspec.json.decode(piece, type=_Result) for piece in pieces)
    return list(chain.from_iterable(result.result for result in results))


def _texts(readings: Sequence[Sequence[_Word]]) -> tuple[str, ...]:
    return tuple(" ".join(word.word for word in words) for words in readings)


def main() -> None:
    """Serve the parent until it closes the pipe."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the pool is the only source of parallelism
    pipe = ParentPipe.claim()
    ears = _Ears(pipe.send)
    decoder: msgspec.msgpack.Decoder[VoskRequest] = msgspec.msgpack.Decoder(VoskRequest)
    pipe.serve(decoder, ears.handle)


if __name__ == "__main__":
    main()
