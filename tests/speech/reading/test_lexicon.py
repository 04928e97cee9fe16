"""A tenant's own words: as values, and from their file."""

from pathlib import Path

import pytest

from bridge.speech.reading import Lexicon, Reader
from bridge.speech.reading.lexicon_file import LexiconError, load_lexicon, parse_lexicon


def read(text: str, **entries: str) -> str:
    return Reader(Lexicon(entries)).read(text)


ENTRIES = {
    "بنادول": "بَنَادُول",
    "مستشفى": "مُسْتَشْفًى",
    "مستشفى الأمل": "مُسْتَشْفَى الْأَمَل",
    "COVID-19": "كُوفِيد",
    "mg": "مِلِّي",
    "ثلاثة": "تَلَاتَة",
    "د. أمل": "الدُّكْتُورَة أَمَل",
}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("بنادول", "بَنَادُول"),
        ("بَنَادُول، بنادول", "بَنَادُول، بَنَادُول"),
        ("بِنادول", "بَنَادُول"),
        ("وبنادول", "وَبَنَادُول"),
        ("ببنادول", "بِبَنَادُول"),
        ("بنادولي", "بنادولي"),
        ("البنادول", "البنادول"),
        ("في مستشفى الأمل", "في مُسْتَشْفَى الْأَمَل"),
        ("مستشفى   الامل", "مُسْتَشْفَى الْأَمَل"),
        ("مستشفى الأملين", "مُسْتَشْفًى الأملين"),
        ("covid-19", "كُوفِيد"),
        ("COVID-191", "كُوفِيد مِئَةٌ وَوَاحِدٌ وَتِسْعُون"),
        ("بنادول 5 mg", "بَنَادُول خَمْسَةُ مِلِّيغْرَامَات"),
        ("د. أمل ود. أمل", "الدُّكْتُورَة أَمَل وَالدُّكْتُورَة أَمَل"),
    ],
)
def test_words_of_a_lexicon(written: str, said: str) -> None:
    """Whole words, the longest first, whatever vowels they have, one letter before them or none."""
    assert Reader(Lexicon(ENTRIES)).read(written) == said


def test_each_reader_has_its_own() -> None:
    """A lexicon is a value: two tenants never share words by accident."""
    assert read("أمل", أمل="أَمَل") == "أَمَل"
    assert read("أمل", أمل="آمَال") == "آمَال"
    assert Reader().read("أمل") == "أمل"


def test_an_entry_that_cannot_be_said_is_refused() -> None:
    """Also where no file is."""
    with pytest.raises(ValueError, match="said with figures or Latin letters"):
        Lexicon({"B12": "بي 12"})


def test_a_file(tmp_path: Path) -> None:
    """A lexicon is a block of words."""
    file = tmp_path / "words.yaml"
    file.write_text("# ours\nlexicon:\n  بنادول: بَنَادُول\n  B12: بِي اثْنَا عَشَر\n", encoding="utf-8")
    assert Reader(load_lexicon(file)).read("بنادول B12") == "بَنَادُول بِي اثْنَا عَشَر"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "words.yaml:1:1: empty"),
        ("lexicon: x", "words.yaml:1:1: lexicon: should be a block of words"),
        ("words: {}", "words.yaml:1:1: words: unknown field; known here: lexicon"),
        ("words: {}", "words.yaml:1:1: lexicon: is missing; it should be a block of words"),
        ("lexicon:\n  أمل: 5", "words.yaml:2:3: lexicon.أمل: should be a text"),
        ("lexicon:\n  أمل: ''", "words.yaml:2:3: lexicon.أمل: is said as nothing"),
        ("lexicon:\n  أمل: amal", "words.yaml:2:3: lexicon.أمل: is said as nothing"),
        ("lexicon:\n  B12: بي 12", "words.yaml:2:3: lexicon.B12: is said with figures or Latin letters"),
        ("lexicon:\n  '!': نَعَم", "words.yaml:2:3: lexicon.!: has no letter or figure"),
        ("lexicon:\n  أمل: أَمَل\n  أَمل: أَمَل", "lexicon.أَمل: is the same word as 'أمل'"),
        ("lexicon:\n  أ: مركز ب\n  ب: بَاء", "lexicon.أ: is said with 'ب', which has an entry of its own"),
        ("lexicon:\n  أمل: أَمَل\n  أمل: أَمَل", "stands here twice"),
        ("lexicon: [", "not YAML"),
        (f"lexicon:\n  {'كلمة ' * 9}: نَعَم", "is longer than 8 words"),
    ],
)
def test_faults_are_told_by_line_and_field(text: str, fault: str) -> None:
    """Whoever wrote the file finds the place, and what to write there."""
    with pytest.raises(LexiconError) as refusal:
        parse_lexicon(text, "words.yaml")
    assert fault in str(refusal.value)


def test_all_faults_are_told_at_once() -> None:
    """Nobody has to try once for each."""
    with pytest.raises(LexiconError) as refusal:
        parse_lexicon("lexicon:\n  أمل: 5\n  بنادول: ''\nx: 1\n", "words.yaml")
    assert len(str(refusal.value).splitlines()) == 3


def test_files_that_are_none(tmp_path: Path) -> None:
    """No file, and no text."""
    with pytest.raises(LexiconError, match="cannot be read"):
        load_lexicon(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LexiconError, match="not UTF-8"):
        load_lexicon(tmp_path / "bytes.yaml")
