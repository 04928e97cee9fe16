"""Wishes that are put together from parts: to speak to a human being, to change an answer, to go back. Data.

A draft of one author that native speakers have not reviewed.
"""

from collections.abc import Iterator
from itertools import product

from bridge.understanding.meaning import Command

__all__ = ["composed_wishes"]


def _split(listed: str) -> list[str]:
    return [phrase.strip() for phrase in listed.split("،")]


_SPEAKING = _split(
    "أكلم، أتكلم، أتكلم مع، أتحدث مع، أتحدث إلى، التحدث مع، التحدث إلى، الكلام مع، أحكي مع، احكي مع، أحجي ويا، احجي مع، "
    "نهدر مع، نهضر مع، نحكي مع، نتكلم مع، نكلم، أخاطب، أحاكي"
)
_HUMANS = _split(
    "إنسان، شخص، شخص حقيقي، موظف، موظفة، مسؤول، المسؤول، بشر، بني آدم، حد، حدا، أحد، احد، واحد، شي واحد، شي حد، "
    "دكتور، الدكتور، الدكتورة، طبيب، الطبيب، طبيبي، ممرض، ممرضة، الممرضة، خدمة العملاء"
)
_MACHINES = _split("آلة، الآلة، روبوت، الروبوت، جهاز، كمبيوتر، الكمبيوتر، مسجل، تسجيل، ماكينة، مكينة")
_NOT_WANTING = _split(
    "ما أبغى، ما أبي، مابي، ما ودي، لا أريد أن، لا أريد، مش عايز، مش عايزة، مش عاوز، ما بدي، ما أريد، ما بغيتش، مابغيتش، ما نحبش"
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


def composed_wishes() -> Iterator[tuple[Command, str]]:
    """Every wish that the parts make."""
    for words in product(_SPEAKING, _HUMANS):
        yield Command.PERSON, " ".join(words)
    for words in product(_NOT_WANTING, _SPEAKING, _MACHINES):
        yield Command.PERSON, " ".join(words)
    for words in product(_WANTING, _CHANGING, _ANSWERS):
        yield Command.BACK, " ".join(words)
    for words in product(_CHANGING, _ANSWERS):
        yield Command.BACK, " ".join(words)
    for words in product(_RETURNING, _PLACES):
        yield Command.BACK, " ".join(words)
