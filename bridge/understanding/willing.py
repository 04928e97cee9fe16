"""What a clause says to "may I?" and "will you?": belongings are no will, and no objection is a yes."""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from bridge.understanding.facts import A_TIME, KEEPING, is_needed
from bridge.understanding.normalisation import words_of
from bridge.understanding.parts import Chunk, Clause, Part, Says, YesNoKind
from bridge.understanding.verbs import VerbKind

__all__ = ["PEOPLE", "TO_ME", "as_will"]

_OWN_AFFAIRS = (Part.HAVE, Part.SYMPTOM, Part.SYMPTOM_VERB, Part.ACTION_VERB)
_AT_LEISURE = words_of(
    "وقت الوقت مجال فرصة دقيقة دقائق دقايق دقيقتين معك معاك أقدر بقدر نقدر تقدر تقدري تقدرون تقدروا "
    "أستطيع تستطيع "
    "يمكنك ينفع بينفع يصير داير دايرة أسمع بسمع بجاوب أجاوب هجاوب نجاوب نشارك أشارك بشارك هشارك أبدأ "
    "نكمل أكمل أحكي نحكي أحجي فاضي فاضية متفرغ متفرغة جالس جالسة قاعد قاعدة"
)
_PRESENT = words_of("موجود موجودة متوفر متوفرة")
_OBJECTIONS = words_of("مانع موانع مشكل مشكلة مشاكل اعتراض إشكال اشكالية بأس ضرر حرج ممانعة عائق تحفظ")
_CONSULTS = re.compile(r"[اتنيبه](?:سال|شاور|ستشير|ستاذن)")
_WILL = words_of("وقت الوقت نية قدرة مقدرة استطاعة رغبة مجال فرصة")
_BUSY = words_of("شغل الشغل دوام التزام التزامات ارتباط شي_ يشغلني أشغال مشاغل خطار ضيوف")
_CURES = re.compile(r"دوا|علاج|حب|جرع|ابر|حقن|موعد|حمي|رجيم|رياض|كبسول|قطر|بخاخ|انسولين|فحص|والله|الله|يا ")
PEOPLE = words_of(
    "ابني بنتي ولدي وليدي امي ابوي ابويا زوجي زوجتي مرتي مراتي جوزي راجلي اخوي اخويا اختي خيتي والدي "
    "والدتي حماتي "
    "جدتي جدي ستي سيدي عمي عمتي خالي خالتي بابا ماما الوالد الوالدة الحجة الحاجة الشغالة ابنتي خويا"
)
TO_ME = ("ني", "هولي", "هالي", "ليا", "الي", "معي", "معاي", "معايا")


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
    return any(not _CURES.search(chunk.text) and chunk.text not in A_TIME for chunk in span)


def _is_free(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """As in "I have no work now"."""
    words = {word for chunk in chunks[clause.at : clause.end] for word in chunk.text.split()}
    return clause.part in (Part.HAVE, Part.HAVE_NOT) and bool(words & _BUSY)


def as_will(clause: Clause, chunks: Sequence[Chunk], kind: YesNoKind) -> Clause:
    """What one has or is, is no will: "I have work" to "may I ask you something?"."""
    if clause.particle:
        return clause
    is_others = clause.at > 0 and chunks[clause.at - 1].text in PEOPLE
    if is_others and not chunks[clause.at].text.endswith(TO_ME):
        return replace(clause, says=Says.UNCLEAR)  # "my daughter is giving birth"
    if clause.denied or clause.says is Says.NO:
        return _denied_will(clause, chunks, kind)
    return _affirmed_will(clause, chunks, kind) if clause.says is Says.YES else clause


def _denied_will(clause: Clause, chunks: Sequence[Chunk], kind: YesNoKind) -> Clause:
    """As in "I have no objection", "I shall not leave it", "I cannot leave the children"."""
    if clause.verb is VerbKind.QUIT and _is_of_my_charge(clause, chunks):
        return replace(clause, says=Says.NO, sure=False)
    if clause.says is Says.NO and _is_harmless(clause, chunks):
        return replace(clause, says=Says.YES)
    if kind is YesNoKind.PERMISSION:
        is_free = clause.says is Says.NO and _is_free(clause, chunks)
        return replace(clause, says=Says.YES, sure=False) if is_free else clause
    if clause.part is Part.CEASED and clause.verb in KEEPING:
        return replace(clause, says=Says.YES)
    if is_needed(clause, chunks):
        return replace(clause, says=Says.YES, sure=False)
    lacks = clause.says is Says.NO and _lacks_means(clause, chunks)
    return replace(clause, sure=False) if lacks else clause


def _affirmed_will(clause: Clause, chunks: Sequence[Chunk], kind: YesNoKind) -> Clause:
    if clause.verb is VerbKind.SEEING or _CONSULTS.search(chunks[clause.at].text):
        return replace(clause, says=Says.UNCLEAR)  # "I shall see my husband first"
    words = {word for chunk in chunks[clause.at :] for word in chunk.text.split()}
    is_other = clause.part is Part.STATE or (
        clause.part in (_OWN_AFFAIRS if kind is YesNoKind.PERMISSION else (Part.HAVE,))
        and not words & (_AT_LEISURE if kind is YesNoKind.PERMISSION else _AT_LEISURE | _PRESENT)
    )
    return replace(clause, says=Says.UNCLEAR) if is_other else clause
