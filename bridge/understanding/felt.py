"""What a clause says to "have you pain?": what a body does not do is a complaint, a deed is none.

A sense that is lost, sleep that does not come and a pain that does not leave are a yes.
"""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from bridge.understanding.normalisation import words_of
from bridge.understanding.nouns import is_body
from bridge.understanding.parts import Chunk, Clause, Part, Says
from bridge.understanding.verbs import VerbKind

__all__ = ["OF_THINGS_TOO", "as_symptom", "is_on_me", "not_well"]

OF_THINGS_TOO = words_of(
    "مقطوع مقطوعة مفتوح مفتوحة عالي عالية واطي واطية نازلة مرتفع مرتفعة مكسور مكسورة مسدود مسدودة "
    "حامي طالع طالعة أصفر صفرا صفراء أزرق زرقا زرقاء عطلان عطلانة معطل معطلة خراب خربان خربانة معتل زفت"
)
_MY_OWN = words_of("نفسيتي نفسيته حالتي مزاجي صحتي وضعي أعصابي حالي نفسي روحي نظري سمعي صوتي ذاكرتي")
_REACHING = words_of("واصلة واصل وصلت وصل توصل بتوصل تصل بلغت طلعت تطلع بتطلع ارتفعت ترتفع بترتفع")
_WAS = words_of("كان كانت كنت كانوا كنا")
_TURNS = re.compile(r"[تد]?(?:لف|دور|فتل|دار|سود|ميل|رقص)")
_TURNING = words_of("الدنيا راسي دماغي مخي رأسي")
_WAKES = re.compile(r"(?:قم|صح|فق|فيق|كنفيق|نفيق|اصح|بصح|باصح|اقوم|بقوم|نوض|نضت)")
_WHEN = words_of("لما كي ملي وقت عند عندما اذا يوم لمن مني حين كل_")
_GONE = words_of("راح راحت خف خفت زال زالت اختفى اختفت هدى هدت")
_LEVEL = words_of("حرارة حرارتي حرارته حرارتها سخونة سخانة حمى ضغط ضغطي سكر سكري ورم انتفاخ تورم")
_DOINGS = words_of("النوم المشي الأكل الحركة القيام الوقوف الكلام البلع الجلوس الصلاة")
_DOABLE = (Part.ACTION_VERB, Part.THING, Part.GOOD, Part.SYMPTOM)
_CAUSES = words_of("على من بسبب لأن لأنه عشان علشان مشان لشدة لكثرة وسط")
_NOT_AT_ALL = ("ولا", "اي", "باي", "حتي", "عمري", "قط", "شي", "بشي", "شيا", "حاجه", "بحاجه", "كلش", "والو")
_FEELS = re.compile(r"حس(?!ن|اس)|حاس|شعر|شاعر")
_FELT = (Part.SYMPTOM, Part.SYMPTOM_VERB, Part.STATE, Part.WELL, Part.GOOD, Part.NO, Part.ACTION_VERB)
_LEAVING = (VerbKind.EASED, VerbKind.QUIT)


def as_symptom(clause: Clause, chunks: Sequence[Chunk]) -> Clause:
    if clause.particle:
        return clause
    if clause.denied:
        return _denied_symptom(clause, chunks)
    if clause.part is Part.ACTION_VERB and clause.says is Says.YES:
        return _deed(clause, chunks)
    if clause.part is Part.HAVE and clause.says is Says.YES and _is_belonging(chunks[clause.at : clause.end]):
        return replace(clause, sure=False)
    is_state = clause.part is Part.STATE and clause.says is Says.YES
    if is_state and chunks[clause.at].text in OF_THINGS_TOO and not is_on_me(chunks):
        return replace(clause, says=Says.UNCLEAR)  # the electricity is cut off
    return (
        replace(clause, sure=False) if is_state and len(chunks) == 1 and " " not in chunks[0].text else clause
    )


def _deed(clause: Clause, chunks: Sequence[Chunk]) -> Clause:
    """What is done is felt where a body does it by itself, a symptom is seen, or a pain is the reason."""
    text = chunks[clause.at].text
    if _is_level(chunks) and (clause.verb is VerbKind.FLOWING or text in _REACHING):
        is_up = text in _REACHING  # the fever went down, or has reached thirty-nine
        return replace(clause, says=Says.YES if is_up else Says.UNCLEAR, sure=False)
    span = {chunk.part for chunk in chunks[max(clause.at - 2, 0) : clause.end]}
    is_seen = clause.verb in (VerbKind.SEEING, VerbKind.FLOWING) and Part.SYMPTOM in span
    is_found = Part.STATE in {chunk.part for chunk in chunks[clause.at : clause.end]}
    of_body, turns = _is_of_the_body(clause, chunks), _is_turning(chunks)
    is_felt = turns or is_seen or is_found or of_body or _is_caused(clause, chunks)
    is_clear = is_seen or is_found or turns or (clause.verb is VerbKind.FLOWING and of_body)
    is_clear = is_clear or _WAKES.match(text) is not None
    return replace(clause, says=Says.YES if is_felt else Says.UNCLEAR, sure=is_clear)


def _is_belonging(span: Sequence[Chunk]) -> bool:
    """As in "I have a car": nothing that is felt."""
    things = [chunk for chunk in span if chunk.part is Part.THING]
    is_felt = any(chunk.part in (Part.SYMPTOM, Part.STATE, Part.SYMPTOM_VERB, Part.DEGREE) for chunk in span)
    return bool(things) and not is_felt and not any(is_body(chunk.text) for chunk in things)


def _is_level(chunks: Sequence[Chunk]) -> bool:
    """Whether what goes down is a measure, as a fever is."""
    return any(
        chunk.part is Part.SYMPTOM and _LEVEL & {chunk.text[cut:] for cut in range(3)} for chunk in chunks
    )


def is_on_me(chunks: Sequence[Chunk]) -> bool:
    """Whether what is broken, high or low is of a body or a mind, and no power line."""
    mine = (Part.SYMPTOM, Part.GOOD)
    return any(chunk.part in mine or is_body(chunk.text) or chunk.text in _MY_OWN for chunk in chunks)


def _is_turning(chunks: Sequence[Chunk]) -> bool:
    """As in "the world turns with me", "my head turns"."""
    texts = [chunk.text for chunk in chunks]
    return bool(_TURNING & set(texts)) and any(_TURNS.search(text) for text in texts)


def _is_of_the_body(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """As in "my head turns": a part of the body does what one does not ask it to."""
    before = [chunk for chunk in chunks[max(clause.at - 2, 0) : clause.at] if chunk.part is Part.THING]
    is_subject = any(is_body(chunk.text) or chunk.text == "الدنيا" for chunk in before)
    span = {chunk.part for chunk in chunks[clause.at : clause.end + 1]}
    return is_subject and chunks[clause.at].negated_by_la and Part.WELL not in span


def _denied_symptom(clause: Clause, chunks: Sequence[Chunk]) -> Clause:
    """What a body does not do, or a pain: sleep, stand, leave."""
    if _is_numb(chunks[clause.at : clause.end]):
        return replace(clause, says=Says.YES)
    if clause.part is Part.UNKNOWN or (clause.part is Part.VERB_NOT and clause.verb is None):
        said = {word for chunk in chunks for word in chunk.text.split()}
        is_none = bool(said & set(_NOT_AT_ALL)) or any(chunk.part is Part.NEVER for chunk in chunks)
        return replace(clause, says=Says.NO if is_none else Says.UNCLEAR)
    if clause.part in (Part.GOOD, Part.WELL):
        return replace(clause, says=Says.YES, sure=False)
    is_of_pain = any(
        chunk.part is Part.SYMPTOM
        for chunk in (*chunks[max(clause.at - 2, 0) : clause.at], *chunks[clause.at + 1 : clause.end])
    )
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
            return replace(clause, says=Says.YES) if _is_level(chunks) else clause
        case VerbKind.SEEING:
            return _denied_sight(clause, span)
        case VerbKind.BODILY:
            says = Says.YES
        case VerbKind.ABLE:
            is_doable = any(chunk.part in _DOABLE or chunk.text in _DOINGS for chunk in span)
            says = Says.YES if is_doable else Says.UNCLEAR
        case _ if clause.part is Part.ACTION_VERB:
            return replace(clause, says=Says.YES if is_caused else Says.UNCLEAR, sure=False)
        case _:
            return clause
    of_body = any(is_body(chunk.text) for chunk in (*chunks[max(clause.at - 2, 0) : clause.at], *span))
    return replace(clause, says=says, sure=is_caused or (clause.verb is VerbKind.ABLE and of_body))


def _is_deed(clause: Clause) -> bool:
    """What was done beside what is felt: "I fasted and did not feel tired"."""
    return clause.part is Part.ACTION_VERB and clause.says is Says.UNCLEAR


def _if_gone(clause: Clause, chunks: Sequence[Chunk]) -> Clause:
    is_past = any(chunk.text in _WAS for chunk in chunks[: clause.at])
    is_told = is_past and not clause.particle and clause.says is Says.YES
    return replace(clause, says=Says.NO, sure=False) if is_told else clause


def not_well(clauses: list[Clause], chunks: Sequence[Chunk]) -> list[Clause]:
    """As in "I feel not well": what is felt is no more than that."""
    went = [clause.at for clause in clauses if clause.verb is VerbKind.EASED and not clause.denied]
    if went:  # "I had it once, and God healed me"
        clauses = [_if_gone(one, chunks) if one.at < went[0] else one for one in clauses]
    but = next((at for at, chunk in enumerate(chunks) if chunk.part is Part.BUT), len(chunks))
    is_gone = any(chunk.text in _GONE for chunk in chunks[but:]) or chunks[-1].text in _GONE
    if is_gone and not any(one.denied for one in clauses):
        clauses = [one if one.particle or one.at > but else replace(one, sure=False) for one in clauses]
    clauses = [one for one in clauses if not (_is_deed(one) and one.at and chunks[one.at - 1].text in _WHEN)]
    if any(one.says is not Says.UNCLEAR and one.sure and not one.particle for one in clauses):
        clauses = [one for one in clauses if not _is_deed(one)]
    if not any(clause.part is Part.WELL and clause.denied for clause in clauses):
        return clauses
    return [one if one.particle or one.says is Says.NO else replace(one, sure=False) for one in clauses]


def _denied_sight(clause: Clause, span: Sequence[Chunk]) -> Clause:
    """Who sees no blood denies; who does not see well, with an eye, or no more complains."""
    parts = {chunk.part for chunk in span}
    if Part.SYMPTOM in parts:
        return replace(clause, says=Says.NO)
    if Part.WELL in parts or any(is_body(chunk.text) for chunk in span):
        return replace(clause, says=Says.YES)
    is_lost = clause.part is Part.HAVE_NOT or not parts - {Part.COURTESY}
    says = Says.NO if Part.THING in parts else Says.YES if is_lost else Says.UNCLEAR
    return replace(clause, says=says, sure=False)


def _is_numb(span: Sequence[Chunk]) -> bool:
    """As in "I do not feel my hand": a part of the body that is felt no more, and nothing else denied."""
    at = next((at for at, chunk in enumerate(span) if _FEELS.search(chunk.text)), None)
    if at is None or at + 1 >= len(span) or any(one.part in _FELT for one in span[at + 1 :]):
        return False
    return any(one.text.startswith("ب") and is_body(one.text) for one in span[at + 1 :]) or is_body(
        span[at + 1].text
    )


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
