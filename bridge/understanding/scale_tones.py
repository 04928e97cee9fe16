"""Denied clauses beside a point: a reason leaves it, a contradiction spoils it, the rest is doubted.

"Severe, I do not sleep for it" is severe, "severe, it does not hurt me" is asked again. What a clause is
about is told by the class of its words (`scale_tone_words`); which classes agree, by the side of the point.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec.structs import replace

from bridge.understanding.normalisation import words_of
from bridge.understanding.scale_marks import SIDES, Role
from bridge.understanding.scale_negations import JUDGED, UnclearError
from bridge.understanding.scale_pieces import Piece, points_in
from bridge.understanding.scale_tone_words import Tone, tone_of

__all__ = ["known_by_tone", "toned"]

_T = Tone
_SPOILING = frozenset((_T.SAYING,))
_OF_HOW_OFTEN = (
    frozenset((_T.LEAVE, _T.HELP, _T.TRIFLE, _T.NEED, _T.WELL)),
    frozenset((_T.FELT, *_SPOILING)),
)
_BAD_SERVICE = frozenset((_T.SPECIAL, _T.SERVICE, _T.HELP, _T.INABILITY, _T.DEED, _T.CHANGE))
_JUDGED: Mapping[int, tuple[frozenset[Tone], frozenset[Tone]]] = {
    -1: (_BAD_SERVICE, _SPOILING),
    0: (frozenset((_T.SPECIAL, _T.CHANGE)), _SPOILING),
    1: (frozenset((_T.FAULT, _T.KEPT, _T.SPECIAL)), frozenset((_T.SERVICE, _T.HELP, *_SPOILING))),
}
# By scale and side: the classes that leave a point as it is, and those that contradict it.
_POLICY: Mapping[str, Mapping[int, tuple[frozenset[Tone], frozenset[Tone]]]] = {
    "frequency4": {0: (frozenset((_T.INABILITY, *_OF_HOW_OFTEN[0])), _OF_HOW_OFTEN[1])},
    "frequency5": {
        side: (_OF_HOW_OFTEN[0], frozenset((_T.INABILITY, _T.DEED, *_OF_HOW_OFTEN[1]))) for side in (-1, 0, 1)
    },
    "severity": {
        -1: (frozenset((_T.TRIFLE, _T.NEED)), frozenset((_T.INABILITY, _T.WELL, *_SPOILING))),
        0: (frozenset((_T.TRIFLE, _T.NEED)), frozenset((_T.FELT, *_SPOILING))),
        1: (
            frozenset((_T.INABILITY, _T.HELP, _T.LEAVE, _T.DEED, _T.WELL)),
            frozenset((_T.TRIFLE, _T.FELT, *_SPOILING)),
        ),
    },
    "comparison": {
        -1: (
            frozenset((_T.INABILITY, _T.HELP, _T.LEAVE, _T.DEED, _T.WELL)),
            frozenset((_T.FELT, *_SPOILING)),
        ),
        0: (frozenset((_T.HELP, _T.CHANGE, _T.LEAVE)), _SPOILING),
        1: (
            frozenset((_T.FELT, _T.NEED, _T.TRIFLE, _T.FAULT)),
            frozenset((_T.INABILITY, _T.HELP, _T.WELL, *_SPOILING)),
        ),
    },
    "amount": {
        -1: (frozenset((_T.INABILITY, _T.DEED)), _SPOILING),
        0: (frozenset((_T.INABILITY,)), _SPOILING),
        1: (frozenset((_T.KEPT, _T.LEAVE)), frozenset((_T.INABILITY, *_SPOILING))),
    },
    **dict.fromkeys(JUDGED, _JUDGED),
}
_DENIES = (Role.DENIAL, Role.LOSS)
_WITHIN = (
    Role.KNOWN,
    Role.UNKNOWN,
    Role.SILENT,
    Role.VERY,
    Role.SLIGHTLY,
    Role.AT_ALL,
    Role.FIGURE,
    Role.ONCE,
)
_NEGATORS = words_of(
    "ما لا لم لن مش مو مب موب موش ماشي ليس ولا وما ومش ومو ولم غير عم ماني مانيش ماهو ماكو مافي مفيش ماكاين "
    "عندي عندنا في فيه لي ليا عاد بقى كان كانت كانوا حتى قد اي شي ابدا قط عمري بعد بقاش بقتش عدتش عادش "
    "صار بقيت بقيتش"
)
_NOBODY = words_of("حد احد حدا محد محدش ماحد ماحدش محدا ولاحد حتى واحد")
_DEGREES = (Role.VERY, Role.SLIGHTLY)
_COUNTED = re.compile(
    r"(?:ال)?(?:ساع(?:ه|ات)|دقاي?ق|دقيقه|[اي]يام|يوم|ش(?:هر|هور|هرين)|سن(?:ه|ين|وات)|مرات|مره|"
    "حب(?:ه|ات|وب)|مسكن(?:ات|ين)?|"
    r"اسابيع|اسبوع|سيمان(?:ه|ات)|ليالي|ليله|نهارات|نهار|ابر|ابره|دكاتره|ممرضات|اشخاص|كيلو|خطوات|"
    "خطوه|لقمات|لقم)"
)
_WITHOUT = words_of("بدون بلا غير دون")
_EVEN = words_of("ولا حتى")
_TEN, _OF = words_of("عشرة"), words_of("من على")
_GOING_ON = words_of("ماشي ماشية")
_WHEN = words_of("لما كي اذا إذا لمن ملي حين وقت ما عندما")
_OF_THEM = words_of(
    "عنكم عنهم عنها عنه عنو عنكو منكو ليكو ليهم عليهم عليكم عليها بيهم فيهم منهم معهم لهم لكم بيكم "
    "فيكم معكم منكم عندهم عندكم"
)
_WHY = words_of("ليش ليه علاش لماذا السبب لاش وعلاش عليش")
_OF_STORIES = frozenset((_T.TOLD, _T.FAULT, _T.SERVICE, _T.HELP, _T.INABILITY))
_THOUSANDS = words_of("ألف الف مليون")
_ORIGINALLY = words_of("أصلا اصلا")
_LONGEST = 4


def toned(pieces: list[Piece], scale: str) -> list[Piece]:
    """Judge each denied clause beside the points: silent, a doubt, or left as the denial that it is."""
    points = [one for one in points_in(pieces) if not one.marked] or points_in(pieces)
    if not points or scale not in _POLICY:
        return pieces
    if points[0].values[0] == "never" and _is_never_able(pieces):
        raise UnclearError("negated_point")  # "not one day did I sleep" is a complaint
    sides = SIDES[scale]
    side = sides.get(points[0].values[0], 0)
    is_lowest = points[0].values[0] in ("never", "none")
    first = next(at for at, one in enumerate(pieces) if one.role is Role.POINT)
    kept, at = list[Piece](), 0
    while at < len(pieces):
        if pieces[at].role not in _DENIES or is_lowest:
            kept.append(pieces[at])
            at += 1
            continue
        end = _end_of_clause(pieces, at)
        kept += _judged(pieces[at:end], scale, side, is_before=at < first, is_next=end == first)
        at = end
    return _faulted(kept, scale, side)


def _is_never_able(pieces: Sequence[Piece]) -> bool:
    """Whether what never happens is to sleep, to be able: "not one day did I sleep well"."""
    return any(
        one.role is Role.POINT
        and one.values == ("never",)
        and after.role is Role.KNOWN
        and _T.INABILITY in tone_of(after.text)
        for one, after in pairwise(pieces)
    )


def _end_of_clause(pieces: Sequence[Piece], at: int) -> int:
    end, is_bare = at + 1, _is_bare(pieces[at])
    while end < len(pieces) and end - at <= _LONGEST:
        if not (pieces[end].role in _WITHIN or pieces[end].text in _EVEN or (is_bare and end == at + 1)):
            break
        if end > at + 1 and _is_joined(pieces[end].text):
            break
        if pieces[end].role is Role.POINT:
            break
        end += 1
    return end


def _is_bare(piece: Piece) -> bool:
    return all(word in _NEGATORS for word in piece.text.split())


def _is_joined(text: str) -> bool:
    return text.startswith("و") and not text.startswith("وال") and text not in _EVEN


def _judged(clause: Sequence[Piece], scale: str, side: int, *, is_before: bool, is_next: bool) -> list[Piece]:
    words = [word for piece in clause for word in piece.text.split()]
    tones = _tones(words)
    by_side = _POLICY[scale]
    fine, contrary = by_side.get(side, by_side.get(0, (frozenset[Tone](), frozenset[Tone]())))
    is_fine = bool(_WHY & set(words)) or (bool(tones & fine) and _T.SAYING not in tones)
    is_contrary = not is_fine and bool(tones & contrary)
    if is_contrary and words[0].startswith("و") and not tones & {_T.FELT, _T.SAYING}:
        is_contrary = False  # "always, and I do not …"
    is_told = is_fine or (not is_contrary and not is_before and _says_something(words, tones))
    if not is_told or (is_before and is_next and scale not in (*JUDGED, "comparison")):
        return list(clause)
    is_praise = scale in JUDGED and side > 0  # "I have no complaint, excellent"
    doubts = not is_fine or (is_before and not is_praise)
    first = replace(clause[0], role=Role.DOUBT if doubts else Role.SILENT)
    return [first, *(replace(one, role=Role.SILENT, values=()) for one in clause[1:])]


def _says_something(words: Sequence[str], tones: frozenset[Tone]) -> bool:
    return bool(tones) or any(word not in _NEGATORS | _NOBODY for word in words)


def _tones(words: Sequence[str]) -> frozenset[Tone]:
    """What a clause is about: its first word of a class; a mere deed is told by what was done."""
    found: frozenset[Tone] = frozenset()
    for word in words:
        if word in _NEGATORS or word in _NOBODY:
            continue
        tones = tone_of(word)
        if {_T.FELT, _T.TOLD} <= tones and _T.KEPT not in tones:  # to go back, and to vomit
            tones = frozenset((_T.DEED,))
        if tones and tones != {_T.DEED}:
            return tones | found
        found = found | tones
    return found


def _faulted(pieces: list[Piece], scale: str, side: int) -> list[Piece]:
    """As in "content, they lost my file": a doubt."""
    if scale not in JUDGED or side <= 0:
        return pieces
    return [
        replace(one, role=Role.DOUBT)
        if one.role in (Role.KNOWN, Role.UNKNOWN) and _is_fault(one) and not _is_without(pieces, at)
        else one
        for at, one in enumerate(pieces)
    ]


def _is_fault(piece: Piece) -> bool:
    tones = tone_of(piece.text)
    return _T.FAULT in tones and _T.SERVICE not in tones


def _is_without(pieces: Sequence[Piece], at: int) -> bool:
    return at > 0 and pieces[at - 1].text.split()[-1:] != [] and pieces[at - 1].text.split()[-1] in _WITHOUT


def known_by_tone(pieces: list[Piece], scale: str) -> list[Piece]:
    """Words of stories are known; how long and how often they lasted is no answer: "I waited four hours"."""
    return list(_known(pieces, scale))


def _known(pieces: Sequence[Piece], scale: str) -> Iterator[Piece]:
    for at, piece in enumerate(pieces):
        before = pieces[at - 1] if at else Piece(Role.SILENT)
        after = pieces[at + 1].text if at + 1 < len(pieces) else ""
        is_going_on = piece.text in _GOING_ON and after.startswith("علي")  # "all my life I follow it"
        is_story = (
            piece.role is Role.UNKNOWN
            and (_is_story(piece) or piece.text in _OF_THEM)
            and not piece.text.endswith("ش")
        )
        if piece.text in _TEN and before.text in _OF:
            yield replace(piece, role=Role.FIGURE, values=())  # "five of ten"
        elif (
            is_going_on
            or is_story
            or (piece.role is Role.FIGURE and _is_no_answer(piece, before, after, scale))
        ):
            yield replace(piece, role=Role.KNOWN)
        elif (
            _is_of_a_story(piece, before, scale)
            or _is_when(piece, before, scale)
            or _is_at_all_of(piece, before, scale)
        ):
            yield replace(piece, role=Role.SILENT, values=(), beside=None)
        else:
            yield piece


def _is_no_answer(piece: Piece, before: Piece, after: str, scale: str) -> bool:
    """As in "I waited four hours", "a thousand thanks", "two bites, three"."""
    is_of_days = scale.startswith("frequency")
    is_range = scale == "amount" and before.role is Role.POINT and before.values == ("little",)
    return piece.text in _THOUSANDS or is_range or (not is_of_days and _COUNTED.fullmatch(after) is not None)


def _is_of_a_story(piece: Piece, before: Piece, scale: str) -> bool:
    """As in "I waited long"."""
    is_told = before.role in (Role.KNOWN, Role.UNKNOWN) and _is_story(before)
    is_degree = piece.role in _DEGREES or piece.beside in _DEGREES
    return is_degree and is_told and scale in JUDGED


def _is_when(piece: Piece, before: Piece, scale: str) -> bool:
    """As in "sometimes, when the work gets more"."""
    return piece.role is Role.ONCE and scale.startswith("frequency") and before.text in _WHEN


def _is_at_all_of(piece: Piece, before: Piece, scale: str) -> bool:
    """As in "I cannot bear it at all", "they spared nothing at all"; not "originally"."""
    if Role.AT_ALL not in (piece.role, piece.beside):
        return False
    if piece.text in _ORIGINALLY and scale.startswith("frequency"):
        return before.role is Role.POINT and before.values not in (("never",), ("none",))
    is_remark = before.role is Role.REMARK or Role.SILENT in (before.role, before.beside)
    return is_remark and before.text.startswith(("ما ", "مش ", "مو ", "لا "))


def _is_story(piece: Piece) -> bool:
    return bool(tone_of(piece.text) & _OF_STORIES)
