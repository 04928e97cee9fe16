"""Wishes that are put together from parts: to speak to a human being, to change an answer, to go back. Data.

A draft of one author that native speakers have not reviewed.
"""

from collections.abc import Iterator
from itertools import chain, product

from bridge.understanding.meaning import Command
from bridge.understanding.normalisation import phrase_of

__all__ = ["composed_wishes"]


def _split(listed: str) -> list[str]:
    return [phrase.strip() for phrase in listed.split("،")]


_SPEAKING = _split(
    "أكلم، أتكلم، أتكلم مع، أتحدث مع، أتحدث إلى، التحدث مع، التحدث إلى، الكلام مع، أحكي مع، احكي مع، "
    "أحجي ويا، احجي مع، "
    "نهدر مع، نهضر مع، نحكي مع، نتكلم مع، نكلم، أخاطب، أحاكي"
)
_HUMANS = _split(
    "إنسان، شخص، شخص حقيقي، موظف، موظفة، مسؤول، المسؤول، بشر، بني آدم، حد، حدا، أحد، احد، واحد، شي واحد، "
    "شي حد، "
    "دكتور، الدكتور، الدكتورة، طبيب، الطبيب، طبيبي، ممرض، ممرضة، الممرضة، خدمة العملاء"
)
_MACHINES = _split("آلة، الآلة، روبوت، الروبوت، جهاز، كمبيوتر، الكمبيوتر، مسجل، تسجيل، ماكينة، مكينة")
_NOT_WANTING = _split(
    "ما أبغى، ما أبي، مابي، ما ودي، لا أريد أن، لا أريد، مش عايز، مش عايزة، مش عاوز، ما بدي، ما أريد، "
    "ما بغيتش، مابغيتش، ما نحبش"
)
_WANTING = _split(
    "أبغى، ابي، ودي، أريد، أريد أن، عايز، عايزة، عاوز، عاوزة، بدي، اريد، بغيت، حاب، ممكن، خليني، لازم، نحب"
)
_CHANGING = _split("أغير، غير، أعدل، عدل، أصحح، صحح، أبدل، نبدل، نصحح، نغير، أصلح، تغيير، تعديل، تصحيح")
_ANSWERS = _split("الإجابة، إجابتي، الجواب، جوابي، الرد، ردي، اجابة، الرقم، آخر جواب، الجواب السابق")
_RETURNING = _split("ارجع، ارجعي، رجعني، رجعيني، نرجع، عد، عودي، ارجع بي")
_PLACES = _split(
    "للسؤال، للسؤال السابق، للسؤال الأول، للسؤال اللي فات، للسؤال اللي قبل، للسؤال اللي قبله، للسؤال الماضي، "
    "لأول سؤال، للبداية، للي قبل، للي قبله، إلى السؤال السابق، إلى السؤال الأول، الى السؤال الي قبله"
)


_ANSWERING = _split("أجاوب، أجيب، أن أجيب، أرد، أقول، جاوب، قول، نجاوب، نقول، نرد، أحكي، الإجابة، الجواب")
_ABOUT = _split("، على هذا، على هذا السؤال، على ده، عليه، على السؤال، عن هذا")
_GOING_ON = _split("أكمل، كمل، نكمل، أستمر، أتابع، المتابعة، الاستمرار")
_SAY = _split("تكلم، تكلمي، احكي، اتكلم، اتكلمي، قول، قولي، قولها، اقرأ، هضر، اهضر، اسأل، اسألي، امشي")
_SLOWLY = _split(
    "على مهلك، ببطء، شوي شوي، شوية شوية، بالراحة، بشويش، بشوية، براحة، أبطأ، أبطأ شوي، بهدوء، على مهل"
)
_SAY_AGAIN = _split(
    "قول، قولي، قولها، قوليها، عيد، عيدي، عيدها، أعد، كرر، كررها، كرري، اعيد، تعيد، تعيدي، ممكن تعيد، "
    "ممكن تقول، اقرأ، اسأل، "
    "عاود، قل، أعد السؤال، عيد السؤال، كرر السؤال، قول السؤال"
)
_AGAIN = _split(
    "مرة ثانية، مرة تانية، مرة أخرى، كمان مرة، مرة كمان، تاني، ثاني، من جديد، من الأول، تاني مرة، ثاني مرة"
)


_ALREADY = ["", "خلاص", "خلص", "بس"]
_PATTERNS: tuple[tuple[Command, tuple[list[str], ...]], ...] = (
    (Command.PERSON, (_SPEAKING, _HUMANS)),
    (Command.PERSON, (_NOT_WANTING, _SPEAKING, _MACHINES)),
    (Command.BACK, (_WANTING, _CHANGING, _ANSWERS)),
    (Command.BACK, (_CHANGING, _ANSWERS)),
    (Command.BACK, (_RETURNING, _PLACES)),
    (Command.BACK, (_WANTING, ["أرجع", *_RETURNING[2:6]], _PLACES)),
    (Command.REFUSE, (_NOT_WANTING, _ANSWERING, _ABOUT)),
    (Command.STOP, (_ALREADY, _NOT_WANTING, _GOING_ON)),
    (Command.SLOWER, (_SAY, _SLOWLY)),
    (Command.REPEAT, (_SAY_AGAIN, _AGAIN)),
)


def composed_wishes() -> Iterator[tuple[Command, tuple[str, ...]]]:
    """Every wish that the parts make, in its normalised words."""
    for command, parts in _PATTERNS:
        cut = [[phrase_of(phrase) for phrase in part] for part in parts]
        for phrases in product(*cut):
            yield command, tuple(chain.from_iterable(phrases))
