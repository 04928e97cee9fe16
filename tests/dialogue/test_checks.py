"""The compiler's complaints."""

import unicodedata
from typing import Any

import pytest

from bridge.dialogue.prompts import known_prompts
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import QuestionnaireError

Build = Any  # conftest.Build


def complaint(build: Build, items: str, extra: str = "") -> str:
    with pytest.raises(QuestionnaireError) as caught:
        build(items, extra=extra)
    return str(caught.value)


def choice(*options: str) -> str:
    return f'items: [{{id: a, type: choice, ask: ["كَيْفَ؟"], options: [{", ".join(options)}]}}]\n'


def yes_no(ask: str = "هَلْ؟", rest: str = "") -> str:
    return f'items: [{{id: a, type: yes_no, kind: fact, ask: ["{ask}"]{rest}}}]\n'


GOOD, POOR = '{value: good, say: "جَيِّد", key: "1"}', '{value: poor, say: "سَيِّئ", key: "2"}'


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((GOOD, POOR.replace('"2"', '"1"')), "key: '1' belongs to 2 options"),
        ((GOOD, POOR.replace("poor", "good")), "value: 'good' belongs to 2 options"),
        ((GOOD, POOR.replace("سَيِّئ", "جيد")), "'جيد' is also said for 'good'"),
        ((GOOD, POOR.replace(", key", ", accept: {egy: [جيد]}, key")), "'جيد' is also said for 'good'"),
        ((GOOD, POOR.replace(", key", ", accept: {egy: [لحظة]}, key")), "'لحظة' is a command"),
        ((GOOD, POOR.replace(", key", ", accept: {irq: [خايس]}, key")), "accept.irq: unknown dialect 'irq'"),
        ((GOOD, POOR.replace("سَيِّئ", "تَوَقَّف")), "'توقف' is a command"),
        ((GOOD, POOR.replace("سَيِّئ", "نَزِيف")), "'نزيف' is a command"),
        ((GOOD, POOR.replace(', key: "2"', "")), "key: missing"),
        ((GOOD, POOR.replace('"2"', '"0"')), "key:"),
        ((GOOD,), "options:"),
    ],
)
def test_options_must_be_told_apart(build: Build, options: tuple[str, ...], expected: str) -> None:
    """By word, by key and by value, and from every command."""
    assert expected in complaint(build, choice(*options))


def test_free_speech_is_not_read_back(build: Build) -> None:
    """What no prompt says cannot be said back."""
    item = 'items: [{id: a, type: audio, confirm: always, ask: ["مَا الرِّسَالَة؟"]}]\n'
    assert "items.0.confirm: free speech cannot be read back" in complaint(build, item)


@pytest.mark.parametrize("ask", ["أَلَا تُرِيدُونَ؟", "أَلَيْسَ كَذَلِك؟", "أَلَمْ تَأْخُذُوا الدَّوَاء؟", "ألم تنم؟"])
def test_negative_questions_are_refused(build: Build, ask: str) -> None:
    """Half of those who answer them with yes mean no."""
    assert "negative question" in complaint(build, yes_no(ask))


@pytest.mark.parametrize("ask", ["أَلَم: نَعَمْ أَوْ لَا؟", "إِلَى أَيْن؟", "هَلْ لَمْ؟"])
def test_pain_is_no_negation(build: Build, ask: str) -> None:
    """The noun differs from the particle in its vowels."""
    assert build(yes_no(ask)).items


@pytest.mark.parametrize(
    ("readback", "expected"),
    [
        ("سَمِعْتُ", "does not say {value}"),
        ("سَمِعْتُ {valeu}", "unknown placeholder {valeu}; did you mean 'value'?; known here: {value}"),
        ("سَمِعْتُ {value", "a brace without its partner"),
        ("سَمِعْتُ {value!r} {value}", "unknown placeholder {value!r}"),
    ],
)
def test_placeholders_are_checked(build: Build, readback: str, expected: str) -> None:
    """A misspelt one would be spoken."""
    assert expected in complaint(build, yes_no(rest=f', readback: "{readback}"'))


def test_a_question_does_not_say_its_own_answer(build: Build) -> None:
    """Nothing would fill it; an earlier answer or a fact about the call may."""
    assert "unknown placeholder {value}; known here: earlier items" in complaint(build, yes_no("هَلْ {value}؟"))
    assert build(yes_no("هَلْ {patient.first_name} {site.name}؟")).items


def test_ids_differ(build: Build) -> None:
    """An answer belongs to one item."""
    items = "items:\n" + "  - {id: a, type: yes_no, kind: fact, ask: [هَلْ]}\n" * 2
    assert "'a' is the id of 2 items" in complaint(build, items)


def test_consent_comes_first(build: Build) -> None:
    """Asked later it would be too late."""
    items = (
        "items:\n  - {id: a, type: yes_no, kind: fact, ask: [هَلْ]}\n  - {id: c, type: consent, ask: [هَلْ]}\n"
    )
    assert "items.1.type: consent is asked once" in complaint(build, items)


def test_consent_may_not_be_interrupted(build: Build) -> None:
    """The field exists, and has one value."""
    assert "barge_in" in complaint(build, "items: [{id: c, type: consent, ask: [هَلْ], barge_in: true}]\n")


def test_a_range_has_its_ends_in_order(build: Build) -> None:
    """Nothing could answer it otherwise."""
    items = "items: [{id: n, type: number, minimum: 5, maximum: 3, ask: [كَمْ]}]\n"
    assert "5 is more than the maximum, 3" in complaint(build, items)


def test_limits_leave_room_for_every_item(build: Build) -> None:
    """A call that must end before its last question is a mistake."""
    items = "items:\n" + "".join(f"  - {{id: a{n}, type: yes_no, kind: fact, ask: [هَلْ]}}\n" for n in range(5))
    assert "limits.turns: 10 turns are too few" in complaint(build, items, extra="limits: {turns: 10}\n")


def test_every_number_that_is_heard_can_be_said(build: Build) -> None:
    """A read-back needs a word for each."""
    few = "  numbers: [" + ", ".join(["صِفْر"] * 11) + "]\n"
    assert "words.numbers: 11 words, but hearing.spoken_maximum is 20; 21 are needed" in complaint(
        build, yes_no(), extra=f"hearing: {{spoken_maximum: 20}}\nwords:\n{few}"
    )


def test_any_number_below_a_thousand_may_be_spoken(build: Build) -> None:
    """The hundreds are put together from words of their own."""
    assert build(yes_no(), extra="hearing: {spoken_maximum: 999}\n").hearing.spoken_maximum == 999


@pytest.mark.parametrize(("ask", "expected"), [("هَلْ هیچ؟", "Persian letter"), ("هَلْ \u200f؟", "invisible")])
def test_lookalike_letters_are_refused(build: Build, ask: str, expected: str) -> None:
    """They come with text pasted from elsewhere, and never match."""
    assert expected in complaint(build, yes_no(ask))


def test_a_reply_is_allowed_once(build: Build) -> None:
    """Twice is a slip."""
    assert "names one reply twice" in complaint(build, yes_no(rest=", allow: [refuse, refuse]"))


def test_every_shipped_sentence_is_vowelled(shipped: Questionnaire) -> None:
    """The voice reads plain letters wrongly."""
    bare_words = [
        word
        for prompt in known_prompts(shipped)
        for word in prompt.text.split()
        if not any(unicodedata.category(character) == "Mn" for character in word)
        and sum(character.isalpha() for character in word) > 2
    ]
    assert bare_words == []
