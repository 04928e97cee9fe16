"""What words that neither affirm nor deny imply: a symptom by its name, a habit, a pain that is gone."""

from collections.abc import Sequence

from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.nouns import is_body
from bridge.understanding.parts import Chunk, Clause, Part, Sentence
from bridge.understanding.relevance import YesNoKind

__all__ = ["DOUBTED", "SURE", "ambiguous", "doubted", "implied_by"]

SURE, DOUBTED = 0.95, 0.5
_SOME = frozenset({Part.SYMPTOM, Part.DEGREE, Part.FREQUENCY, Part.STEADY})
_BESIDE_SOME = frozenset({Part.ACTION_VERB, Part.COURTESY, Part.DETAIL, Part.BUT})
_ANYTHING = words_of("شي شيء حاجة اشي إشي شغلة أي اي أثر اثر حاجات أشياء اشياء")
_LOST = words_of(
    "طار طارت طاير طايرة هرب هربت فارقني راح راحت مقطوع مقطوعة معدوم معدومة مفقود مفقودة قليل قليلة "
    "قل قلت مسدود مسدودة "
    "ضايع ضايعة ضاع ضاعت متلخبط ملخبط مقلوب مقلوبة خفيف متقطع مضطرب مضطربة صفر تعبان سيء نازل نازلة "
    "خايس زفت ناقص ناقصة"
)
_OFF_ME = ("عني", "مني", "منه", "منها", "عنا")
_SLEEP = ("النوم", "نومي")
_GROWN = words_of("زاد زادت يزيد بيزيد يزداد ازداد اشتد رجع مستمر مستمرة متواصل")
_NO_MEASURE = words_of("عادي أقل اقل هيك هالقد نص كله كلها كامل كاملة موت مضبوط زيادة مستمر")
_BESIDE_WELL = frozenset(
    (Part.WELL, Part.COURTESY, Part.DETAIL, Part.EMPHASIS, Part.THING, Part.GOOD, Part.DEGREE)
)
_GONE = words_of(
    "ذهب ذهبت راح راحت راحو زال زالت اختفى اختفت انتهى انتهت وقف وقفت توقف توقفت بطل بطلت خلص خلصت "
    "مشى مشات مشت "
    "شافاني عافاني شافانا برات برت برا برئ برئت افتكيت تخلصت نفك "
    "انقطع انقطعت فارقني تركني سابني شفيت تعافيت طاب طابت شفي التأم التأمت لم التم"
)
_PLAIN = frozenset(
    (Part.THING, Part.UNKNOWN, Part.DETAIL, Part.DEGREE, Part.FREQUENCY, Part.STEADY, Part.COURTESY)
)
_FINE = words_of(
    "شفيت تعافيت طبت خفيت برئت بخير كويس كويسة كويسين تمام زين زينة منيح منيحة مناح مليح مليحة طيب "
    "طيبة طيبين سليم سليمة سالم سالمة معافى "
    "معافاة مرتاح مرتاحة طبيعي طبيعية عادي عادية ممتاز ممتازة جيد جيدة لاباس مزيان مزيانة باهي "
    "باهية زي الفل فل "
    "بعافية بصحة حديد حصان ناشف ناشفة نظيف نظيفة ملتئم زوين زوينة غاية عال"
) | set(
    map(normalise, ("زي الفل", "صحتي حديد", "متل الحديد", "زي الحديد", "متل الحصان", "زي الحصان", "مية مية"))
)
_OPEN_ENDED = {Part.HEDGE, Part.BUT, Part.ASKING, Part.FREQUENCY, Part.STEADY, Part.HAVE}


def implied_by(
    sentence: Sentence, chunks: Sequence[Chunk], clauses: Sequence[Clause], kind: YesNoKind
) -> Meaning:
    """Words that neither affirm nor deny, and what can be made of them."""
    parts = sentence.parts
    if kind is YesNoKind.SYMPTOM and _is_good_lost(chunks):
        return doubted("good_lost", value=True)
    if sentence.unknown and not clauses:
        implied = _unknown_but_clear(chunks, kind)
        if implied is not None:
            return implied
    if sentence.unknown or Part.COMMAND in parts:
        return nothing("unknown_word" if sentence.unknown else "command_word")
    if parts <= {Part.DETAIL, Part.THING, Part.FIGURE}:
        return nothing("no_answer")
    gone = _gone(chunks) if kind is YesNoKind.SYMPTOM else None
    unclear = ambiguous("unclear_phrase") if clauses or Part.ASKING in parts else None
    return gone or unclear or _by_adverb(parts) or _implied(chunks, parts, kind)


def _is_good_lost(chunks: Sequence[Chunk]) -> bool:
    """As in "sleep has flown from my eyes": what one complains of when it is gone."""
    goods = [at for at, chunk in enumerate(chunks) if chunk.part is Part.GOOD or chunk.text in _SLEEP]
    if not goods or any(chunk.part in (Part.NOT, Part.ASKING) for chunk in chunks):
        return False
    return any(chunk.text.removeprefix("و") in _LOST for chunk in chunks[goods[0] + 1 : goods[0] + 4])


def _unknown_but_clear(chunks: Sequence[Chunk], kind: YesNoKind) -> Meaning | None:
    """A word for what a part of the body does, or for what one does each day: to be read back."""
    parts = {chunk.part for chunk in chunks}
    unknown = [at for at, chunk in enumerate(chunks) if chunk.part is Part.UNKNOWN]
    if not parts <= _PLAIN or len(unknown) > 1:
        return None
    before = chunks[max(unknown[0] - 2, 0) : unknown[0]]
    is_mine = any(chunk.part is Part.THING and is_body(chunk.text) for chunk in before)
    if kind is YesNoKind.SYMPTOM and is_mine:
        return doubted("yes_body", value=True)
    is_habit = Part.STEADY in parts and chunks[unknown[0]].text.startswith(("ا", "ب", "ن", "ك"))
    return doubted("yes_habit", value=True) if kind is YesNoKind.FACT and is_habit else None


def _gone(chunks: Sequence[Chunk]) -> Meaning | None:
    """As in "the pain is gone", "the pain is not gone", and nothing more: to be read back."""
    words = [word.removeprefix("و") for chunk in chunks for word in chunk.text.split()]
    parts = {chunk.part for chunk in chunks}
    named = any(chunk.part is Part.SYMPTOM and chunk.text not in _ANYTHING for chunk in chunks)
    named = named or any(chunk.text in _OFF_ME for chunk in chunks)
    is_not = any(chunk.part is Part.NOT for chunk in chunks)
    if named and _GROWN & set(words) and not is_not and not parts & _OPEN_ENDED:
        return Meaning(Finding.VALUE, "grown", value=True, confidence=SURE)
    if not named or not _GONE & set(words) or parts & _OPEN_ENDED:
        return None
    return doubted("not_gone" if is_not else "gone", value=is_not)


def doubted(rule: str, *, value: bool) -> Meaning:
    return Meaning(Finding.VALUE, rule, value=value, doubtful=True, confidence=DOUBTED)


def _by_adverb(parts: frozenset[Part]) -> Meaning | None:
    """An adverb as an answer: "sure", "never", "God willing"."""
    if Part.PROMISE in parts and not parts & {Part.HEDGE, Part.NEVER}:
        return Meaning(Finding.VALUE, "yes_promise", value=True, confidence=SURE)
    if Part.EMPHASIS in parts and not parts & {Part.NEVER, Part.HEDGE}:
        return Meaning(Finding.VALUE, "yes_emphasis", value=True, confidence=SURE)
    if Part.NEVER in parts and not parts & {Part.HEDGE, Part.STEADY, Part.FREQUENCY, Part.WELL}:
        return Meaning(Finding.VALUE, "no_never", value=False, confidence=SURE)
    return None


def _implied(chunks: Sequence[Chunk], parts: frozenset[Part], kind: YesNoKind) -> Meaning:
    """What a named symptom, or a habit, says to a question about one."""
    is_steady = Part.STEADY in parts and Part.HEDGE not in parts
    is_symptom = (
        kind is YesNoKind.SYMPTOM
        and Part.SYMPTOM in parts
        and Part.DEGREE in parts
        and Part.CEASED not in parts
    )
    if is_symptom and Part.HEDGE not in parts and Part.WELL not in parts:  # "a little headache"
        return Meaning(Finding.VALUE, "yes_symptom", value=True, confidence=SURE)
    if (is_steady and kind is not YesNoKind.PERMISSION) or is_symptom:
        return doubted("yes_implied", value=True)
    if kind is YesNoKind.SYMPTOM and any(chunk.text in _FINE for chunk in chunks) and parts <= _BESIDE_WELL:
        return doubted("no_well", value=False)
    if kind is YesNoKind.SYMPTOM and Part.SYMPTOM in parts and any(is_body(chunk.text) for chunk in chunks):
        parts -= {Part.THING, Part.HAVE}  # "a trembling in my hand"
    if kind is YesNoKind.SYMPTOM and parts <= _SOME | _BESIDE_SOME and any(map(_is_some, chunks)):
        if Part.SYMPTOM in parts and any(is_body(chunk.text) for chunk in chunks):
            return Meaning(Finding.VALUE, "yes_some", value=True, confidence=SURE)
        return doubted("yes_some", value=True)
    return ambiguous("only_fillers" if parts <= {Part.COURTESY, Part.DETAIL} else "neither_yes_nor_no")


def _is_some(chunk: Chunk) -> bool:
    """A symptom by name, how often or how much of it."""
    text = chunk.text.removeprefix("و") if chunk.joined else chunk.text
    return chunk.part in _SOME and text not in _ANYTHING | _NO_MEASURE


def ambiguous(rule: str, *alternatives: bool) -> Meaning:
    return Meaning(Finding.AMBIGUOUS, rule, confidence=0.0, alternatives=alternatives)
