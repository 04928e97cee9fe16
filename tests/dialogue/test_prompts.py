"""What can be said."""

import pytest

from bridge.dialogue.actions import PromptRole
from bridge.dialogue.answer import AnswerStatus
from bridge.dialogue.items import QuestionItem
from bridge.dialogue.prompts import known_prompts, vocabulary
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.sentences import Speaker, text_of_value
from bridge.understanding import read_number


def item(questionnaire: Questionnaire, item_id: str) -> QuestionItem:
    return next(found for found in questionnaire.questions if found.id == item_id)


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
        (1000, "أَلْف"),
        (2026, "أَلْفَان وَسِتَّةٌ وَعِشْرُون"),
        (12_500, "اِثْنَا عَشَر أَلْف وَخَمْسُمِئَة"),
        (1_000_000, "1000000"),
        (37.5, "سَبْعَةٌ وَثَلَاثُون فَاصِلَة خَمْسَة"),
        (6.05, "سِتَّة فَاصِلَة صِفْر خَمْسَة"),
    ],
)
def test_great_numbers_are_put_together(short: Questionnaire, number: float, text: str) -> None:
    """Thousands, hundreds and the rest, and decimals; what has no words is left to the voice."""
    assert text_of_value(short, item(short, "weight"), number) == text


def test_every_number_is_spoken_so_that_it_would_be_understood(short: Questionnaire) -> None:
    """What is read back is said as a caller could say it."""
    said = [text_of_value(short, item(short, "weight"), number) for number in range(1000)]
    assert [read_number(text, 0, 999).value for text in said] == list(range(1000))


def test_a_readback_says_the_value(short: Questionnaire) -> None:
    """A reply that is no answer is read back in words of its own."""
    speaker, level = Speaker(short), item(short, "level")
    assert "سِتَّة" in speaker.readback(level, AnswerStatus.ANSWERED, 6).text
    assert "لَا أَعْرِف" in speaker.readback(level, AnswerStatus.DONT_KNOW, None).text
    assert "التَّالِي" in speaker.readback(level, AnswerStatus.REFUSED, None).text


def test_keypad_sentences_name_the_keys(short: Questionnaire) -> None:
    """Options are listed with their keys, numbers with their range."""
    speaker = Speaker(short)
    assert "جَيِّد" in speaker.keypad(item(short, "sleep")).text
    assert "اِثْنَان" in speaker.keypad(item(short, "weight")).text
    assert speaker.keypad(item(short, "pain")).text == short.prompts.keypad_yes_no


def test_an_item_may_say_its_keys_itself(build) -> None:  # noqa: ANN001
    """Its own sentence stands in place of the common one."""
    questionnaire = build('items: [{id: a, type: yes_no, kind: fact, ask: ["هَلْ؟"], keypad: "وَاحِد"}]')
    assert Speaker(questionnaire).keypad(questionnaire.questions[0]).text == "وَاحِد"


def test_the_range_is_said_of_numbers_only(short: Questionnaire) -> None:
    """Elsewhere nothing can be out of range."""
    assert "عَشَرَة" in Speaker(short).out_of_range(item(short, "level")).text
    assert Speaker(short).out_of_range(item(short, "pain")).text == short.prompts.not_possible


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
