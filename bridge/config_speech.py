"""What is configured of voices: the engine that speaks, what each engine needs, cloned voices, prompts."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, HttpUrl

from bridge.config_options import (
    ContentPath,
    DataPath,
    Number,
    Secret,
    Section,
    Whole,
    Word,
    long_enough,
    option,
)
from bridge.tokens import MIN_SECRET_BYTES

__all__ = ["Piper", "Prompts", "SpeechServer", "Voice", "Voices", "Xtts"]


class Voice(Section):
    """The voice that prompts are rendered with."""

    engine: Literal["espeak-ng", "piper", "xtts", "server"] = option(
        "espeak-ng", "espeak-ng, piper, xtts or server"
    )
    voice: Word = option("ar", "the name of a voice of that engine, such as ar")
    words_per_minute: Whole = option(140, "a whole number from 80 to 450", ge=80, le=450)
    pitch: Whole = option(50, "a whole number from 0 to 99", ge=0, le=99)
    live_seconds: Number = option(1.0, "a number of seconds from 0.1 to 4", ge=0.1, le=4)
    lexicon: ContentPath | None = option(None, "the path of a lexicon, *.yaml, or null")
    diacritiser: Word | None = option(None, "the name of an installed diacritiser, or null")


class Piper(Section):
    """Voices of Piper."""

    folder: ContentPath = option(Path("models/piper"), "the path of a folder with voices, *.onnx")


class Xtts(Section):
    """XTTS v2, which clones voices."""

    model: ContentPath = option(Path("models/xtts_v2"), "the path of a folder with XTTS's checkpoint")
    accept_cpml: bool = option(False, "true or false")
    device: Literal["auto", "cpu", "cuda"] = option("auto", "auto, cpu or cuda")
    threads: Whole = option(1, "a whole number from 1 to 64", ge=1, le=64)
    memory_mb: Whole = option(6144, "a whole number of MiB from 256 to 262144", ge=256, le=262144)
    waiting: Whole = option(64, "a whole number from 1 to 10000", ge=1, le=10000)


class SpeechServer(Section):
    """A server that speaks OpenAI's protocol for speech."""

    url: HttpUrl | None = option(None, "an address: https://..., or http://...")
    key: Secret | None = option(None, "the key that the server asks for")
    model: Word = option("tts-1", "the name of a model of that server, such as tts-1")
    timeout_seconds: Number = option(20.0, "a number of seconds from 1 to 300", ge=1, le=300)


class Voices(Section):
    """Voices that were cloned from recordings."""

    folder: DataPath = option(Path("data/voices"), "the path of a folder")
    key: Annotated[Secret, AfterValidator(long_enough)] | None = option(
        None, f"{MIN_SECRET_BYTES} random bytes or more (`openssl rand -hex 32` makes them)"
    )


class Prompts(Section):
    """Rendered prompts."""

    folder: DataPath = option(Path("data/prompts"), "the path of a folder")
    max_mb: Whole = option(2048, "a whole number of MiB from 16 to 1048576", ge=16, le=1048576)
