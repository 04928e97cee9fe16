"""Yes or no, by kind of question: "no harm" is a yes to "may I?" and a no to "have you pain?".

Particles, sentences that affirm and sentences that deny are weighed together; where they disagree the
question is put again. A word that nobody knows leaves a doubt, and none at all is believed that begins
with one. No fuzzy matching: in Arabic one letter turns a yes into a no.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from bridge.understanding.clauses import clauses_of
from bridge.understanding.idioms import no_harm
from bridge.understanding.implied import DOUBTED, SURE, ambiguous, doubted, implied_by
from bridge.understanding.labelling import label
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.parts import Chunk, Clause, Part, Says, Sentence
from bridge.understanding.relevance import WILLING_KINDS, YesNoKind, relevant
from bridge.understanding.vocabulary import NEGATIVE_HAVING, NEGATORS, WITHOUT_IT

__all__ = ["YesNoKind", "read_yes_no"]

_MOST_UNKNOWN = 3
_BESIDE_LITTLE = {Part.NO, Part.COURTESY, Part.BUT}
_BEGIN_OR_NEVER = normalise("ابدأ")
_WITHOUT_IT = frozenset(map(normalise, WITHOUT_IT))
_TIMES = words_of("مرة مرات يوم ساعة ساعات نهار وقت احيانا أوقات ليلة")
_NOT_FOR_ME = tuple(map(normalise, ("ما لي في", "مالي في", "ماليش في", "مليش في", "ما ليش في")))
_NOW = words_of("الحين دلوقتي دلوقت هسه هسع هلأ هلق دابا توا الآن حاليا اليوم ذلحين دحين")
_ABOUT_ONE = (Part.STATE, Part.ACTION_VERB)  # behind "fine" in Egypt, which is "not" in the Maghreb
_AFTER_OR_NOT_YET = ["بعد", "ما"]  # "after I took it", or in the Gulf "I have not taken it yet"


def read_yes_no(text: str, kind: YesNoKind) -> Meaning:
    """Read `text` as the answer to a question of this kind; the value is a bool."""
    chunks = [_for_kind(chunk, kind) for chunk in label(text)]
    if kind in WILLING_KINDS and len(chunks) > 1 and _is_no_harm(chunks):
        is_own = chunks[1].text.split()[0] in NEGATORS | NEGATIVE_HAVING | {"بدون", "بلا"}
        chunks[0] = replace(
            chunks[0], part=Part.COURTESY if is_own else Part.HEDGE
        )  # "no, I have no objection"
    chunks = _off_and_on(chunks)
    if not chunks:
        return nothing("empty")
    if normalise(text).split()[:2] == _AFTER_OR_NOT_YET:
        return Meaning(Finding.AMBIGUOUS, "after_or_not_yet", confidence=0.0)
    if len(chunks) > 1 and chunks[0].text == "ماشي" and chunks[1].part in _ABOUT_ONE:
        return Meaning(Finding.AMBIGUOUS, "fine_or_not", confidence=0.0)
    sentence = clauses_of(chunks)
    return _weigh(sentence, chunks, relevant(sentence, chunks, kind), kind)


def _off_and_on(chunks: list[Chunk]) -> list[Chunk]:
    """As in "once it hurts, once not": neither "no" nor always."""
    if len(chunks) > 2 and chunks[-1].part is Part.NO and chunks[-1].text == "لا":  # noqa: PLR2004
        time = chunks[-2].text.removeprefix("و")
        if time in _TIMES and any(chunk.text == time for chunk in chunks[:-2]):
            return [*chunks[:-1], replace(chunks[-1], part=Part.HEDGE)]
    return chunks


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
        case Part.HEDGE if kind is YesNoKind.FACT and chunk.text in _NOT_FOR_ME:
            part = Part.NO
        case Part.UNKNOWN if chunk.text in _WITHOUT_IT:
            part = Part.NOT
        case Part.PROMISE:
            part = Part.PROMISE if willing else Part.COURTESY
        case Part.NEVER | Part.NO if willing and chunk.text == _BEGIN_OR_NEVER:
            part = Part.BEGIN
        case Part.WILLING if not willing:
            part = Part.ACTION_VERB
        case Part.HEDGE if kind is YesNoKind.PERMISSION and chunk.text == "ممكن":
            part = Part.YES_OR_WHAT
    return replace(chunk, part=part)


def _not_willing(chunk: Chunk) -> Part:
    if chunk.text == normalise("بسرعة"):
        return Part.DETAIL
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
        return implied_by(sentence, chunks, clauses, kind)
    if len(said) > 1:
        return _contradiction(chunks, clauses)
    (says,) = said
    if chunks[0].part is Part.COMMAND and not any(clause.particle for clause in clauses):
        return nothing("command_word")
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
        sentence.unknown and not _may_bedoubted(sentence, first, particle=particle)
    ):
        return nothing("unknown_word")
    unclear = any(clause.says is Says.UNCLEAR for clause in clauses)
    if unclear and not particle and not any(clause.sure for clause in speaking):
        return ambiguous("unclear_phrase")
    little = {Part.DEGREE, Part.FREQUENCY}  # "no, a little"; "no, not much"
    if says is Says.NO and little & sentence.parts and sentence.parts <= little | _BESIDE_LITTLE:
        return ambiguous("contradiction", True, False)
    if says is Says.NO and Part.PROMISE in sentence.parts <= {Part.NO, Part.PROMISE, Part.COURTESY}:
        return ambiguous("no_god_willing", True, False)  # not to do it, or that it may not come to it
    is_turned = all(clause.denied for clause in speaking)  # "I never forget it"
    if says is Says.YES and Part.NEVER in sentence.parts and not is_turned and not _is_very(clauses):
        return ambiguous("contradiction", True, False)
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


def _may_bedoubted(sentence: Sentence, first: int, *, particle: bool) -> bool:
    """An unknown word behind the answer leaves a doubt; one before a sentence too.

    Unless it may be "not".
    """
    is_behind = sentence.first_unknown is not None and sentence.first_unknown > first
    return particle or is_behind or not sentence.unknown_may_negate


def _contradiction(chunks: Sequence[Chunk], clauses: Sequence[Clause]) -> Meaning:
    """A particle first and the opposite behind a "but" is an answer, to be read back; any other is none."""
    last = clauses[-1]
    if last.particle and last.at and chunks[last.at - 1].text.removeprefix("و") in _NOW:  # "once yes, now no"
        return doubted(f"now_{last.says}", value=last.says is Says.YES)
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
    return ambiguous("contradiction", True, False)
