"""Negations beside the points of a scale: "not content", "neither mild nor strong", "not but once"."""

from collections.abc import Sequence

from msgspec.structs import replace

from bridge.understanding.normalisation import words_of
from bridge.understanding.scale_marks import MIDDLE, SIDES, TURNED, Role
from bridge.understanding.scale_pieces import Piece, points_in
from bridge.understanding.scale_tone_words import Tone, tone_of

__all__ = [
    "JUDGED",
    "MUCH",
    "UnclearError",
    "excepted",
    "ill_done",
    "is_negation",
    "neither",
    "not_much",
    "turned",
    "unlike",
]

JUDGED = ("satisfaction5", "agreement5", "quality5")  # of a whole: "good, but the waiting …"
_HOW_MUCH = ("frequency4", "frequency5", "amount")
_LIKE = ("مثل", "متل", "زي", "كيف", "كي", "كما", "بحال")
MUCH = words_of("كثير كتير بزاف برشا برشة وايد واجد هواية ياسر هلبا كثيرا حيل قوي أوي اوي مرة جدا بقوة بشدة")
_LITTLE = {"severity": "mild", "frequency4": "several_days", "frequency5": "rarely"}
_DENYING = ("ما ", "مش ", "مو ", "لا ", "مب ", "ليس ")
_LOWEST_OF_ALL = ("never", "none")
_NOT_OR_OKAY = words_of("ماشي")
_AT_ALL_BEHIND = words_of("خالص خلاص بالكامل كليا")
_OF_ME = words_of("مني منا منو")  # "from me, from it", and before what is negated "I am not"


class UnclearError(Exception):
    """The words do not come to one point, for a reason."""


def neither(pieces: list[Piece], scale: str) -> list[Piece]:
    """As in "neither mild nor strong": the middle, where the two lie on both sides of it."""
    for start, first in enumerate(pieces):
        if first.role not in (Role.NO, Role.NOT):
            continue
        one = _next_point(pieces, start + 1)
        if one is None or one + 1 >= len(pieces):
            continue
        nor = next((at for at in range(one + 1, len(pieces)) if pieces[at].role is not Role.SILENT), None)
        if nor is not None and pieces[nor].role is Role.BUT and _is_not(pieces, nor + 1):
            nor += 1  # "not mild, but not severe"
        other = nor + 1 if nor is not None and pieces[nor].role in (Role.NO, Role.NOT, Role.NOR) else None
        is_not_so = other is not None and _is_not(pieces, other)
        other = other + 1 if other is not None and is_not_so else other
        if other is None or _next_point(pieces, other) is None:
            if other is not None and _is_of_unknown(pieces, other) and scale in JUDGED:
                raise UnclearError("unknown_word")  # "neither good nor …"
            continue
        end = _next_point(pieces, other) or other
        is_same = is_not_so and pieces[one].values == pieces[end].values  # "neither good nor not good"
        if is_same or _are_opposite(pieces[one], pieces[end], scale):
            middle = Piece(Role.POINT, "neither", (MIDDLE[scale],))
            return [*pieces[:start], middle, *pieces[end + 1 :]]
    return pieces


def _is_of_unknown(pieces: Sequence[Piece], at: int) -> bool:
    """Whether nothing but one word that nobody knows stands there."""
    return at == len(pieces) - 1 and pieces[at].role is Role.UNKNOWN


def _is_not(pieces: Sequence[Piece], at: int) -> bool:
    return at < len(pieces) and pieces[at].role is Role.NOT


def _next_point(pieces: Sequence[Piece], at: int) -> int | None:
    while at < len(pieces) and pieces[at].role in (Role.SILENT, Role.KNOWN):
        at += 1
    return at if at < len(pieces) and pieces[at].role is Role.POINT else None


def _are_opposite(one: Piece, other: Piece, scale: str) -> bool:
    sides = SIDES[scale]
    return sides.get(one.values[0], 0) * sides.get(other.values[0], 0) < 0


def ill_done(pieces: list[Piece], scale: str) -> list[Piece]:
    """As in "they did not examine me well": what was not done well displeases."""
    if scale != "satisfaction5":
        return pieces
    for at, piece in enumerate(pieces[:-2]):
        end = at + 2 + (pieces[at + 2].role is Role.KNOWN)
        deed, last = pieces[at + 1], pieces[end] if end < len(pieces) else piece
        is_service = deed.role in (Role.KNOWN, Role.UNKNOWN) and Tone.SERVICE in tone_of(deed.text)
        is_well = (
            last.role is Role.POINT and last.values == ("satisfied",) and Tone.WELL in tone_of(last.text)
        )
        if piece.role is Role.NOT and is_service and is_well:
            badly = Piece(Role.POINT, "not", ("dissatisfied",), marked=True)
            return [*pieces[:at], badly, *pieces[end + 1 :]]
    return pieces


def not_much(pieces: list[Piece], scale: str) -> list[Piece]:
    """As in "it does not hurt me much", which is no "it does not hurt me"."""
    for at, piece in enumerate(pieces[:-1]):
        is_denied = piece.role is Role.POINT and piece.values in (("none",), ("never",)) and " " in piece.text
        after = pieces[at + 1]
        is_much = Role.VERY in (after.role, after.beside) and after.text in MUCH
        if scale in _LITTLE and is_denied and is_much and piece.text.startswith(_DENYING):
            return [*pieces[:at], Piece(Role.POINT, "not", (_LITTLE[scale],), marked=True), *pieces[at + 2 :]]
    return pieces


def excepted(pieces: list[Piece]) -> list[Piece]:
    """As in "not but once": the point behind "but" stands, to be read back."""
    pieces = [_other_than(pieces, at) for at in range(len(pieces))]
    at = next((at for at, one in enumerate(pieces) if one.role is Role.EXCEPT), None)
    if at is None:
        return _nothing_but(pieces)
    if points_in(pieces[:at]) and not points_in(pieces[at:]):
        return _but_for(pieces, at)
    if not any(is_negation(one) for one in pieces[:at]) or len(points_in(pieces[at:])) != 1:
        raise UnclearError("excepted")
    return [replace(one, marked=True) if one.role is Role.POINT else one for one in pieces[at + 1 :]]


def _other_than(pieces: Sequence[Piece], at: int) -> Piece:
    """As in "I ate not other than two bites", where "other than" is no negation."""
    is_behind = any(one.role is Role.NOT for one in pieces[:at]) and pieces[at].text == "غير"
    has_point = at + 1 < len(pieces) and pieces[at + 1].role is Role.POINT
    return replace(pieces[at], role=Role.EXCEPT) if is_behind and has_point else pieces[at]


def _nothing_but(pieces: list[Piece]) -> list[Piece]:
    """As in "I did not eat but a little", where "but a little" is a point."""
    points = points_in(pieces)
    if len(points) != 1 or not points[0].text.startswith("غير ") or pieces[0].role is not Role.NOT:
        return pieces
    return [
        replace(one, marked=True) if one is points[0] else replace(one, role=Role.SILENT) for one in pieces
    ]


def _but_for(pieces: list[Piece], at: int) -> list[Piece]:
    """As in "every day, I do not sleep but with a pill": a clause of its own, which leaves a doubt."""
    denied = [
        place
        for place, one in enumerate(pieces[:at])
        if one.role in (Role.LOSS, Role.SILENT, Role.NOT, Role.DENIAL)
    ]
    last = max((place for place, one in enumerate(pieces[:at]) if one.role is Role.POINT), default=0)
    start = next((place for place in denied if place > last), None)
    is_plain = not any(is_negation(one) for one in pieces[:at])  # "every day but Fridays"
    if start is None and not is_plain:
        raise UnclearError("excepted")
    return [*pieces[: at if start is None else start], Piece(Role.DOUBT, "but for")]


def is_negation(piece: Piece) -> bool:
    return piece.role in (Role.NOT, Role.DENIAL, Role.NO) or piece.values[:1] in (("never",), ("none",))


def turned(pieces: Sequence[Piece], scale: str) -> list[Piece]:
    """Join each negation to the point that it negates; one that negates none is a denial."""
    kept, at = list[Piece](), 0
    while at < len(pieces):
        if pieces[at].role not in (Role.NOT, Role.NOR):
            kept.append(pieces[at])
            at += 1
            continue
        is_one_of_two = any(one.role in (Role.NOR, Role.NOT) for one in pieces[at + 1 :])  # "neither … nor"
        is_negated = is_one_of_two or any(is_negation(one) or one.text == "not" for one in kept)
        if pieces[at].role is Role.NOR and not is_negated:
            raise UnclearError("several_points")  # "mild or strong?"
        if _is_double(pieces, at):
            kept.append(replace(pieces[at], role=Role.DENIAL))
            at += 1
            continue
        piece, after = _turned_at(pieces, at, scale)
        if piece.role is Role.POINT and kept and kept[-1].role in (Role.VERY, Role.AT_ALL):
            kept.pop()
        kept.append(piece)
        at = after
    return kept


def _is_double(pieces: Sequence[Piece], at: int) -> bool:
    """As in "it was not, not once": two denials are one."""
    target = _target(pieces, at + 1)
    if target is None or pieces[target].values[0] not in _LOWEST_OF_ALL:
        return False
    return pieces[target].text.startswith(("ولا ", "حتي ")) and pieces[at].text.startswith(("ما", "لم"))


def unlike(pieces: list[Piece], scale: str) -> list[Piece]:
    """As in "better, not like before": what is denied to be the same says nothing more."""
    others = [one for one in points_in(pieces) if not _is_likeness(one)]
    if scale != "comparison" or not others:
        return pieces
    kept, is_denied = list[Piece](), False
    for piece in pieces:
        if is_denied and _is_likeness(piece):
            is_not = kept[-1].role is Role.NOT
            kept = [*(kept[:-1] if is_not else kept), replace(piece, role=Role.SILENT)]
            continue
        is_denied = piece.role in (Role.NOT, Role.DENIAL) or (is_denied and piece.role is Role.KNOWN)
        kept.append(piece)
    return kept


def _is_likeness(piece: Piece) -> bool:
    return piece.role is Role.POINT and piece.values == ("same",) and piece.text.startswith(_LIKE)


def _has_not_left(pieces: Sequence[Piece], at: int, target: int) -> bool:
    """As in "and it did not go", where "it went" is a point."""
    is_of_two = len(points_in(pieces)) > 1 and pieces[target].values == ("better",)
    is_gone = is_of_two or pieces[target].values[:1] == ("none",)
    return is_gone and Tone.LEAVE in tone_of(pieces[target].text.split()[0]) and pieces[at].role is Role.NOT


def _turned_at(pieces: Sequence[Piece], at: int, scale: str) -> tuple[Piece, int]:
    """What a negation and its point come to, and where the text goes on."""
    degree = pieces[at + 1] if at + 1 < len(pieces) else pieces[at]
    is_amount = degree.role is Role.VERY and degree.values and scale in _HOW_MUCH  # "not much, two days"
    target = None if is_amount else _target(pieces, at + 1)
    if target is not None and _has_not_left(pieces, at, target):
        return Piece(Role.DENIAL, f"{pieces[at].text} {pieces[target].text}"), target + 1
    if target is None and degree.role is Role.VERY and degree.values:
        return _not_much(degree, scale), at + 2
    if target is None:
        role = Role.KNOWN if pieces[at].text in _OF_ME else Role.DENIAL
        return replace(pieces[at], role=role), at + 1
    after = target + 1
    while after < len(pieces) and pieces[after].role in (Role.VERY, Role.AT_ALL):
        after += 1
    return _negated(pieces, at, target, scale), after


def _not_much(degree: Piece, scale: str) -> Piece:
    """As in "some days, not many": what it comes to by itself must agree."""
    plain, _ = TURNED[scale].get(degree.values[0], ("", ""))
    if not plain:
        raise UnclearError("negated_point")
    return Piece(Role.POINT, "not", (plain.removeprefix("*"),), marked=True)


def _target(pieces: Sequence[Piece], at: int) -> int | None:
    """The point that a negation before it negates: only degrees may stand between."""
    while at < len(pieces) and (
        pieces[at].role in (Role.VERY, Role.SLIGHTLY) or pieces[at].text in ("انا", "كنت")
    ):
        at += 1
    return at if at < len(pieces) and pieces[at].role is Role.POINT else None


def _negated(pieces: Sequence[Piece], at: int, target: int, scale: str) -> Piece:
    """The point that "not … " a point comes to."""
    if pieces[at].text in _NOT_OR_OKAY and at == 0 and scale not in JUDGED:
        raise UnclearError("negated_point")  # "mashi" is "okay" or "not"
    plain, at_all = TURNED[scale].get(pieces[target].values[0], ("", ""))
    behind = next(iter(pieces[target + 1 :]), Piece(Role.KNOWN))
    before = pieces[at - 1].role if at else Role.KNOWN
    is_at_all = (
        Role.AT_ALL in (behind.role, before)
        or before is Role.VERY
        or {behind.text, pieces[target].text.split()[-1]} & _AT_ALL_BEHIND
    )
    named = at_all if is_at_all else plain
    if not named or pieces[target].marked:
        raise UnclearError("negated_point")
    is_less = any(one.role is Role.VERY for one in pieces[at + 1 : target]) or behind.role is Role.VERY
    marked = named.startswith("*") or (is_less and not is_at_all)
    values = (named.removeprefix("*"), pieces[target].values[0])
    return Piece(Role.POINT, "not", values, marked=marked)
