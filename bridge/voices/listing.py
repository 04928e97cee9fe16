"""Which voices there are, of every engine: looked up in files and the configuration; nothing is started."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from bridge.config import Settings
from bridge.errors import BridgeError
from bridge.speech.engines import VoiceBench, VoiceName
from bridge.voices.errors import VoiceError
from bridge.voices.shelf import shelf_of

__all__ = ["ListedVoice", "all_voices", "without_variants"]

_ESPEAK_DATA = ("espeakng_loader", "espeak-ng-data")


class ListedVoice(Struct, frozen=True):
    """One voice."""

    name: str  # ENGINE/VOICE
    language: str = ""  # BCP 47, where it is known
    dialect: str = ""
    gender: str = ""
    description: str = ""
    is_variant: bool = False  # of another voice: the same engine sounding otherwise
    speaks_for: tuple[str, ...] = ()  # whom it is the default of: ar-lev.female, or everybody else
    problem: str = ""  # why it cannot speak; '' where it can, as far as can be seen without starting it


def all_voices(settings: Settings) -> list[ListedVoice]:
    """Every voice that is installed, cloned or configured, by engine and name.

    Voices that came with a checkpoint of XTTS are known to its process only, and those of a server to the
    server; of these only what the configuration names is there.
    """
    found = {voice.name: voice for voice in _installed(settings)}
    defaults = _defaults(settings)
    bench = VoiceBench(settings)
    for name in defaults:
        found.setdefault(name, ListedVoice(name))
    return [
        replace(voice, speaks_for=tuple(defaults.get(voice.name, ())), problem=_problem(voice, bench))
        for voice in sorted(found.values(), key=lambda voice: voice.name.partition("/"))
    ]


def without_variants(voices: Iterable[ListedVoice]) -> list[ListedVoice]:
    """Those that one looks at first: of a voice's variants only what the configuration names."""
    return [voice for voice in voices if voice.speaks_for or not voice.is_variant]


def _defaults(settings: Settings) -> dict[str, list[str]]:
    """Whom each voice is the default of."""
    speaking: dict[str, list[str]] = {}
    for who, voice in settings.voices.defaults.items():
        speaking.setdefault(voice, []).append(who)
    speaking.setdefault(f"{settings.voice.engine}/{settings.voice.voice}", []).append("everybody else")
    return speaking


def _installed(settings: Settings) -> Iterator[ListedVoice]:
    yield from _espeak()
    yield from _piper(settings.piper.folder)
    yield from _cloned(settings)


def _espeak() -> Iterator[ListedVoice]:
    """Arabic and its variants, from the data beside the library, which is not loaded."""
    spec = find_spec(_ESPEAK_DATA[0])
    if spec is None or spec.origin is None:
        return
    yield ListedVoice("espeak-ng/ar", "ar", gender="male", description="the plain voice")
    for file in sorted((Path(spec.origin).parent / _ESPEAK_DATA[1] / "voices" / "!v").iterdir()):
        name = f"espeak-ng/ar+{file.name}"
        yield ListedVoice(name, "ar", gender=_gender_of(file), description="a variant", is_variant=True)


def _gender_of(variant: Path) -> str:
    """What a variant's file says, as in `gender female 30`."""
    for line in variant.read_text(encoding="utf-8", errors="replace").splitlines():
        match line.split():
            case ["gender", ("female" | "male") as gender, *_]:
                return gender
    return ""


def _piper(folder: Path) -> Iterator[ListedVoice]:
    for file in sorted(folder.glob("*.onnx")):
        told = _json(file.with_name(f"{file.name}.json"))
        language = _text(told, "language", "code").replace("_", "-")
        quality = _text(told, "audio", "quality")
        yield ListedVoice(f"piper/{file.stem}", language, description=f"quality {quality}" if quality else "")


def _json(path: Path) -> object:
    """What a file holds; nothing where it cannot be read: the bench says so."""
    with suppress(OSError, ValueError, RecursionError):
        return json.loads(path.read_bytes())
    return None


def _text(told: object, *keys: str) -> str:
    for key in keys:
        told = told.get(key) if isinstance(told, dict) else None
    return told if isinstance(told, str) else ""


def _cloned(settings: Settings) -> Iterator[ListedVoice]:
    shelf = shelf_of(settings.voices)
    for name in shelf.names():
        try:
            card = shelf.card(name)
        except VoiceError as error:
            yield ListedVoice(f"xtts/{name}", problem=str(error))
            continue
        told = card.description or f"cloned {card.added_at:%Y-%m-%d} from {card.recording.seconds:.0f} s"
        yield ListedVoice(f"xtts/{name}", card.language, card.dialect, card.gender or "", told)


def _problem(voice: ListedVoice, bench: VoiceBench) -> str:
    if voice.problem:
        return voice.problem
    engine, _, name = voice.name.partition("/")
    try:
        bench.voice(VoiceName(engine, name))
    except BridgeError as error:
        return str(error)
    return ""
