"""What can be said."""

import pytest

from bridge.dialogue.actions import PromptRole
from bridge.dialogue.answer import AnswerStatus
from bridge.dialogue.prompts import (
    keypad_text,
    known_prompts,
    out_of_range_text,
    readback_text,
    text_of_value,
    vocabulary,
)
from bridge.dialogue.questionnaire import Item, Questionnaire
from bridge.understanding import read_number


def item(questionnaire: Questionnaire, item_id: str) -> Item:
    found = questionnaire.item(item_id)
    assert found is not None
    return found


def test_values_are_spoken_in_words(short: Questionnaire) -> None:
    """Truth values, numbers and options have words."""
    assert text_of_value(short, item(short, "pain"), value=True) == "نَعَم"
    assert text_of_value(short, item(short, "level"), 7) == "سَبْعَة"
    assert text_of_value(short, item(short, "sleep"), "poor") == "سَيِّئ"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (100, "مِئَة"),
        (101, "مِئَة وَوَاحِد"),
        (125, "مِئَة وَخَمْسَةٌ وَعِشْرُون"),
        (300, "ثَلَاثُمِئَة"),
        (999, "تِسْعُمِئَة وَتِسْعَةٌ وَتِسْعُون"),
        (1000, "1000"),
    ],
)
def test_great_numbers_are_put_together(short: Questionnaire, number: int, text: str) -> None:
    """Hundreds and the rest; what has no words is left to the voice."""
    assert text_of_value(short, item(short, "weight"), number) == text


def test_every_number_is_spoken_so_that_it_would_be_understood(short: Questionnaire) -> None:
    """What is read back is said as a caller could say it."""
    said = [text_of_value(short, item(short, "weight"), number) for number in range(1000)]
    assert [read_number(text, 0, 999).value for text in said] == list(range(1000))


def test_a_readback_says_the_value(short: Questionnaire) -> None:
    """A reply that is no answer is read back in words of its own."""
    level = item(short, "level")
    assert "سِتَّة" in readback_text(short, level, AnswerStatus.ANSWERED, 6)
    assert "لَا أَعْرِف" in readback_text(short, level, AnswerStatus.DONT_KNOW, None)
    assert "التَّالِي" in readback_text(short, level, AnswerStatus.REFUSED, None)


def test_keypad_sentences_name_the_keys(short: Questionnaire) -> None:
    """Options are listed with their keys, numbers with their range."""
    assert "جَيِّد" in keypad_text(short, item(short, "sleep"))
    assert "اِثْنَان" in keypad_text(short, item(short, "weight"))
    assert keypad_text(short, item(short, "pain")) == short.prompts.keypad_yes_no


def test_an_item_may_say_its_keys_itself(build) -> None:  # noqa: ANN001
    """Its own sentence stands in place of the common one."""
    questionnaire = build('items: [{id: a, type: yes_no, kind: fact, ask: ["هَلْ؟"], keypad: "وَاحِد"}]')
    assert keypad_text(questionnaire, questionnaire.items[0]) == "وَاحِد"


def test_the_range_is_said_of_numbers_only(short: Questionnaire) -> None:
    """Elsewhere nothing can be out of range."""
    assert "عَشَرَة" in out_of_range_text(short, item(short, "level"))
    assert out_of_range_text(short, item(short, "pain")) == short.prompts.no_match[0]


def test_every_value_that_can_be_read_back_is_known(short: Questionnaire) -> None:
    """One sentence for each number, option and truth value that is asked for by voice."""
    readbacks = [prompt for prompt in known_prompts(short) if prompt.role is PromptRole.READBACK]
    assert {prompt.value for prompt in readbacks if prompt.item == "level"} == set(range(11))
    assert {prompt.value for prompt in readbacks if prompt.item == "sleep"} == {"good", "poor", None}
    assert not [prompt for prompt in readbacks if prompt.item == "weight"]


def test_no_placeholder_is_ever_spoken(shipped: Questionnaire) -> None:
    """Every sentence is complete."""
    assert not [prompt.text for prompt in known_prompts(shipped) if set("{}") & set(prompt.text)]


def test_the_vocabulary_holds_answers_and_commands(short: Questionnaire) -> None:
    """What the recogniser is to know, spelled as it spells."""
    assert {"نعم", "لا", "سبعة", "سيئ", "تعب", "لا أعرف", "التالي", "أعد", "توقف", "مساعدة"} <= vocabulary(
        short
    )
