"""Whole numbers from 0 to 999, as Arabs say them: a table of spellings and a small grammar over it.

Every word of an answer must be a number word, a joining "and", or a known filler at either end: an unknown
word next to a number invalidates it, for a dropped word is how eighty-five becomes eighty. Two numbers are
no answer. Thousands, fractions and measures are not known here, and so are never cut down to something
smaller.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import chain, product

from msgspec import Struct

from bridge.understanding import lexicon
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise

__all__ = ["read_number"]

_MAX_DIGITS = 6  # a longer row of digits is a telephone number or a slip, and no answer here


class _Rank(StrEnum):
    UNIT = "unit"  # 0 to 9; only 1 to 9 join a ten
    TEN = "ten"
    TEEN = "teen"
    TENS = "tens"
    HUNDRED = "hundred"  # 100, 200 … 900
    DIGITS = "digits"
    AND = "and"


class _Word(Struct, frozen=True):
    rank: _Rank
    value: int = 0


_UNITS = {
    0: "صفر، زيرو",
    1: "واحد، واحدة، وحدة، إحدى",
    2: "اثنان، اثنين، اثنتان، اثنتين، ثنتان، ثنتين، ثنين، اثنينه، اتنين، تنين، تنتين، زوج، جوج",
    3: "ثلاثة، ثلاث، ثلاثه، تلاتة، تلات، تلت، تلاتي",
    4: "أربعة، أربع، ربعة، اربعا",
    5: "خمسة، خمس، خمسي",
    6: "ستة، ست",
    7: "سبعة، سبع",
    8: "ثمانية، ثماني، ثمان، ثمنية، تمانية، تمنية، تماني، تمان، تمن، تمنيا",
    9: "تسعة، تسع، تسعود",
}
_TENS = {
    20: "عشرون، عشرين",
    30: "ثلاثون، ثلاثين، تلاتين، تلاثين",
    40: "أربعون، أربعين، ربعين",
    50: "خمسون، خمسين",
    60: "ستون، ستين",
    70: "سبعون، سبعين",
    80: "ثمانون، ثمانين، تمانين، ثمنين، تمنين",
    90: "تسعون، تسعين",
}
_HUNDRED = "مئة، مائة، مأة، مية، ميه، مايه، ميت، ميا، ميات"
_TWO_HUNDRED = "مئتان، مئتين، مائتان، مائتين، ميتين، ميتان، متين"
_HUNDRED_STEMS = {  # said before "hundred" as one word or as two: the number without its feminine ending
    300: "ثلاث، ثلث، تلات، تلت",
    400: "أربع، ربع",
    500: "خمس",
    600: "ست",
    700: "سبع",
    800: "ثمان، ثماني، ثمن، تمان، تماني، تمن",
    900: "تسع",
}
_TEEN_STEMS = {
    13: "ثلاث، ثلث، ثل، تلات، تلت، تل",
    14: "أربع، ربع، أرب",
    15: "خمس",
    16: "ست، س",
    17: "سبع",
    18: "ثمان، ثماني، ثمن، تمان، تمن",
    19: "تسع",
}
_TEEN_ENDINGS = "عش، عشر، عشل، طعش، طعشر، تعش، تعشر، طاعش، تاعش، طاشر، تاشر، اشر، طاش، تاش، طاشل، اعش"
_ELEVEN = "احدعش، احدعشر، احداعش، احداشر، ادعش، ايدعش، دعش، هدعش، حداعش، حداشر، حداش، حضاشل، حداشل"
_TWELVE = (
    "اثنعش، اثنعشر، اثناعش، اطنعش، اطناعش، اطنو، ثنعش، تنعش، اتنعش، "
    "اتناشر، اطناشر، طناشر، طناش، تناش، اثناش، طناشل"
)
_SPLIT_ENDINGS = "عشر، عش، طعش، تعش، طعشر"  # said, or heard, as a word of its own after 3 to 9
_SPLIT_TEENS = {
    11: "احد عشر، احدى عشرة، احدى عشر، واحد عشر",
    12: "اثنا عشر، اثني عشر، اثنتا عشرة، اثنتي عشرة، اثنا عش",
}


def _spellings(listed: str) -> list[str]:
    return [normalise(word) for word in listed.split("،")]


def _words(table: dict[int, str], rank: _Rank) -> Iterator[tuple[str, _Word]]:
    for value, listed in table.items():
        for word in _spellings(listed):
            yield word, _Word(rank, value)


def _teens() -> Iterator[tuple[str, _Word]]:
    yield from _words({11: _ELEVEN, 12: _TWELVE}, _Rank.TEEN)
    for value, stems in _TEEN_STEMS.items():
        for stem, ending in product(_spellings(stems), _spellings(_TEEN_ENDINGS)):
            yield stem + ending, _Word(_Rank.TEEN, value)


def _split_teens() -> Iterator[tuple[tuple[str, str], _Word]]:
    for value, listed in _SPLIT_TEENS.items():
        for phrase in _spellings(listed):
            unit, ten = phrase.split()
            yield (unit, ten), _Word(_Rank.TEEN, value)
    for value in range(3, 10):
        units = _spellings(_UNITS[value])
        teen = _Word(_Rank.TEEN, 10 + value)
        yield from ((pair, teen) for pair in product(units, _spellings(_SPLIT_ENDINGS)))
        # The feminine teen's ten has an ending that its unit lacks; "three, ten" has both and is two numbers.
        yield from (((unit, normalise("عشرة")), teen) for unit in units if not unit.endswith("ه"))


def _hundreds() -> Iterator[tuple[tuple[str, str], _Word]]:
    for value, stems in _HUNDRED_STEMS.items():
        for pair in product(_spellings(stems), _spellings(_HUNDRED)):
            yield pair, _Word(_Rank.HUNDRED, value)


# Two words that are one number.
_PAIRS: dict[tuple[str, str], _Word] = dict(chain(_split_teens(), _hundreds()))
_TABLE: dict[str, _Word] = dict(
    chain(
        _teens(),
        _words(_UNITS, _Rank.UNIT),
        _words({10: "عشرة، عشر"}, _Rank.TEN),
        _words(_TENS, _Rank.TENS),
        _words({100: _HUNDRED, 200: _TWO_HUNDRED}, _Rank.HUNDRED),
        ((stem + hundred, word) for (stem, hundred), word in _hundreds()),
    )
)
_FIRST_OF_PAIR = frozenset(first for first, _ in _PAIRS)
_AND = "و"
_ELEVEN_OR_AND_ELEVEN = ("واحد", "عشر")  # "واحد عشر" and "وأحد عشر" are one, once normalised
_BESIDE = frozenset(
    word for phrase in (*lexicon.FILLERS, *lexicon.COUNT_NOUNS) for word in normalise(phrase).split()
) - set(_TABLE)
_OUT_OF = (normalise("من"), normalise("على"))
_TEN_WORDS = ("10", normalise("عشرة"), normalise("عشر"))


def read_number(text: str, minimum: int, maximum: int) -> Meaning:
    """Read `text` as one whole number; outside the range it is told apart from no number at all."""
    tokens = _without_scale(normalise(text).split(), maximum)
    words = _lex(_trim(tokens))
    if words is None:
        return nothing("unknown_word")
    if not words:
        return nothing("empty")
    return _within(_parse(words), minimum, maximum)


def _within(meaning: Meaning, minimum: int, maximum: int) -> Meaning:
    if isinstance(meaning.value, int) and not minimum <= meaning.value <= maximum:
        return Meaning(Finding.OUT_OF_RANGE, meaning.rule, value=meaning.value)
    return meaning


def _without_scale(tokens: list[str], maximum: int) -> list[str]:
    """Take "out of ten" away where ten is the end of the scale."""
    is_scaled = len(tokens) > 2 and tokens[-2] in _OUT_OF and tokens[-1] in _TEN_WORDS  # noqa: PLR2004
    return tokens[:-2] if is_scaled and maximum == 10 else tokens  # noqa: PLR2004


def _trim(tokens: Sequence[str]) -> Sequence[str]:
    start, end = 0, len(tokens)
    while start < end and tokens[start] in _BESIDE:
        start += 1
    while end > start and tokens[end - 1] in _BESIDE:
        end -= 1
    return tokens[start:end]


def _lex(tokens: Sequence[str]) -> list[_Word] | None:
    """Name every word; None as soon as one is unknown."""
    tokens = list(chain.from_iterable(map(_without_and, tokens)))
    words: list[_Word] = []
    position = 0
    while position < len(tokens):
        pair = _PAIRS.get((tokens[position], "".join(tokens[position + 1 : position + 2])))
        found = [pair] if pair else _lex_token(tokens[position])
        if found is None:
            return None
        follows_hundred = bool(words) and words[-1].rank is _Rank.HUNDRED
        if follows_hundred and tuple(tokens[position : position + 2]) == _ELEVEN_OR_AND_ELEVEN:
            words.append(_Word(_Rank.AND))
        words += found
        position += 2 if pair else 1
    return words


def _without_and(token: str) -> tuple[str, ...]:
    """Cut the "and" off the first of two words, as in "and five ten"; "one" begins with its letter too."""
    first, rest = token[:1], token[1:]
    return (first, rest) if first == _AND and rest in _FIRST_OF_PAIR and token not in _TABLE else (token,)


def _lex_token(token: str) -> list[_Word] | None:
    if token == _AND:
        return [_Word(_Rank.AND)]
    whole = _lex_simple(token)
    return [whole] if whole else _lex_joined(token)


def _lex_simple(token: str) -> _Word | None:
    if token.isascii() and token.isdigit() and len(token) <= _MAX_DIGITS:
        return _Word(_Rank.DIGITS, int(token))
    return _TABLE.get(token)


def _lex_joined(token: str) -> list[_Word] | None:
    """Cut "وعشرين", "ثلاثهوعشرين" and "ميهوخمسهوعشرين" at every "and", where all parts are numbers."""
    for cut in (index for index, letter in enumerate(token) if letter == _AND):
        first = _lex_simple(token[:cut])
        after = _lex_token(token[cut + 1 :]) if first or not cut else None
        if after and after[0].rank is not _Rank.AND:
            return [*_present(first), _Word(_Rank.AND), *after]
    return None


def _present(word: _Word | None) -> Iterable[_Word]:
    return () if word is None else (word,)


def _parse(words: Sequence[_Word]) -> Meaning:
    """Hundreds, then what is below a hundred; an "and" that was swallowed leaves a doubt."""
    if words[0].rank is not _Rank.HUNDRED:
        return _below_hundred(words)
    hundreds, *rest = words
    if not rest:
        return Meaning(Finding.VALUE, "number:hundred", value=hundreds.value)
    is_joined = rest[0].rank is _Rank.AND
    below = _below_hundred(rest[1:] if is_joined else rest)
    if not isinstance(below.value, int) or not 0 < below.value < 100:  # noqa: PLR2004
        return Meaning(Finding.AMBIGUOUS, "several_numbers")
    return Meaning(
        Finding.VALUE,
        f"number:hundred_and_{below.rule.removeprefix('number:')}",
        value=hundreds.value + below.value,
        doubtful=below.doubtful or not is_joined,
    )


def _below_hundred(words: Sequence[_Word]) -> Meaning:
    ranks = [word.rank for word in words]
    if len(words) == 1 and ranks[0] not in (_Rank.AND, _Rank.HUNDRED):
        return Meaning(Finding.VALUE, f"number:{ranks[0]}", value=words[0].value)
    joins = ranks[:1] in ([_Rank.UNIT], [_Rank.DIGITS]) and 1 <= words[0].value <= 9  # noqa: PLR2004
    if joins and ranks[1:] == [_Rank.AND, _Rank.TENS]:
        return Meaning(Finding.VALUE, "number:unit_and_tens", value=words[0].value + words[2].value)
    if joins and ranks[1:] == [_Rank.TENS]:  # "and" is often swallowed
        return Meaning(
            Finding.VALUE, "number:unit_tens", value=words[0].value + words[1].value, doubtful=True
        )
    return Meaning(Finding.AMBIGUOUS, "several_numbers")
