"""Digits that count nothing: file numbers and telephone numbers, said one by one, in pairs or in hundreds."""

from collections.abc import Iterator, Sequence

import phonenumbers

from bridge.understanding.lexing import lex
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.numbers import DOUBTED, SURE, ambiguous
from bridge.understanding.numerals import Numeral, Rank
from bridge.understanding.quantities import Quantity, quantity_at
from bridge.understanding.questions import AskDigits, AskPhone

__all__ = ["read_digits", "read_phone"]

_NOUGHTS = {normalise(word): count for word, count in (("صفرين", 2), ("أصفار", 0), ("اصفار", 0), ("صفور", 0))}
_KNOWN = frozenset(
    map(
        normalise,
        [
            "رقمي",
            "رقم",
            "الرقم",
            "هو",
            "ملفي",
            "الملف",
            "ملف",
            "جوالي",
            "الجوال",
            "جوال",
            "موبايلي",
            "الموبايل",
            "موبايل",
            "تلفوني",
            "التلفون",
            "تلفون",
            "هاتفي",
            "الهاتف",
            "نمرتي",
            "النمرة",
            "نمرة",
            "هويتي",
            "الهوية",
            "بطاقتي",
            "مفتاح",
            "الدولة",
            "خط",
            "بعدين",
            "وبعدين",
            "ثم",
            "كمان",
            "بعدها",
            "بعده",
        ],
    )
)
_MOST_REPEATED = 5
_ENDS = words_of("آخر أول")
_ROWS_OF = words_of("أرقام الأرقام خانات نمر")


def read_digits(text: str, question: AskDigits) -> Meaning:
    """A row of digits, with its noughts."""
    row = _row(text)
    if isinstance(row, Meaning):
        return row
    digits, doubtful = row
    fits = question.min_length <= len(digits) <= question.max_length
    return Meaning(
        Finding.VALUE if fits else Finding.OUT_OF_RANGE,
        "digits" if not doubtful else "digits:in_groups",
        value=digits,
        doubtful=doubtful,
        confidence=DOUBTED if doubtful else SURE,
    )


def read_phone(text: str, question: AskPhone) -> Meaning:
    """A telephone number as E.164; without a country it is one of the question's region."""
    row = _row(text)
    if isinstance(row, Meaning):
        return row
    digits, doubtful = row
    plus = "+" if normalise(text).split()[:1] and _is_international(text) else ""
    try:
        number = phonenumbers.parse(plus + digits, question.region)
    except phonenumbers.NumberParseException:
        return Meaning(Finding.OUT_OF_RANGE, "phone:impossible", value=digits, confidence=DOUBTED)
    if not phonenumbers.is_valid_number(number):
        return Meaning(Finding.OUT_OF_RANGE, "phone:impossible", value=digits, confidence=DOUBTED)
    return Meaning(
        Finding.VALUE,
        "phone" if not doubtful else "phone:in_groups",
        value=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        doubtful=doubtful,
        confidence=DOUBTED if doubtful else SURE,
    )


def _is_international(text: str) -> bool:
    words = lex(text.replace("+", " زائد ")) or []
    return any(word.rank is Rank.PLUS for word in words)


def _row(text: str) -> tuple[str, bool] | Meaning:
    """All digits of a text in their order, and whether they could be cut in another way."""
    tokens = [token for token in normalise(text.replace("+", " زائد ")).split() if token not in _KNOWN]
    tokens = _without_announcement(tokens)
    digits, doubtful = "", False
    for piece in _pieces(tokens):
        if isinstance(piece, int):
            digits += "0" * piece
            continue
        words = lex(" ".join(piece))
        if words is None:
            return nothing("unknown_word")
        found = _digits_of(
            [word for word in words if not word.is_beside and word.rank not in (Rank.PLUS, Rank.FROM)]
        )
        if found is None:
            return ambiguous("digits:not_a_row")
        digits, doubtful = digits + found[0], doubtful or found[1]
    return (digits, doubtful) if digits else nothing("no_digits" if tokens else "empty")


def _without_announcement(tokens: list[str]) -> list[str]:
    """What follows "the last four digits"."""
    if not tokens or tokens[0] not in _ENDS:
        return tokens
    said = next((at for at in (3, 2) if at < len(tokens) and tokens[at - 1] in _ROWS_OF), 0)
    return tokens[said:]


def _pieces(tokens: Sequence[str]) -> Iterator[list[str] | int]:
    """Words between "two noughts", which no table of numbers has, and those counts of noughts."""
    piece: list[str] = []
    for token in tokens:
        bare = token.removeprefix("و") if token.removeprefix("و") in _NOUGHTS else token
        if bare not in _NOUGHTS:
            piece.append(token)
            continue
        count = _NOUGHTS[bare] or _count(piece.pop() if piece else "")
        yield piece
        yield count
        piece = []
    yield piece


def _count(token: str) -> int:
    words = lex(token) or []
    count = words[-1].value if words and words[-1].rank in (Rank.UNIT, Rank.DIGITS) else 1
    return count if count <= _MOST_REPEATED else 1


def _digits_of(words: Sequence[Numeral]) -> tuple[str, bool] | None:
    """Numbers one after the other; one that is above nine and stands beside a digit could be two."""
    if any(word.rank is Rank.CORRECTED for word in words):
        return None
    row, doubtful, at, double = "", False, 0, False
    while at < len(words):
        if words[at].rank is Rank.DOUBLE:
            double, at = True, at + 1
            continue
        if words[at].rank is Rank.AND and row:
            at += 1
            continue
        number = quantity_at(words, at)
        if number is not None and number.rule == "unit_tens":  # in a row, "six fifty" is 6 and 50
            number = quantity_at(words[: at + 1], at)
        said = _as_digits(number)
        if number is None or not said:
            return None
        doubtful = doubtful or number.doubtful or (number.value >= 100 and not number.digits)  # noqa: PLR2004
        row, at, double = row + said * (2 if double else 1), number.end, False
    return row, doubtful


def _as_digits(number: Quantity | None) -> str:
    if number is None or number.value != int(number.value) or number.rule == Rank.COUNTED:
        return ""
    return number.digits if number.digits and "." not in number.digits else str(int(number.value))
