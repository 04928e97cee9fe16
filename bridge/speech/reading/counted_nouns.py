"""Things that texts about health count, so that "3 يوم" is said as it should have been written."""

from msgspec import Struct

from bridge.speech.reading.cursor import Tokens, is_digits, past_blank, peek
from bridge.speech.reading.nouns import Noun
from bridge.speech.reading.tokens import Kind, bare, folded, is_vowelled

__all__ = ["AND_OR", "CountedNoun", "counted_noun", "feminine_later"]

AND_OR = frozenset(("و", "او", "الي", "ثم"))  # what joins two numbers of one thing

# One of it, three to ten of it (as before more words), how else it is written. What ends in ة is feminine.
_ROWS = """
يَوْم | أَيَّامٍ | يومين
لَيْلَة | لَيَالٍ | ليالي ليلتين
أُسْبُوع | أَسَابِيعَ | أسبوعين
شَهْر | أَشْهُرٍ | شهور شهرين
سَنَة | سَنَوَاتٍ | سنين سنتين
عَام | أَعْوَامٍ | عامين
سَاعَة | سَاعَاتٍ | ساعتين
دَقِيقَة | دَقَائِقَ | دقيقتين دقايق
ثَانِيَة | ثَوَانٍ | ثواني ثانيتين
مَرَّة | مَرَّاتٍ | مرتين
حَبَّة | حَبَّاتٍ | حبتين حبوب
قُرْص | أَقْرَاصٍ | قرصين
كَبْسُولَة | كَبْسُولَاتٍ | كبسولتين
جُرْعَة | جُرُعَاتٍ | جرعتين
مِلْعَقَة | مَلَاعِقَ | ملعقتين
قَطْرَة | قَطَرَاتٍ | قطرتين
بَخَّة | بَخَّاتٍ | بختين
حُقْنَة | حُقَنٍ | حقنتين
إِبْرَة | إِبَرٍ | إبرتين
كُوب | أَكْوَابٍ | كوبين
كَأْس | كُؤُوسٍ | كأسين
سِيجَارَة | سَجَائِرَ | سيجارتين
وَجْبَة | وَجَبَاتٍ | وجبتين
خُطْوَة | خُطُوَاتٍ | خطوتين
دَرَجَة | دَرَجَاتٍ | درجتين
نُقْطَة | نِقَاطٍ | نقطتين نقط
نَبْضَة | نَبَضَاتٍ | نبضتين
وَحْدَة | وَحَدَاتٍ | وحدتين
سُعْرَة | سُعْرَاتٍ | سعرتين
شَخْص | أَشْخَاصٍ | شخصين
مَرِيض | مَرْضَى | مريضين
طِفْل | أَطْفَالٍ | طفلين
طَبِيب | أَطِبَّاءَ | طبيبين
زِيَارَة | زِيَارَاتٍ | زيارتين
مَوْعِد | مَوَاعِيدَ | موعدين
جَلْسَة | جَلَسَاتٍ | جلستين
دَوَاء | أَدْوِيَةٍ | دواءين
سُؤَال | أَسْئِلَةٍ | سؤالين أسئله
جَوَاب | أَجْوِبَةٍ | جوابين
رَقْم | أَرْقَامٍ | رقمين
خَانَة | خَانَاتٍ | خانتين
كِيلُوغْرَام | كِيلُوغْرَامَاتٍ |
رِيَال | رِيَالَاتٍ | ريالين
دِينَار | دَنَانِيرَ | دينارين
دِرْهَم | دَرَاهِمَ | درهمين
جُنَيْه | جُنَيْهَاتٍ | جنيهين
لِيرَة | لِيرَاتٍ | ليرتين
دُولَار | دُولَارَاتٍ | دولارين
قِرْش | قُرُوشٍ | قرشين
فِلْس | فُلُوسٍ | فلسين
هَلَلَة | هَلَلَاتٍ | هللتين
"""
_FEMININE_WITHOUT_SIGN = frozenset(("كَأْس",))
_FEMININE_PLURAL, _FEMININE_SINGULAR = "ات", "ه"
_TANWEEN_KASR, _TANWEEN_FATH = "ٍ", "ً"
_PREFIXES = ("ال", "وال", "بال", "لل", "فال", "كال")
_FIXED_ONES = {"يورو": Noun("يُورُو"), "كيلو": Noun("كِيلُو")}


class CountedNoun(Struct, frozen=True):
    """A word that a number counts."""

    feminine: bool
    noun: Noun | None = None  # None: a word that is not known, kept as it is written


def _table() -> dict[str, Noun]:
    table = dict(_FIXED_ONES)
    for row in _ROWS.strip().splitlines():
        one, few, others = (cell.strip() for cell in row.split("|"))
        noun = Noun(one, few, feminine=one.endswith("ة") or one in _FEMININE_WITHOUT_SIGN)
        for spelling in (one, few, *others.split(), *([] if one.endswith("ة") else [f"{one}ا"])):
            table.setdefault(folded(spelling), noun)
    return table


_NOUNS = _table()


def counted_noun(word: str, number: int) -> CountedNoun | None:
    """What a word after `number` is, if it is what the number counts.

    Known words are; of others, those that carry the ending of a counted noun: ات or a tanween.
    """
    key = folded(word)
    noun = _NOUNS.get(key)
    if noun is not None:
        return CountedNoun(noun.feminine, None if is_vowelled(word) else noun)
    if key.startswith(_PREFIXES):
        return None
    return _by_ending(word, key, number % 100)


def _by_ending(word: str, key: str, rest: int) -> CountedNoun | None:
    letters = bare(word)
    is_plural = 3 <= rest <= 10  # noqa: PLR2004 - what Arabic calls few
    if is_plural or rest == 0:
        if key.endswith(_FEMININE_PLURAL if is_plural else _FEMININE_SINGULAR) and letters[-1] != "ه":
            return CountedNoun(feminine=True)
        return CountedNoun(feminine=False) if word.endswith(_TANWEEN_KASR) else None
    has_tanween = word.endswith((_TANWEEN_FATH, _TANWEEN_FATH + "ا", "ا" + _TANWEEN_FATH))
    if letters.endswith("ة") and (has_tanween or not is_vowelled(word)):
        return CountedNoun(feminine=True)
    return CountedNoun(feminine=False) if has_tanween else None


def feminine_later(tokens: Tokens, at: int) -> bool:
    """Whether a number goes on there as in "3 أو 4 مرات", with something feminine."""
    if peek(tokens, at).key not in AND_OR:
        return False
    number = past_blank(tokens, at + 1)
    place = past_blank(tokens, number + 1)
    word = peek(tokens, place)
    if not is_digits(tokens, number) or word.kind is not Kind.ARABIC or place == number + 1:
        return False
    thing = counted_noun(word.text, int(tokens[number].key[-2:]))
    return thing is not None and thing.feminine
