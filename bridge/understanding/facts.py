"""What a clause says to "did you, is it so?": a plan is no deed, and what was given up is no more."""

import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from bridge.understanding.felt import OF_THINGS_TOO, is_on_me
from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.parts import Chunk, Clause, Part, Says
from bridge.understanding.predicates import WITHOUT
from bridge.understanding.verbs import VerbKind, verb_of
from bridge.understanding.vocabulary import WITHOUT_IT

__all__ = ["A_TIME", "KEEPING", "as_fact", "given_up", "is_needed"]

_SHALL = words_of("راح رح سوف غادي غاي باش بدي ناوي ناوية ناويه نويت نوينا")
_SHALL_BEFORE = ("س", "ه", "ح")
_TOMORROW = words_of("بكرة بكرا بكره غدا باكر باجر غدوة غدوا الجاي الجاية القادم القادمة المقبل المقبلة")
_WHEN = words_of("لما وقت عند عندما اذا كي")
_DOCTORS = words_of("الدكتور الدكتورة الطبيب الطبيبة الحكيم الحكيمة")
_UTTER = ("ولا", "يوم", "يوما", "مره", "قط", "عمري", "عمرنا", "حياتي", "لحظه", "ابدا")
KEEPING = (VerbKind.QUIT, VerbKind.MISSED)
_LET = normalise("خلي")
A_TIME = words_of("يوم مرة مرات ليلة ساعة اسبوع شهر يومين مرتين")
_WITHOUT_IT = frozenset(map(normalise, WITHOUT_IT))
_WAITS = re.compile(r"ستن[يىا]|نتظر|[انيتب]نطر|ستاني")
_WISHED = ("يا ريت", "ياريت", "ليت", "ليتني", "كان نفسي", "يا ليت")


def as_fact(clause: Clause, chunks: Sequence[Chunk]) -> Clause:
    """What one will do has not been done: "I shall take it" to "have you taken it?"."""
    if clause.particle:
        return clause
    if clause.denied and is_needed(clause, chunks):
        return replace(clause, says=Says.YES, sure=clause.verb is VerbKind.ABLE)
    if clause.says is Says.YES and _is_unsaid(clause, chunks):
        return replace(clause, says=Says.UNCLEAR)
    if clause.part is Part.CEASED:
        return _ceased_fact(clause, chunks)
    if clause.says is not Says.YES or clause.part not in (Part.ACTION_VERB, Part.STILL):
        return clause
    is_told = clause.at > 0 and chunks[clause.at - 1].text in _DOCTORS
    is_at_times = any(chunk.part is Part.FREQUENCY for chunk in chunks[clause.at : clause.end])
    return replace(clause, sure=False) if is_told or is_at_times else clause


def _is_unsaid(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """As in "if only I had gone", "I am waiting", "I shall": it was not done, or says nothing of me."""
    before = chunks[max(clause.at - 2, 0) : clause.at]
    if any(chunk.text in _WISHED for chunk in before) or (chunks[0].text in _WHEN and clause.at <= 1):
        return True
    if clause.part is Part.STATE and chunks[clause.at].text in OF_THINGS_TOO:
        return not is_on_me(chunks)
    if clause.part not in (Part.ACTION_VERB, Part.STILL):
        return False
    waits = any(_WAITS.search(chunk.text) for chunk in (*before, chunks[clause.at]))
    words = {word for chunk in chunks[: clause.at + 1] for word in chunk.text.split()}
    is_ahead = bool(words & _SHALL) or any(map(_is_ahead, chunks[clause.at : clause.at + 2]))
    is_tomorrow = chunks[clause.at].negated_by_la and any(chunk.text in _TOMORROW for chunk in chunks)
    return waits or is_ahead or is_tomorrow


def _ceased_fact(clause: Clause, chunks: Sequence[Chunk]) -> Clause:
    """What one gave up is no more; what one never leaves out is so."""
    chunk = chunks[clause.at]
    if clause.says is Says.YES:  # "I left out none, but went"
        return clause
    if clause.denied and clause.verb in KEEPING:
        return replace(clause, says=Says.YES, sure=_is_utter(clause, chunks))
    lets = chunk.text.startswith(_LET) and any(
        one.part is Part.ACTION_VERB for one in chunks[clause.at : clause.end]
    )
    if clause.verb is VerbKind.QUIT and not clause.denied and not chunk.negated_by_la and not lets:
        return replace(clause, says=Says.NO, sure=False)
    if clause.verb is VerbKind.MISSED and not clause.denied and _is_one_missed(clause, chunks):
        return replace(clause, says=Says.NO, sure=False)
    return clause


def _is_one_missed(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """As in "I forgot to take it", "I forgot the needle": once, and not now and then."""
    span = chunks[clause.at + 1 : clause.end]
    is_named = any(
        chunk.part in (Part.ACTION_VERB, Part.THING) and chunk.text not in A_TIME for chunk in span
    )
    is_at_times = any(chunk.part in (Part.FREQUENCY, Part.DEGREE, Part.STEADY) for chunk in span)
    return is_named and not chunks[clause.at].negated_by_la and not is_at_times


def is_needed(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """As in "I cannot live without it", "I do not sleep without the pill"."""
    if clause.verb is None:
        return False
    span = chunks[clause.at : clause.end + 1]
    following = pairwise(span)
    is_thing = any(
        one.text in WITHOUT and one.part is Part.NOT and two.part is Part.THING for one, two in following
    )
    return is_thing or any(chunk.text in _WITHOUT_IT for chunk in span)


def _is_utter(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """As in "not one dose", "not a single day"."""
    before = chunks[max(clause.at - 2, 0) : clause.at]
    words = {word for one in (*before, *chunks[clause.at + 1 : clause.end]) for word in one.text.split()}
    if any("ستغن" in one.text for one in chunks[clause.at : clause.end]):
        return True  # to do without it at all
    return bool(words & set(_UTTER)) or any(one.part is Part.NEVER for one in chunks[clause.at : clause.end])


def given_up(clauses: list[Clause]) -> list[Clause]:
    """What one used to do and gave up one does not do; without one's own "no", "not forgotten" counts."""
    gave_up = any(clause.verb is VerbKind.QUIT and clause.says is Says.NO for clause in clauses)
    if gave_up:
        clauses = [
            one
            for one in clauses
            if one.particle or one.says is not Says.YES or (one.sure and one.part is not Part.SYMPTOM_VERB)
        ]
    if any(clause.particle and clause.says is Says.NO for clause in clauses):
        is_kept = [one.part is Part.CEASED and one.says is Says.YES and not one.sure for one in clauses]
        if any(is_kept):
            clauses = [replace(one, sure=False) for one, is_ in zip(clauses, is_kept, strict=True) if not is_]
    return clauses


def _is_ahead(chunk: Chunk) -> bool:
    """Whether a verb bears the mark of the future: s-, h-, before "I" or "we"."""
    word = chunk.text
    if chunk.verb is None or word[:1] not in _SHALL_BEFORE or word.endswith("ت"):
        return False
    return word[1:2] in ("ا", "ن") or (
        chunk.negated_by_la and word[:1] == "ه" and verb_of(word[1:]) is not None
    )
