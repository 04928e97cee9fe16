"""Looking phrases up."""

from bridge.understanding.phrases import Phrasebook, PhraseFinder


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


def test_phrases_are_found_anywhere_side_by_side() -> None:
    """Their words must stand together, in order; phrases may overlap."""
    finder = PhraseFinder([(("ب", "ج"), "bj"), (("ب",), "b"), (("ا", "ب", "ج"), "abj")])
    assert finder.labels(["ا", "ب", "ج"]) == {"bj", "b", "abj"}
    assert finder.labels(["ب", "ا", "ج"]) == {"b"}
    assert finder.labels([]) == set()
    assert finder.first_words == {"ا", "ب"}
