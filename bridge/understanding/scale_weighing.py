"""The pieces of a text weighed against each other, until one point of a scale is left or a doubt.

What stands beside a point may strengthen it, turn it ("not content"), agree with it ("mild, it does not
bother me") or say nothing. A negation that does none of these is asked again.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.scale_marks import SIDES, Role
from bridge.understanding.scale_negations import (
    JUDGED,
    MUCH,
    UnclearError,
    excepted,
    ill_done,
    is_negation,
    neither,
    not_much,
    turned,
    unlike,
)
from bridge.understanding.scale_pieces import Piece, points_in
from bridge.understanding.scale_tones import known_by_tone, toned
from bridge.understanding.scale_words import SCALES, STRONGER

__all__ = ["DOUBTED", "NEGATORS", "point_meaning", "weigh"]

SURE, DOUBTED = 0.95, 0.5
_LOWEST = ("never", "none", "very_dissatisfied", "strongly_disagree")
_UNCERTAIN_BESIDE = ("sometimes", "several_days")  # "often sometimes" is one or the other
NEGATORS = frozenset(map(normalise, ("ما", "مو", "مش", "مب", "لم", "لا", "غير", "ليس", "لست", "موش", "مهوب")))
_WAS = words_of("كان كانت كنت كانوا كنا")
_FEWEST = ("rarely", "mild", "little")
_OR_LESS = frozenset(map(normalise, ("أو أقل", "وأقل", "او اقل")))
_FEW = 2  # words that nobody knows and that leave a point what it is


def weigh(pieces: list[Piece], scale: str) -> Meaning:
    """Bring the pieces to one point, step by step.

    Raises:
        UnclearError: where they do not come to one.
    """
    kept, is_corrected = _after_correction(pieces)
    kept = ill_done(unlike(neither(not_much(known_by_tone(kept, scale), scale), scale), scale), scale)
    kept = _complaints(_beside(kept), scale)
    kept = toned(turned(excepted(kept), scale), scale)
    value, is_marked = _one_point(_strengthened(kept, scale), scale)
    _check_negations(kept, value)
    unknown = _unknown(kept)
    if unknown is None:
        return nothing("unknown_word")
    is_swing = value in _UNCERTAIN_BESIDE and len(points_in(kept)) > 1 and kept[0].role is not Role.NO
    is_no_before = any(one.role is Role.NO for one in kept) and not (is_swing or _may_follow_no(value, scale))
    doubtful = is_corrected or is_marked or unknown or is_no_before or _is_qualified(kept, scale, value)
    return point_meaning(scale, value, doubtful=doubtful)


def _may_follow_no(value: str, scale: str) -> bool:
    """As in "no, I am not content", "no, worse"."""
    is_bad = scale in JUDGED and SIDES[scale].get(value, 0) < 0
    return value in _LOWEST or scale == "comparison" or is_bad


def _after_correction(pieces: list[Piece]) -> tuple[list[Piece], bool]:
    """As in "mild, sorry, severe": what follows counts."""
    for at in range(len(pieces) - 1, 0, -1):
        before, after = pieces[:at], pieces[at + 1 :]
        if pieces[at].role is Role.CORRECTION and points_in(before) and points_in(after):
            return after, True
    return pieces, any(one.role is Role.CORRECTION for one in pieces)


def _beside(pieces: list[Piece]) -> list[Piece]:
    """Words like "much" are points by themselves, and degrees beside another point."""
    if len(points_in(pieces)) > 1:  # "I mean" is so-so by itself only
        pieces = [replace(one, role=one.beside) if _is_filler(one) and one.beside else one for one in pieces]
    if not any(_is_plain_point(pieces, at) for at in range(len(pieces))):
        return pieces
    return [replace(one, role=one.beside) if one.role is Role.POINT and one.beside else one for one in pieces]


def _is_plain_point(pieces: Sequence[Piece], at: int) -> bool:
    """Whether a point makes mere degrees of those beside it; "not much" behind "a little" does not."""
    one, before = pieces[at], pieces[max(at - 1, 0)]
    is_denied = at > 1 and before.role is Role.NOT
    return one.role is Role.POINT and one.beside is None and not one.marked and not is_denied


def _is_filler(piece: Piece) -> bool:
    return piece.role is Role.POINT and piece.marked and piece.beside is Role.SILENT


def _complaints(pieces: list[Piece], scale: str) -> list[Piece]:
    """As in "every night I do not sleep": what happens so often. Elsewhere it is a negation."""
    points = points_in(pieces)
    is_what_happens = scale == "frequency4" or (
        scale == "amount" and points and points[0].values[0] == "little"
    )
    role = Role.SILENT if points and is_what_happens else Role.DENIAL
    return [replace(one, role=role) if one.role is Role.LOSS else one for one in pieces]


def _strengthened(pieces: list[Piece], scale: str) -> list[Piece]:
    """As in "content … very" and "did not please me … at all"."""
    stronger = STRONGER.get(scale, {})
    is_very = any(one.role is Role.VERY for one in pieces)
    is_at_all = any(one.role is Role.AT_ALL for one in pieces)
    points = [one for one in points_in(pieces) if not one.marked and one.text != "not"]
    denied = [one for one in points if is_at_all and _says_not(one.text) and one.values[0] in stronger]
    lessened = [] if denied else [one for one in points if stronger and _is_not_much(pieces, one)]
    raised = denied or ([one for one in points if one not in lessened] if is_very else [])
    return [
        replace(one, values=(stronger.get(one.values[0], one.values[0]),))
        if one in raised
        else replace(one, marked=True)
        if one in lessened
        else replace(one, role=Role.SILENT)
        if denied and one.role is Role.AT_ALL
        else one
        for one in pieces
    ]


def _is_not_much(pieces: Sequence[Piece], point: Piece) -> bool:
    """As in "it did not please me much", which is no "much displeased me"."""
    after = next(iter(pieces[pieces.index(point) + 1 :]), None)
    return _says_not(point.text) and after is not None and after.role is Role.VERY and after.text in MUCH


def _says_not(phrase: str) -> bool:
    first = phrase.split(maxsplit=1)[0]
    return first in NEGATORS or (first.startswith("م") and first.endswith("ش"))


def _one_point(pieces: Sequence[Piece], scale: str) -> tuple[str, bool]:
    """The one value to which all points and remarks come, and whether it is doubtful."""
    points = points_in(pieces)
    plain = [one for one in points if not one.marked] or points
    values = tuple(dict.fromkeys(one.values[0] for one in plain))
    remarks = [one for one in pieces if one.role is Role.REMARK]
    if not values and not remarks:
        raise UnclearError("no_point")
    if not values:
        values = (remarks[0].values[0],)
    if len(values) > 1:
        return _outermost(values, scale), scale not in JUDGED
    if any(values[0] not in one.values for one in remarks):
        raise UnclearError("negated_point")
    side = SIDES[scale].get(values[0], 0) if scale in JUDGED else 0
    agreeing = [one for one in points if one.marked and _is_short_of(one, values[0], scale)]
    marked = {one.values[0] for one in points if one.marked and one not in agreeing} - {values[0]}
    not_worse = {one.values[0] for one in points if side > 0 and one.marked and _says_not(one.text)}
    marked_otherwise = {one for one in marked if not side or SIDES[scale].get(one, 0) != side}
    marked_otherwise -= {one for one in not_worse if SIDES[scale].get(one, 0) >= 0}  # "good, not bad"
    is_marked = all(one.marked for one in points or remarks[:1])
    return values[0], is_marked or bool(marked_otherwise)


def _is_short_of(piece: Piece, value: str, scale: str) -> bool:
    """Whether "not severe" agrees with what was said beside it: all that lies on the same side of it."""
    if len(piece.values) == 1:
        return False
    order = list(SCALES[scale]).index
    named, denied = map(order, piece.values)
    return order(value) != denied and (order(value) < denied) == (named < denied)


def _outermost(values: Sequence[str], scale: str) -> str:
    """Of several judgements on one side the strongest."""
    sides = {SIDES[scale].get(value, 0) for value in values}
    if scale not in JUDGED or len(sides) > 1 or 0 in sides:
        raise UnclearError("several_points")
    order = list(SCALES[scale])
    return (max if sides == {1} else min)(values, key=order.index)


def _check_negations(pieces: Sequence[Piece], value: str) -> None:
    roles = {one.role for one in pieces}
    if value not in _LOWEST and roles & {Role.DENIAL, Role.AT_ALL}:
        raise UnclearError("negated_point")
    if Role.FIGURE in roles:
        raise UnclearError("figure")


def _unknown(pieces: Sequence[Piece]) -> bool | None:
    """Whether words that nobody knows leave a doubt; None where they spoil everything.

    A few of them behind a clear point cannot turn it, for every negation and exception is known.
    """
    places = [at for at, one in enumerate(pieces) if one.role is Role.UNKNOWN]
    if not places:
        return False
    points = [at for at, one in enumerate(pieces) if one.role in (Role.POINT, Role.REMARK)]
    is_clear = any(pieces[at].beside is None and pieces[at].role is Role.POINT for at in points)
    is_negated = any(pieces[at].text == "not" for at in points) or any(map(is_negation, pieces))
    before = [at for at in places if at < points[0]]
    may_negate = any(pieces[at].text.endswith("ش") for at in before)  # as every negated verb does
    if before and (may_negate or is_negated or not is_clear or len(places) > _FEW):
        return None
    is_but = any(one.role is Role.BUT for one in pieces)
    return bool(before) or is_negated or is_but or not is_clear or len(places) > _FEW


def _is_qualified(pieces: Sequence[Piece], scale: str, value: str) -> bool:
    """Whether something that is known leaves a doubt: "at least", "at first", "but the waiting"."""
    roles = [one.role for one in pieces]
    is_top = value == list(SCALES[scale])[-1]
    beyond = [one for one in pieces if one.role is Role.AT_LEAST]
    if any(not (is_top and "اقل" not in one.text) and not _is_or_less(one, value) for one in beyond):
        return True
    if {Role.ONCE, Role.DOUBT} & set(roles):
        return True
    if scale == "comparison" and any(one.text in _WAS for one in pieces):
        return True  # "it was worse" is better now
    if scale in JUDGED and Role.BUT in roles:
        after = roles[roles.index(Role.BUT) + 1 :]
        if Role.KNOWN in after:
            return True
    return any(_is_rival(pieces, at, value) for at in range(len(pieces)))


def _is_or_less(piece: Piece, value: str) -> bool:
    """As in "once a month or less", which is still rarely."""
    return value in _FEWEST and piece.text in _OR_LESS


def _is_rival(pieces: Sequence[Piece], at: int, value: str) -> bool:
    """Whether a degree may be an answer of its own: "much … sometimes", "a little strong", "much little"."""
    piece = pieces[at]
    if not piece.values or piece.values == (value,) or piece.role not in (Role.VERY, Role.SLIGHTLY):
        return False
    is_before = any(one.role is Role.POINT for one in pieces[at + 1 :])
    return piece.role is Role.SLIGHTLY or value in _UNCERTAIN_BESIDE or (is_before and value == "little")


def point_meaning(rule: str, value: str, *, doubtful: bool) -> Meaning:
    """A point that was found, to be read back or not."""
    confidence = DOUBTED if doubtful else SURE
    return Meaning(Finding.VALUE, f"scale:{rule}", value=value, doubtful=doubtful, confidence=confidence)
