"""Phrases that say more than their words: ways to agree, to refuse, to go ahead, to hedge. Mostly data.

Where one phrase stands in two lists, the later of `_phrases` counts.
"""

from collections.abc import Iterable, Iterator
from functools import cache

from bridge.understanding import lexicon, vocabulary
from bridge.understanding.command_words import COMMAND_PHRASES
from bridge.understanding.meaning import Command
from bridge.understanding.normalisation import normalise
from bridge.understanding.parts import Part

__all__ = ["no_harm", "phrase_book"]

_NO_HARM_OBJECTS = (
    "مانع، مشكلة، مشاكل، اعتراض، إشكال، بأس، اي مانع، اي مشكلة، أي اعتراض، مشكل، ضرر، شي يمنع، اشكالية"
)
_NO_HARM = (
    "لا بأس، لاباس، لا باس، لا مشكلة، لا مانع، مو مشكلة، مش مشكلة، مب مشكلة، ماشي مشكل، ما يخالف، "
    "ميخالف، مايخالف، ما عليه، معليش، ما عليش، "
    "عادي، لا يوجد مانع، لا يوجد مشكلة، ما يضر، لا ضير، لا حرج، ماشي مشكل، ماكاين مشكل، "
    "ما كاين مشكل، بلا مشكل، بلا مشاكل، بدون مشاكل، بدون مشكلة، "
    "ما بها شي، ما فيها شي، مافيها شي، مفيهاش حاجة، ما فيها مشكلة، ما عندي اي مشكلة"
)
_BODY_WELL = (
    "صحتي حديد، متل الحديد، مثل الحديد، زي الحديد، متل الحصان، مثل الحصان، زي الحصان، زي الجن، "
    "زي القرد، مية مية"
)
_MOUTHS = ("ريقي", "فمي", "تمي", "بقي", "حلقي", "لساني", "حلجي", "حنكي", "شفايفي", "زوري", "جلدي", "بشرتي")
_WHY_NOT = (
    "ليش لا، ليه لا، ليه لأ، وليه لأ، لم لا، لما لا، علاش لا، وعلاش لا، وليش لا، ولم لا، ليش لأ، "
    "كيف لا، شو المانع"
)
_MORE_YES = (
    "يس، اها، أها، ااه، اوك، أجل نعم، ييس، نعمين، ايوة طبعا، إي بالله، اي بالله، إي والله، اييه، "
    "ايي، ايوااا، إيوه، ايوو، يوه، ايه نعم، ايه والله، ايه اكيد، اه اكيد، واه واه، "
    "صحيح نعم، مظبوط، معلوم، داكور، نيشان، وي وي، ياه، هيه، حصل، اى، اى نعم، أى، اى والله، "
    "اومال ايه، طبعا نعم، اي طبعا، اي اكيد، بلى، اييوه، ايوووه، اييه نعم، ايهوا، هي نعم، هييه، "
    "أييه، فعلا، بالفعل، اي هيك، أنا هو، أنا هي، أنا نفسه، أنا نفسها، هو نفسه، هي نفسها، أنا بنفسي، "
    "أنا بذاتي"
)
_MORE_NO = (
    "نو، لاواه، لا لا لا، لأه، لاا، لآ، ليه لا، لالالا، كلا كلا، ابدا والله، ولا مرة، ولا يوم، "
    "ولا عمري، عمري ما حصل، ولا شي، ولا شيء، ولا حاجة، ولا اشي، حتى شي، حتى حاجة، حتى لعبة، "
    "ولا حاجه، ولا أي شي، ولا اي حاجة، "
    "ليس بعد، مو بعد، مش بعد، مب بعد، لا ليس بعد، لا مو بعد، "
    "لا أبد، مستحيل، أبدا مستحيل، مو صحيح، طبعا لا، أكيد لا، لا اكيد، لا طبعا، بالتأكيد لا، "
    "ولا مره، مش حقيقي، مش مظبوط، مو مضبوط، ماشي بصح، هذا غلط، ولا وحدة، ولا واحد، ولا واحدة، كذب، "
    "مو كذا، لا هذا ولا ذاك، ولا شي منها، لا شيء من ذلك، لا ولا شي، هذا ولا شي"
)
_MORE_IDIOMS = (
    "زي ما بدك، زي ما تحبي، زي ما تحب، متل ما بدك، متل ما بتحب، متل ما بتحبي، مثل ما تبي، مثل ما تبين، مثل ما تحب، مثل ما تحبين، "
    "كيف ما تبغى، كيف ما تبي، على كيفك، على كيفج، كيفك، بكيفك، بكيفج، كيما تحب، كيما تحبي، كيما بغيتي، كيف ما بغيتي، شنو ما تحبين، "
    "اللي تشوفه، اللي تشوفيه، اللي تشوفينه، اللي يريحك، اللي يريحكم، وقت ما تبغى، قدامي وقت، "
    "سولي، سول، سولني، سوليني، سقسي، سقسيني، سقسوني، اسألوني، جولي، جول، كولي، كول، نورمال، عادي نورمال، "
    "ما كاين باس، ماكاين باس، عليش لا، امشي في الأسئلة، ابدئي الأسئلة، هاتي الأسئلة، هات الأسئلة، "
    "اتكلمي، تكلمي، تكلم، "
    "احكي، احكيلي، قولي لي، قوليلي، قولي، راحتك، على راحتك، براحتك، خوذي راحتك، خوذ راحتك، "
    "من عيوني الثنين، من عيوني التنين، على راسي من فوق، عالراس والعين، على الراس والعين، "
    "على عيني وعلى راسي، "
    "كلي آذان صاغية، كلي اذان، آذان صاغية، ما بدا لك، اللي بدك، اللي بدك ياه، اللي تبين، اللي تبيه، "
    "اللي تريدين، اللي انت عايزه، اللي انتي عايزاه، "
    "تفضلي بالسؤال، تفضل بالسؤال، "
    "يلا، ابدأي، ابدي، ابدوا، ابدئي، اسأل، اسألي، اسألني، اسأليني، تفضل اسأل، تفضلي اسألي، كمل، "
    "كملي، تم، سم، سمي، لبيك، من عيوني، من عيني، على عيني، على عيني وراسي، على راسي وعيني، "
    "من عنيا، عنيا، عيوني، حاضر، حاضر من عنيا، تدلل، تدللي، تأمر، تأمري، تامر، تؤمر، بتأمر، أبشر، "
    "ابشري، ابشروا، "
    "حياك، حياك الله، يصير، صار، ميخالف، خوش، تمام، ماشي، اوكي، اوكيه، أوكي، طيب، طب، حسنا، تفضل، "
    "تفضلي، تفضلوا, اتفضل، اتفضلي، اتفضلوا، باهي، صافي، واخا، واخة، مزيان، عادي، موافق، موافقة، "
    "مسموح، زين، على راسي، تكرم، تكرمي، تكرم عينك، تكرمي عينك، يا ريت، ياريت، قل، قولي، قول، خش، "
    "هات، هاتي، هات ما عندك، معاك، معك، أنا معك، انا معاك، معاكي، يلا بينا، يالله، يلا تفضل، نبدأ، "
    "نبدا، خلينا نبدأ، بكل سرور، بسرور، يسعدني، بكل ممنونية، بالخدمة، غالي والطلب رخيص، وماله، "
    "اوماله، معنديش مانع، أهلا وسهلا، اهلا، وقتي لك، على بركة الله، توكلنا على الله، كمان، ميت فل، "
    "زي الفل، يعني ماشي، خير، عز الطلب، لعيونك، صحا، ساهل، يالله توكلنا، توكلنا، "
    "بسرعة، بس بسرعة، بسرعة بس، بس باختصار، خذ راحتك، خذي راحتك، خد راحتك، خدي راحتك، خذوا راحتكم، "
    "لا أمانع، ما أمانع، لا نمانع، ما نمانع، أسمح، أسمح لك، أسمح لكم، اسمحلك، على الرحب، "
    "يلا توكلنا، أسمعك، اسمعك، سامعك، سامعتك، "
    "معاك تفضل، هات اللي عندك، آمر، آمري، أمرك، أمري، تحت أمرك، "
    "ماشي الحال، مشي الحال، صار خير، على خير، يلا خير، ما طلبت شي، ما طلبتي شي، اي وقت، بأي وقت، "
    "ليش لاء، مرحبا، على الرحب والسعة، مية هلا، يا هلا، اعتبره تم، ولا يهمك، ولا يهمكم، سجل، سجلي، "
    "سجلوا، اتوكل، اتوكلي، انطلق، انطلقي، هيا، هيا بنا، هيا تفضل"
)
_MORE_PROMISE = (
    "أعدك، أعدكم، اوعدك، أوعدك، بوعدك، وعد، وعد مني، اعتبرني موجود، اعتبريني موجود، اعتبرني جيت، "
    "كلمة شرف، أنا عند كلمتي، عند كلمتي، أنا عند وعدي، على وعدي، "
    "إن شاء الله، انشاء الله، انشالله، ان شالله، بإذن الله، باذن الله، بعون الله، بمشيئة الله، "
    "ان شاءالله، إنشالله، بحول الله، بأمر الله، اذا الله راد، إذا الله أراد، باذن الله تعالى، "
    "إن شاء المولى"
)
_REFUSING = (
    "أمانع، لا أسمح، ما أسمح، لا داعي، مرفوض، ممنوع، ما بيصير، ما بصير، ما يصير، ما يجوز، مو ممكن، "
    "مش ممكن، "
    "غير ممكن، مب ممكن، مستحيل، لا يمكن، ما ينفع، مش هينفع، ما بينفع، مينفعش، ما ينفعش، "
    "يتعذر علي، يتعذر، تعذر علي، يستحيل، من المستحيل، استحالة، محال، من سابع المستحيلات، "
    "لا شكرا، لا شكرا جزيلا، خليني بحالي، خلوني بحالي، خليني لحالي، "
    "سيبوني في حالي، سيبني في حالي، خليوني عليكم، اتركوني، اتركني، حلوا عني، حل عني، "
    "شكرا لا، مش لازم، مو لازم، مب لازم، مو ضروري، مش ضروري، ما يحتاج، "
    "ما له داعي، ماله داعي، مالوش لازمة، غير موافق، غير موافقة، أرفض، ارفض، رافض، رافضة، برفض، "
    "نرفض، بلاش، خليها وقت ثاني، مو الحين، مش دلوقتي، مش الآن، ليس الآن، مو هسه، مو هلأ، مش هلأ، "
    "ماشي دابا، موش توا، مانيش فاضي، ماني فاضي، في وقت تاني، في وقت ثاني، وقت تاني، وقت ثاني، "
    "وقت آخر، في وقت آخر، "
    "بوقت ثاني، بوقت تاني، غير وقت"
)
_CORRECTIONS = (
    "قصدي، أقصد، بقصد، أعني، عفوا، غلطت، غلطان، غلطانة، آسف، آسفة، لا قصدي، لا أقصد، كنت أقصد، "
    "سوري، لا عفوا، لا آسف، استنى لا"
)
_HAVING_NOT = (
    "ما مر علي، ما مرت علي، ما مر عليا، ما مرتش عليا، خالي من، خالية من، خالي تماما من، سالم من، سليم من، "
    "لا يوجد، لا توجد، ليس لدي، ليس عندي، لم يعد، ليس هناك، ما عاد، ما ظل، ما ضل، ما بقي، ما بقى، "
    "مبقاش، ما بقاش، ما صارلي، ما صرلي، ما صار لي، "
    "ما جاني، ما جاتني، ما جتني، ما إجاني، ما أجاني،  لا شيء، لا شي، لا أحد، ما صار، "
    "ما حصل، محصلش، ما حصلش، لم يحصل، لم يحدث، ما جرى، ما عادش، معادش"
)
_NOT_MUCH = tuple(
    f"{no} {much}"
    for no in ("مو", "مش", "مب", "موب", "ماشي", "موش", "مهو")
    for much in (
        *("كثير", "كتير", "واجد", "وايد", "هواي", "هواية", "بزاف", "برشا", "هلبا", "ياسر", "قوي", "قوية", "شديد", "شديدة"),
        *("جامد", "جامدة", "أوي", "حيل", "كلش", "زايد", "ذاك الزود", "هذاك الزود", "لهناك"),
    )
)
_SOMETIMES = tuple(
    f"{time} {yes} {and_}{time} {no}"
    for time in ("مرات", "مرة", "ساعات", "أحيانا", "يوم", "شي مرات", "نهار", "أوقات", "ساعة")
    for yes in ("اي", "ايه", "اه", "نعم", "ايوه", "ايوا", "واه", "آه")
    for and_ in ("و", "")
    for no in ("لا", "لأ")
)
_NOT_DENIED = (
    "ما أنكر، ما بنكر، ما انكر عليك، لا أنكر، ما ننكر، ما ننكرش، مقدرش أنكر، ما أقدر أنكر، لا أستطيع أن أنكر، مش هقولك لا، "
    "مش هقول لا، مش حقولك لا، ما بقدر قول لا، ما بقدر أقول لا، ما أقدر أقول لا، ما اقدر اقول لك لا، ما اقدر اقول لكم لا، "
    "مقدرش أقول لا، مقدرش أقولك لا، ما نقدرش نقول لا، ما نقولش لا، ما نقول لا، ما أقول لا، ما بقول لا، مبقولش لا، "
    "ما نقولكش لا، ما يصير خاطرك إلا طيب، ما يصير خاطرج الا طيب، ما أردك، ما نردكش، ما بردك، ما أرد لك طلب، ما أرفض لك طلب"
)
_OR_WHAT = tuple(
    f"ولا {what}"
    for what in (
        *("ايش", "شنو", "شو", "ايه", "وش", "ويش", "من ايش", "من شنو", "من شو", "من ايه", "من وين", "اشنو", "شنوة", "واش", "لا", "لأ"),
        *("كيف", "متى", "وين", "مين", "غيره", "غيرها"),
    )
)
_SLOWER = "بالراحة عليا، بالراحة علي، براحة عليا، براحة علي، بالراحة شوية، بالهداوة علي، شوي شوي علي، على مهلك علي"
_SOMEWHAT = "نوعا ما، نص نص، بين بين، إلى حد ما، لحد ما، بعض الشيء، بعض الشي"
_WISHES = (Command.DONT_KNOW, Command.REPEAT, Command.REFUSE, Command.STOP, Command.PERSON, Command.BACK)
_NOT_WISHES = frozenset(
    map(normalise, ["نسيت", "نسيته", "نسيتها", "ناسي", "ناسية"])
)  # answers too: the medicine was forgotten


def _split(listed: str) -> list[str]:
    return [
        phrase for phrase in map(normalise, listed.replace(",", "،").replace("\n", "،").split("،")) if phrase
    ]


def _no_harm() -> Iterator[str]:
    having_not = (
        *vocabulary.NEGATIVE_HAVING,
        "ما عندي",
        "ما في",
        "ما فيه",
        "ليس لدي",
        "ليس هناك",
        "لا يوجد",
        "ما عنديش",
        "ما كاين",
        "ما كانش",
        "ما كاينش",
        "ما فماش",
        "ما فيش",
        "ما كو",
        "ما فما",
        "ما ثماش",
        "ما عندنا",
        "ما عندنا اي",
        "معنديش اي",
        "ما عندي اي",
    )
    for have in having_not:
        yield from (
            f"{normalise(have)} {any_}{thing}" for any_ in ("", "اي ", "حتي ", "ادني ") for thing in _split(_NO_HARM_OBJECTS)
        )
    yield from (
        f"{negator} {thing}"
        for negator in ("بدون", "بلا", "من غير", "لا")
        for thing in _split(_NO_HARM_OBJECTS)
    )
    yield from _split(_NO_HARM)


def _phrases() -> Iterator[tuple[Part, Iterable[str]]]:
    """Later ones win."""
    wishes = (" ".join(words) for words, command in COMMAND_PHRASES.items() if command in _WISHES)
    yield Part.COMMAND, (wish for wish in wishes if wish not in _NOT_WISHES)
    yield Part.COMMAND, _split(_SLOWER)
    yield Part.COURTESY, ("معلش", *(filler for filler in lexicon.FILLERS if filler != "بس"))
    yield Part.HEDGE, (*lexicon.UNCLEAR, *vocabulary.HEDGES)
    yield Part.DEGREE, (some for some in lexicon.SOME if not some.startswith("بس"))
    yield Part.COURTESY, (talk for talk in vocabulary.SMALL_TALK if talk not in ("بس", "وبس"))
    yield Part.FREQUENCY, vocabulary.FREQUENCIES
    yield Part.STEADY, vocabulary.STEADY
    idioms = map(normalise, (*lexicon.YES_IDIOMS, *_split(_MORE_IDIOMS)))
    yield Part.IDIOM, (idiom for idiom in idioms if not set(idiom.split()) & vocabulary.WILLING)
    yield Part.RIGHT, (*lexicon.YES_CONFIRMATION, "صحيحا", "صحيحة", "حقيقي", "حقيقيا")
    yield (
        Part.STILL,
        (*(one for one in lexicon.YES_STILL if not {"غير", "إلا"} & set(one.split())), *vocabulary.STILL),
    )
    yield Part.EMPHASIS, vocabulary.EMPHASIS
    yield Part.YES, (*(one for one in lexicon.YES if one not in ("تماما", "بالضبط")), *_split(_MORE_YES))
    yield Part.EMPHASIS, vocabulary.EMPHASIS
    yield Part.YES_OR_WHAT, ("ايه",)
    refusals = (*lexicon.NO, *lexicon.NO_CONFIRMATION, *_split(_MORE_NO), *_split(_REFUSING))
    # A "no" at the end may negate what follows, and is left to the clauses.
    yield Part.NO, (one for one in refusals if not normalise(one).endswith(" لا"))
    yield Part.NEVER, vocabulary.NEVER
    yield Part.NO_HARM, _no_harm()
    yield Part.IDIOM, _split(_WHY_NOT)
    yield Part.PROMISE, _split(_MORE_PROMISE)
    yield Part.DETAIL, vocabulary.NOT_NEGATING
    yield Part.COURTESY, (one for one in vocabulary.NOT_NEGATING if "الله" in one.split())
    yield Part.CORRECTION, _split(_CORRECTIONS)
    yield Part.HAVE_NOT, (*_split(_HAVING_NOT), *vocabulary.NO_LONGER)
    yield Part.DETAIL, vocabulary.WITHOUT_IT
    yield Part.DEGREE, _split(_SOMEWHAT)
    yield Part.WELL, _split(_BODY_WELL)
    yield Part.STATE, ("تحت الأرض", "تحت الصفر", "في الأرض", "بالأرض")
    yield (
        Part.STATE,
        (f"{mouth} {dry}" for mouth in _MOUTHS for dry in ("ناشف", "ناشفة", "جاف", "جافة", "يابس")),
    )
    yield Part.HARDLY, vocabulary.HARDLY
    yield Part.FREQUENCY, (*_NOT_MUCH, *_SOMETIMES)
    yield Part.YES, _split(_NOT_DENIED)
    yield Part.DETAIL, _OR_WHAT
    yield Part.NOT_ME, vocabulary.NOT_ME
    yield Part.DETAIL, ("هذا كل شي", "بعد العملية", "كل شي", "كل شيء", "كل حاجة")


@cache
def no_harm() -> frozenset[str]:
    """All ways to say that there is nothing against it, as they are compared."""
    return frozenset(map(normalise, _no_harm()))


@cache
def phrase_book() -> dict[tuple[str, ...], Part]:
    """By normalised words: what a phrase does."""
    return {
        tuple(normalise(phrase).split()): part
        for part, phrases in _phrases()
        for phrase in phrases
        if normalise(phrase)
    }
