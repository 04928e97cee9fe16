"""What happened, or did not, as a point: "it does not happen to me at all", "I ate nothing".

Told by the class of the verb and of what stands behind it, for no list holds all that may be said so.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bridge.understanding.normalisation import words_of
from bridge.understanding.remarks import likeness_at
from bridge.understanding.scale_clauses import Clause
from bridge.understanding.scale_deed_words import (
    ANY,
    AT_ALL,
    BECAME,
    BEYOND,
    BY_NAME,
    DAY,
    EATEN,
    EVEN,
    FOOD,
    FROM_WITHOUT,
    HAPPEN,
    LIFE,
    MA,
    MORE,
    MUCH,
    NEITHER,
    NO_HELP,
    NONE,
    NOT,
    NOT_EVEN,
    NOT_ONE,
    NOTHING,
    OF_ME,
    ON_ME,
    PAIN,
    PASS,
    SLEEP,
    SUFFERS,
    WISHED,
    WITHOUT,
    WITHOUT_THAT,
    WORST,
)
from bridge.understanding.scale_marks import Role
from bridge.understanding.scale_tone_words import Tone, is_verb_of, tone_of
from bridge.understanding.scale_trends import trend_at
from bridge.understanding.verbs import VerbKind, verb_of

__all__ = ["deed_at", "suffers"]

_MOST_PASSING = 3  # words: "hardly ever passes"
_HARDLY = ("يكاد", "كاد", "تكاد")
_THERE_IS_NONE = ("مفيش", "مافي", "مافيش", "ماكاين", "ماكاينش", "ماكو")


def deed_at(tokens: Sequence[str], at: int, scale: str) -> Clause | None:
    """The point that what was done, or was not, comes to on a scale."""
    rules = (_without_doing, *_RULES.get(scale, ()))
    return next((one for rule in rules if (one := rule(tokens, at)) is not None), None)


def _is_negated(tokens: Sequence[str], at: int) -> int | None:
    """Where the verb of a denial stands: behind its negation, or with it in one word."""
    token = tokens[at]
    if token in NOT:
        start = at + 1 + ("".join(tokens[at + 1 : at + 2]) in ("عم", "قد", "عاد"))
        return start if start < len(tokens) else None
    return at if token.startswith("م") and token.endswith("ش") and len(token) > len("ماش") + 1 else None


def _never(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "it does not happen to me at all", "I did not try it in my life"."""
    verb = _is_negated(tokens, at)
    if verb is None or not (HAPPEN.fullmatch(tokens[verb]) or HAPPEN.fullmatch(tokens[verb].lstrip("ما"))):
        return None
    end = verb + 1
    while end < len(tokens):
        length = _at_all(tokens, end)
        if length:
            return Clause(end + length - at, Role.POINT, ("never",))
        if tokens[end] not in OF_ME:
            return None
        end += 1
    return None


def _without_doing(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "without leaving one out"."""
    start = at + (tokens[at] == "من")
    ahead = tokens[start : start + 3]
    if not at or not ahead or ahead[0] not in WITHOUT_THAT:
        return None
    is_verb = len(ahead) > 2 and ahead[1] == "ما" and verb_of(ahead[2]) is not None  # noqa: PLR2004
    return Clause(start + 3 - at, Role.SILENT) if is_verb else None


def _at_all(tokens: Sequence[str], at: int) -> int:
    return next((len(one) for one in AT_ALL if tuple(tokens[at : at + len(one)]) == one), 0)


def _no_day_without(tokens: Sequence[str], at: int, *, top: str) -> Clause | None:
    """As in "no day passes without it", "there is no day that I do not …"."""
    is_there_none = tokens[at] in _THERE_IS_NONE or _is_glued_pass(tokens[at])
    if tokens[at] not in NOT and not is_there_none:
        return None
    end = at + 1
    while (
        end < len(tokens)
        and end - at <= _MOST_PASSING
        and (PASS.fullmatch(tokens[end]) or tokens[end] in _HARDLY)
    ):
        end += 1
    is_there_none = is_there_none or end > at + 1
    end += "".join(tokens[end : end + 1]) in ON_ME
    end += "".join(tokens[end : end + 1]) in EVEN
    if end + 1 >= len(tokens) or tokens[end] not in DAY or not WITHOUT.fullmatch(tokens[end + 1]):
        return None
    if tokens[end + 1] in ("ما", "وما") and not is_there_none:
        return None  # "no, not one day did it come"
    is_from = tokens[end + 1] == "من"
    if is_from and not (end + 2 < len(tokens) and FROM_WITHOUT.fullmatch(tokens[end + 2])):
        return None
    end += 2 + is_from
    if end < len(tokens) and (
        tokens[end - 1] in ("ما", "وما") or tokens[end].startswith("و") or tokens[end] in BY_NAME
    ):
        end += 1  # "but it comes to me"
    return Clause(end - at, Role.POINT, (top,))


def _is_glued_pass(token: str) -> bool:
    """As in "mabi3addish" in one word."""
    return token.startswith("م") and token.endswith("ش") and PASS.fullmatch(token) is not None


def _not_a_day_without(tokens: Sequence[str], at: int, *, top: str) -> Clause | None:
    """As in "not even a day passed without pain"."""
    if tokens[at] not in NOT_ONE or "".join(tokens[at + 1 : at + 2]) not in DAY:
        return None
    end = at + 2 + ("".join(tokens[at + 2 : at + 3]) in MA)
    if end >= len(tokens) or not PASS.fullmatch(tokens[end]):
        return None
    end += 1 + ("".join(tokens[end + 1 : end + 2]) == "من")
    if end >= len(tokens) or tokens[end] in MA or not WITHOUT.fullmatch(tokens[end]):
        return None
    return Clause(min(end + 2, len(tokens)) - at, Role.POINT, (top,))


def _sleepless(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "sleep does not come to me"."""
    verb = _is_negated(tokens, at)
    if (
        verb is None
        or "".join(tokens[verb + 1 : verb + 2]) not in SLEEP
        or not HAPPEN.fullmatch(tokens[verb])
    ):
        return None
    return Clause(verb + 2 - at, Role.LOSS)


def _not_one_night(tokens: Sequence[str], at: int, *, top: str) -> Clause | None:
    """As in "I do not sleep, not one night", which is every night."""
    verb = _is_negated(tokens, at)
    known = verb_of(tokens[verb]) if verb is not None else None
    if verb is None or known is None or known.kind not in (VerbKind.BODILY, VerbKind.ABLE):
        return None
    end = next((end for end in range(verb + 1, min(verb + 4, len(tokens))) if tokens[end] in NOT_ONE), None)
    if end is None or "".join(tokens[end + 1 : end + 2]) not in DAY:
        return None
    return Clause(end + 2 - at, Role.POINT, (top,), marked=top == "always")


def _nothing_eaten(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "I ate nothing", "no water went down"; not "I did not eat much"."""
    verb = _is_negated(tokens, at)
    if verb is None or tokens[at] == "لا":
        return None
    able = verb_of(tokens[verb])
    verb += able is not None and able.kind is VerbKind.ABLE
    if verb >= len(tokens) or not _is_eaten(tokens[verb]):
        return None
    if "".join(tokens[verb + 1 : verb + 2]) in MUCH:
        return Clause(verb + 2 - at, Role.POINT, ("little",), marked=True)
    end, is_even = verb + 1, False
    while end < len(tokens) and tokens[end] in FOOD | NOTHING | ANY:
        is_even = is_even or tokens[end] in ("ولا", "حتي", "اي")
        if tokens[end] in NOT_EVEN and not is_even:
            return None
        end += 1
    if tuple(tokens[end : end + 4]) == NEITHER:
        end, is_even = end + 4, True
    is_whole = end == len(tokens) or tokens[end] in (
        "والله",
        "الحمد",
        "لاني",
        "عشان",
        "لان",
        "ما",
        "ماليش",
        "مالي",
        "بسبب",
    )
    return Clause(end - at, Role.POINT, ("none",)) if is_whole or (end > verb + 1 and is_even) else None


def _is_eaten(token: str) -> bool:
    return EATEN.fullmatch(token) is not None or (token[:1] == "م" and EATEN.fullmatch(token[1:]) is not None)


def _torment(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "like knives", "the worst pain in my life", "nobody could bear it"."""
    like = likeness_at(tokens, at)
    if like:
        return Clause(like, Role.POINT, ("severe",), marked=True)
    if tokens[at] in WORST and "".join(tokens[at + 1 : at + 2]) in PAIN:
        end = at + 2
        while end < len(tokens) and tokens[end] in LIFE:
            end += 1
        return Clause(end - at, Role.POINT, ("severe",))
    return _unbearable_to_all(tokens, at) or _unequalled(tokens, at)


def _unequalled(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "there is none like it", "I would not wish it to anybody"."""
    if tokens[at] not in NONE:
        return None
    if WISHED.fullmatch("".join(tokens[at + 1 : at + 2])):
        return Clause(min(3, len(tokens) - at), Role.POINT, ("severe",))
    end = next((end for end in range(at + 1, min(at + 4, len(tokens))) if tokens[end] in BEYOND), None)
    return Clause(end + 1 - at, Role.POINT, ("severe",), marked=True) if end is not None else None


def _unbearable_to_all(tokens: Sequence[str], at: int) -> Clause | None:
    start = at + 1 if tokens[at] in MA | words_of("محد لا") else at
    start += start < len(tokens) and tokens[start] in ANY
    if start >= len(tokens) or start == at or not (tokens[at] == "محد" or tokens[start - 1] in ANY):
        return None
    verb = verb_of(tokens[start])
    if verb is None or verb.kind is not VerbKind.ABLE or Tone.SAYING in tone_of(tokens[start]):
        return None
    return Clause(start + 1 - at, Role.POINT, ("severe",))


def suffers(token: str) -> bool:
    """Whether a normalised word is of suffering: "I tired"."""
    return SUFFERS.fullmatch(token) is not None


def _suffers_more(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "I tire more", "I became more ill", "I came to be unable to walk"."""
    start = at + (tokens[at] in BECAME)
    if start >= len(tokens):
        return None
    if start > at and tokens[start] in MA:
        verb = verb_of(tokens[start + 1]) if start + 1 < len(tokens) else None
        is_unable = verb is not None and verb.kind in (VerbKind.ABLE, VerbKind.BODILY)
        return Clause(start + 2 - at, Role.POINT, ("worse",)) if is_unable else None
    if at and tokens[at - 1] in NOT:
        return None
    if SUFFERS.fullmatch(tokens[start]) and "".join(tokens[start + 1 : start + 2]) in MORE:
        return Clause(start + 2 - at, Role.POINT, ("worse",))
    is_gone_on = tokens[at] == "زدت" and start > at and SUFFERS.fullmatch(tokens[start])
    return Clause(start + 1 - at, Role.POINT, ("worse",)) if is_gone_on else None


def _helped(tokens: Sequence[str], at: int) -> Clause | None:
    """As in "the medicine helped me", "nothing helped"."""
    start = at + (tokens[at] in NOT and at + 1 < len(tokens))
    token = tokens[start]
    if not is_verb_of(token, Tone.HELP) or token in NO_HELP:
        return None
    is_denied = (
        start > at or (token.startswith("م") and token.endswith("ش")) or (at > 0 and tokens[at - 1] in NOT)
    )
    length = 1 + (tokens[at] in NOT)
    return Clause(length, Role.REMARK, ("same", "worse") if is_denied else ("better",), marked=True)


_Rule = Callable[[Sequence[str], int], Clause | None]


def _of_how_often(top: str) -> tuple[_Rule, ...]:
    of_days = (_not_one_night, _no_day_without, _not_a_day_without)
    return (_never, _sleepless, *(partial(rule, top=top) for rule in of_days))


_RULES: Mapping[str, tuple[_Rule, ...]] = {
    "frequency4": _of_how_often("nearly_every_day"),
    "frequency5": _of_how_often("always"),
    "severity": (_torment,),
    "comparison": (_suffers_more, _helped, trend_at),
    "amount": (_nothing_eaten,),
}
