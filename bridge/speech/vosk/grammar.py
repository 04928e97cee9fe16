"""What Vosk makes of a grammar, put right. Pure.

Vosk turns a list of phrases into a model of word pairs that may end anywhere, so pieces of phrases can be
heard: of "my chest hurts" the word "hurts" alone, which answers a question that nobody answered.
"""

from collections.abc import Iterable

from bridge.speech.vosk.model import UNKNOWN_WORD

__all__ = ["whole_phrases"]


def whole_phrases(text: str, phrases: Iterable[str]) -> str:
    """Put the unknown word in the place of every word that is in no whole phrase; the longest go first."""
    known = {tuple(phrase.split()) for phrase in phrases}
    longest = max(map(len, known), default=0)
    words = tuple(text.split())
    heard: list[str] = []
    while words:
        lengths = range(min(longest, len(words)), 0, -1)
        length = next((length for length in lengths if words[:length] in known), 0)
        heard += words[:length] or (UNKNOWN_WORD,)
        words = words[length or 1 :]
    return " ".join(heard)
