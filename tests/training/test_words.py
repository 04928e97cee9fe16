"""What the table of words covers of what people say: the first model's words, spellings of numbers, danger.

What it leaves out is listed with the reason, so that a gap is a decision and a filled gap is noticed.
"""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from bridge.understanding.lexicon import RED_FLAGS
from bridge.understanding.normalisation import normalise
from bridge.understanding.numbers import read_number
from training.lexicon import read_words
from training.numbers import DIALECTS, spoken

TABLE = Path(__file__).parents[2] / "training" / "words.tsv"
SPELLINGS = frozenset(word.spelling for word in read_words(TABLE))
MOST_VARIANTS = 4

WORDS_OF_THE_FIRST_MODEL = (
    "صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة يمين يسار أعلى أسفل أمام خلف نعم لا ابدأ "
    "توقف تفعيل تعطيل موافق إلغاء فتح إغلاق السابق التالي إرسال استقبال تحريك تدوير تسجيل إدخال رقم "
    "اتجاه خيارات تراجع تكبير تصغير عشرة أيوه إيه طيب كلا أبدا أحيانا دائما ربما أحد عشر عشرون "
    "ثلاثون أربعون خمسون مئة السبت الأحد الاثنين الثلاثاء الأربعاء الخميس الجمعة اليوم أمس غدا صباحا "
    "مساء رأس بطن صدر ظهر ركبة يد قدم عين أذن قلب معدة كتف رقبة أسنان ألم وجع حمى سعال صداع دوخة "
    "غثيان إسهال ضغط سكري دواء حساسية تعب خفيف متوسط شديد جدا أعرف أعد كرر مساعدة طبيب ممرضة طوارئ "
    "أفضل أسوأ عادي ممتاز سيئ جيد شكرا"
)

# Numbers as transcripts of the four dialects spell them.
SAID = {
    "صفر": 0, "اثنان": 2, "أربعة": 4, "خمسة": 5, "ثمانية": 8, "تسعة": 9, "أحد عشر": 11, "ثلاثة عشر": 13,
    "أربعة عشر": 14, "ستة عشر": 16, "سبعة عشر": 17, "تسعة عشر": 19, "ثلاثون": 30, "ستون": 60,
    "سبعون": 70, "عشرين": 20, "أربعين": 40, "تسعين": 90, "خمسة وثلاثون": 35, "ثمانية وأربعين": 48,
    "مئة": 100, "مئتان": 200, "ثلاثمئة": 300, "تسعمئة": 900, "مئة وعشرون": 120, "مئتان وخمسون": 250,
    "مئة وثلاثة": 103, "اثنعش": 12, "أربعتعش": 14, "ستعش": 16, "سبعتعش": 17, "ثمنطعش": 18, "تسعطعش": 19,
    "تسعتعش": 19, "ثلاثمية": 300, "اربعمية": 400, "خمسمية": 500, "ستمية": 600, "ثمانمية": 800,
    "تسعمية": 900, "مية واثنين وثلاثين": 132, "ميتين وثمانين": 280, "ثلاثمية وخمسين": 350, "تمانية": 8,
    "حداشر": 11, "اتناشر": 12, "اربعتاشر": 14, "ستاشر": 16, "سبعتاشر": 17, "تمنتاشر": 18, "تلاتين": 30,
    "تلاتة وتلاتين": 33, "تمانية وتمانين": 88, "خمسة وتلاتين": 35, "تلتمية": 300, "ربعمية": 400,
    "ربعميه وخمسين": 450, "خمسميه": 500, "ستميه": 600, "تمنميه": 800, "تسعميه": 900,
    "تلتمية وخمسة وعشرين": 325, "اتنعش": 12, "تلتعش": 13, "تمنتعش": 18, "اربعميه": 400,
    "مية وتلاتين": 130, "ميتين وعشرة": 210,
}  # fmt: skip
# Another spelling of what the table spells once; the sound is the same, or nearly.
SPELLED_OTHERWISE = {
    "مائة": 100, "مائتان": 200, "مائتين": 200, "أربعمائة": 400, "سبع مئة": 700,
    "تسعمائة وتسعة وتسعون": 999, "ثنين": 2, "ثمنيه": 8, "اطنعش": 12, "ثنعش": 12, "ثلتعش": 13,
    "ثمنتعش": 18, "مايه": 100, "ثلثمية": 300, "ثلاث مية": 300, "ثمنمية": 800, "تمنية": 8, "اطناشر": 12,
    "تلاتاشر": 13, "تلطاشر": 13, "اربعطاشر": 14, "خمسطاشر": 15, "سطاشر": 16, "سبعطاشر": 17,
    "تسعطاشر": 19, "متين": 200, "تنين": 2, "تلاتي": 3, "اربعا": 4, "خمسي": 5, "تلاتعش": 13,
    "تمنطعش": 18, "تلاتمية": 300, "تمانمية": 800,
}  # fmt: skip
# Feminine forms and those before a noun: said with what is counted, and not as an answer by itself.
FEMININE = {
    "واحدة": 1, "اثنتان": 2, "ثمان": 8, "عشر": 10, "اثنتين": 2, "إحدى عشرة": 11, "اثنتا عشرة": 12,
    "ثلاث عشرة": 13, "سبع عشرة": 17, "تسع عشرة": 19, "سبع وستون": 67, "إحدى وعشرين": 21,
    "اثنتين وسبعين": 72, "ثنتين": 2, "وحده": 1, "تلات": 3, "تمن": 8, "تمان": 8, "تلت": 3,
}  # fmt: skip
# The genitive of twelve: the table has the nominative only.
GENITIVE = {
    "اثني عشر": 12, "مئتين واثني عشر": 212,
}  # fmt: skip
# Heard less often than what the table has for them.
RARE = {
    "ادعش": 11, "احدعشر": 11, "اثناعش": 12, "خمسطعشر": 15, "خمسة طعش": 15, "اثنينه": 2, "احداعش": 11,
    "اربعطاعش": 14, "اربطعش": 14, "ميت": 100,
}  # fmt: skip
NOT_SAID = SPELLED_OTHERWISE | FEMININE | GENITIVE | RARE

# Once normalised, these are one word to the readers; they sound different, so the model keeps them apart.
KEPT_APART = {
    *(("لا", "لأ"), ("أبدا", "ابدأ"), ("على", "علي"), ("أن", "إن"), ("شي", "شيء"), ("واحد", "وأحد")),
    *(("دائما", "دايما"), ("أغمى", "أغمي"), ("مئة", "مية"), ("مئتين", "ميتين"), ("ثلاثمئة", "ثلاثمية")),
    *(("أربعمئة", "أربعمية"), ("خمسمئة", "خمسمية"), ("ستمئة", "ستمية"), ("سبعمئة", "سبعمية")),
    *(("ثمانمئة", "ثمانمية"), ("تسعمئة", "تسعمية")),
}

# Words of danger that the readers understand, and that this model has no words for.
UNSAYABLE_DANGER = {
    # of the Maghreb, which the model is not made for
    *("ما نجمش نتنفس", "ما نقدرش نتنفس", "نقتل روحي", "بغيت نموت", "نحب نموت"),
}


def normalised(phrases: Iterable[str]) -> set[str]:
    return {normalise(phrase) for phrase in phrases}


def test_the_words_of_the_first_model_are_there() -> None:
    assert [word for word in WORDS_OF_THE_FIRST_MODEL.split() if word not in SPELLINGS] == []


def test_no_word_has_more_variants_than_can_be_told_apart() -> None:
    rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]]
    assert [row[0] for row in rows if len(row[1].split("|")) > MOST_VARIANTS] == []


def test_words_that_readers_take_for_one_are_kept_apart_on_purpose() -> None:
    alike = defaultdict(set)
    for spelling in SPELLINGS:
        alike[normalise(spelling)].add(spelling)
    assert {tuple(sorted(one)) for one in alike.values() if len(one) > 1} == {
        tuple(sorted(pair)) for pair in KEPT_APART
    }


@pytest.mark.parametrize(("phrase", "value"), SAID.items())
def test_a_number_is_said_as_transcripts_spell_it(phrase: str, value: int) -> None:
    assert normalise(phrase) in normalised(said for dialect in DIALECTS for said in spoken(value, dialect))


@pytest.mark.parametrize(("phrase", "value"), NOT_SAID.items())
def test_a_way_of_saying_that_is_left_out_is_understood_all_the_same(phrase: str, value: int) -> None:
    """It may come from another model; once it is among those that are said, it belongs into that list."""
    assert normalise(phrase) not in normalised(
        said for dialect in DIALECTS for said in spoken(value, dialect)
    )
    assert read_number(phrase, 0, 999).value == value


def test_words_of_danger_can_be_said_but_for_those_listed() -> None:
    known = normalised(SPELLINGS)
    unsayable = {phrase for phrase in RED_FLAGS if not set(normalise(phrase).split()) <= known}
    assert normalised(unsayable) == normalised(UNSAYABLE_DANGER)
