"""Words that mean the same to an author's options: the points of the built-in scales.

And everyday symptoms.

A group helps one option only: where two options of a question share it, it tells them not apart and is
left out.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from bridge.understanding.normalisation import phrase_of
from bridge.understanding.scale_words import SCALES

__all__ = ["with_synonyms"]

_GROUPS = """
صداع، وجع راس، وجع رأس، ألم رأس، ألم في الرأس، وجع في الرأس، راسي يوجعني، راسي بيوجعني،
راسي يعورني، راسي كيضرني، راسي واجعني، شقيقة، الم راس، وجع براسي، وجع الراس
سعال، كحة، قحة، كحه، سعلة، كحكحة، أسعل، اكح، بكح، كنكح، كحات
حمى، سخونة، حرارة، سخانة، حرارة مرتفعة، سخونية، حرارتي مرتفعة، سخن، سخنان، السخانة
دوخة، دوار، دايخ، دايخة، بدوخ، ادوخ، دوران، راسي يدور، راسي يلف، راسي بيلف
غثيان، لوعة، لعيان، لعيان نفس، نفسي غامة، لايعة جبدي، مايع، قرف، جبدي لايعة، لايع
قيء، استفراغ، ترجيع، تقيؤ، طراش، استفرغ، ارجع، برجع، بستفرغ، اتقيأ
إسهال، بطني ماشي، بطني يمشي، كرشي جارية، جريان البطن، إسهالات
إمساك، قبض، ما اخرج، عسر خروج
تعب، إرهاق، ارهاق، تعبان، تعبانة، خمول، ضعف عام، وهن، هلكان، عيا، عياء، كسل، إجهاد
ألم، وجع، آلام، أوجاع، وجيعة، الم
مغص، وجع بطن، ألم بطن، ألم في البطن، بطني يوجعني، بطني بيوجعني، بطني يعورني، كرشي كتضرني،
وجع في البطن، وجع معدة، مغص بطن
ألم ظهر، وجع ظهر، ظهري يوجعني، ضهري بيوجعني، ظهري يعورني، ألم في الظهر، وجع في الظهر، ظهري كيضرني
تورم، ورم، انتفاخ، ورمان، نفخ، انتفاخات
طفح، طفح جلدي، حبوب، حكة، حساسية، هرش، بثور
أرق، قلة نوم، ما أنام، مش بنام، ما عم نام، صعوبة نوم، صعوبة في النوم، سهر
خفقان، ضربات سريعة، دقات سريعة، قلبي يدق بسرعة، تسارع نبض
زكام، رشح، برد، نزلة برد، انفلونزا، خشم مسدود، نزلة
نعم، ايوه، اي، ايوا، أجل، اه، طبعا، أكيد، إيه
لا، لأ، كلا، أبدا، خالص، لا والله
الصبح، صباحا، الصباح، صبح، صباح، الصبحية، في الصباح، بكري، ضحى
المساء، مساء، المسا، العشية، بالمسا، في المساء
الظهر، ظهرا، الضهر، بعد الظهر
الليل، ليلا، بالليل، في الليل، باليل
بيت، البيت، في البيت، الدار، المنزل، بالبيت، منزل
مستشفى، المستشفى، المشفى، بالمستشفى، السبيطار، مشفى
هاتف، تلفون، اتصال، مكالمة، بالهاتف، جوال، موبايل، بالتلفون
ذكر، رجل، رجال، راجل، ولد
أنثى، امرأة، حرمة، ست، مرة، بنت
متزوج، متزوجة، متجوز، متجوزة، مجوز، مجوزة
أعزب، عزباء، عازب، عزابي، عازبة، غير متزوج، سنجل
مطلق، مطلقة
أرمل، أرملة
"""


def _groups() -> Iterator[frozenset[tuple[str, ...]]]:
    for line in _GROUPS.strip().splitlines():
        yield frozenset(phrase_of(phrase) for phrase in line.split("،"))
    for points in SCALES.values():
        for phrases in points.values():
            yield frozenset(phrase_of(phrase) for phrase in phrases if not phrase.startswith("*"))


@cache
def _all_groups() -> tuple[frozenset[tuple[str, ...]], ...]:
    return tuple(_groups())


def with_synonyms(
    phrases: Mapping[tuple[str, ...], str], values: Sequence[str]
) -> dict[tuple[str, ...], str]:
    """The options' phrases and what means the same as one of them, the author's own words before all."""
    claimed: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for group in _all_groups():
        owners = {phrases[phrase] for phrase in group if phrase in phrases}
        if len(owners) == 1:
            (owner,) = owners
            for phrase in group:
                claimed[phrase].add(owner)
    added = {phrase: next(iter(owners)) for phrase, owners in claimed.items() if len(owners) == 1}
    return {phrase: value for phrase, value in added.items() if value in values and phrase} | dict(phrases)
