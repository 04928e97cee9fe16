"""The process in which espeak-ng lives: `python -m bridge.speech.espeak.worker`. Nothing else loads it.

espeak-ng is GPL-3.0-or-later and keeps its state in globals: a process of its own keeps both to itself. It
speaks one text after the other, through the C interface in speak_lib.h (espeak-ng 1.52).
"""

import ctypes
import os
import signal
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import assert_never

import msgspec

from bridge.speech.messages import (
    EspeakRequest,
    Message,
    OpenEspeak,
    Ready,
    Refused,
    Speak,
    Spoken,
    StartFailed,
)
from bridge.speech.pipe import ParentPipe

__all__ = ["main"]

MAX_SPEECH_SECONDS = 300  # of one text; a prompt is ten. A frame of the pipe holds it
MAX_SPEAKING_SECONDS = (
    8  # it takes it half of one; below the parent's patience, which costs the whole process
)
BUFFER_MS = 60

# speak_lib.h
_AUDIO_OUTPUT_SYNCHRONOUS = 2  # with "retrieval" (1), espeak_Synth returns before its callbacks
_INITIALIZE_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_PHONEMES = 0x100  # what stands in [[ ]] is names of sounds; without it, those are brackets
_ENDPAUSE = 0x1000
_RATE = 1
_PITCH = 3
_EE_OK = 0
_BYTES_PER_SAMPLE = 2

_SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class _SpeechRefusedError(Exception):
    """This text or voice cannot be spoken; the text says why, without the text."""


class _Espeak:
    """The library, with one voice set at a time."""

    def __init__(self) -> None:
        import espeakng_loader  # noqa: PLC0415 - GPL: in this process only, and only once it serves

        self._data = Path(espeakng_loader.get_data_path())
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._declare()
        # espeak-ng cuts the path of its data at 160 bytes: go there and call it ".".
        os.chdir(self._data.parent)
        self.rate = self._library.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS, BUFFER_MS, b".", _INITIALIZE_DONT_EXIT
        )
        if self.rate <= 0:
            raise OSError("espeak_Initialize failed")
        self._voice = ""  # that was set last
        self._pcm = bytearray()
        self._callback = _SynthCallback(self._collect)  # kept: C holds no reference
        self._library.espeak_SetSynthCallback(self._callback)

    @cached_property
    def version(self) -> str:
        return str(self._library.espeak_Info(None).decode().split()[0])

    def keep(self, voice: str) -> None:
        """Load a voice that a copy has just spoken in, for all copies to come; it changes no sound.

        Its dictionary takes longer to load than a sentence to speak. What cannot be loaded is left.
        """
        if voice != self._voice:
            with suppress(_SpeechRefusedError):
                self._set_voice(voice)
            self._voice = voice

    def speak(self, request: Speak) -> bytes:
        self._set_voice(request.voice)
        self._library.espeak_SetParameter(_RATE, request.words_per_minute, 0)
        self._library.espeak_SetParameter(_PITCH, request.pitch, 0)
        self._pcm.clear()
        text, flags = _without_commands(request.text), _CHARS_UTF8 | _ENDPAUSE
        if request.is_phonemes:
            text, flags = f"[[{text}]]", flags | _PHONEMES
        encoded = text.encode() + b"\0"
        self._library.espeak_Synth(encoded, len(encoded), 0, 1, 0, flags, None, None)
        if len(self._pcm) > self._max_bytes:
            raise _SpeechRefusedError(f"a text takes longer than {MAX_SPEECH_SECONDS} s to speak")
        if not any(self._pcm):
            raise _SpeechRefusedError("a text has nothing in it that espeak-ng can speak")
        return bytes(self._pcm)

    def _declare(self) -> None:
        library = self._library
        library.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
        library.espeak_Info.argtypes = [ctypes.c_void_p]
        library.espeak_Info.restype = ctypes.c_char_p
        library.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
        library.espeak_SetParameter.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int]
        library.espeak_Synth.argtypes = [
            *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint),
            *(ctypes.c_void_p, ctypes.c_void_p),
        ]

    def _collect(self, samples: int | None, count: int, _events: int | None) -> int:
        """Take one buffer; anything but 0 ends the speech."""
        if samples and count > 0:
            self._pcm += ctypes.string_at(samples, count * _BYTES_PER_SAMPLE)
        return int(len(self._pcm) > self._max_bytes)

    def _set_voice(self, voice: str) -> None:
        """Set "ar" or "ar+Denis"; espeak-ng takes a variant that does not exist for none, so look first."""
        language, _, variant = voice.partition("+")
        is_known = language in self._languages
        if not is_known or self._library.espeak_SetVoiceByName(language.encode()) != _EE_OK:
            raise _SpeechRefusedError(f"espeak-ng has no voice {language!r}")
        if "+" not in voice:
            return
        if variant not in self._variants:
            raise _SpeechRefusedError(f"espeak-ng has no voice variant {variant!r} (of {voice!r})")
        self._library.espeak_SetVoiceByName(voice.encode())

    @cached_property
    def _languages(self) -> frozenset[str]:
        return frozenset(file.name for file in (self._data / "lang").rglob("*") if file.is_file())

    @cached_property
    def _variants(self) -> frozenset[str]:
        return frozenset(file.name for file in (self._data / "voices" / "!v").iterdir())

    @property
    def _max_bytes(self) -> int:
        return MAX_SPEECH_SECONDS * int(self.rate) * _BYTES_PER_SAMPLE


class _Mouth:
    """Speaks every text in a forked copy of this process, from the library's first state but for the voice.

    espeak-ng's flutter goes on from text to text; in a copy, the same text in the same voice is the same
    sound to the sample, and a text that crashes the library costs nobody else anything.
    """

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._espeak: _Espeak | None = None

    def handle(self, message: EspeakRequest) -> None:
        match message:
            case OpenEspeak():
                self._open()
            case Speak():
                self._speak(message)
            case _:
                assert_never(message)

    def _open(self) -> None:
        try:
            espeak = _Espeak()
        except (ImportError, OSError) as error:
            self._send(StartFailed(f"espeak-ng cannot be loaded ({type(error).__name__})"))
            return
        test = Speak(0, "نعم", "ar", 150, 50)
        if _exit_status_of(lambda: espeak.speak(test)):
            self._send(StartFailed("espeak-ng cannot speak Arabic"))
            return
        espeak.keep(test.voice)
        self._espeak = espeak
        self._send(Ready(f"espeak-ng {espeak.version}"))

    def _speak(self, request: Speak) -> None:
        if _exit_status_of(lambda: self._send(self._answer(request))):
            self._send(Refused(request.id, "espeak-ng died over a text, or took too long"))
        elif self._espeak is not None:
            self._espeak.keep(request.voice)

    def _answer(self, request: Speak) -> Spoken | Refused:
        if self._espeak is None:
            return Refused(request.id, "espeak-ng has not been opened")
        try:
            return Spoken(request.id, self._espeak.speak(request), self._espeak.rate)
        except _SpeechRefusedError as error:
            return Refused(request.id, str(error))


def _without_commands(text: str) -> str:
    """The text without the characters that espeak-ng takes for its own commands.

    U+0001 and "99P" set the pitch for all that follows, whatever the flags say.
    """
    return "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text)


def _exit_status_of(work: Callable[[], object]) -> int:
    """Do it in a copy of this process, which has one thread and so may fork; 0 when that ended well."""
    copy = os.fork()
    if copy:
        return os.waitpid(copy, 0)[1]
    status = 1
    try:
        signal.alarm(MAX_SPEAKING_SECONDS)
        work()
        status = 0
    finally:
        os._exit(status)


def main() -> None:
    """Serve the parent until it closes the pipe."""
    pipe = ParentPipe.claim()
    mouth = _Mouth(pipe.send)
    decoder: msgspec.msgpack.Decoder[EspeakRequest] = msgspec.msgpack.Decoder(EspeakRequest)
    pipe.serve(decoder, mouth.handle)


if __name__ == "__main__":
    main()
