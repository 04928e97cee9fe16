"""Programs that add vowels, found by name among what is installed; whatever they do, speech goes on.

None comes with Hatif, and none is used unless it is named: what such programs guess wrong (she for you, took
for eat) is heard by patients. They are for authors, who read what comes out.
"""

from collections.abc import Callable
from importlib.metadata import entry_points

import structlog

from bridge.errors import ConfigError
from bridge.speech.reading.tokens import bare

__all__ = ["GROUP", "Diacritise", "find_diacritiser", "guarded"]

GROUP = "hatif.diacritisers"
_MAX_CHARACTERS = 2000  # longer passages are no prompts, and some of these programs are slow

Diacritise = Callable[[str], str]

log = structlog.get_logger()


def find_diacritiser(name: str) -> Diacritise:
    """The function that a package has entered under this name.

    Raises:
        ConfigError: there is none, or it cannot be loaded; it names those that are installed.

    """
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        known = f"one of {', '.join(sorted(found))}" if found else "null: none is installed"
        raise ConfigError(f"voice.diacritiser: there is no diacritiser {name!r}; it must be {known}")
    try:
        diacritise = found[name].load()
    except Exception as error:
        text = f"voice.diacritiser: {name!r} cannot be loaded ({type(error).__name__})"
        raise ConfigError(f"{text}; repair its package, or write null") from error
    if not callable(diacritise):
        raise ConfigError(f"voice.diacritiser: {name!r} is no function from text to text; write null")
    return guarded(name, diacritise)


def guarded(name: str, diacritise: Callable[[str], object]) -> Diacritise:
    """The same, but a text comes back as it was where the function fails or changes more than vowels."""

    def safely(text: str) -> str:
        if len(text) > _MAX_CHARACTERS:
            return text
        try:
            vowelled = diacritise(text)
        except Exception as error:  # noqa: BLE001 - a program of others; a caller is waiting
            log.warning("diacritiser_failed", engine=name, cause=type(error).__name__)
            return text
        if isinstance(vowelled, str) and bare(vowelled) == bare(text):
            return vowelled
        log.warning("diacritiser_refused", engine=name, reason="it changed more than vowels")
        return text

    return safely
