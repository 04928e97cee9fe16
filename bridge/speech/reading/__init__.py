"""The front end of every voice: what is written becomes what is said. Text in, text out."""

from bridge.speech.reading.lexicon import Lexicon
from bridge.speech.reading.reader import Reader
from bridge.speech.reading.saying import say_as

__all__ = ["Lexicon", "Reader", "say_as"]
