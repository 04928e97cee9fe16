"""Removing a voice, and with it every trace that can be told to be its own."""

from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from bridge.config import Settings
from bridge.dialogue.loader import load_folder
from bridge.dialogue.prompts import prompt_texts
from bridge.errors import BridgeError
from bridge.speech.engines import VoiceBench, VoiceName
from bridge.voices.shelf import shelf_of
from bridge.voicing import prompts_in

__all__ = ["RemovedVoice", "remove_voice"]


class RemovedVoice(Struct, frozen=True):
    """What was removed."""

    files: tuple[str, ...]
    prompts: int  # how many rendered prompts
    prompts_problem: str  # why they could not be found; '' where they could
    still_named: tuple[str, ...]  # by whom, of `voices.defaults`


def remove_voice(settings: Settings, name: str) -> RemovedVoice:
    """Remove a cloned voice and the prompts of the present questionnaires that were rendered with it.

    A prompt is kept under a digest of its text and its voice: that of a text which no questionnaire has any
    more is not found, and leaves the cache when its time comes.

    Raises:
        VoiceError: there is no such voice, or it cannot be removed.

    """
    prompts, problem = _prompts(settings, name)
    files = shelf_of(settings.voices).remove(name).files
    gone = sum(_unlinked(path) for path in prompts)
    named = tuple(who for who, voice in settings.voices.defaults.items() if voice == f"xtts/{name}")
    return RemovedVoice(files, gone, problem, named)


def _prompts(settings: Settings, name: str) -> tuple[list[Path], str]:
    """Where its prompts would lie; or why that cannot be known."""
    try:
        cache = prompts_in(settings, VoiceBench(settings), VoiceName("xtts", name))
        texts = prompt_texts(list(load_folder(settings.questionnaires.folder).values()))
    except BridgeError as error:
        return [], str(error)
    return [cache.path_of(text) for text in texts], ""


def _unlinked(path: Path) -> bool:
    with suppress(OSError):
        path.unlink()
        return True
    return False
