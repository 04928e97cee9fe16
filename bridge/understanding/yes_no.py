"""Yes or no, by kind of question: "no harm" is a yes to "may I?" and a no to "have you pain?".

Particles, sentences that affirm and sentences that deny are weighed together; where they disagree the
question is put again. A word that nobody knows leaves a doubt, and none at all is believed that begins
with one. No fuzzy matching: in Arabic one letter turns a yes into a no.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from bridge.understanding.clauses import clauses_of
from bridge.understanding.idioms import no_harm
from bridge.understanding.labelling import label
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.nouns import is_body
from bridge.understanding.parts import Chunk, Clause, Part, Says, Sentence
from bridge.understanding.relevance import WILLING_KINDS, YesNoKind, relevant

__all__ = ["YesNoKind", "read_yes_no"]

SURE, DOUBTED = 0.95, 0.5
_MOST_UNKNOWN = 3
_BESIDE_LITTLE = {Part.NO, Part.COURTESY, Part.BUT}
_SOME = frozenset({Part.SYMPTOM, Part.DEGREE, Part.FREQUENCY, Part.STEADY})
_BESIDE_SOME = frozenset({Part.COURTESY, Part.DETAIL, Part.BUT})
_BESIDE_WELL = frozenset(
    (Part.WELL, Part.COURTESY, Part.DETAIL, Part.EMPHASIS, Part.THING, Part.GOOD, Part.DEGREE)
)
_ANYTHING = words_of("شي شيء حاجة اشي إشي شغلة أي اي أثر اثر حاجات أشياء اشياء")
_NO_MEASURE = words_of("عادي أقل اقل هيك هالقد نص كله كلها كامل كاملة موت مضبوط زيادة مستمر")
_GONE = words_of(
    "ذهب ذهبت راح راحت راحو زال زالت اختفى اختفت انتهى انتهت وقف وقفت توقف توقفت بطل بطلت خلص خلصت "
    "مشى مشات مشت "
    "انقطع انقطعت فارقني تركني سابني شفيت تعافيت طاب طابت شفي التأم التأمت لم التم"
)
_GROWN = words_of("زاد زادت يزيد بيزيد يزداد ازداد اشتد رجع مستمر مستمرة متواصل")
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
_BEGIN_OR_NEVER = normalise("ابدأ")
_NOW = words_of("الحين دلوقتي دلوقت هسه هسع هلأ هلق دابا توا الآن حاليا اليوم ذلحين دحين")
_ABOUT_ONE = (Part.STATE, Part.ACTION_VERB)  # behind "fine" in Egypt, which is "not" in the Maghreb
_AFTER_OR_NOT_YET = ["بعد", "ما"]  # "after I took it", or in the Gulf "I have not taken it yet"


def read_yes_no(text: str, kind: YesNoKind) -> Meaning:
    """Read `text` as the answer to a question of this kind; the value is a bool."""
    chunks = [_for_kind(chunk, kind) for chunk in label(text)]
    if kind in WILLING_KINDS and len(chunks) > 1 and _is_no_harm(chunks):
        chunks[0] = replace(chunks[0], part=Part.HEDGE)  # "no, I have no objection"
    if not chunks:
        return nothing("empty")
    if normalise(text).split()[:2] == _AFTER_OR_NOT_YET:
        return Meaning(Finding.AMBIGUOUS, "after_or_not_yet", confidence=0.0)
    if len(chunks) > 1 and chunks[0].text == "ماشي" and chunks[1].part in _ABOUT_ONE:
        return Meaning(Finding.AMBIGUOUS, "fine_or_not", confidence=0.0)
    sentence = clauses_of(chunks)
    return _weigh(sentence, chunks, relevant(sentence, chunks, kind), kind)


def _is_no_harm(chunks: Sequence[Chunk]) -> bool:
    return chunks[0].text in ("لا", "لا لا") and chunks[1].text in no_harm() and chunks[1].part is Part.YES


def _for_kind(chunk: Chunk, kind: YesNoKind) -> Chunk:
    """What a word means to this kind of question, where kinds differ."""
    part, willing = chunk.part, kind in WILLING_KINDS
    match part:
        case Part.NO_HARM:
            part = Part.YES if willing else Part.NO if kind is YesNoKind.SYMPTOM else Part.HEDGE
            if chunk.text == normalise("عادي") and not willing:
                part = Part.WELL
        case Part.IDIOM:
            part = Part.YES if willing else _not_willing(chunk)
        case Part.PROMISE:
            part = Part.PROMISE if willing else Part.COURTESY
        case Part.NEVER if willing and chunk.text == _BEGIN_OR_NEVER:
            part = Part.BEGIN
        case Part.NO if willing and chunk.text == _BEGIN_OR_NEVER:
            part = Part.BEGIN
        case Part.WILLING if not willing:
            part = Part.ACTION_VERB
        case Part.HEDGE if kind is YesNoKind.PERMISSION and chunk.text == "ممكن":
            part = Part.YES_OR_WHAT
    return replace(chunk, part=part)


def _not_willing(chunk: Chunk) -> Part:
    return (
        Part.WELL
        if chunk.text in map(normalise, ("تمام", "ماشي", "زين", "طيب", "باهي", "مزيان", "زي الفل"))
        else Part.COURTESY
    )


def _weigh(
    sentence: Sentence, chunks: Sequence[Chunk], clauses: Sequence[Clause], kind: YesNoKind
) -> Meaning:
    said = {clause.says for clause in clauses if clause.says is not Says.UNCLEAR}
    if not said:
        return _without_clause(sentence, chunks, clauses, kind)
    if len(said) > 1:
        return _contradiction(chunks, clauses)
    (says,) = said
    if all(clause.particle for clause in clauses):
        for part in (Part.COMMAND, Part.FIGURE):
            if part in sentence.parts:
                return nothing(f"{part}_word")
    return _answer(sentence, clauses, says)


def _answer(sentence: Sentence, clauses: Sequence[Clause], says: Says) -> Meaning:
    speaking = [clause for clause in clauses if clause.says is says]
    first = min(clause.at for clause in speaking)
    particle = any(clause.particle for clause in speaking)
    if sentence.unknown > _MOST_UNKNOWN or (
        sentence.unknown and not _may_be_doubted(sentence, first, particle=particle)
    ):
        return nothing("unknown_word")
    unclear = any(clause.says is Says.UNCLEAR for clause in clauses)
    if unclear and not particle and not any(clause.sure for clause in speaking):
        return _ambiguous("unclear_phrase")
    little = {Part.DEGREE, Part.FREQUENCY}  # "no, a little"; "no, not much"
    if says is Says.NO and little & sentence.parts and sentence.parts <= little | _BESIDE_LITTLE:
        return _ambiguous("contradiction", True, False)
    if says is Says.NO and Part.PROMISE in sentence.parts <= {Part.NO, Part.PROMISE, Part.COURTESY}:
        return _ambiguous("no_god_willing", True, False)  # not to do it, or that it may not come to it
    is_turned = all(clause.denied for clause in speaking)  # "I never forget it"
    if says is Says.YES and Part.NEVER in sentence.parts and not is_turned and not _is_very(clauses):
        return _ambiguous("contradiction", True, False)
    what_else = (
        {clause.part for clause in speaking} == {Part.YES_OR_WHAT}
        and len(speaking) == 1
        and _is_alone(sentence)
    )
    agreed = particle and not all(clause.particle for clause in speaking)  # "no, I have none of those"
    casting = {Part.FIGURE, Part.HEDGE, Part.ASKING, Part.COMMAND, Part.CORRECTION} & sentence.parts
    sure = any(clause.sure for clause in speaking) and not (
        casting or what_else or (sentence.unknown and not agreed)
    )
    half = any(_casts_doubt(clause, first) for clause in clauses)
    sure = sure and not (half and not particle) and not (says is Says.YES and sentence.not_always)
    rule = f"{says}_{'particle' if particle else 'sentence'}"
    return Meaning(
        Finding.VALUE,
        rule if not what_else else "yes_or_what",
        value=says is Says.YES,
        doubtful=not sure,
        confidence=SURE if sure else DOUBTED,
    )


def _casts_doubt(clause: Clause, first: int) -> bool:
    """A deed told behind an answer does not: "I had a fever and took something for it"."""
    return clause.says is Says.UNCLEAR and (clause.at < first or clause.denied or clause.after_but)


def _is_alone(sentence: Sentence) -> bool:
    return sentence.parts <= {Part.YES_OR_WHAT, Part.COURTESY}


def _is_very(clauses: Sequence[Clause]) -> bool:
    """Behind an affirmed state, "at all" means "very" to some."""
    return any(clause.part in (Part.STATE, Part.SYMPTOM_VERB) for clause in clauses)


def _may_be_doubted(sentence: Sentence, first: int, *, particle: bool) -> bool:
    """An unknown word behind the answer leaves a doubt; one before a sentence too.

    Unless it may be "not".
    """
    is_behind = sentence.first_unknown is not None and sentence.first_unknown > first
    return particle or is_behind or not sentence.unknown_may_negate


def _contradiction(chunks: Sequence[Chunk], clauses: Sequence[Clause]) -> Meaning:
    """A particle first and the opposite behind a "but" is an answer, to be read back; any other is none."""
    last = clauses[-1]
    if last.particle and last.at and chunks[last.at - 1].text in _NOW:  # "once yes, now no"
        return _doubted(f"now_{last.says}", value=last.says is Says.YES)
    first, *rest = [clause for clause in clauses if clause.says is not Says.UNCLEAR]
    opposed = [clause for clause in rest if clause.says is not first.says]
    if first.particle and all(clause.after_but and not clause.particle for clause in opposed):
        value = first.says is Says.YES
        return Meaning(
            Finding.VALUE,
            f"{first.says}_but",
            value=value,
            doubtful=True,
            confidence=DOUBTED,
            alternatives=(not value,),
        )
    return _ambiguous("contradiction", True, False)


def _without_clause(
    sentence: Sentence, chunks: Sequence[Chunk], clauses: Sequence[Clause], kind: YesNoKind
) -> Meaning:
    """Words that neither affirm nor deny, and what can be made of them."""
    parts = sentence.parts
    if sentence.unknown and not clauses:
        implied = _unknown_but_clear(chunks, kind)
        if implied is not None:
            return implied
    if sentence.unknown or Part.COMMAND in parts:
        return nothing("unknown_word" if sentence.unknown else "command_word")
    if parts <= {Part.DETAIL, Part.THING, Part.FIGURE}:
        return nothing("no_answer")
    gone = _gone(chunks) if kind is YesNoKind.SYMPTOM else None
    if gone is not None:
        return gone
    if clauses or Part.ASKING in parts:
        return _ambiguous("unclear_phrase")
    return _by_adverb(parts) or _implied(chunks, parts, kind)


def _unknown_but_clear(chunks: Sequence[Chunk], kind: YesNoKind) -> Meaning | None:
    """A word for what a part of the body does, or for what one does each day: to be read back."""
    parts = {chunk.part for chunk in chunks}
    unknown = [at for at, chunk in enumerate(chunks) if chunk.part is Part.UNKNOWN]
    if not parts <= _PLAIN or len(unknown) > 1:
        return None
    before = chunks[max(unknown[0] - 2, 0) : unknown[0]]
    is_mine = any(chunk.part is Part.THING and is_body(chunk.text) for chunk in before)
    if kind is YesNoKind.SYMPTOM and is_mine:
        return _doubted("yes_body", value=True)
    is_habit = Part.STEADY in parts and chunks[unknown[0]].text.startswith(("ا", "ب", "ن", "ك"))
    return _doubted("yes_habit", value=True) if kind is YesNoKind.FACT and is_habit else None


def _gone(chunks: Sequence[Chunk]) -> Meaning | None:
    """As in "the pain is gone", "the pain is not gone", and nothing more: to be read back."""
    words = [word.removeprefix("و") for chunk in chunks for word in chunk.text.split()]
    parts = {chunk.part for chunk in chunks}
    named = any(chunk.part is Part.SYMPTOM and chunk.text not in _ANYTHING for chunk in chunks)
    is_not = any(chunk.part is Part.NOT for chunk in chunks)
    if named and _GROWN & set(words) and not is_not and not parts & _OPEN_ENDED:
        return _doubted("grown", value=True)
    if not named or not _GONE & set(words) or parts & _OPEN_ENDED:
        return None
    return _doubted("not_gone" if is_not else "gone", value=is_not)


def _doubted(rule: str, *, value: bool) -> Meaning:
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
        return _doubted("yes_implied", value=True)
    if kind is YesNoKind.SYMPTOM and any(chunk.text in _FINE for chunk in chunks) and parts <= _BESIDE_WELL:
        return _doubted("no_well", value=False)
    if kind is YesNoKind.SYMPTOM and Part.SYMPTOM in parts and any(is_body(chunk.text) for chunk in chunks):
        parts -= {Part.THING, Part.HAVE}  # "a trembling in my hand"
    if kind is YesNoKind.SYMPTOM and parts <= _SOME | _BESIDE_SOME and any(map(_is_some, chunks)):
        return _doubted("yes_some", value=True)
    return _ambiguous("only_fillers" if parts <= {Part.COURTESY, Part.DETAIL} else "neither_yes_nor_no")


def _is_some(chunk: Chunk) -> bool:
    """A symptom by name, how often or how much of it."""
    text = chunk.text.removeprefix("و") if chunk.joined else chunk.text
    return chunk.part in _SOME and text not in _ANYTHING | _NO_MEASURE


def _ambiguous(rule: str, *alternatives: bool) -> Meaning:
    return Meaning(Finding.AMBIGUOUS, rule, confidence=0.0, alternatives=alternatives)
