"""Voices of Piper, as Hatif sees them: files in a folder, `Synthesizer`s, and the worker process they share.

A voice is NAME.onnx with NAME.onnx.json beside it. Both are looked at before anything is started. Piper is
GPL: it is imported in its process only.
"""

import hashlib
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from functools import lru_cache
from pathlib import Path
from typing import Any, Never

from bridge.errors import ConfigError, WorkerError
from bridge.speech.base import Engine, Speech, Synthesizer
from bridge.speech.condition import WorkerCondition
from bridge.speech.espeak.synthesizer import shadda_first
from bridge.speech.messages import OpenPiper, SpeakPiper
from bridge.speech.packages import version_of
from bridge.speech.queueing import FairQueue, in_turn
from bridge.speech.script import Passage
from bridge.speech.worker import RestartPolicy, WorkerProcess

__all__ = ["PiperEngine", "PiperSynthesizer", "PiperWorker"]

MAX_TEXT_CHARACTERS = 4000  # five minutes of speech
MAX_WAITING = 64  # texts; one is spoken at a time
RATES = (0.5, 2.0)  # outside them no voice is understood
# Between two sentences. A sentence may be the whole text: four seconds of speech are about 50 characters.
PATIENCE_SECONDS = 10.0
PATIENCE_SECONDS_PER_CHARACTER = 0.05
PHONEME_TYPES = ("espeak", "text")  # the others need packages and files of their own
MAX_LEFT_OVER_SECONDS = 300.0
SAMPLE_RATES = range(8000, 48001)

_PACKAGE = "piper-tts"
_RUNTIME = "onnxruntime"
_TEST_TEXT = "نَعَم"
_ONNX_FIRST_BYTE = (
    b"\x08"  # field 1 of a ModelProto, the version; a web page or a pointer to a file begins otherwise
)
_MARKERS = ("_", "^", "$")  # padding, begin and end, which Piper puts into every sentence


class PiperWorker(WorkerProcess):
    """The process that Piper runs in; it speaks one text at a time, from a fair queue."""

    def __init__(
        self, *, policy: RestartPolicy | None = None, on_restart: Callable[[], None] | None = None
    ) -> None:
        super().__init__(
            "piper", "bridge.speech.piper.worker", OpenPiper(), policy=policy, on_restart=on_restart
        )
        self._queue = FairQueue("Piper", waiting=MAX_WAITING)
        self._left_over = 0.0  # seconds that a sentence may still take that nobody waits for

    async def speak(self, model: Path, text: str, *, ipa: str, rate: float) -> AsyncGenerator[Speech]:
        """Speak `text`, sentence by sentence. Who takes the pieces slowly keeps nobody waiting.

        Raises:
            BusyError: too many texts wait.
            WorkerError: there is nothing to speak, the voice is unfit, or no process does it in time.

        """
        _require_speakable(text, ipa)
        request = SpeakPiper(self.new_id(), str(model), text, ipa, rate)
        async with aclosing(in_turn(self._queue, lambda give: self._spoken(request, give))) as pieces:
            async for piece in pieces:
                yield piece

    async def _spoken(self, request: SpeakPiper, give: Callable[[Speech], None]) -> None:
        patience = PATIENCE_SECONDS + len(request.text) * PATIENCE_SECONDS_PER_CHARACTER
        await self.up(patience)
        patience += self._left_over
        self._left_over = min(patience, MAX_LEFT_OVER_SECONDS)
        async with aclosing(self.stream(request, patience)) as parts:
            async for part in parts:
                if part.pcm:
                    give(Speech(part.pcm, part.rate))
        self._left_over = 0.0


class PiperSynthesizer(Synthesizer):
    """One voice, which speaks through a worker that others use too."""

    def __init__(self, worker: PiperWorker, model: Path) -> None:
        """`model` is NAME.onnx, with NAME.onnx.json beside it.

        Raises:
            ConfigError: it is half a voice, or no voice of Piper's.

        """
        _check(model)
        self._worker = worker
        self._model = model

    @property
    def identity(self) -> str:
        """Packages, both files' content, and how we use them; known before the process runs."""
        files = f"{_hash_of(self._model)}+{_hash_of(_description_of(self._model))}"
        voice = f"{self._model.stem}@{files}"
        engine = f"piper/{_package_version()} onnxruntime/{version_of(_RUNTIME)}"
        return f"{engine} voice={voice} seeded tashkeel=bare-words shadda-first"

    @property
    def is_ready(self) -> bool:
        """Whether the process runs, and has been reliable lately."""
        return self._worker.is_ready

    async def start(self) -> None:
        """Load the voice and let it say one word; WorkerError when it cannot."""
        await self.synthesise(_TEST_TEXT)

    async def stop(self) -> None:
        """Leave the process to others."""

    async def stream(self, passage: Passage) -> AsyncGenerator[Speech]:
        """Speak it sentence by sentence, at the voice's own pitch; words without vowel signs get some."""
        slowest, fastest = RATES
        rate = min(max(passage.manner.rate, slowest), fastest)
        speaking = self._worker.speak(self._model, shadda_first(passage.text), ipa=passage.ipa, rate=rate)
        async with aclosing(speaking) as pieces:
            async for piece in pieces:
                yield piece


class PiperEngine(Engine):
    """All voices in a folder, and the process that they share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._worker = PiperWorker()

    @property
    def restarts(self) -> int:
        """Of its process."""
        return self._worker.restarts

    def voice(self, name: str) -> Synthesizer:
        """The voice NAME.onnx of the folder.

        Raises:
            ConfigError: Piper is not installed, or there is no such voice, or half of it.

        """
        _package_version()
        if name not in (known := self._names()):
            there_are = f"there are: {', '.join(known)}" if known else "it has no NAME.onnx at all"
            raise ConfigError(f"{self._folder} holds no voice {name!r} of Piper; {there_are}")
        return PiperSynthesizer(self._worker, self._folder / f"{name}.onnx")

    def condition(self) -> WorkerCondition | None:
        """How its process is."""
        return self._worker.condition()

    async def start(self) -> None:
        """Start the process."""
        await self._worker.start()

    async def stop(self) -> None:
        """End the process."""
        await self._worker.stop()

    def _names(self) -> list[str]:
        return sorted(file.name.removesuffix(".onnx") for file in self._folder.glob("*.onnx"))


def _require_speakable(text: str, ipa: str) -> None:
    if len(text) > MAX_TEXT_CHARACTERS:
        raise WorkerError(f"a text of {len(text)} characters is longer than {MAX_TEXT_CHARACTERS}")
    if not any(letter.isalnum() for letter in ipa or text):
        raise WorkerError("a text has nothing in it that Piper can speak")


def _check(model: Path) -> None:
    """ConfigError, naming the file, when either half of a voice is missing or is not what it should be."""
    description = _description_of(model)
    for half in (model, description):
        if not half.is_file():
            raise ConfigError(f"half of a voice of Piper is missing: {half}")
    with model.open("rb") as file:
        if file.read(1) != _ONNX_FIRST_BYTE:
            raise ConfigError(f"{model} is no ONNX model; it must be a voice of Piper")
    try:
        fields = json.loads(description.read_text(encoding="utf-8"))
    except ValueError:
        raise ConfigError(f"{description} is not JSON; it must describe a voice of Piper") from None
    _check_fields(description, fields)


def _check_fields(file: Path, fields: Any) -> None:
    def refuse(name: str, right: str) -> Never:
        raise ConfigError(f"{file}: {name}: it must be {right}, as in every voice of Piper")

    if not isinstance(fields, Mapping):
        refuse("the file", "an object")
    for section, name in (("audio", "sample_rate"), ("espeak", "voice")):
        if not isinstance(fields.get(section), Mapping) or name not in fields[section]:
            refuse(f"{section}.{name}", "there")
    if fields["audio"]["sample_rate"] not in SAMPLE_RATES:
        refuse("audio.sample_rate", "from 8000 to 48000")
    for name in ("num_symbols", "num_speakers"):
        if not isinstance(fields.get(name), int):
            refuse(name, "a whole number")
    if fields.get("phoneme_type", PHONEME_TYPES[0]) not in PHONEME_TYPES:
        refuse("phoneme_type", " or ".join(PHONEME_TYPES))
    phonemes = fields.get("phoneme_id_map")
    if not isinstance(phonemes, Mapping) or not all(marker in phonemes for marker in _MARKERS):
        refuse("phoneme_id_map", f"an object with {', '.join(_MARKERS)} and phonemes")


def _description_of(model: Path) -> Path:
    return model.with_name(f"{model.name}.json")


def _hash_of(file: Path) -> str:
    """Of the content, twelve digits; read again only once the file has changed."""
    try:
        status = file.stat()
        return _hash(file, status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise WorkerError(f"{file} cannot be read: {error.strerror}") from error


@lru_cache(maxsize=64)
def _hash(file: Path, _changed: int, _size: int) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:12]


def _package_version() -> str:
    version = version_of(_PACKAGE)
    if version is None:
        raise ConfigError("Piper is not installed: run `pip install 'hatif[piper]'`")
    return version
