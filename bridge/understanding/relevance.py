"""What a clause says to the kind of question that was asked: "I cannot sleep" is a yes to "have you pain?".

Deeds are no answer to what is felt, plans none to what was done, belongings none to "may I?"; what
one never
misses one takes, what one gave up one takes no more, and a pain that does not leave is there.
"""

from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from bridge.understanding.facts import as_fact, given_up
from bridge.understanding.felt import as_symptom, not_well
from bridge.understanding.normalisation import words_of
from bridge.understanding.parts import WILLING_KINDS, Chunk, Clause, Part, Says, Sentence, YesNoKind
from bridge.understanding.vocabulary import CONDITIONS
from bridge.understanding.willing import PEOPLE, TO_ME, as_will

__all__ = ["WILLING_KINDS", "YesNoKind", "relevant"]


_BECAUSE = words_of("لأن لأنه لأنها لأني لانو عشان علشان مشان منشان حيت حيث")
_WHO = words_of("هو هي هم هما هوا هيا")
_AROUND = words_of("الجو الدنيا الطقس البيت الغرفة المكيف الماء الموية الشتا برا بره الدار المنطقة")
_WEATHER = words_of("برد حر حار حارة بارد باردة ساقعة شوب غبار رطوبة مطر بردانة دافي دفا")


def relevant(sentence: Sentence, chunks: Sequence[Chunk], kind: YesNoKind) -> list[Clause]:
    """The clauses that answer, as they answer this kind of question; a correction cancels those before."""
    asked_at = next((at for at, chunk in enumerate(chunks) if _asks(chunk)), len(chunks))
    asked_at = min(asked_at, _told_of_another(chunks))
    clauses = [_if_told(clause, asked_at) for clause in sentence.clauses]
    match kind:
        case YesNoKind.SYMPTOM:
            clauses = not_well([as_symptom(clause, chunks) for clause in clauses], chunks)
        case YesNoKind.FACT:
            clauses = given_up([as_fact(clause, chunks) for clause in clauses])
        case _:
            clauses = [as_will(clause, chunks, kind) for clause in clauses]
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
        if one.text.split()[-1] in PEOPLE and two.text in _WHO:
            is_for_me = any(
                chunk.text.endswith(TO_ME) or chunk.text in ("لي", "الي", "ليا") for chunk in chunks[at + 2 :]
            )
            return len(chunks) if is_for_me else at
        is_she = two.text in _WHO and one.part in (Part.THING, Part.DETAIL) and one.text not in ("انا", "اني")
        if is_she and at + 2 < len(chunks) and chunks[at + 2].text in ("اللي", "الي", "يلي", "لي"):
            is_for_me = any(chunk.text.endswith(TO_ME) for chunk in chunks[at + 2 :])
            return len(chunks) if is_for_me else at
        if one.text in _AROUND and two.text in _WEATHER:
            return at
    return len(chunks)


def _is_of_kin(clause: Clause, chunks: Sequence[Chunk]) -> bool:
    """As in "I do not smoke, but my husband smokes"."""
    is_told = clause.after_but and not clause.particle and clause.at > 0
    return is_told and chunks[clause.at - 1].text in PEOPLE


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
