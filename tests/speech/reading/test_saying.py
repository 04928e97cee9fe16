"""SSML's say-as."""

import pytest

from bridge.speech.reading import say_as

DATE = "الْحَادِي وَالْعِشْرُونَ مِنْ نُوفَمْبِر عَامَ أَلْفَيْنِ وَسِتَّةٍ وَعِشْرِين"


@pytest.mark.parametrize(
    ("text", "kind", "form", "arabic", "english"),
    [
        ("AB1", "characters", None, "إِيه بِي وَاحِد", "A B one"),
        ("أحمد-٣", "spell-out", None, "أَلِف حَاء مِيم دَال شَرْطَة ثَلَاثَة", "أ ح م د dash three"),
        ("1203", "digits", None, "وَاحِد اِثْنَان صِفْر ثَلَاثَة", "one two zero three"),
        ("125", "cardinal", None, "مِئَةٌ وَخَمْسَةٌ وَعِشْرُون", "one hundred twenty-five"),
        ("125", "cardinal", "feminine", "مِئَةٌ وَخَمْسٌ وَعِشْرُون", "one hundred twenty-five"),
        ("12345678", "number", None, None, None),
        ("3", "ordinal", None, "الثَّالِث", "third"),
        ("٣", "ordinal", "feminine", "الثَّالِثَة", "third"),
        ("3/4", "fraction", None, "ثَلَاثَةُ أَرْبَاع", "three quarters"),
        ("7/10", "fraction", None, "سَبْعَةُ أَعْشَار", "seven tenths"),
        ("3/16", "fraction", None, "ثَلَاثَة عَلَى سِتَّةَ عَشَر", "three sixteenths"),
        ("2026-11-21", "date", None, DATE, "the twenty-first of November twenty twenty-six"),
        ("21/11/2026", "date", "dmy", DATE, "the twenty-first of November twenty twenty-six"),
        ("11/21/2026", "date", "mdy", DATE, "the twenty-first of November twenty twenty-six"),
        ("20261121", "date", "ymd", DATE, "the twenty-first of November twenty twenty-six"),
        ("11.2026", "date", "my", "نُوفَمْبِر عَامَ أَلْفَيْنِ وَسِتَّةٍ وَعِشْرِين", "November twenty twenty-six"),
        ("2026-11", "date", "ym", "نُوفَمْبِر عَامَ أَلْفَيْنِ وَسِتَّةٍ وَعِشْرِين", "November twenty twenty-six"),
        ("11/21", "date", "md", "الْحَادِي وَالْعِشْرُونَ مِنْ نُوفَمْبِر", "the twenty-first of November"),
        ("21", "date", "d", "الْحَادِي وَالْعِشْرُون", "the twenty-first"),
        ("11", "date", "m", "نُوفَمْبِر", "November"),
        ("2026", "date", "y", "أَلْفَانِ وَسِتَّةٌ وَعِشْرُون", "twenty twenty-six"),
        ("14:30", "time", None, "السَّاعَةَ الثَّانِيَةَ وَالنِّصْفَ مَسَاءً", "two thirty p m"),
        ("5", "time", None, "السَّاعَةَ الْخَامِسَة", "five o'clock"),
        ("+962 6", "telephone", None, "زَائِد تِسْعَة سِتَّة اِثْنَان، سِتَّة", "plus nine six two, six"),
        ("5 mg", "unit", None, "خَمْسَةُ مِلِّيغْرَامَات", "five milligrams"),
        ("$5", "currency", None, "خَمْسَةُ دُولَارَاتٍ أَمْرِيكِيَّة", "five dollars"),
        ("5.5 JOD", "currency", None, "خَمْسَةُ دَنَانِيرَ أُرْدُنِّيَّةٍ وَخَمْسُمِئَةِ فِلْس", None),
    ],
)
def test_each_kind(text: str, kind: str, form: str | None, arabic: str | None, english: str | None) -> None:
    """A text is read as what it is said to be, in both languages."""
    assert arabic is None or say_as(text, kind, form, "ar-JO") == arabic
    assert english is None or say_as(text, kind, form, "en") == english


def test_a_long_number_is_no_code_when_it_is_said_to_be_a_number() -> None:
    """What the author says outranks what a text looks like."""
    assert say_as("12345678", "cardinal").startswith("اِثْنَا عَشَرَ مِلْيُونًا")


def test_what_is_said_says_nothing_else_in_other_languages() -> None:
    """Its own engine knows better."""
    assert say_as("21", "ordinal", None, "fr") == "21"


@pytest.mark.parametrize(
    ("text", "kind", "form", "right"),
    [
        ("1", "roman", None, "it knows characters, spell-out, digits"),
        ("", "digits", None, "give the text"),
        ("abc", "digits", None, "a row of digits, such as 1234"),
        ("a1", "telephone", None, "a telephone number"),
        ("five", "cardinal", None, "a number, such as 125"),
        ("1" * 13, "cardinal", None, "a number up to 999999999999"),
        ("5", "cardinal", "neuter", "use masculine, feminine"),
        ("0", "ordinal", None, "the number of a place"),
        ("3.5", "ordinal", None, "the number of a place"),
        ("3", "fraction", None, "a fraction, such as 3/4"),
        ("3/0", "fraction", None, "a fraction, such as 3/4"),
        ("3/4", "fraction", "big", "leave it out"),
        ("tomorrow", "date", None, "in the order dmy, such as 21-11-2026"),
        ("2026-13-45", "date", None, "in the order ymd, such as 2026-11-21"),
        ("21/11", "date", "dmy", "in the order dmy"),
        ("21/11", "date", "xyz", "use dmy, mdy, ymd"),
        ("25:00", "time", None, "a time, such as 14:30"),
        ("5 parrots", "unit", None, "a measure, such as 5 mg"),
        ("5 mg", "currency", None, "an amount of money"),
        ("x" * 201, "characters", None, "200 characters are the most"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, kind: str, form: str | None, right: str) -> None:
    """The error says what would be right, and never repeats the text: it may be a patient's."""
    with pytest.raises(ValueError, match="say-as") as refusal:
        say_as(text, kind, form)
    assert right in str(refusal.value)
    assert len(text) < 4 or text not in str(refusal.value)
