"""What a verb says beside its neighbours: a pain that walks off, a wound that dries."""

import re
from collections.abc import Sequence

from bridge.understanding.normalisation import words_of
from bridge.understanding.nouns import is_body
from bridge.understanding.parts import Chunk, Part
from bridge.understanding.verbs import VerbKind, verb_of

__all__ = ["other_verb"]

_TALK = (Part.COURTESY, Part.HEDGE, Part.IDIOM)
_BEFORE_SIGHT = (Part.NOT, Part.HAVE_NOT)
_LOST = (VerbKind.MISSED, VerbKind.QUIT)
_LEAVES = re.compile(r"(?:ما|م)?(?:[بهحسكعد]|[بهحسك]?[انت])خلي(?:ها|ه|هم|هو|هوش|هاش|هش|وش)$")
_EASES = re.compile(r"(?:ما|م)?خفت(?:ش)?$")
_TURNS = re.compile(r"لعب|تقلب|قالب|تغم|لاعت|تلوع|طامه")
_STOMACH = words_of("نفسي نفسه كبدي جبدي قلبي معدتي بطني كرشي")
_WALKS = re.compile(r"[يتكب]*م[ش]ي$|[يتكب]*تمشي$")
_LESS = words_of("خف خفت زال زالت اختفى اختفت هدى هدت شفي تحسن تحسنت برا برأ")
_TAKES_OFF = re.compile(r"(?:شال|وقف|قطع|منع|لغ|شيل)(?:وا|ا|و|ت)?(?:ه|ها|و|هم|هو)?$")
_HEALS = re.compile(r"(?:[يبت]*)(?:نشف|جف|يبس|سكر|قفل|لحم|قفا)ت?$")
_WOUND = re.compile(r"جرح|غرز|خياط|عملي")
_DOES = (Part.SYMPTOM_VERB, Part.ACTION_VERB, Part.WILLING, Part.CEASED)
_IN_ME = words_of("فيي فيني فينا")
_TALKING = words_of("احكي اسمع اجاوب اكمل ارد كمل نكمل نحكي اتكلم نتكلم احجي نهدر اقول قول جاوب")


def other_verb(chunks: Sequence[Chunk], at: int) -> VerbKind | None:
    """The kind of a verb where its neighbours make it another, or None."""
    rules = (_seeing, _able, _talking, _leaving, _easing, _of_the_body)
    return next((kind for rule in rules if (kind := rule(chunks, at)) is not None), None)


def _seeing(chunks: Sequence[Chunk], at: int) -> VerbKind | None:
    """As in "I no longer hear", where the verb by itself is "listen!"."""
    chunk = chunks[at]
    if chunk.part not in _TALK or not at or chunks[at - 1].part not in _BEFORE_SIGHT:
        return None
    verb = verb_of(chunk.text)
    return verb.kind if verb is not None and verb.kind is VerbKind.SEEING else None


def _able(chunks: Sequence[Chunk], at: int) -> VerbKind | None:
    """As in the Levant's "it is in me to come", where "in me" before a noun is "I have"."""
    after = chunks[at + 1 : at + 2]
    is_deed = any(one.part is Part.ACTION_VERB or one.text in _TALKING for one in after)
    return VerbKind.ABLE if chunks[at].text in _IN_ME and is_deed else None


def _talking(chunks: Sequence[Chunk], at: int) -> VerbKind | None:
    """As in "I cannot talk", where the verb by itself is "talk!"."""
    if not at or chunks[at].part is not Part.IDIOM or chunks[at].text not in _TALKING:
        return None
    before = chunks[at - 1]
    is_able = before.text in _IN_ME or before.verb is VerbKind.ABLE
    return VerbKind.ACTION if is_able else None


def _leaving(chunks: Sequence[Chunk], at: int) -> VerbKind | None:
    """As in "I never leave it", and not "I let him"; "I left the cigarettes", and no Saturday."""
    chunk, after = chunks[at], chunks[at + 1 : at + 2]
    if _LEAVES.match(chunk.text) and (chunk.verb or chunk.part is Part.VERB_NOT):
        is_let = any(one.part in _DOES and one.verb not in _LOST for one in after)
        return None if is_let else VerbKind.QUIT
    if _TAKES_OFF.match(chunk.text) and any(one.text in ("عني", "عنا", "مني") for one in after):
        return VerbKind.QUIT  # the doctor took me off it
    is_left = chunk.text == "سبت" and any(one.part is Part.THING for one in after)
    return VerbKind.QUIT if is_left else None


def _easing(chunks: Sequence[Chunk], at: int) -> VerbKind | None:
    """What pains and wounds do to leave: get less, walk off, dry."""
    chunk, before = chunks[at], chunks[max(at - 3, 0) : at]
    beside = (*before[-2:], *chunks[at + 1 : at + 2])
    if _EASES.match(chunk.text) and any(one.part is Part.SYMPTOM for one in beside):
        return VerbKind.EASED  # a cough that did not get less, and nobody afraid
    if _WALKS.match(chunk.text) and any(one.part is Part.SYMPTOM for one in before):
        return VerbKind.GOING
    is_no_less = (
        chunk.part is Part.WELL and chunk.text in _LESS and before[-1:] and before[-1].part is Part.NOT
    )
    is_dry = _HEALS.match(chunk.text) and any(_WOUND.search(one.text) for one in beside)
    return VerbKind.EASED if is_no_less or is_dry else None


def _of_the_body(chunks: Sequence[Chunk], at: int) -> VerbKind | None:
    """To stand on one's feet, and not to stop; a stomach that turns, and nobody who plays."""
    chunk, after = chunks[at], chunks[at + 1 : at + 3]
    if chunk.verb is VerbKind.QUIT and [one.text for one in after[:1]] == ["علي"] and is_body(after[-1].text):
        return VerbKind.BODILY
    beside = (*chunks[max(at - 2, 0) : at], *after[:1])
    turns = _TURNS.search(chunk.text) and any(one.text in _STOMACH for one in beside)
    return VerbKind.SYMPTOM if turns else None
