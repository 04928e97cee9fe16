"""What is listened for."""

from typing import Any

import pytest

from bridge.dialogue.actions import Listen
from bridge.dialogue.dialects import Dialect
from bridge.dialogue.listening import listen_for_item, listen_for_yes_no, listen_longer, vocabulary
from bridge.dialogue.questionnaire import Questionnaire
from bridge.speech.vosk.recognizer import MAX_PHRASES

Build = Any  # conftest.Build


def every_listen(questionnaire: Questionnaire) -> list[Listen]:
    """Whatever a caller may be listened to for."""
    items = questionnaire.items
    by_voice = [listen_for_item(questionnaire, item, by_keypad=False) for item in items]
    by_keypad = [listen_for_item(questionnaire, item, by_keypad=True) for item in items]
    of_ours = [listen_for_yes_no(questionnaire, is_readback=is_readback) for is_readback in (False, True)]
    listens = [*by_voice, *by_keypad, *of_ours]
    return [*listens, *map(listen_longer, listens)]


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
    assert not {"نعم", "لا", "لا أعرف"} & set(listen.phrases)
    assert {"أعد", "توقف", "مساعدة"} <= set(listen.phrases)
    assert listen.no_input_seconds == 10.0


@pytest.mark.parametrize(
    "always",
    [
        ("أعد", "عيد", "كمان مرة"),
        ("ببطء", "شوي شوي", "بالراحة"),
        ("لحظة", "اصبر", "استنى"),
        ("توقف", "خلاص", "كفاية"),
        ("مساعدة", "موظف", "بدي أحكي مع حدا"),
        ("طوارئ", "إسعاف"),
        ("أريد أن أموت", "أبغى أموت", "عايز أموت", "بدي أموت"),
        ("ألم في صدري", "صدري يوجعني", "صدري بيوجعني"),
        ("لا أستطيع التنفس", "ما أقدر أتنفس", "مش قادر أتنفس"),
        ("نزيف", "دم كثير", "بنزف"),
        ("فقدت الوعي", "غبت عن الوعي", "أغمي علي"),
    ],
)
def test_commands_and_danger_are_listened_for_always(shipped: Questionnaire, always: tuple[str, ...]) -> None:
    """In every question, read-back and keypad entry, in every dialect that the questionnaire declares."""
    for listen in every_listen(shipped):
        assert set(always) <= set(listen.phrases)


def test_a_readback_is_answered_in_its_own_words_too(shipped: Questionnaire) -> None:
    """To "is this right?" people say "right"; to "do you want to end the call?" they do not."""
    assert {"صحيح", "صح", "غلط"} <= set(listen_for_yes_no(shipped, is_readback=True).phrases)
    assert not {"صحيح", "صح", "غلط"} & set(listen_for_yes_no(shipped).phrases)


def test_other_dialects_are_not_listened_for(build: Build) -> None:
    """Their words would only be mistaken for others."""
    heard = {
        dialects: vocabulary(build(extra=f"dialects: [{dialects}]\n"))
        for dialects in ("msa", "egy", "glf, lev")
    }
    assert {"نعم", "أعد", "نزيف"} < heard["msa"] & heard["egy"] & heard["glf, lev"]
    assert "كفاية" in heard["egy"] - heard["msa"] - heard["glf, lev"]
    assert {"شوي شوي", "خلص"} < heard["glf, lev"] - heard["msa"] - heard["egy"]


def test_an_option_may_have_words_of_a_dialect(build: Build) -> None:
    """They are listened for where the dialect is declared."""
    items = """\
        items:
          - id: sleep
            type: choice
            ask: ["كَيْفَ؟"]
            options:
              - {value: good, say: "جَيِّد", accept: {glf: [زين], egy: [كويس], lev: [منيح]}, key: "1"}
              - {value: poor, say: "سَيِّئ", accept: [تعبان], key: "2"}
        """
    questionnaire = build(items, extra="dialects: [msa, egy]\n")
    listen = listen_for_item(questionnaire, questionnaire.items[0], by_keypad=False)
    assert listen.phrases[:4] == ("جيد", "كويس", "سيئ", "تعبان")


def test_no_phrase_is_listened_for_twice(shipped: Questionnaire) -> None:
    """Dialects share many words."""
    for listen in every_listen(shipped):
        assert len(set(listen.phrases)) == len(listen.phrases)


def test_the_greatest_grammar_is_not_cut_off(build: Build) -> None:
    """A number up to 999 in all dialects, with everything that can always be said."""
    items = (
        'items: [{id: n, type: number, minimum: 0, maximum: 999, allow: [dont_know, refuse], ask: ["كَمْ؟"]}]\n'
    )
    dialects = ", ".join(Dialect)
    questionnaire = build(items, extra=f"dialects: [{dialects}]\nhearing: {{spoken_maximum: 999}}\n")
    listen = listen_for_item(questionnaire, questionnaire.items[0], by_keypad=False)
    assert 500 < len(listen.phrases) <= MAX_PHRASES


def test_whoever_asks_for_time_gets_it(shipped: Questionnaire) -> None:
    """The same is listened for, for longer."""
    listen = listen_for_yes_no(shipped)
    assert listen_longer(listen).phrases == listen.phrases
    assert listen_longer(listen).no_input_seconds > 2 * listen.no_input_seconds
