"""What lies in the folder of prompts, voice by voice. Nothing is started, and nothing is read but headers."""

from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from bridge.speech.prompt_files import identity_in

__all__ = ["CacheSurvey", "VoiceUse", "survey"]

UNNAMED = "unknown"  # files that name no voice: of an earlier version, or no prompts at all


class VoiceUse(Struct, frozen=True):
    """The prompts of one voice."""

    voice: str  # its identity
    prompts: int
    bytes: int
    oldest_use: datetime  # within an hour
    latest_use: datetime


class CacheSurvey(Struct, frozen=True):
    """The whole folder."""

    folder: str
    prompts: int
    bytes: int
    limit_bytes: int
    voices: tuple[VoiceUse, ...]  # the one used last comes first


def survey(folder: Path, limit_bytes: int) -> CacheSurvey:
    """Look through a folder; one that is not there is an empty one."""
    found: dict[str, list[tuple[float, int]]] = {}
    for path in folder.glob("??/*.au"):
        try:
            stat = path.stat()
            voice = identity_in(path) or UNNAMED
        except OSError:  # evicted meanwhile
            continue
        found.setdefault(voice, []).append((stat.st_mtime, stat.st_size))
    voices = [_use(voice, files) for voice, files in found.items()]
    return CacheSurvey(
        folder=str(folder),
        prompts=sum(voice.prompts for voice in voices),
        bytes=sum(voice.bytes for voice in voices),
        limit_bytes=limit_bytes,
        voices=tuple(sorted(voices, key=lambda voice: voice.latest_use, reverse=True)),
    )


def _use(voice: str, files: list[tuple[float, int]]) -> VoiceUse:
    times = [datetime.fromtimestamp(used, UTC) for used, _ in files]
    return VoiceUse(
        voice=voice,
        prompts=len(files),
        bytes=sum(size for _, size in files),
        oldest_use=min(times),
        latest_use=max(times),
    )
