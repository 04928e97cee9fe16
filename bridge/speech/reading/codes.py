"""Reading telephone numbers and other codes: what is said digit by digit."""

from bridge.speech.reading.cursor import Tokens, is_digits, peek
from bridge.speech.reading.figures import Code, Dotted
from bridge.speech.reading.tokens import Kind

__all__ = ["LONG", "code_at", "dotted_at", "groups_of"]

LONG = 7  # so many figures without a separator are a code
_MAX_DIGITS = 15  # ITU-T E.164
_LEAST = 7
_ENOUGH, _ENOUGH_WITH_PLUS = 9, 11  # a number may be complete: a blank ends it
_MANY_GROUPS = 3
_MAX_DOTTED = 8
_LONGEST_GROUP = 4
_GAPS = frozenset("-‑.()")


def code_at(tokens: Tokens, at: int) -> tuple[Code, int] | None:
    """A telephone number or a code; None for what is a plain number."""
    has_plus = peek(tokens, at).text == "+"
    begin = at + has_plus
    if not is_digits(tokens, begin):
        return None
    groups, end, is_hyphened = _groups_at(tokens, begin, _ENOUGH_WITH_PLUS if has_plus else _ENOUGH)
    total = sum(map(len, groups))
    is_dialled = groups[0].startswith("0") and len(groups[0]) > 1
    if total >= _LEAST and (has_plus or is_dialled or (is_hyphened and len(groups) >= _MANY_GROUPS)):
        return Code(tuple(part for group in groups for part in groups_of(group)), has_plus), end
    if is_hyphened and len(groups) >= _MANY_GROUPS:
        return Code(tuple(groups), has_plus), end
    return None if has_plus else _single_at(tokens, begin)


def dotted_at(tokens: Tokens, at: int) -> tuple[Dotted, int] | None:
    """Three numbers or more with points between them, and no date."""
    numbers, end = [tokens[at].key], at + 1
    while peek(tokens, end).text == "." and is_digits(tokens, end + 1) and len(numbers) < _MAX_DOTTED:
        numbers.append(tokens[end + 1].key)
        end += 2
    is_dotted = len(numbers) >= _MANY_GROUPS and all(len(number) < LONG for number in numbers)
    return (Dotted(tuple(numbers)), end) if is_dotted else None


def _single_at(tokens: Tokens, at: int) -> tuple[Code, int] | None:
    digits = tokens[at].key
    is_padded = len(digits) > 1 and digits.startswith("0") and peek(tokens, at + 1).text not in (".", "٫")
    return (Code(groups_of(digits)), at + 1) if is_padded or len(digits) >= LONG else None


def _groups_at(tokens: Tokens, at: int, enough: int) -> tuple[list[str], int, bool]:
    """Figures and what parts them, as far as one number goes; and whether only hyphens part them."""
    groups, end, is_hyphened = [tokens[at].key], at + 1, True
    total = len(groups[0])
    while total < _MAX_DIGITS:
        after = _past_gap(tokens, end)
        gap = "".join(token.text for token in tokens[end:after])
        if after == end or not is_digits(tokens, after) or (gap.isspace() and total >= enough):
            break
        total += len(tokens[after].key)
        if total > _MAX_DIGITS:
            break
        groups.append(tokens[after].key)
        end, is_hyphened = after + 1, is_hyphened and gap in ("-", "‑")
    return groups, end, is_hyphened


def _past_gap(tokens: Tokens, at: int) -> int:
    """Up to three signs, as in "962 (6) 500"."""
    end = at
    while end < at + _MANY_GROUPS:
        token = peek(tokens, end)
        is_gap = token.text in _GAPS or (
            token.kind is Kind.SPACE and len(token.text) == 1 and token.text != "\n"
        )
        if not is_gap:
            break
        end += 1
    return end


def groups_of(digits: str) -> tuple[str, ...]:
    """Figures in groups that an ear can keep: of three, the first of two or the last of four if need be."""
    if len(digits) <= _LONGEST_GROUP:
        return (digits,)
    rest = len(digits) % 3
    first = 2 if rest == 2 else 0  # noqa: PLR2004
    middle = digits[first : len(digits) - (4 if rest == 1 else 0)]
    groups = [digits[:first], *(middle[at : at + 3] for at in range(0, len(middle), 3))]
    return tuple(group for group in (*groups, digits[-4:] if rest == 1 else "") if group)
