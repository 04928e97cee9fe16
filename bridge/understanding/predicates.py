"""What belongs to a predicate: its objects, the verb that hangs on it, and what it excepts."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.parts import Chunk, Part
from bridge.understanding.verbs import VerbKind
from bridge.understanding.vocabulary import KIN, NO_LONGER, WILLING, WITHOUT_IT

__all__ = ["LA", "VERBS", "WITHOUT", "Predicates"]

_COMPLEMENTS = (
    Part.SYMPTOM,
    Part.THING,
    Part.GOOD,
    Part.STATE,
    Part.WELL,
    Part.DETAIL,
    Part.DEGREE,
    Part.FREQUENCY,
    Part.STEADY,
    Part.NEVER,
    Part.COURTESY,
    Part.UNKNOWN,
    Part.RIGHT,
    Part.STILL,
    Part.FIGURE,
)
LA = ("لا", "ولا")
WITHOUT = words_of("بدون دون بلا غير بلاش وبدون")
_A_TIME = words_of("يوم يوما ليلة ساعة أسبوع شهر مرة وقت لحظة دقيقة نهار صباح")
_A_TIME_WITHOUT = ("يوم ما", "وقت ما")
_PASSES = words_of(
    "يمر تمر يعدي بيعدي تعدي بتعدي يمضي تمضي يفوت يخلو بيمر بتمر كاين يوجد توجد في فيه فما ثمة عندي"
)
_WITHOUT_IT = frozenset(map(normalise, WITHOUT_IT))
_NO_LONGER = frozenset(map(normalise, NO_LONGER))
_AUXILIARIES = words_of(
    "عاد عادت يعود راح رح بقى بقا صار يعد معدش معادش ماعدش عادش معدتش معدنا معدت ماعاد معاد ماعادش"
)
_EXCEPT = ("الا", "سوي", "عدا", "ماعدا")  # "other than" is also "not"
_MUCH = words_of("كثير كثيرة كثيرا كتير كتيرة شديد شديدة قوي قوية أوي بزاف برشا وايد واجد حيل كلش")
_TURNING = (VerbKind.EASED, VerbKind.QUIT, VerbKind.MISSED)
_LEAVING = (*_TURNING, VerbKind.GOING)
_DEEDS = (VerbKind.ACTION, VerbKind.ABLE, VerbKind.BODILY, VerbKind.SEEING, VerbKind.FLOWING, VerbKind.GOING)
VERBS = (Part.SYMPTOM_VERB, Part.ACTION_VERB, Part.CEASED, Part.HAVE, Part.WILLING)
_LETS = normalise("خلي")
_I_AM = words_of("راني راه راهي رانا تراني تراه لأني لاني")
_KNOWS = re.compile(r"عرف|عارف")
_HAVING = (Part.HAVE, Part.HAVE_NOT)
_NAMED = (Part.SYMPTOM, Part.GOOD, Part.THING)

_IN = ("في", "فيه", "فيها", "لي", "ليا", "له", "لها", "معه", "معها", "عند", "لدي")  # also prepositions
_PAST = ("كان", "كانت", "كانو", "كنت", "كنا")
_THINKS = re.compile(r"ظن|عتقد|توقع|حسب|تصور|خيل")
_OPENING = (
    Part.COURTESY,
    Part.YES,
    Part.YES_OR_WHAT,
    Part.NO,
    Part.BUT,
    Part.EMPHASIS,
    Part.STILL,
    Part.NOT,
    Part.HEDGE,
)


class Predicates:
    """The words of a sentence, with what is asked of the words beside a predicate."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self.chunks = chunks

    def part(self, at: int) -> Part | None:
        return self.chunks[at].part if at < len(self.chunks) else None

    def without(self, start: int) -> int | None:
        """Where the second negation of "no day passes without …" stands."""
        seen = False
        for at in range(start + 1, min(start + 6, len(self.chunks))):
            text = self.chunks[at].text
            if text in _A_TIME_WITHOUT or (
                seen
                and (text in WITHOUT or text in _WITHOUT_IT or text == "ما" or self.part(at) is Part.ONLY)
            ):
                return at
            passes = (
                text in _PASSES
                or (seen and self.chunks[at].verb is not None)
                or (seen and text in ("من", "علي", "عليا", "واحد", "واحده"))
            )
            if not passes and text not in _A_TIME:
                return None
            seen = seen or text in _A_TIME
        return None

    def is_neither(self, at: int) -> bool:
        """Whether a verb stands here that a "nor" answers with one of its kind, or with "a thing"."""
        if self.part(at) not in VERBS or self.chunks[at].joined:
            return False
        nor = next((one for one in range(at + 1, len(self.chunks)) if self._is_nor(one)), None)
        if nor is None or any(self.part(one) is Part.BUT for one in range(at, nor)):
            return False
        is_kind = self.part(nor + 1) == self.part(at) or self.part(at) is Part.HAVE
        is_parallel = is_kind and self.part(nor + 1) in (*VERBS, *_NAMED)
        return is_parallel or self.chunks[nor].text != "ولا" or self.part(nor + 1) in VERBS

    def _is_nor(self, at: int) -> bool:
        return self.part(at) is Part.NO and self.chunks[at].text.split()[0] == "ولا"

    def carrier(self, chunk: Chunk, after: int, end: int) -> Chunk:
        """The word that carries the sense: in "no longer hurts" the verb that hangs on the first."""
        hanging = [one for one in self.chunks[after:end] if one.verb is not None]
        is_auxiliary = chunk.text in _AUXILIARIES
        if chunk.part is Part.VERB_NOT and _KNOWS.search(chunk.text):
            chunk = next(
                (one for one in hanging if one.part in VERBS), chunk
            )  # in Egypt "I know not to" is "I cannot"
        if chunk.text in _NO_LONGER:
            chunk = next((one for one in hanging if one.part in VERBS), chunk)
            is_auxiliary = chunk.text in _NO_LONGER
        if chunk.part is Part.ACTION_VERB or is_auxiliary:
            chunk = next((one for one in hanging if one.part is Part.SYMPTOM_VERB), chunk)
        helps = (
            chunk.text in WILLING
            or chunk.verb is VerbKind.WILLING
            or chunk.part is Part.WILLING
            or chunk.verb is VerbKind.ABLE
            or _LETS in chunk.text
        )
        if helps or is_auxiliary or chunk.part in (Part.SYMPTOM, *_HAVING):
            leaving = (one for one in hanging if one.verb in _LEAVING and one.negated_by_la)
            chunk = next(leaving, chunk)
        if chunk.part in _HAVING or is_auxiliary:
            named = (one for one in self.chunks[after:end] if one.part in _NAMED)
            first = next(named, chunk)
            chunk = first if first.part is Part.GOOD else chunk
        if chunk.verb in _TURNING:
            return replace(chunk, part=Part.CEASED)
        is_deed = chunk.part is Part.VERB_NOT and chunk.verb in _DEEDS
        return replace(chunk, part=Part.ACTION_VERB) if is_deed else chunk

    def is_partly(self, after: int, end: int, said: AbstractSet[Part]) -> bool:
        """As in "I do not take it every day", "I have not much pain": neither all nor none."""
        if Part.NEVER in said:
            return False
        much = (at for at in range(after, end) if self.chunks[at].text in _MUCH)
        return Part.STEADY in said or any(self.part(at + 1) is not Part.WELL for at in much)

    def is_left_open(self, at: int) -> bool:
        """An "other than" with nothing that it excepts, and another negation behind it."""
        return self.part(at) in (Part.ONLY, Part.NOT) and self.part(at + 1) in (Part.NOT, Part.HAVE_NOT)

    def is_exception(self, at: int) -> bool:
        """Whether "but", "other than" stands here with something that it excepts."""
        if self.part(at) is not Part.ONLY and not (
            self.part(at) is Part.NOT and self.chunks[at].text == "غير"
        ):
            return False
        excepted = self.part(at + 1)
        if excepted is Part.COURTESY and self.chunks[at + 1].text in KIN:
            return True
        if self.chunks[at].text in _EXCEPT:
            return excepted not in (None, Part.WELL)
        return excepted in (Part.SYMPTOM, Part.THING, Part.DEGREE, Part.DETAIL, *VERBS)

    def _is_anew(self, at: int) -> bool:
        """Whether a new sentence begins here, of which what follows is the verb."""
        return self.part(at) is Part.COURTESY or self.chunks[at].text in _I_AM

    def past_complements(self, at: int, *, negative: bool = False) -> int:
        """Past what belongs to a predicate: objects, times, and a verb that hangs on it."""
        while at < len(self.chunks):
            chunk = self.chunks[at]
            hangs_on = chunk.part in VERBS and not chunk.joined and not self._is_anew(at - 1)
            no_more = negative and (
                chunk.text in LA
                or (chunk.part in (Part.NO, Part.NO_HARM, Part.YES) and chunk.text.startswith("ولا"))
                or (chunk.text in WITHOUT and self.part(at + 1) is Part.THING)
                or chunk.text in _WITHOUT_IT
            )
            is_unusual = chunk.text == "غير" and self.part(at + 1) is Part.WELL
            if not (chunk.part in _COMPLEMENTS or hangs_on or no_more or is_unusual):
                break
            at += 1 + is_unusual
        return at

    def is_past(self, at: int) -> bool:
        """As in "I had": nobody knows whether it is still so."""
        return at > 0 and self.chunks[at - 1].text in _PAST

    def is_having(self, at: int) -> bool:
        """Whether a word like "in" says "there is": it opens a clause, and no definite noun follows."""
        chunk = self.chunks[at]
        if chunk.text.removeprefix("و") not in _IN:
            return True
        is_there = at == 1 and self.chunks[0].text in ("هو", "هي", "هوا", "هيا")  # "there is"
        opens = at == 0 or is_there or self.part(at - 1) in _OPENING or chunk.joined
        following = self.chunks[at + 1] if at + 1 < len(self.chunks) else None
        return opens and not (following is not None and following.definite)

    def next_significant(self, at: int) -> int:
        while self.part(at) in (Part.COURTESY, Part.DETAIL):
            at += 1
        return at

    def is_thought_not(self, at: int) -> bool:
        """As in "I do not think I can": what is thought is denied."""
        chunk, following = self.chunks[at], self.next_significant(at + 1)
        is_thought = _THINKS.search(chunk.text) is not None and chunk.text[0] in "ملع"
        return is_thought and self.part(following) in VERBS
