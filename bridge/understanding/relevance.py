"""What a clause says to the kind of question that was asked: "I cannot sleep" is a yes to "have you pain?".

Deeds are no answer to what is felt, plans none to what was done, belongings none to "may I?"; what
one never
misses one takes, what one gave up one takes no more, and a pain that does not leave is there.
"""

from collections.abc import Sequence
from enum import StrEnum

from msgspec.structs import replace

from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.nouns import is_body
from bridge.understanding.parts import Chunk, Clause, Part, Says, Sentence
from bridge.understanding.verbs import VerbKind, verb_of
from bridge.understanding.vocabulary import CONDITIONS

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
_OF_THINGS_TOO = words_of(
    "مقطوع مقطوعة مفتوح مفتوحة عالي عالية واطي واطية نازلة مرتفع مرتفعة مكسور مكسورة مسدود مسدودة "
    "حامي خربان خربانة معتل زفت"
)
_BECAUSE = words_of("لأن لأنه لأنها لأني لانو عشان علشان مشان منشان حيت حيث")
_LEVEL = words_of("حرارة حرارتي حرارته حرارتها سخونة سخانة حمى ضغط ضغطي سكر سكري ورم انتفاخ تورم")
_TOMORROW = words_of("بكرة بكرا بكره غدا باكر باجر غدوة غدوا الجاي الجاية القادم القادمة المقبل المقبلة")
_WHEN = words_of("لما وقت عند عندما اذا كي")
_DOCTORS = words_of("الدكتور الدكتورة الطبيب الطبيبة الحكيم الحكيمة")
_DOABLE = (Part.ACTION_VERB, Part.THING, Part.GOOD, Part.SYMPTOM)
_CAUSES = words_of("على من بسبب لأن لأنه عشان علشان مشان لشدة لكثرة وسط")
_UTTER = ("ولا", "يوم", "يوما", "مره", "قط", "عمري", "عمرنا", "حياتي", "لحظه", "ابدا")
_NOT_AT_ALL = ("ولا", "اي", "باي", "حتي", "عمري", "قط", "شي", "بشي", "شيا", "حاجه", "بحاجه", "كلش", "والو")
_LEAVING = (VerbKind.EASED, VerbKind.QUIT)
_KEEPING = (VerbKind.QUIT, VerbKind.MISSED)
_LET = normalise("خلي")


def relevant(sentence: Sentence, chunks: Sequence[Chunk], kind: YesNoKind) -> list[Clause]:
    """The clauses that answer, as they answer this kind of question; a correction cancels those before."""
    asked_at = next((at for at, chunk in enumerate(chunks) if _asks(chunk)), len(chunks))
    clauses = [_if_told(clause, asked_at) for clause in sentence.clauses]
    match kind:
        case YesNoKind.SYMPTOM:
            clauses = _not_well([_as_symptom(clause, chunks) for clause in clauses])
        case YesNoKind.FACT:
            clauses = _given_up([_as_fact(clause, chunks) for clause in clauses])
        case _:
            clauses = [_as_will(clause, chunks, kind) for clause in clauses]
    clauses = _without_reasons([clause for clause in clauses if not _says_nothing(clause)], chunks)
    if Part.NOT_ME in sentence.parts and kind is not YesNoKind.PERMISSION:
        clauses = _of_another(clauses, chunks)
    if sentence.corrected_at is not None:
        after = [replace(clause, sure=False) for clause in clauses if clause.at > sentence.corrected_at]
        clauses = after or clauses
    return clauses


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
    is_told = any(clause.says is Says.YES and clause.at < at for clause in clauses)
    return [*said, Clause(Says.NO, Part.NOT_ME, at, sure=is_told)]


def _as_symptom(clause: Clause, chunks: Sequence[Chunk]) -> Clause:
    if clause.particle:
        return clause
    if clause.denied:
        return _denied_symptom(clause, chunks)
    if clause.part is Part.ACTION_VERB and clause.says is Says.YES:
        span = {chunk.part for chunk in chunks[max(clause.at - 2, 0) : clause.end]}
        if clause.verb is VerbKind.FLOWING and _is_level(chunks):
            return replace(clause, says=Says.UNCLEAR)  # the fever went down
        is_seen = clause.verb in (VerbKind.SEEING, VerbKind.FLOWING) and Part.SYMPTOM in span
        is_found = Part.STATE in {chunk.part for chunk in chunks[clause.at : clause.end]}
        is_felt = is_seen or is_found or _is_of_the_body(clause, chunks) or _is_caused(clause, chunks)
        return replace(clause, says=Says.YES if is_felt else Says.UNCLEAR, sure=is_seen)
    is_state = clause.part is Part.STATE and clause.says is Says.YES
    if is_state and chunks[clause.at].text in _OF_THINGS_TOO and not _is_on_me(chunks):
        return replace(clause, says=Says.UNCLEAR)  # the electricity is cut off
    return replace(clause, sure=False) if is_state and len(chunks) == 1 else clause


def _is_level(chunks: Sequence[Chunk]) -> bool:
    """Whether what goes down is a measure, as a fever is."""
    return any(
        chunk.part is Part.SYMPTOM and _LEVEL & {chunk.text[cut:] for cut in range(3)} for chunk in chunks
    )


def _is_on_me(chunks: Sequence[Chunk]) -> bool:
    return any(chunk.part is Part.SYMPTOM or is_body(chunk.text) for chunk in chunks)


def _is_of_the_body(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """As in "my head turns": a part of the body does what one does not ask it to."""
    before = [chunk for chunk in chunks[max(clause.at - 2, 0) : clause.at] if chunk.part is Part.THING]
    is_subject = any(is_body(chunk.text) or chunk.text == "الدنيا" for chunk in before)
    span = {chunk.part for chunk in chunks[clause.at : clause.end + 1]}
    return is_subject and chunks[clause.at].negated_by_la and Part.WELL not in span


def _denied_symptom(clause: Clause, chunks: Sequence[Chunk]) -> Clause:
    """What a body does not do, or a pain: sleep, stand, leave."""
    if clause.part is Part.UNKNOWN or (clause.part is Part.VERB_NOT and clause.verb is None):
        said = {word for chunk in chunks for word in chunk.text.split()}
        is_none = bool(said & set(_NOT_AT_ALL)) or any(chunk.part is Part.NEVER for chunk in chunks)
        return replace(clause, says=Says.NO if is_none else Says.UNCLEAR)
    if clause.part in (Part.GOOD, Part.WELL):
        return replace(clause, says=Says.YES, sure=False)
    is_of_pain = any(chunk.part is Part.SYMPTOM for chunk in chunks[max(clause.at - 2, 0) : clause.at])
    if clause.verb in _LEAVING or (clause.verb is VerbKind.GOING and is_of_pain):
        is_named = any(chunk.part is Part.SYMPTOM for chunk in chunks)
        is_mine = chunks[clause.at].text.endswith("ني") or clause.verb is VerbKind.EASED
        return replace(clause, says=Says.YES if is_named or is_mine else Says.UNCLEAR, sure=is_named)
    is_caused = _is_caused(clause, chunks)
    if clause.says is not Says.NO and not is_caused:
        return clause
    return _denied_deed(clause, chunks, is_caused=is_caused)


def _denied_deed(clause: Clause, chunks: Sequence[Chunk], *, is_caused: bool) -> Clause:
    """As in "I cannot sleep for pain"; what one does not do for no reason says nothing."""
    span = chunks[clause.at + 1 : clause.end]
    match clause.verb:
        case VerbKind.FLOWING:
            return replace(clause, says=Says.YES, sure=False) if _is_level(chunks) else clause
        case VerbKind.SEEING:
            return _denied_sight(clause, span)
        case VerbKind.BODILY:
            says = Says.YES
        case VerbKind.ABLE:
            says = Says.YES if any(chunk.part in _DOABLE for chunk in span) else Says.UNCLEAR
        case _ if clause.part is Part.ACTION_VERB:
            return replace(clause, says=Says.YES if is_caused else Says.UNCLEAR, sure=False)
        case _:
            return clause
    return replace(clause, says=says, sure=is_caused)


def _not_well(clauses: list[Clause]) -> list[Clause]:
    """As in "I feel not well": what is felt is no more than that."""
    if not any(clause.part is Part.WELL and clause.denied for clause in clauses):
        return clauses
    return [one if one.particle or one.says is Says.NO else replace(one, sure=False) for one in clauses]


def _denied_sight(clause: Clause, span: Sequence[Chunk]) -> Clause:
    """Who sees no blood denies; who does not see well complains."""
    parts = {chunk.part for chunk in span}
    if parts & {Part.SYMPTOM, Part.THING}:
        return replace(clause, says=Says.NO, sure=False)
    return replace(clause, says=Says.YES if Part.WELL in parts else Says.UNCLEAR, sure=False)


def _is_caused(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """Whether a symptom stands behind a "because of"; a remedy is "for" one, too."""
    if clause.verb in (VerbKind.EASED, VerbKind.CEASED):
        return False
    after = chunks[clause.at + 1 :]
    for one, two, three in zip(after, after[1:], [*after[2:], None], strict=False):
        third = three.part if three is not None and two.part in (Part.SYMPTOM, Part.DEGREE) else None
        if one.text in _CAUSES and Part.SYMPTOM in (two.part, third):
            return True
    return False


def _as_fact(clause: Clause, chunks: Sequence[Chunk]) -> Clause:
    """What one will do has not been done: "I shall take it" to "have you taken it?"."""
    if clause.particle:
        return clause
    if clause.part is Part.CEASED:
        return _ceased_fact(clause, chunks)
    if clause.says is not Says.YES:
        return clause
    is_of_things = clause.part is Part.STATE and chunks[clause.at].text in _OF_THINGS_TOO
    if (is_of_things and not _is_on_me(chunks)) or (chunks[0].text in _WHEN and clause.at <= 1):
        return replace(clause, says=Says.UNCLEAR)
    if clause.part not in (Part.ACTION_VERB, Part.STILL):
        return clause
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
    if clause.denied and clause.verb in _KEEPING:
        return replace(clause, says=Says.YES, sure=_is_utter(clause, chunks))
    lets = chunk.text.startswith(_LET) and any(
        one.part is Part.ACTION_VERB for one in chunks[clause.at : clause.end]
    )
    if clause.verb is VerbKind.QUIT and not clause.denied and not chunk.negated_by_la and not lets:
        return replace(clause, says=Says.NO, sure=False)
    return clause


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
    is_kept = clause.denied and clause.part is Part.CEASED and clause.verb in _KEEPING
    if kind is YesNoKind.PROMISE and is_kept:
        return replace(clause, says=Says.YES)
    if clause.says is not Says.YES:
        return clause
    words = {word for chunk in chunks[clause.at :] for word in chunk.text.split()}
    is_other = clause.part is Part.STATE or (
        clause.part in (_OWN_AFFAIRS if kind is YesNoKind.PERMISSION else (Part.HAVE,))
        and not words & (_AT_LEISURE if kind is YesNoKind.PERMISSION else _AT_LEISURE | _PRESENT)
    )
    return replace(clause, says=Says.UNCLEAR) if is_other else clause
