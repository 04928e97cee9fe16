"""Yes or no, by kind of question: "no harm" is a yes to "may I?" and a no to "have you pain?".

Every word must be known and all must say the same; one unknown word, or a yes beside a no, and the question
is put again. No fuzzy matching: in Arabic one letter turns a yes into a no.
"""

from collections.abc import Iterable
from enum import StrEnum

from bridge.understanding import lexicon
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise
from bridge.understanding.phrases import Phrasebook

__all__ = ["YesNoKind", "read_yes_no"]


class YesNoKind(StrEnum):
    """What a yes/no question asks for."""

    PERMISSION = "permission"  # may I, would you like
    SYMPTOM = "symptom"  # have you, do you feel
    FACT = "fact"  # did you, is it so
    PROMISE = "promise"  # will you


class _Says(StrEnum):
    YES = "yes"
    YES_PERHAPS = "yes_perhaps"  # a yes that is "what?" elsewhere
    NO = "no"
    SOME = "some"  # goes with yes only
    UNCLEAR = "unclear"
    FILLER = "filler"


def _entries(says: _Says, *classes: Iterable[str]) -> list[tuple[str, _Says]]:
    return [(phrase, says) for phrases in classes for phrase in phrases]


# Later entries win: a kind's own reading of an idiom stands over the general one.
_EVERY_KIND = [
    *_entries(_Says.FILLER, lexicon.FILLERS),
    *_entries(_Says.UNCLEAR, lexicon.UNCLEAR),
    *_entries(_Says.SOME, lexicon.SOME),
    *_entries(_Says.YES, lexicon.YES, lexicon.YES_CONFIRMATION),
    *_entries(_Says.YES_PERHAPS, lexicon.YES_OR_WHAT),
    *_entries(_Says.NO, lexicon.NO, lexicon.NO_CONFIRMATION),
]
_WILLING = [
    *_entries(_Says.YES, lexicon.YES_IDIOMS, lexicon.YES_PROMISE),
    *_entries(_Says.NO, lexicon.NO_PERMISSION),
    *_entries(_Says.UNCLEAR, lexicon.UNCLEAR_PERMISSION),
]
_EXISTING = [
    *_entries(_Says.YES, lexicon.YES_EXISTENCE, lexicon.YES_STILL),
    *_entries(_Says.NO, lexicon.NO_EXISTENCE),
    *_entries(_Says.FILLER, lexicon.SYMPTOM_WORDS),
]
_NO_HARM = ("لا بأس", "لاباس", "لا مشكلة", "ما في مشكلة", "مافي مشكلة", "مفيش مشكلة", "مافيه مشكلة")

_PHRASEBOOKS = {
    YesNoKind.PERMISSION: Phrasebook([*_EVERY_KIND, *_WILLING]),
    YesNoKind.PROMISE: Phrasebook([*_EVERY_KIND, *_WILLING]),
    YesNoKind.SYMPTOM: Phrasebook([*_EVERY_KIND, *_EXISTING, *_entries(_Says.NO, _NO_HARM)]),
    YesNoKind.FACT: Phrasebook([*_EVERY_KIND, *_EXISTING, *_entries(_Says.UNCLEAR, _NO_HARM)]),
}


def read_yes_no(text: str, kind: YesNoKind) -> Meaning:
    """Read `text` as the answer to a question of this kind; the value is a bool."""
    labels = _PHRASEBOOKS[kind].labels(normalise(text).split())
    if not labels:
        return nothing("empty")
    if None in labels:
        return nothing("unknown_word")
    return _weigh({label for label in labels if label not in (None, _Says.FILLER)})


def _weigh(said: set[_Says | None]) -> Meaning:
    agreeing = {_Says.YES, _Says.YES_PERHAPS}
    if said == {_Says.NO}:
        return Meaning(Finding.VALUE, "no_phrase", value=False)
    if said & agreeing and not said - agreeing - {_Says.SOME}:
        sure = _Says.YES in said
        return Meaning(Finding.VALUE, "yes_phrase" if sure else "yes_or_what", value=True, doubtful=not sure)
    if not said:
        return Meaning(Finding.AMBIGUOUS, "only_fillers")
    return Meaning(Finding.AMBIGUOUS, "contradiction" if _Says.NO in said else "unclear_phrase")
