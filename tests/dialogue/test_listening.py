"""What is listened for."""

from bridge.content import CONTENT
from bridge.dialogue.listening import listen_for_item, listen_for_yes_no, vocabulary
from bridge.dialogue.questionnaire import Questionnaire

WORDS = CONTENT / "models" / "hatif-ar-phone-0.1" / "graph" / "words.txt"


def test_each_question_has_its_own_words(short: Questionnaire) -> None:
    """Its answers, the replies that it allows, and the few commands."""
    consent, pain, level, sleep, _ = (listen_for_item(short, item, by_keypad=False) for item in short.items)
    assert "موافق" in consent.phrases
    assert "موافق" not in pain.phrases
    assert "لا أعرف" in pain.phrases
    assert level.phrases[:2] == ("صفر", "واحد")
    assert sleep.phrases[:3] == ("جيد", "سيئ", "تعب")


def test_a_number_is_waited_for_longer(short: Questionnaire) -> None:
    """Two hundred milliseconds of silence cut "seven" in two."""
    assert listen_for_yes_no(short).end_silence_seconds == 0.4
    assert listen_for_item(short, short.items[2], by_keypad=False).end_silence_seconds == 0.5
    assert listen_for_item(short, short.items[3], by_keypad=False).end_silence_seconds == 0.6


def test_keys_are_as_many_as_the_answer_needs(short: Questionnaire) -> None:
    """One for a choice, as many as the greatest number has."""
    digits = [listen_for_item(short, item, by_keypad=True).keys.max_digits for item in short.items]
    assert digits == [1, 1, 2, 1, 3]


def test_the_keypad_listens_to_commands_only(short: Questionnaire) -> None:
    """And gives the time to take the telephone from the ear."""
    listen = listen_for_item(short, short.items[1], by_keypad=True)
    assert (listen.phrases, listen.no_input_seconds) == (("أعد", "توقف", "مساعدة"), 10.0)


def test_the_shipped_model_knows_every_word_of_the_shipped_questionnaire(shipped: Questionnaire) -> None:
    """What it does not know, no caller could say."""
    known = {line.split()[0].replace("_", " ") for line in WORDS.read_text(encoding="utf-8").splitlines()}
    assert vocabulary(shipped) <= known
