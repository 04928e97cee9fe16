"""Words of danger, by kind: looked for anywhere, in any conjugation.

And never cancelled by a negation beside them.

What follows from them is a question, never an act. Figures of speech ("dead tired") are flagged too, with
little confidence.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from bridge.understanding import lexicon
from bridge.understanding.meaning import Command, Finding, Meaning
from bridge.understanding.normalisation import normalise, phrase_of
from bridge.understanding.phrases import PhraseFinder

__all__ = ["read_red_flag"]

SURE, FIGURE = 0.9, 0.3
_WINDOW = 4  # words between the two halves of a pattern


class _Pattern(Struct, frozen=True):
    """A word of the first list with one of the second near it, on either side."""

    flag: str
    first: frozenset[str]
    second: frozenset[str]
    confidence: float = SURE
    in_order: bool = False
    denied: bool = False  # with a negation before the second: "cannot move", "does not answer"


def _words(listed: str) -> frozenset[str]:
    return frozenset(map(normalise, (word for word in listed.split() if "_" not in word)))


def _phrases(listed: str) -> list[tuple[str, ...]]:
    return [words for one in listed.replace("\n", "،").split("،") if (words := phrase_of(one))]


_KINDS = {  # of the lexicon's phrases, which name a kind in the order in which they are listed
    "chest_pain": ("صدر", "قلبيه"),
    "breathing": ("تنفس", "نفس", "مخنوق", "ختنق"),
    "bleeding": ("نزيف", "نزف", "دم"),
    "stroke": ("جلطه", "شلل", "سكته", "لساني"),
    "unconscious": ("وعي", "غمي", "تشنج"),
    "emergency": ("طواري", "اسعاف", "لحقوني", "لحقني"),
}
_MORE = {
    "self_harm": """
        انتحر، هنتحر، بنتحر، نتحر، بانتحر، حانتحر، راح انتحر، انتحرت، ينتحر، تنتحر، الانتحار، انتحار،
        للانتحار، بالانتحار، فالانتحار، وانتحر، الموت أحسن، الموت احسن لي، الموت أريح، الموت أرحم،
        الموت ارحم لي، الموت راحة، الموت أفضل،
        احسن لو ميت، أحسن لو أموت، أفضل لو مت، لو كنت ميت، لو كنت ميتا، لو كنت ميتة، ليتني مت، ليتني أموت،
        ليتني ميت، ياليتني ميت، يا ريتني ميت، ياريتني ميت، يا ريتني أموت، ياريتني اموت، يا ريتني ما انولدت،
        ياريتني ما اتولدت، ليتني ما ولدت، يا ليتني مت،
        كارهة حياتي، كاره حياتي، كاره الدنيا، كارهة الدنيا، كرهت حياتي، كرهت الدنيا، كرهت عيشتي،
        بكره حياتي، أكره حياتي، زهقت من حياتي، زهقت من الدنيا، زهقان من حياتي، زهقان من الدنيا،
        زهقت من العيشة، تعبت من الحياة، تعبت من حياتي، تعبت من الدنيا، تعبت من العيشة، مليت من الحياة،
        مليت من حياتي، مليت من الدنيا،
        طفشت من الحياة، طفشت من حياتي، طفشان من الحياة، قرفت من حياتي، قرفت من الدنيا، قرفان من حياتي،
        عفت حياتي، عفت الدنيا، كرهت روحي، حياتي ما تسوى، الدنيا ما تسوى، الحياة ما تسوى، ما تسوى الحياة،
        ما لحياتي معنى، حياتي ما لها معنى، حياتي مالها معنى، حياتي مالها قيمة، حياتي ما لها قيمة،
        مالوش لازمة اعيش، ما في فايدة من حياتي، ما في داعي أعيش، ما في داعي عيش، ليش عايش، ليش عايشة،
        ليه عايش، عايش ليه، عايشة ليه، لا جدوى من حياتي، لا جدوى من الحياة، لا معنى للحياة، لا معنى لحياتي،
        ما إلها طعم حياتي، رغبة في الحياة، رغبة بالحياة، رغبة في العيش، رغبة بالعيش، ما عاد ينفع أعيش،
        ما قادر اعيش، ما عاد لي رغبة بالحياة، ما لي رغبة بالحياة،
        مالي خلق عيش،
        إيذاء نفسي، ايذاء النفس، إيذاء النفس، اضر نفسي، أضر نفسي، بضر نفسي، ايذاء روحي، جرحت نفسي،
        أجرح نفسي، بجرح نفسي، بجرح حالي، اقطع شراييني، قطعت شراييني، أقطع عروقي، ارمي نفسي، أرمي حالي،
        ارمي روحي، أرمي بنفسي، اشنق نفسي، أشنق حالي، اشنق روحي، اولع في نفسي، أحرق نفسي، احرق حالي،
        اخلص على نفسي، اخلص على حالي، أخلص من حياتي، اخلص من حياتي، أخلص من نفسي، اخلص من عمري، انهي حياتي،
        أنهي حياتي، إنهاء حياتي، بنهي حياتي، نهاية لحياتي، أضع حدا لحياتي، حط حد لحياتي،
        أموت نفسي، اموت حالي، اموت روحي، أقتل نفسي، اقتل حالي، اقتل روحي، نقتل روحي، نقتل راسي، نقتل نفسي،
        بقتل حالي، بقتل نفسي، هقتل نفسي، راح اقتل نفسي، قتل نفسي، قتل حالي، قتل روحي، أذبح نفسي، اذبح حالي،
        اذبح روحي، ادبح نفسي، موت حالي، موت نفسي، أذي نفسي، اذي حالي، أأذي نفسي، ااذي روحي، أأذي روحي،
        ائذي نفسي، اوذي نفسي، أؤذي نفسي، أؤذي روحي، اذيت نفسي، آذيت نفسي، أذيت حالي، يؤذي نفسه، نأذي روحي،
        ناذي راسي، نأذي نفسي، بأذي نفسي، بأذي حالي، بأذي روحي، بلعت حبوب كثيرة، بلعت حبوب كتير،
        بلعت العلبة كلها، اخذت العلبة كلها،
        خدت الشريط كله، اخذت جرعة زايدة، جرعة زايدة عشان اموت، شربت سم، اشرب سم، بلعت سم
    """,
    "chest_pain": (
        "نوبة قلبية، أزمة قلبية، ذبحة صدرية، ذبحة، جلطة بالقلب، جلطة في القلب، كتمة بالصدر، "
        "كتمة بصدري، كتمة في صدري، ضيقة صدر، صدري يطق، صدري بيطق، وجع صدر، ألم صدر، صدري قابض، "
        "قابض على صدري، صدري كابس، نغزة بقلبي، نغزات في قلبي، نغزات بصدري، آلام صدرية، ألم صدري"
    ),
    "breathing": """
        ضيق تنفس، ضيق نفس، ضيق في النفس، ضيق بالتنفس، ضيق بالنفس، ضيقة نفس، ضيق في التنفس، صعوبة في التنفس،
        صعوبة بالتنفس، صعوبة تنفس، مخنوق، مخنوقة، اختنق، بختنق، بتخنق، هتخنق، حتخنق، نتخنق، اختنقت، اتخنقت،
        خنقة، اختناق، انكتم نفسي، نفسي مكتوم، مكتوم نفسي، نفسي مقطوع، مقطوع النفس، نفسي بيتقطع، نفسي ينقطع،
        انقطع نفسي، نفسي انقطع، بيقطع نفسي، نفسي ضيق، نفسي قصير، نفسي ثقيل، نفسي ما يجي، كتمة نفس، كتمة،
        كتمه في النفس، النفس ضيق، النفس ما يطلع، نفسي ما يطلع، نفسي مو طالع، مو طالع نفسي، ما فيه نفس،
        ماكو نفس، مفيش نفس، ما في نفس، ما عندي نفس اتنفس، تنفسي صعب، اتنفس بصعوبة، بتنفس بصعوبة، كنتخنق،
        كنختنق، الحلق مسكر، حلقي مسكر، حلقي متورم، لساني متورم، لساني ورم، لساني منتفخ، حلقي منتفخ،
        النفس يروح، النفس راح مني، نفسي يروح، النفس ينقطع، النفس بينقطع،
        وجهي متورم وما اقدر
    """,
    "bleeding": (
        "نزيف، أنزف، بنزف، ينزف، بينزف، تنزف، بتنزف، نزفت، كننزف، كينزف، نزف، النزيف، ينزف الجرح، "
        "دم كثير، دم كتير، دم بزاف، دم وايد، دم غزير، الدم ما يوقف، الدم ما وقف، الدم مش بيقف، "
        "الدم ما عم يوقف، الدم مو راضي يوقف، الدم ما بغاش يوقف، دم يطلع مني، استفرغ دم، برجع دم، "
        "ارجع دم، رجعت دم، استفرغت دم، بتقيأ دم، أتقيأ دم، تقيأت دم، اكح دم، بكح دم، كحيت دم، كحة بدم، "
        "بلغم فيه دم، بلغم بدم، دم مع الكحة، دم في البراز، دم بالبراز، دم مع البراز، دم في البول، "
        "دم بالبول، دم مع البول، الدم نازل، الدم ينزل، الدم بينزل، الدم يسيل، الدم بيسيل، دم نازل، "
        "براز اسود، البراز أسود"
    ),
    "stroke": (
        "جلطة، الجلطة، جلطات، شلل، انشليت، مشلول، مشلولة، سكتة، السكتة الدماغية، لساني ثقل، "
        "لساني ثقيل، لساني تقيل، لساني تقل، كلامي ثقيل، كلامي تقيل، كلامي مو واضح فجأة، ما اقدر اتكلم، "
        "مش قادر اتكلم، مش قادرة اتكلم، ما بقدر احكي من لساني، فقدت النطق، وجهي مال، وجهي مايل، "
        "وجهي انحرف، وجهي اعوج، فمي مايل، فمي اعوج، تمي معوج، بوقي معوج، وشي معووج، وشي اتعوج، "
        "وجهي ملتوي، نص جسمي، نصف جسمي، نص وجهي، نصف وجهي، نص وشي، ما أحس بيدي، ما احس بايدي، "
        "ما احس برجلي، ما أشعر بيدي، ما اشعر بذراعي، مش حاسس بايدي، مش حاسس بدراعي، مش حاسة بايدي، "
        "مش حاسس برجلي، مش حاسة برجلي، ما بحس بايدي، ما بحس برجلي، ايدي ما تتحرك، يدي ما تتحرك، "
        "رجلي ما تتحرك، ايدي مش بتتحرك، رجلي مش بتتحرك، ما اقدر احرك يدي، ما اقدر احرك ايدي، "
        "ما اقدر احرك رجلي، مش قادر احرك ايدي، مش قادر احرك رجلي، مش قادرة احرك ايدي، "
        "مش قادرة احرك رجلي، ما بقدر حرك ايدي، ما بقدر حرك رجلي، ما نقدرش نحرك يدي، "
        "لا أستطيع تحريك يدي، لا أستطيع تحريك ذراعي، لا أستطيع تحريك رجلي، لا أستطيع الكلام"
    ),
    "unconscious": (
        "أغمى علي، أغمي علي، اغمى عليا، أغمي عليه، أغمي عليها، أغمى عليها، أغمى عليه، إغماء، اغماء، "
        "إغماءة، غبت عن الوعي، فقدت الوعي، فقدان الوعي، فاقد الوعي، فاقدة الوعي، فقد الوعي، "
        "غاب عن الوعي، غابت عن الوعي، مغمى علي، مغمى عليه، مغمى عليها، مغمي عليه، مو راضي يصحى، "
        "ما يصحى، مش بيصحى، ما عم يصحى، تشنج، تشنجت، تشنجات، نوبة صرع، صرع، طحت مغمى، سخفت، انغمى علي"
    ),
    "emergency": (
        "طوارئ، الطوارئ، للطوارئ، إسعاف، الإسعاف، للاسعاف، سيارة إسعاف، الحقوني، الحقني، الحقيني، "
        "انقذوني، أنقذوني، انجدوني، ساعدوني بسرعة، بموت الحقوني، حالة طارئة، تسمم، تسممت، عتقوني، النجدة، "
        "انجدني، الغوث"
    ),
}
_WANT = _words(
    "أبغى ابغا ابي أبي ابى ودي أريد اريد نريد عايز عايزة عاوز عاوزة بدي حاب حابة حابب "
    "بغيت باغي باغية باغا باغة باغيا نحب نبغي نفسي أتمنى اتمنى بتمنى نتمنى "
    "أرغب ارغب أفكر افكر بفكر فكرت فكرة "
    "خاطري ناوي ناوية يا ريت ياريت ليت أحب افكار أفكار تمنيت قررت راودتني كنفكر نفكر "
    "يجيني يجي"
)
_DIE = _words("أموت اموت موت نموت الموت انتحر الانتحار بالموت أختفي يموت هموت بموت")
_NOT = _words("ما لا مش مو مب موب لم لن ماني منيب ماعاد مابي مابغيتش بغيتش مابدي مافيني بديش")
_LIVE = _words("أعيش اعيش عيش نعيش الحياة العيش عايش حياتي بالحياة بالعيش ")
_CAN = _words(
    "أقدر اقدر قادر قادرة بقدر اقدرش قادرش نقدر نقدرش نجم ننجم نجمش استطيع أستطيع فيني "
    "فيي عارف عارفة اعرف گادر بقدرش مقدرش ماقدرش منقدرش مانقدرش منجمش مانجمش قدرش بعرف "
    "قدرت اكدر أكدر صعب صعبة بصعوبة صعوبة"
)
_BREATHE = _words("أتنفس اتنفس تنفس التنفس نتنفس بتنفس يتنفس تتنفس النفس")
_BREATH = _words("نفس نفسي النفس")
_PULL = _words("آخذ اخذ أخذ اخد آخد ناخذ ناخد خذ اسحب باخذ باخد")
_PAIN = _words(
    "ألم الم آلام الام الألم وجع الوجع وجعة أوجاع نغزة نغزات وخز طعنة طعنات حرقان ضغط "
    "ضاغط ثقل تقل عصرة عصر قبضة قابض كتمة كتمه انقباض يوجعني يوجع بيوجعني بيوجع توجعني "
    "واجعني واجعاني وجعني "
    "يعورني يعور عورني يألمني يؤلمني بيألمني يألم يؤلم كيضرني يضرني ضارني كيوجعني كيوجع "
    "يحرقني بيحرقني ينغزني بينغزني ناغزني واجعتني يضغط ضيق ضيقة بتوجعني كتوجعني"
)
_CHEST = _words(
    "صدري الصدر بصدري بالصدر صدر صدره صدرها بصدره بصدرها قلبي القلب بقلبي بالقلب فصدري فقلبي لصدري صدرو سدري"
)
_FIGURE_FIRST = _words(
    "ميت ميتة ميتين بموت اموت أموت هموت  كنموت نموت متت مت موتني موت موتة قتلني قاتلني ذبحني ذابحني هلكني"
)
_FIGURES = _phrases(
    "ميت من، ميتة من، ميتين من، بموت من، اموت من، أموت من، هموت من، كنموت من، نموت من، متت من، "
    "بموت بـ، ميت جوع، ميت تعب، ميتة تعب، ميت نوم، ميت عطش، بموت فيك، بموت، هموت، راح اموت، "
    "رح موت، حموت، هاموت، الله ياخذني، الله ياخدني، ربنا ياخدني، يا رب خدني، يا رب اموت، "
    "يارب اموت، يا رب تاخذني، موتني الألم، الوجع قاتلني، الألم ذابحني، أموت، كنموت، غادي نموت"
)
_MOVE = _words("أحرك احرك حرك نحرك بحرك تحريك يحرك تحرك أرفع ارفع نرفع")
_MOVING = _words("تتحرك يتحرك بتتحرك بيتحرك تحركت تحرك")
_LIMB = _words("يدي ايدي إيدي رجلي رجليا ذراعي دراعي يديني ساقي نصي جسمي اطرافي أطرافي يديا ايديا")
_FACE = _words("وجهي وجهه وجهها وشي وشه فمي فمه تمي تمه بوقي بقي خشمي")
_CROOKED = _words("مال مايل مايلة انحرف منحرف اعوج انعوج معوج معووج اتعوج عوج ملتوي مشلول انشل طايح ارتخى")
_BLOOD = _words("الدم دم دمي النزيف")
_STOPPING = _words("يوقف يقف بيقف بيوقف وقف توقف ينقطع بينقطع يتوقف")
_FELL = _words("طاح طاحت وقع وقعت داخ داخت سقط سقطت انهار انهارت")
_RESPONDING = _words("يرد ترد بيرد بترد يصحى تصحى بيصحى بتصحى يستجيب تستجيب يفيق تفيق يصحا")
_PATTERNS = (
    _Pattern("stroke", _MOVE, _LIMB, in_order=True, denied=True),
    _Pattern("stroke", _FACE, _CROOKED, in_order=True),
    _Pattern("bleeding", _BLOOD, _STOPPING, denied=True),
    _Pattern("stroke", _LIMB, _MOVING, in_order=True, denied=True),
    _Pattern("unconscious", _FELL, _RESPONDING, in_order=True, denied=True),
    _Pattern("self_harm", _WANT, _DIE, in_order=True),
    _Pattern("self_harm", _NOT, _LIVE, in_order=True),
    _Pattern("breathing", _CAN, _BREATHE, in_order=True),
    _Pattern("breathing", _CAN, _BREATH, in_order=True),
    _Pattern("chest_pain", _PAIN, _CHEST),
)
_WISHES = _words(
    "أبغى ابغا ابي أبي ابى ودي أريد اريد نريد عايز عايزة عاوز عاوزة بدي حاب حابة بغيت "
    "بغيتش بديش مابي مابغيتش مابدي أقدر اقدر قادر قادرة بقدر رغبة ود احب بحب حابب ماعاد "
    "عاد فايدة داعي معنى"
)
_WITHOUT = _words(
    "بلاه بلاها بلاهم بلاهن بلا بدون بدونه بدونها بدونهم بدونو دون دونه دونها غير غيره غيرها "
    "غيرهم غيرو بغيره بغيرها بلايا بلاش"
)
_SOMEBODY = _words(
    "زوجي زوجتي جوزي مرتي مراتي راجلي ابني بنتي ولدي أمي امي أبوي ابوي أبويا أخوي اخوي أختي اختي "
    "حبيبي حبيبتي عيالي "
    "أولادي اولادي ولادي أهلي اهلي صاحبي امه بابا ماما المرحوم المرحومة هو هي خطيبي خطيبتي"
)


def _listed() -> Iterable[tuple[str, tuple[str, ...]]]:
    for phrase in lexicon.RED_FLAGS:
        words = phrase_of(phrase)
        yield _kind_of(" ".join(words)), words
    for flag, listed in _MORE.items():
        yield from ((flag, phrase) for phrase in _phrases(listed))


def _kind_of(phrase: str) -> str:
    return next(
        (kind for kind, marks in _KINDS.items() if any(mark in phrase for mark in marks)), "self_harm"
    )


_LISTED = PhraseFinder((phrase, flag) for flag, phrase in _listed())
_FIGURES_OF_SPEECH = PhraseFinder((phrase, "figure") for phrase in _FIGURES)
_MAY_FOLLOW_AND = _WANT | _DIE | _NOT | _CAN | _PAIN | _CHEST | _LISTED.first_words
_ORDER = ("self_harm", "chest_pain", "breathing", "stroke", "unconscious", "bleeding", "emergency")


def read_red_flag(text: str) -> Meaning | None:
    """Find words of danger anywhere in `text`."""
    tokens = _without_and(normalise(text).split())
    found = _LISTED.labels(tokens)
    found |= {pattern.flag for pattern in _PATTERNS if _matches(tokens, pattern)}
    for flag in _ORDER:
        if flag in found:
            return _meaning(flag, "red_flag", SURE)
    if _FIGURES_OF_SPEECH.labels(tokens):
        return _meaning("self_harm", "red_flag:figure_of_speech", FIGURE)
    return None


def _meaning(flag: str, rule: str, confidence: float) -> Meaning:
    return Meaning(Finding.COMMAND, rule, command=Command.EMERGENCY, flag=flag, confidence=confidence)


def _without_and(tokens: Sequence[str]) -> list[str]:
    """An "and" or a "with" that is written to the next word hides it from no pattern."""
    bare = [token[1:] if token[:1] == "و" and token[1:] in _MAY_FOLLOW_AND else token for token in tokens]
    return [token[1:] if token[:1] == "ب" and token[1:] in _PAIN else token for token in bare]


def _matches(tokens: Sequence[str], pattern: _Pattern) -> bool:
    for at, token in enumerate(tokens):
        if token not in pattern.first:
            continue
        ahead = tokens[at + 1 : at + 1 + _WINDOW]
        behind = [] if pattern.in_order else tokens[max(0, at - _WINDOW) : at]
        if pattern.second & set(ahead) or pattern.second & set(behind):
            return _is_meant(tokens, at, pattern)
    return False


def _is_meant(tokens: Sequence[str], at: int, pattern: _Pattern) -> bool:
    """Two patterns need a third word: "not ... live" a wish, "can ... breath" a taking of it."""
    near = set(tokens[at : at + 1 + _WINDOW])
    if pattern.denied:
        around = tokens[max(0, at - _WINDOW) : at + 1 + _WINDOW]
        return any(
            token in _NOT or token.removeprefix("و") in _NOT or token.endswith("ش") for token in around
        )
    if pattern.second is _LIVE:
        return bool(near & _WISHES) and not _is_lived_without(tokens, at)
    if pattern.second is _BREATH:
        return bool(near & (_PULL | {"صعب", "صعوبه"})) and bool(near & _BREATH)
    return True


def _is_lived_without(tokens: Sequence[str], at: int) -> bool:
    """As in "I cannot live without it", of a medicine; without somebody it is danger."""
    near = tokens[at : at + 1 + _WINDOW]
    living = next((place for place in range(at, len(tokens)) if tokens[place] in _LIVE), len(tokens))
    behind = tokens[living + 1 : living + 4]
    is_without = any(token in _WITHOUT for token in behind)
    return (
        is_without
        and bool(_CAN & set(near))
        and not any(token in _SOMEBODY for token in tokens[living + 1 :])
    )
