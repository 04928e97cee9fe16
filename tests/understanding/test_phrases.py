"""Looking phrases up."""

from bridge.understanding.phrases import Phrasebook, contains_phrase


def test_the_longest_phrase_wins() -> None:
    """The phrase "no harm" is found before "no"."""
    book = Phrasebook([("لا", "no"), ("لا بأس", "fine")])
    assert book.labels(["لا", "باس", "لا"]) == ["fine", "no"]


def test_unknown_words_are_named() -> None:
    """A word in no phrase is None, and is not skipped."""
    assert Phrasebook([("لا", "no")]).labels(["لا", "سياره"]) == ["no", None]


def test_the_later_label_stands() -> None:
    """A special reading is listed after the general one."""
    assert Phrasebook([("طيب", "filler"), ("طَيِّب", "yes")]).labels(["طيب"]) == ["yes"]


def test_a_phrase_is_found_side_by_side_only() -> None:
    """Its words must stand together, in order."""
    assert contains_phrase(["ا", "ب", "ج"], ["ب", "ج"])
    assert not contains_phrase(["ب", "ا", "ج"], ["ب", "ج"])
