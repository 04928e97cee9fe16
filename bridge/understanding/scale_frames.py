"""What takes an answer away from the caller and from now: others, a condition, a question, "it was"."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

from bridge.understanding.normalisation import words_of

__all__ = ["Frame", "frame_of", "now_in"]


class Frame(StrEnum):
    """Why a point that was named may not be the answer."""

    OTHERS = "somebody_else"
    ASKED = "asked_back"
    PAST = "was_before"
    CALLED = "called"  # "my sister", whom one speaks of, or to
    IF = "if"  # or as somebody else says, or as is feared


_KIN = words_of(
    "زوجي جوزي زوجتي مرتي مراتي راجلي رجلي حرمتي عيالي اولادي ولادي ولدي ابوي ابويا ابي بابا والدي "
    "والدتي امي "
    "ماما الوالد الوالدة اخواني اخوتي جدي جدتي جدتو ستي حماتي حماي خالي عمتي جارتي جاري صاحبي صاحبتي "
    "صديقي صديقتي زميلي "
    "ابنائي بناتي حفيدي حفيدتي خطيبي اهلي مراتو مرتو زوجها جوزها بويا با مي ولادنا بنتنا ابننا ابوهم امهم"
)
_OWNED = words_of("عند عندي وجع ألم الم حق تبع تاع ديال بتاع مال حالة صحة")
_CALLED = words_of("اختي اخوي اخويا خويا ختي خوي بنتي ابني وليدي بنيتي خيتي خالتي عمي اخي خيي")
_AHEAD = words_of("لا اي ايوه ايوا ايه نعم اه والله هو هي يعني طيب بصراحة الحمد لله ترى هذا هذي")
_MEANT = words_of(
    "تبيني تبغيني تبغاني بدك عايزني تريدني تريديني بغيتيني بغيتني تقصد تقصدي تقصدين تقصدون تقصدو قصدك "
    "قصدكم قصدج تعني تعنين بتقصد بتقصدي تقصدوا تقصدوش"
)
_WHAT = words_of(
    "ايش وش شنو شنوة شنهو شو اش اشنو آش شكون مين ليش ليه علاش وين امتى إمتى متى ازاي كم قديش قداش شقد شكد"
)
_TALK = words_of("يا اختي اخوي دكتور دكتورة بنتي والله")
_KNOWING = ("دري", "عرف", "عرفش", "دريش", "فهم", "فهمت", "عارف", "عارفه")
_WHETHER = words_of("هل")
_IF = words_of("اذا إذا لو لولا وإذا ولو")
_SAID = words_of("قال قالت قالوا قالو قالي قالولي يقول يقولون يقولوا بيقول بيقولوا خايف خايفة خفت اخاف")
_WAS = words_of("كان كانت كنت كانوا كنا كنتي وكان وكنت كنتو")
_BEFORE = words_of("قبل زمان اول أول الاول بالاول سابقا")
_NOW = words_of(
    "والحين وهلق وهلأ وهلا ودابا ودلوقتي ودلوقت والان والآن وتوا وهسه وهسع واسه وذلحين ودحين وحاليا "
    "واليوم ودرك ودروك "
    "وضرك وضروك وتو وهالحين"
)
_BUT_NOW = words_of(
    "الحين هلق هلأ هلا دابا دلوقتي دلوقت الان توا هسه هسع اسه ذلحين دحين حاليا اليوم درك دروك تو هالحين"
)
_BUT = words_of("بس لكن ولكن اما أما")
_PLAIN_PAST = 2  # words between "I was" and the "before" that ends a sentence, at least


def frame_of(words: Sequence[str], scale: str) -> Frame | None:
    """What may take the answer away, the weightiest first."""
    subject = next((word for word in words if word not in _AHEAD), "")
    is_called = len(words) > 1 and words[0] == "يا"
    if (subject in _KIN and len(words) > 1 and not is_called) or _is_of_kin(words):
        return Frame.OTHERS
    if _is_asked(words):
        return Frame.ASKED
    if scale != "comparison" and _WAS & set(words[:2]) and words[-1] in _BEFORE and len(words) > _PLAIN_PAST:
        return Frame.PAST
    if subject in _CALLED and len(words) > 1 and not is_called:
        return Frame.CALLED
    return Frame.IF if subject in _IF or _SAID & set(words) else None


def _is_of_kin(words: Sequence[str]) -> bool:
    """As in "it is my mother's", "my father's pain"."""
    return any(before in _OWNED and word in _KIN | _CALLED for before, word in pairwise(words))


def _is_asked(words: Sequence[str]) -> bool:
    ends = [word for word in words if word not in _TALK][-1:]
    is_unknown = any(word.endswith(_KNOWING) for word in words)  # "much, I do not know why"
    is_what = len(words) > 1 and bool(_WHAT & set(ends)) and not is_unknown
    return bool(_MEANT & set(words) or _WHETHER & set(words[:1])) or is_what


def now_in(words: Sequence[str]) -> int | None:
    """Where "and now" ends behind what was, as in "it was severe, and now it is mild"."""
    was = next((at for at, word in enumerate(words) if word in _WAS), None)
    if was is None:
        return None
    for at in range(was + 1, len(words)):
        if words[at] in _NOW or (words[at] in _BUT_NOW and words[at - 1] in _BUT):
            return at + 1
    return None
