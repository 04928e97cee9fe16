"""Letters that are written for words, with points between them or behind them."""

from bridge.speech.reading.cursor import Tokens, past_blank, peek
from bridge.speech.reading.tokens import Kind, is_vowelled
from bridge.speech.reading.words import ABBREVIATIONS, ETCETERA, ETCETERA_SAID, TITLES

__all__ = ["abbreviation_at"]

_AND, _PROFESSOR, _CALLING = "وَ", ("ا",), "يا"
_MOST_LETTERS = 3
_ENDS = (".", "/")
_LIST_SIGNS = frozenset((".", ")", "-", "،"))
_NEAR = 60  # tokens: some twenty words


def abbreviation_at(tokens: Tokens, at: int, before: str) -> tuple[str, int] | None:
    """What is said for the abbreviation that begins there, and the place after it.

    `before` is the word before it, as words are compared.
    """
    token = tokens[at]
    if is_vowelled(token.text):
        return None
    if token.key in ETCETERA:
        return ETCETERA_SAID, at + 1
    has_and = len(token.key) == 2 and token.key[0] == "و"  # noqa: PLR2004
    if len(token.key) - has_and != 1:
        return None
    letters, end = _lettered(tokens, token.key[-1], at)
    said = ABBREVIATIONS.get(letters) or _title(tokens, letters, at, end)
    if not said:
        return None
    if before == _CALLING and letters not in ABBREVIATIONS:
        said = _without_article(said)
    return (_AND if has_and else "") + said, end


def _lettered(tokens: Tokens, first: str, at: int) -> tuple[tuple[str, ...], int]:
    """Letters parted by points, and the place after the last point that belongs to them."""
    letters, end = [first], at + 1
    while peek(tokens, end).text == ".":
        following = peek(tokens, end + 1)
        if following.kind is not Kind.ARABIC or len(following.key) != 1 or len(letters) == _MOST_LETTERS:
            break
        letters.append(following.key)
        end += 2
    return tuple(letters), end + (peek(tokens, end).text in _ENDS)


def _title(tokens: Tokens, letters: tuple[str, ...], at: int, end: int) -> str | None:
    """A title stands before a name; the letter alif at the beginning of a line numbers it."""
    name = peek(tokens, past_blank(tokens, end))
    if peek(tokens, end - 1).text not in _ENDS or name.kind is not Kind.ARABIC:
        return None
    if letters == _PROFESSOR and (len(name.key) == 1 or peek(tokens, at - 1).text.endswith("\n")):
        return None
    return None if len(letters) == 1 and _is_of_list(tokens, letters[0], at) else TITLES.get(letters)


def _is_of_list(tokens: Tokens, letter: str, at: int) -> bool:
    """As in "أ. نعم ب. لا" and "ج. أحيانا د. أبدا": the letter after it, or the one before it, is near."""
    other, places = {
        "ا": ("ب", range(at, at + _NEAR)),
        "د": ("ج", range(at - 1, at - _NEAR, -1)),
    }.get(letter, ("", range(0)))
    return any(
        peek(tokens, near).key == other and peek(tokens, near + 1).text in _LIST_SIGNS for near in places
    )


def _without_article(title: str) -> str:
    """As one calls: يا دكتور."""
    return title[3:] if title[2] == "ْ" else title[2:].replace("\u0651", "", 1)
