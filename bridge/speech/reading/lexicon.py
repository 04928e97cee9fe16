"""How a tenant's own words are pronounced: clinics, doctors, medicines. A value that is passed in."""

from collections.abc import Mapping, Sequence

from bridge.speech.reading.tokens import Kind, Token, tokens_of

__all__ = ["EMPTY", "MAX_WORDS", "Lexicon", "fault_of", "keys_of"]

MAX_WORDS = 8  # of one entry
# Letters that are written together with a word of the lexicon, and stay before what is said for it.
_CLITICS = ("و", "ف", "ب", "ل", "ك")
_PLAIN = (Kind.ARABIC, Kind.SPACE, Kind.SIGN)

Keys = tuple[str, ...]


def keys_of(written: str) -> Keys:
    """A written form as it is compared: without vowels, blanks as one, Latin letters small."""
    tokens = tokens_of(written.strip())
    return tuple(" " if token.kind is Kind.SPACE else token.key for token in tokens)


def fault_of(written: str, spoken: str) -> str | None:
    """What is wrong with one entry by itself."""
    tokens = tokens_of(written.strip())
    if not any(token.kind is not Kind.SIGN and token.kind is not Kind.SPACE for token in tokens):
        return "has no letter or figure; write the word as it stands in texts"
    if len(tokens) > 2 * MAX_WORDS - 1:
        return f"is longer than {MAX_WORDS} words; write the part that is mispronounced"
    if not any(token.kind is Kind.ARABIC for token in tokens_of(spoken)):
        return "is said as nothing; write how it is said, in Arabic letters with their vowels"
    if not all(token.kind in _PLAIN for token in tokens_of(spoken)):
        return "is said with figures or Latin letters; write it out, in Arabic letters with their vowels"
    return None


class Lexicon:
    """Written forms and what is said for them. The longest form that fits wins."""

    def __init__(self, entries: Mapping[str, str] | None = None) -> None:
        """Take `entries` as they are; `load_lexicon` checks them.

        Raises:
            ValueError: an entry cannot be used.

        """
        self._spoken: dict[Keys, str] = {}
        for written, spoken in (entries or {}).items():
            fault = fault_of(written, spoken)
            if fault:
                raise ValueError(f"{written!r} {fault}")
            self._spoken[keys_of(written)] = spoken.strip()
        self._lengths: dict[str, tuple[int, ...]] = {}
        for keys in sorted(self._spoken, key=len, reverse=True):
            self._lengths[keys[0]] = (*self._lengths.get(keys[0], ()), len(keys))

    def __bool__(self) -> bool:
        return bool(self._spoken)

    def match(self, tokens: Sequence[Token], at: int) -> tuple[str, int] | None:
        """What is said for the words that begin there, and the place after them."""
        if not self._spoken:
            return None
        return self._whole(tokens, at, tokens[at].key) or self._behind_clitic(tokens, at)

    def _behind_clitic(self, tokens: Sequence[Token], at: int) -> tuple[str, int] | None:
        """As in "وبنادول": one conjunction or preposition; an article belongs to the word itself."""
        key = tokens[at].key
        if tokens[at].kind is not Kind.ARABIC or not key.startswith(_CLITICS):
            return None
        found = self._whole(tokens, at, key[1:])
        return (_VOWELLED[key[0]] + found[0], found[1]) if found and found[0][:1].isalpha() else None

    def _whole(self, tokens: Sequence[Token], at: int, first: str) -> tuple[str, int] | None:
        for length in self._lengths.get(first, ()):
            rest = tuple(
                " " if token.kind is Kind.SPACE else token.key for token in tokens[at + 1 : at + length]
            )
            spoken = self._spoken.get((first, *rest))
            if spoken is not None and _ends_there(tokens, at + length):
                return spoken, at + length
        return None


_VOWELLED = {"و": "وَ", "ف": "فَ", "ب": "بِ", "ل": "لِ", "ك": "كَ"}
_WORDS = frozenset((Kind.ARABIC, Kind.LATIN, Kind.DIGITS))


def _ends_there(tokens: Sequence[Token], at: int) -> bool:
    """Whether no letter or figure follows at once, of which the last word would be a part."""
    is_word = tokens[at - 1].kind in _WORDS
    return not (is_word and at < len(tokens) and tokens[at].kind in _WORDS)


EMPTY = Lexicon()
