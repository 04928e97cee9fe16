"""The process in which Piper lives: `python -m bridge.speech.piper.worker`. Nothing else imports it.

Piper is GPL-3.0-or-later, and so is the espeak-ng that it brings. The main thread listens, a second one
speaks: one text after the other, sentence by sentence, until nobody waits for it.

A model draws random numbers for its noise, and ONNX Runtime seeds them when a session is made, never again.
So every text gets a session of its own, made ahead while nothing else is to be done: the same text is the
same sound to the sample, whatever was said before.
"""

import json
import logging
import os
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import msgspec
import numpy as np

from bridge.speech.messages import (
    CancelStream,
    Message,
    OpenPiper,
    PiperRequest,
    Ready,
    Refused,
    SpeakPiper,
    SpokenPart,
    StartFailed,
)
from bridge.speech.pipe import ParentPipe

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from piper import PiperVoice
    from piper.tashkeel import TashkeelDiacritizer

__all__ = ["main"]

MAX_VOICES = 4  # loaded at a time; a medium one takes about 100 MB
MAX_SENTENCE_SECONDS = 300  # a frame of the pipe holds it
SEED = 1
INPUTS = {"input", "input_lengths", "scales"}
SPEAKER_INPUT = "sid"  # of voices with several speakers

_ARABIC = "ar"  # Piper's own name, of espeak-ng's voice
_VOWEL_SIGNS = frozenset(map(chr, (*range(0x064B, 0x0653), 0x0670)))


class _SpeechRefusedError(Exception):
    """This text or voice cannot be spoken; the text says why, without the text."""


class _Voice:
    """One voice, and a session that has not been used yet."""

    def __init__(self, model: Path) -> None:
        from piper import PiperConfig  # noqa: PLC0415

        self._model = model
        try:
            described = json.loads(model.with_name(f"{model.name}.json").read_text(encoding="utf-8"))
            self._config = PiperConfig.from_dict(described)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _SpeechRefusedError(f"{model}.json does not describe a voice of Piper") from error
        self._unused: InferenceSession | None = self._session()
        self._check_inputs(self._unused)

    @property
    def is_arabic(self) -> bool:
        return bool(self._config.espeak_voice == _ARABIC)

    def length_scale(self, rate: float) -> float:
        """What makes the voice so many times as fast as it is."""
        return float(self._config.length_scale) / rate

    def take(self) -> "PiperVoice":
        """The voice as it is for its first text."""
        from piper import PiperVoice  # noqa: PLC0415

        session, self._unused = self._unused or self._session(), None
        return PiperVoice(session=session, config=self._config, use_tashkeel=False)

    def restock(self) -> None:
        """Make a session for the next text."""
        if self._unused is None:
            self._unused = self._session()

    def _session(self) -> "InferenceSession":
        import onnxruntime  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # calls need the other cores
        onnxruntime.set_seed(SEED)
        try:
            return onnxruntime.InferenceSession(self._model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions have no common class of their own
            raise _SpeechRefusedError(f"{self._model} is no ONNX model that can be loaded") from error

    def _check_inputs(self, session: "InferenceSession") -> None:
        expected = INPUTS | ({SPEAKER_INPUT} if self._config.num_speakers > 1 else set())
        given = {each.name for each in session.get_inputs()}
        if given != expected:
            raise _SpeechRefusedError(
                f"{self._model} is no voice of Piper: it takes {', '.join(sorted(given))}; "
                f"it must take {', '.join(sorted(expected))}"
            )


class _Mouth:
    """Speaks in a thread of its own what the main thread hands over."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._texts: queue.SimpleQueue[SpeakPiper] = queue.SimpleQueue()
        self._wanted: set[int] = set()  # touched by one operation at a time, under the interpreter's own lock
        self._voices: OrderedDict[str, _Voice] = OrderedDict()
        self._tashkeel: TashkeelDiacritizer | None = None

    def handle(self, message: PiperRequest) -> None:
        match message:
            case OpenPiper():
                self._open()
            case SpeakPiper():
                self._wanted.add(message.id)
                self._texts.put(message)
            case CancelStream():
                self._wanted.discard(message.id)
            case _:
                assert_never(message)

    def _open(self) -> None:
        try:
            from piper.phonemize_espeak import EspeakPhonemizer  # noqa: PLC0415
            from piper.tashkeel import TashkeelDiacritizer  # noqa: PLC0415

            self._tashkeel = TashkeelDiacritizer()
            phonemes = EspeakPhonemizer().phonemize(_ARABIC, self._tashkeel("نعم"))
        except Exception as error:  # noqa: BLE001 - of a package, a library or a model
            self._send(StartFailed(f"Piper cannot be loaded ({type(error).__name__})"))
            return
        if not any(phonemes):
            self._send(StartFailed("Piper cannot read Arabic"))
            return
        threading.Thread(target=self._serve, name="mouth", daemon=True).start()
        self._send(Ready(f"piper {version('piper-tts')}"))

    def _serve(self) -> None:
        """Speak for ever. What nobody foresaw ends the process, and the parent makes a new one."""
        try:
            while True:
                self._answer(self._texts.get())
        finally:
            os._exit(1)

    def _answer(self, request: SpeakPiper) -> None:
        try:
            voice = self._voice(request.model)
            self._speak(request, voice)
            if self._texts.empty():
                voice.restock()
        except _SpeechRefusedError as error:
            self._send(Refused(request.id, str(error)))
        finally:
            self._wanted.discard(request.id)

    def _speak(self, request: SpeakPiper, voice: _Voice) -> None:
        has_sound = False
        rate = 0
        for pcm, rate in self._sentences(request, voice):
            if request.id not in self._wanted:
                return
            has_sound = has_sound or any(pcm)
            self._send(SpokenPart(request.id, pcm, rate, is_last=False))
        if request.id not in self._wanted:
            return
        if has_sound:
            self._send(SpokenPart(request.id, b"", rate, is_last=True))
        else:
            self._send(Refused(request.id, "a text has nothing in it that Piper can speak"))

    def _sentences(self, request: SpeakPiper, voice: _Voice) -> Iterator[tuple[bytes, int]]:
        from piper import SynthesisConfig  # noqa: PLC0415

        manner = SynthesisConfig(length_scale=voice.length_scale(request.rate))
        chunks = iter(voice.take().synthesize(self._spelled(request, voice), manner))
        while request.id in self._wanted:
            try:
                chunk = next(chunks, None)
            except Exception as error:
                raise _SpeechRefusedError(f"Piper failed over a text ({type(error).__name__})") from error
            if chunk is None:
                return
            if len(chunk.audio_float_array) > MAX_SENTENCE_SECONDS * chunk.sample_rate:
                raise _SpeechRefusedError(f"a sentence takes longer than {MAX_SENTENCE_SECONDS} s to speak")
            if not np.isfinite(chunk.audio_float_array).all():
                raise _SpeechRefusedError("the model gave numbers that are no sound")
            yield chunk.audio_int16_bytes, chunk.sample_rate

    def _spelled(self, request: SpeakPiper, voice: _Voice) -> str:
        """The text as Piper takes it: [[phonemes]], or letters."""
        if request.ipa:
            return f"[[{request.ipa.replace(']]', '')}]]"
        text = request.text.replace("[[", "").replace("\0", " ")
        return self._vowelled(text) if voice.is_arabic else text

    def _vowelled(self, text: str) -> str:
        """Give words without any vowel sign those that Piper's diacritiser finds likely."""
        words = text.split()
        if self._tashkeel is None or all(map(_has_vowels, words)):
            return text
        likely = self._tashkeel(text).split()
        if len(likely) != len(words):  # it keeps every space; should it not, its signs belong to other words
            return text
        return " ".join(
            word if _has_vowels(word) else guess for word, guess in zip(words, likely, strict=True)
        )

    def _voice(self, model: str) -> _Voice:
        """From those that are loaded, or loaded now; the one that was silent for the longest makes room."""
        if model not in self._voices:
            self._voices[model] = _Voice(Path(model))
        self._voices.move_to_end(model)
        while len(self._voices) > MAX_VOICES:
            self._voices.popitem(last=False)
        return self._voices[model]


def _has_vowels(word: str) -> bool:
    return not _VOWEL_SIGNS.isdisjoint(word)


def main() -> None:
    """Serve the parent until it closes the pipe."""
    pipe = ParentPipe.claim()
    logging.disable(logging.CRITICAL)  # Piper logs what it reads
    mouth = _Mouth(pipe.send)
    decoder: msgspec.msgpack.Decoder[PiperRequest] = msgspec.msgpack.Decoder(PiperRequest)
    pipe.serve(decoder, mouth.handle)


if __name__ == "__main__":
    main()
