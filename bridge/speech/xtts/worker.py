"""The process in which XTTS lives: `python -m bridge.speech.xtts.worker`. PyTorch is loaded nowhere else.

It reads on one thread and speaks on another, one text after the other: the model keeps the text that is being
spoken, so a second one at the same time would be mixed up with it.
"""

import os
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

import msgspec

from bridge.errors import BridgeError, ModelError, WorkerError
from bridge.speech.messages import (
    CancelStream,
    Condition,
    Conditioned,
    ListSpeakers,
    LoadXtts,
    Message,
    Ready,
    Refused,
    Request,
    SpeakAs,
    Speakers,
    SpokenPart,
    StartFailed,
    TakeSpeaker,
    XttsRequest,
)
from bridge.speech.pipe import ParentPipe
from bridge.speech.xtts.voice import fingerprint_of

if TYPE_CHECKING:
    from bridge.speech.xtts.model import XttsModel

__all__ = ["main"]

KEPT_RECORDINGS = 8
SELF_TEST_RATE = 22050

_Work = LoadXtts | Condition | ListSpeakers | TakeSpeaker | SpeakAs


class _Booth:
    """Does one piece of work after the other, on a thread of its own."""

    def __init__(self, send: Callable[[Message], None], leave: Callable[[], None]) -> None:
        self._send = send
        self._leave = leave
        self._work: queue.SimpleQueue[_Work] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._wanted: set[int] = set()  # texts that somebody waits for
        self._model: XttsModel | None = None
        self._conditioned: OrderedDict[str, bytes] = OrderedDict()  # latents, by recording

    def take(self, message: XttsRequest) -> None:
        """On the reading thread: never waits for the work itself."""
        if isinstance(message, CancelStream):
            with self._lock:
                self._wanted.discard(message.id)
            return
        if isinstance(message, SpeakAs):
            with self._lock:
                self._wanted.add(message.id)
        self._work.put(message)

    def work(self) -> None:
        """On the other thread, until the process ends; what cannot be handled ends it."""
        try:
            while True:
                self._do(self._work.get())
        finally:
            self._leave()

    def _do(self, message: _Work) -> None:
        if isinstance(message, LoadXtts):
            self._load(message)
            return
        try:
            self._answer(message, self._loaded())
        except WorkerError as error:
            self._send(Refused(message.id, str(error)))
        except Exception as error:  # PyTorch raises what it likes
            self._send(Refused(message.id, f"XTTS failed over a text ({type(error).__name__})"))
            if self._loaded().device != "cpu" and "OutOfMemory" not in type(error).__name__:
                raise  # a GPU that has failed once fails until the process ends
        finally:
            with self._lock:
                self._wanted.discard(message.id)

    def _load(self, message: LoadXtts) -> None:
        try:
            _prepare_threads(message.threads)
            model = _model_of(message)
            _self_test(model)
        except ImportError as error:
            needs = "XTTS needs coqui-tts and PyTorch: pip install 'hatif[xtts]'"
            self._send(StartFailed(f"{needs} ({error.name or type(error).__name__} cannot be imported)"))
        except BridgeError as error:
            self._send(StartFailed(str(error)))
        except Exception as error:  # noqa: BLE001 - PyTorch raises what it likes
            kind = type(error).__name__
            self._send(StartFailed(f"the XTTS checkpoint at {message.path} cannot speak ({kind})"))
        else:
            self._model = model
            self._send(Ready(model.version))

    def _loaded(self) -> "XttsModel":
        if self._model is None:
            raise WorkerError("XTTS has not been loaded")
        return self._model

    def _answer(self, message: Condition | ListSpeakers | TakeSpeaker | SpeakAs, model: "XttsModel") -> None:
        import torch  # noqa: PLC0415 - not before its threads have been configured

        with torch.inference_mode():
            match message:
                case SpeakAs():
                    self._speak(message, model)
                case Condition():
                    self._send(Conditioned(message.id, self._condition(message, model)))
                case TakeSpeaker():
                    self._send(Conditioned(message.id, model.speaker(message.name)))
                case ListSpeakers():
                    self._send(Speakers(message.id, model.speakers()))
                case _:
                    assert_never(message)

    def _speak(self, message: SpeakAs, model: "XttsModel") -> None:
        """Send each part when it has been made, the last one marked, empty or not."""

        def is_cancelled() -> bool:
            return not self._is_wanted(message)

        if is_cancelled():
            return
        for pcm in model.speak(message, is_cancelled):
            if is_cancelled():
                return
            if pcm:
                self._send(SpokenPart(message.id, pcm, model.rate, is_last=False))
        if not is_cancelled():
            self._send(SpokenPart(message.id, b"", model.rate, is_last=True))

    def _is_wanted(self, message: Request) -> bool:
        with self._lock:
            return message.id in self._wanted

    def _condition(self, message: Condition, model: "XttsModel") -> bytes:
        key = f"{fingerprint_of(message.pcm)} {message.rate}"
        if key not in self._conditioned:
            self._conditioned[key] = model.condition(message.pcm, message.rate)
        self._conditioned.move_to_end(key)
        if len(self._conditioned) > KEPT_RECORDINGS:
            self._conditioned.popitem(last=False)
        return self._conditioned[key]


def _prepare_threads(threads: int) -> None:
    # Read when the library is loaded. Threads that spin cost ten times the work on a busy machine.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import torch  # noqa: PLC0415 - see above

    torch.set_num_threads(threads)


def _model_of(message: LoadXtts) -> "XttsModel":
    from bridge.speech.xtts.loading import load  # noqa: PLC0415 - imports PyTorch

    return load(Path(message.path), message.device)


def _self_test(model: "XttsModel") -> None:
    """Clone a voice out of noise and hear the first part of a word."""
    import torch  # noqa: PLC0415

    noise = torch.randn(SELF_TEST_RATE, generator=torch.Generator().manual_seed(0)).mul(3000).short()
    language = next((one for one in model.languages if one == "ar"), model.languages[0])
    with torch.inference_mode():
        latents = model.condition(noise.numpy().tobytes(), SELF_TEST_RATE)
        parts = model.speak(SpeakAs(0, "نعم", language, latents, 1.0), lambda: False)
        if not any(next(parts)):
            raise ModelError("the XTTS checkpoint makes no sound")


def main() -> None:
    """Serve the parent until it closes the pipe."""
    pipe = ParentPipe.claim()
    booth = _Booth(pipe.send, pipe.leave)
    threading.Thread(target=booth.work, name="booth", daemon=True).start()
    decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(XttsRequest)
    pipe.serve(decoder, booth.take)


if __name__ == "__main__":
    main()
