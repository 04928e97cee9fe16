"""The reader that is configured."""

from datetime import date

from bridge.config_speech import Voice
from bridge.speech.reading.diacritising import find_diacritiser
from bridge.speech.reading.lexicon_file import load_lexicon
from bridge.speech.reading.reader import Reader

__all__ = ["build_reader"]


def build_reader(voice: Voice, today: date | None = None) -> Reader:
    """A reader with the configured lexicon and diacritiser.

    Raises:
        LexiconError: the lexicon cannot be read.
        ConfigError: there is no such diacritiser.

    """
    lexicon = load_lexicon(voice.lexicon) if voice.lexicon else None
    diacritise = find_diacritiser(voice.diacritiser) if voice.diacritiser else None
    return Reader(lexicon, diacritise, today)
