"""A text as a row of numerals, or none: every word must be known.

For a word that is dropped is how 85 becomes 80.
"""

import re
from collections.abc import Sequence
from itertools import chain

from msgspec.structs import replace

from bridge.understanding.asides import aside_at
from bridge.understanding.companions import is_companion
from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.numerals import COUNTED, PAIRS, WORDS, Numeral, Rank

__all__ = ["lex"]

MAX_DIGITS = 15
_AND = "و"
_DIGITS_BESIDE_LETTERS = re.compile(r"(?<=[\d%])(?=[^\W\d])|(?<=[^\W\d])(?=\d)|(?<=\d)(?=%)")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_PAIRED = frozenset(first for first, _ in PAIRS)
_O, _GOD_WILLED = "يا", ("ما", "شا")
_ELEVEN_OR_AND_ELEVEN = ("واحد", "عشر")  # "one ten" and "and eleven" are one, once normalised
_COUNTING = (Rank.UNIT, Rank.TEN, Rank.TEEN, Rank.TENS, Rank.HUNDRED, Rank.THOUSAND, Rank.THOUSANDS)
_AM_NOT = "لست"  # spelled like "to six"
_PAIR_OR_SPOUSE = ("زوج", "جوز")  # with an article it is the husband
_PARTS_AFTER_LESS = ("ربعا", "ثلثا")
_LADY = words_of("ست الست")
_WHICH_LADY = words_of("الكبيرة الصغيرة الفاضلة العزيزة المحترمة الوالدة الحجة البيت الدار الكل الحبايب أم")
_PRICE = words_of("ثمن تمن")
_GOODS = words_of("الدوا الدواء العلاج الحبوب الكشف الكشفية التذكرة التحاليل العملية")
_ARTICLES = ("بال", "لل", "هال", "ال", "ب", "ل")
# With an article these are days of the week: Monday, Tuesday, Wednesday.
_WEEKDAYS = frozenset(
    normalise(f"ال{day}")
    for day in [
        "اثنين",
        "اتنين",
        "تنين",
        "اثنان",
        "تلات",
        "ثلاث",
        "تلاتا",
        "ثلاثا",
        "اربع",
        "اربعا",
        "ربوع",
        "احد",
        "واحد",
        "خمس",
    ]
)


def lex(text: str) -> list[Numeral] | None:
    """Name every word of a text; None as soon as one is unknown."""
    tokens = _DIGITS_BESIDE_LETTERS.sub(" ", normalise(text)).split()
    tokens = list(chain.from_iterable(map(_without_and, tokens)))
    tokens = [_less_a_part(tokens, at) for at in range(len(tokens))]
    words: list[Numeral] = []
    position = 0
    while position < len(tokens):
        if _is_no_number(tokens, position):
            return None
        aside = aside_at(tokens, position)
        if aside is not None:
            words.append(Numeral(aside.rank, aside.value, joined=aside.joined))
            position += aside.length
            continue
        if _is_calling(tokens, position):
            words.append(Numeral(Rank.BESIDE))
            position += 2
            continue
        pair = PAIRS.get((tokens[position], "".join(tokens[position + 1 : position + 2])))
        found = [pair] if pair else _one_and_tens(tokens, position) or _lex_token(tokens[position])
        if found is None:
            return None
        if _is_eleven_after_hundred(words, tokens[position : position + 2]):
            words.append(Numeral(Rank.AND))
        words += found
        position += 2 if pair else 1
    return words


def _is_no_number(tokens: Sequence[str], at: int) -> bool:
    """As in "the old lady", who is spelled like six, and "the price of", like eight."""
    token, after = tokens[at], "".join(tokens[at + 1 : at + 2])
    return (token in _LADY and after in _WHICH_LADY) or (token in _PRICE and after in _GOODS)


def _is_calling(tokens: Sequence[str], at: int) -> bool:
    """As in "O doctor": whoever is called is no number; before one, the word is "either"."""
    if (tokens[at], "".join(tokens[at + 1 : at + 2])) == _GOD_WILLED:
        return True
    return tokens[at] == _O and at + 1 < len(tokens) and _lex_number(tokens[at + 1]) is None


def _is_eleven_after_hundred(words: Sequence[Numeral], tokens: Sequence[str]) -> bool:
    follows = bool(words) and words[-1].rank in (Rank.HUNDRED, Rank.THOUSAND, Rank.THOUSANDS)
    return follows and tuple(tokens) == _ELEVEN_OR_AND_ELEVEN


def _without_and(token: str) -> tuple[str, ...]:
    """Cut the "and" off the first of two words, as in "and five ten"; "one" begins with its letter too."""
    first, rest = token[:1], token[1:]
    if token in WORDS or token in _PAIRED:
        return (token,)
    if token.endswith(_AND) and _lex_number(token[:-1]):  # "khamsau ishrin": its "and" stands with the unit
        return token[:-1], _AND
    before, _, after = token.partition(_AND)
    if before and after in _PAIRED and _lex_number(before):
        return before, _AND, after
    return (first, rest) if first == _AND and rest in _PAIRED else (token,)


def _less_a_part(tokens: Sequence[str], at: int) -> str:
    """As in "less a quarter" with its ending, which is otherwise spelled like "four"."""
    is_part = tokens[at] in _PARTS_AFTER_LESS and at > 0 and tokens[at - 1] == "الا"
    return tokens[at][:-1] if is_part else tokens[at]


def _one_and_tens(tokens: Sequence[str], at: int) -> list[Numeral] | None:
    """As in "one and twenty", where the one is spelled like "somebody"."""
    after = tokens[at + 1].removeprefix(_AND) if at + 1 < len(tokens) else ""
    is_joined = tokens[at] == "احد" and tokens[at + 1 : at + 2] != [after]
    return (
        [Numeral(Rank.UNIT, 1)] if is_joined and after in WORDS and WORDS[after].rank is Rank.TENS else None
    )


def _lex_token(token: str) -> list[Numeral] | None:
    if token == _AM_NOT:
        return None
    whole = _lex_simple(token) or _lex_simple(token.replace("يي", "ي"))
    if whole:
        return [whole]
    return (
        _lex_joined(token)
        or _lex_to(token)
        or _lex_article(token)
        or _lex_glued(token)
        or ([Numeral(Rank.BESIDE)] if is_companion(token) else None)
    )


def _lex_glued(token: str) -> list[Numeral] | None:
    """Two words of one number that were written as one: "khamsat-ashar"."""
    pairs = (PAIRS.get((token[:cut], token[cut:])) for cut in range(2, len(token) - 1))
    found = next((pair for pair in pairs if pair is not None and pair.rank in _COUNTING), None)
    return [found] if found else None


def _lex_simple(token: str) -> Numeral | None:
    if token.isascii() and _NUMBER.fullmatch(token) and len(token) <= MAX_DIGITS:
        return Numeral(Rank.DIGITS, int(float(token)), token)
    return WORDS.get(token)


def _lex_joined(token: str) -> list[Numeral] | None:
    """Cut "وعشرين", "ثلاثهوعشرين" and "ميهوخمسهوعشرين" at every "and", where all parts are numbers."""
    for cut in (index for index, letter in enumerate(token) if letter == _AND):
        first = _lex_number(token[:cut])
        after = _lex_after(token[cut + 1 :], glued=bool(cut)) if first or not cut else None
        if after and not cut and after[0].is_beside:
            return [replace(after[0], joined=True), *after[1:]]  # "and it was": joins sentences, no numbers
        if after and after[0].rank is not Rank.AND:
            return [*([first] if first else []), Numeral(Rank.AND), *after]
    return None


def _lex_after(token: str, *, glued: bool) -> list[Numeral] | None:
    """What stands behind an "and"; in the middle of a word it must be a number."""
    found = _lex_token(token)
    if found and glued and found[0].rank not in (*_COUNTING, Rank.HALF, Rank.QUARTER):
        return None
    return found


def _lex_number(token: str) -> Numeral | None:
    word = _lex_simple(token)
    return word if word and word.rank in (*_COUNTING, Rank.DIGITS) else None


def _lex_to(token: str) -> list[Numeral] | None:
    """Cut "لأربعة" into "to" and "four"."""
    word = _lex_number(token[1:]) if token[:1] == "ل" else None
    return [Numeral(Rank.TO), word] if word else None


def _lex_article(token: str) -> list[Numeral] | None:
    """As in "the thirty", "with the twenty": the article says nothing, unless it makes a weekday."""
    for article in _ARTICLES:
        rest = token.removeprefix(article)
        if rest == token or len(rest) < 2:  # noqa: PLR2004
            continue
        word = WORDS.get(rest)
        if word and "ال" + rest not in _WEEKDAYS and _may_take(word, rest, article):
            return [word if word.rank is not Rank.COUNTED else Numeral(Rank.THING)]
    return None


def _may_take(word: Numeral, spelling: str, article: str) -> bool:
    is_long = article.endswith("ال") or article == "لل"
    if spelling in _PAIR_OR_SPOUSE:
        return False
    return word.rank in _COUNTING or (is_long and (spelling in COUNTED or word.is_beside))
