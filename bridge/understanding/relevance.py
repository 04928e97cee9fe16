"""What a clause says to the kind of question that was asked: "I cannot sleep" is a yes to "have you pain?".

Deeds are no answer to what is felt, plans none to what was done, belongings none to "may I?"; what
one never
misses one takes, what one gave up one takes no more, and a pain that does not leave is there.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

from msgspec.structs import replace

from bridge.understanding.felt import OF_THINGS_TOO, as_symptom, is_on_me, not_well
from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.parts import Chunk, Clause, Part, Says, Sentence
from bridge.understanding.predicates import WITHOUT
from bridge.understanding.verbs import VerbKind, verb_of
from bridge.understanding.vocabulary import CONDITIONS, WITHOUT_IT

__all__ = ["WILLING_KINDS", "YesNoKind", "relevant"]


class YesNoKind(StrEnum):
    """What a yes/no question asks for."""

    PERMISSION = "permission"  # may I, would you like
    SYMPTOM = "symptom"  # have you, do you feel
    FACT = "fact"  # did you, is it so
    PROMISE = "promise"  # will you


WILLING_KINDS = (YesNoKind.PERMISSION, YesNoKind.PROMISE)
_SHALL = words_of("راح رح سوف غادي غاي باش بدي ناوي ناوية ناويه نويت نوينا")
_SHALL_BEFORE = ("س", "ه", "ح")
_OWN_AFFAIRS = (Part.HAVE, Part.SYMPTOM, Part.SYMPTOM_VERB, Part.ACTION_VERB)
_AT_LEISURE = words_of(
    "وقت الوقت مجال فرصة دقيقة دقائق دقايق دقيقتين معك معاك أقدر بقدر نقدر تقدر تقدري تقدرون تقدروا "
    "أستطيع تستطيع "
    "يمكنك ينفع بينفع يصير داير دايرة أسمع بسمع بجاوب أجاوب هجاوب نجاوب نشارك أشارك بشارك هشارك أبدأ "
    "نكمل أكمل فاضي فاضية متفرغ متفرغة جالس جالسة قاعد قاعدة"
)
_PRESENT = words_of("موجود موجودة متوفر متوفرة")
_BECAUSE = words_of("لأن لأنه لأنها لأني لانو عشان علشان مشان منشان حيت حيث")
_TOMORROW = words_of("بكرة بكرا بكره غدا باكر باجر غدوة غدوا الجاي الجاية القادم القادمة المقبل المقبلة")
_WHEN = words_of("لما وقت عند عندما اذا كي")
_DOCTORS = words_of("الدكتور الدكتورة الطبيب الطبيبة الحكيم الحكيمة")
_UTTER = ("ولا", "يوم", "يوما", "مره", "قط", "عمري", "عمرنا", "حياتي", "لحظه", "ابدا")
_KEEPING = (VerbKind.QUIT, VerbKind.MISSED)
_WITHOUT_IT = frozenset(map(normalise, WITHOUT_IT))
_OBJECTIONS = words_of("مانع موانع مشكل مشكلة مشاكل اعتراض إشكال اشكالية بأس ضرر حرج ممانعة عائق تحفظ")
_WAITS = re.compile(r"ستن[يىا]|نتظر|[انيتب]نطر|ستاني")
_CONSULTS = re.compile(r"[اتنيبه](?:سال|شاور|ستشير|ستاذن)")
_PEOPLE = words_of(
    "ابني بنتي ولدي وليدي امي ابوي ابويا زوجي زوجتي مرتي مراتي جوزي راجلي اخوي اخويا اختي خيتي والدي "
    "والدتي حماتي "
    "جدتي جدي ستي سيدي عمي عمتي خالي خالتي بابا ماما الوالد الوالدة الحجة الحاجة الشغالة ابنتي خويا"
)
_TO_ME = ("ني", "هولي", "هالي", "ليا", "الي", "معي", "معاي", "معايا")
_WISHED = ("يا ريت", "ياريت", "ليت", "ليتني", "كان نفسي", "يا ليت")
_WHO = words_of("هو هي هم هما هوا هيا")
_AROUND = words_of("الجو الدنيا الطقس البيت الغرفة المكيف الماء الموية الشتا برا بره الدار المنطقة")
_WEATHER = words_of("برد حر حار حارة بارد باردة ساقعة شوب غبار رطوبة مطر بردانة دافي دفا")
_BUSY = words_of("شغل الشغل دوام التزام التزامات ارتباط شي_ يشغلني أشغال مشاغل خطار ضيوف")
_A_TIME = words_of("يوم مرة مرات ليلة ساعة اسبوع شهر يومين مرتين")
_WILL = words_of("وقت الوقت نية قدرة مقدرة استطاعة رغبة مجال فرصة")
_CURES = re.compile(r"دوا|علاج|حب|جرع|ابر|حقن|موعد|حمي|رجيم|رياض|كبسول|قطر|بخاخ|انسولين|فحص|والله|الله|يا ")
_LET = normalise("خلي")


def relevant(sentence: Sentence, chunks: Sequence[Chunk], kind: YesNoKind) -> list[Clause]:
    """The clauses that answer, as they answer this kind of question; a correction cancels those before."""
    asked_at = next((at for at, chunk in enumerate(chunks) if _asks(chunk)), len(chunks))
    asked_at = min(asked_at, _told_of_another(chunks))
    clauses = [_if_told(clause, asked_at) for clause in sentence.clauses]
    match kind:
        case YesNoKind.SYMPTOM:
            clauses = not_well([as_symptom(clause, chunks) for clause in clauses], chunks)
        case YesNoKind.FACT:
            clauses = _given_up([_as_fact(clause, chunks) for clause in clauses])
        case _:
            clauses = [_as_will(clause, chunks, kind) for clause in clauses]
    clauses = [one for one in clauses if not _is_of_kin(one, chunks)]
    clauses = _without_reasons([clause for clause in clauses if not _says_nothing(clause)], chunks)
    if Part.NOT_ME in sentence.parts and kind is not YesNoKind.PERMISSION:
        clauses = _of_another(clauses, chunks)
    if sentence.corrected_at is not None:
        after = [replace(clause, sure=False) for clause in clauses if clause.at > sentence.corrected_at]
        clauses = after or clauses
    return clauses


def _told_of_another(chunks: Sequence[Chunk]) -> int:
    """Where somebody else is spoken of, or the weather: "my son is the ill one"."""
    for at, (one, two) in enumerate(pairwise(chunks)):
        if one.text.split()[-1] in _PEOPLE and two.text in _WHO:
            is_for_me = any(
                chunk.text.endswith(_TO_ME) or chunk.text in ("لي", "الي", "ليا")
                for chunk in chunks[at + 2 :]
            )
            return len(chunks) if is_for_me else at
        is_she = two.text in _WHO and one.part in (Part.THING, Part.DETAIL) and one.text not in ("انا", "اني")
        if is_she and at + 2 < len(chunks) and chunks[at + 2].text in ("اللي", "الي", "يلي", "لي"):
            is_for_me = any(chunk.text.endswith(_TO_ME) for chunk in chunks[at + 2 :])
            return len(chunks) if is_for_me else at
        if one.text in _AROUND and two.text in _WEATHER:
            return at
    return len(chunks)


def _is_of_kin(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """As in "I do not smoke, but my husband smokes"."""
    is_told = clause.after_but and not clause.particle and clause.at > 0
    return is_told and chunks[clause.at - 1].text in _PEOPLE


def _without_reasons(clauses: list[Clause], chunks: Sequence[Chunk]) -> list[Clause]:
    """Why somebody says "no" is no contradiction: "no, because it gives me pains"."""
    because = next((at for at, chunk in enumerate(chunks) if chunk.text in _BECAUSE), len(chunks))
    if not any(clause.particle and clause.at < because for clause in clauses):
        return clauses
    return [clause for clause in clauses if clause.at < because]


def _asks(chunk: Chunk) -> bool:
    return chunk.part is Part.ASKING and chunk.text not in CONDITIONS


def _if_told(clause: Clause, asked_at: int) -> Clause:
    """What stands behind "why" or "which" is asked, not said."""
    return clause if clause.particle or clause.at < asked_at else replace(clause, says=Says.UNCLEAR)


def _says_nothing(clause: Clause) -> bool:
    """A thing finished or forgotten, which this kind of question does not ask for."""
    return clause.part is Part.CEASED and clause.says is Says.UNCLEAR and not clause.denied


def _of_another(clauses: Sequence[Clause], chunks: Sequence[Chunk]) -> list[Clause]:
    """As in "my wife has it, not I"."""
    at = next(at for at, chunk in enumerate(chunks) if chunk.part is Part.NOT_ME)
    said = [clause for clause in clauses if clause.particle]
    is_told = any(clause.at < at and not clause.particle for clause in clauses)
    return [*said, Clause(Says.NO, Part.NOT_ME, at, sure=is_told)]


def _as_fact(clause: Clause, chunks: Sequence[Chunk]) -> Clause:
    """What one will do has not been done: "I shall take it" to "have you taken it?"."""
    if clause.particle:
        return clause
    if clause.denied and _is_needed(clause, chunks):
        return replace(clause, says=Says.YES, sure=clause.verb is VerbKind.ABLE)
    if any(chunk.text in _WISHED for chunk in chunks[max(clause.at - 2, 0) : clause.at]):
        return replace(clause, says=Says.UNCLEAR)  # "if only I had gone"
    if clause.part is Part.CEASED:
        return _ceased_fact(clause, chunks)
    if clause.says is not Says.YES:
        return clause
    is_of_things = clause.part is Part.STATE and chunks[clause.at].text in OF_THINGS_TOO
    if (is_of_things and not is_on_me(chunks)) or (chunks[0].text in _WHEN and clause.at <= 1):
        return replace(clause, says=Says.UNCLEAR)
    if clause.part not in (Part.ACTION_VERB, Part.STILL):
        return clause
    if any(_WAITS.search(chunk.text) for chunk in chunks[max(clause.at - 2, 0) : clause.at + 1]):
        return replace(clause, says=Says.UNCLEAR)
    said = {chunk.text for chunk in chunks}
    if clause.at and chunks[clause.at - 1].text in _DOCTORS:
        clause = replace(clause, sure=False)
    before = {word for chunk in chunks[: clause.at + 1] for word in chunk.text.split()}
    is_ahead = bool(before & _SHALL) or any(map(_is_ahead, chunks[clause.at : clause.at + 2]))
    is_ahead = is_ahead or (chunks[clause.at].negated_by_la and bool(said & _TOMORROW))
    if any(chunk.part is Part.FREQUENCY for chunk in chunks[clause.at : clause.end]):
        clause = replace(clause, sure=False)  # now and then is not as it should be
    return replace(clause, says=Says.UNCLEAR) if is_ahead else clause


def _ceased_fact(clause: Clause, chunks: Sequence[Chunk]) -> Clause:
    """What one gave up is no more; what one never leaves out is so."""
    chunk = chunks[clause.at]
    if clause.says is Says.YES:  # "I left out none, but went"
        return clause
    if clause.denied and clause.verb in _KEEPING:
        return replace(clause, says=Says.YES, sure="ستغن" in chunk.text or _is_utter(clause, chunks))
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
        chunk.part in (Part.ACTION_VERB, Part.THING) and chunk.text not in _A_TIME for chunk in span
    )
    is_at_times = any(chunk.part in (Part.FREQUENCY, Part.DEGREE, Part.STEADY) for chunk in span)
    return is_named and not chunks[clause.at].negated_by_la and not is_at_times


def _is_needed(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """As in "I cannot live without it", "I do not sleep without the pill"."""
    if clause.verb is None:
        return False
    span = chunks[clause.at : clause.end + 1]
    following = zip(span, span[1:], strict=False)
    is_thing = any(
        one.text in WITHOUT and one.part is Part.NOT and two.part is Part.THING for one, two in following
    )
    return is_thing or any(chunk.text in _WITHOUT_IT for chunk in span)


def _is_harmless(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """Whether what there is none of is an objection."""
    if clause.part not in (Part.HAVE, Part.HAVE_NOT):
        return False
    words = {word for chunk in chunks[clause.at : clause.end] for word in chunk.text.split()}
    return bool(words & _OBJECTIONS)


def _lacks_means(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """As in "I have no car": a reason, from which a no must be inferred."""
    span = chunks[clause.at : clause.end]
    is_having = any(chunk.part in (Part.HAVE, Part.HAVE_NOT) for chunk in span[:2])
    return is_having and any(chunk.part is Part.THING and chunk.text not in _WILL for chunk in span)


def _is_of_my_charge(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """As in "I cannot leave the children": no medicine, and nothing that stands for it."""
    span = [
        chunk for chunk in chunks[clause.at : clause.end + 1] if chunk.part in (Part.THING, Part.COURTESY)
    ]
    return any(not _CURES.search(chunk.text) and chunk.text not in _A_TIME for chunk in span)


def _is_free(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """As in "I have no work now"."""
    words = {word for chunk in chunks[clause.at : clause.end] for word in chunk.text.split()}
    return clause.part in (Part.HAVE, Part.HAVE_NOT) and bool(words & _BUSY)


def _is_utter(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """As in "not one dose", "not a single day"."""
    before = chunks[max(clause.at - 2, 0) : clause.at]
    words = {word for one in (*before, *chunks[clause.at + 1 : clause.end]) for word in one.text.split()}
    return bool(words & set(_UTTER)) or any(one.part is Part.NEVER for one in chunks[clause.at : clause.end])


def _given_up(clauses: list[Clause]) -> list[Clause]:
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


def _as_will(clause: Clause, chunks: Sequence[Chunk], kind: YesNoKind) -> Clause:
    """What one has or is, is no will: "I have work" to "may I ask you something?"."""
    if clause.particle:
        return clause
    if kind is YesNoKind.PERMISSION and clause.says is Says.NO and _is_free(clause, chunks):
        return replace(clause, says=Says.YES, sure=False)
    is_others = clause.at and chunks[clause.at - 1].text in _PEOPLE
    if is_others and not chunks[clause.at].text.endswith(_TO_ME):
        return replace(clause, says=Says.UNCLEAR)  # "my daughter is giving birth"
    if clause.denied and clause.verb is VerbKind.QUIT and _is_of_my_charge(clause, chunks):
        return replace(clause, says=Says.NO, sure=False)
    is_kept = clause.denied and clause.part is Part.CEASED and clause.verb in _KEEPING
    if kind is YesNoKind.PROMISE and is_kept:
        return replace(clause, says=Says.YES)
    if kind is YesNoKind.PROMISE and clause.denied and _is_needed(clause, chunks):
        return replace(clause, says=Says.YES, sure=False)
    if clause.says is Says.NO and clause.denied and _is_harmless(clause, chunks):
        return replace(clause, says=Says.YES)
    if kind is YesNoKind.PROMISE and clause.says is Says.NO and _lacks_means(clause, chunks):
        return replace(clause, sure=False)
    if clause.says is not Says.YES:
        return clause
    if clause.verb is VerbKind.SEEING or _CONSULTS.search(chunks[clause.at].text):
        return replace(clause, says=Says.UNCLEAR)  # "I shall see my husband first"
    words = {word for chunk in chunks[clause.at :] for word in chunk.text.split()}
    is_other = clause.part is Part.STATE or (
        clause.part in (_OWN_AFFAIRS if kind is YesNoKind.PERMISSION else (Part.HAVE,))
        and not words & (_AT_LEISURE if kind is YesNoKind.PERMISSION else _AT_LEISURE | _PRESENT)
    )
    return replace(clause, says=Says.UNCLEAR) if is_other else clause
