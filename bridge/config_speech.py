"""What is configured of voices: the engine that speaks, what each engine needs, cloned voices, prompts."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, HttpUrl

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
from bridge.identity.strength import MIN_SECRET_BYTES

__all__ = ["ENGINES", "Piper", "Prompts", "SpeechServer", "Voice", "Voices", "Xtts"]


Engine = Literal["espeak-ng", "piper", "xtts", "server"]
ENGINES: tuple[str, ...] = get_args(Engine)

# ar, ar-JO, ar-lev, each also with .female or .male: BCP 47, or a dialect in place of the region.
_WHO = re.compile(r"[a-z]{2,3}(-([A-Z]{2}|msa|glf|egy|lev))?(\.(female|male))?")
_VOICE = re.compile(rf"({'|'.join(ENGINES)})/\S(.*\S)?")


def _voices_by_speaker(written: object) -> object:
    """Check whose voice is which; the environment writes `ar: espeak-ng/ar, ar.female: xtts/nurse`."""
    if isinstance(written, str):
        written = dict(_pair(part) for part in written.split(",") if part.strip())
    if not isinstance(written, Mapping):
        raise ValueError("no voices by language")  # noqa: TRY004 (pydantic wants ValueError)
    for who, voice in written.items():
        if not isinstance(who, str) or _WHO.fullmatch(who) is None:
            raise ValueError(f"{who!r} names no language, such as ar, ar-JO, ar-lev or ar.female")
        if not isinstance(voice, str) or _VOICE.fullmatch(voice) is None:
            raise ValueError(f"{who} has no voice, such as piper/ar_JO-kareem-medium")
    return dict(written)


def _pair(part: str) -> tuple[str, str]:
    who, _, voice = part.partition(":")
    return who.strip(), voice.strip()


class Voice(Section):
    """The voice that prompts are rendered with."""

    engine: Engine = option("espeak-ng", "espeak-ng, piper, xtts or server")
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
    """Voices that were cloned from recordings, and which voice speaks for whom."""

    folder: DataPath = option(Path("data/voices"), "the path of a folder")
    key: Annotated[Secret, AfterValidator(long_enough)] | None = option(
        None, f"{MIN_SECRET_BYTES} random bytes or more (`openssl rand -hex 32` makes them)"
    )
    max_voices: Whole = option(10, "a whole number from 0 to 1000", ge=0, le=1000)
    defaults: Annotated[dict[str, str], BeforeValidator(_voices_by_speaker)] = option(
        {}, "voices by language, dialect and gender, such as {ar: espeak-ng/ar, ar-lev.female: xtts/nurse}"
    )


class Prompts(Section):
    """Rendered prompts."""

    folder: DataPath = option(Path("data/prompts"), "the path of a folder")
    max_mb: Whole = option(2048, "a whole number of MiB from 16 to 1048576", ge=16, le=1048576)
