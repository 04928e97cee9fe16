"""Whole calls on a questionnaire that has every type of item, by keys where the point is not the words."""

from typing import Any

import msgspec
import pytest

from bridge.dialogue.actions import Disposition, PromptRole, Say, Transfer
from bridge.dialogue.answer import AnswerStatus, Via
from bridge.dialogue.context import CallContext
from bridge.dialogue.form import Form
from bridge.dialogue.inputs import Machine
from bridge.dialogue.questionnaire import Questionnaire
from bridge.understanding import Command

Talk = Any  # conftest.Talk, which a test module cannot import

# One entry of keys for every question, in order; None is silence that leaves an optional item.
BEGINNING = ["2", "1", "1980", "1", "1"]  # Egyptian, Maryam, born in 1980, both consents
SYMPTOMS = [
    "1",
    "38*5",
    "3",
    "2",
    "12",
]  # fever, 38.5 degrees for three days, sleeps badly, cough and headache
MOOD = ["1", "2", "1"]
VALUES = ["7", "6*5", "1", "12345", "130*80", "7*2", "80*5", "01112026", "15112026", "0830"]


@pytest.fixture
def talk(every_item: Questionnaire, context: CallContext, start_talk: Any) -> Talk:
    return start_talk(every_item, context)


def asked_about(talk: Talk, item: str) -> bool:
    return bool(talk.asked == item)


def go_to(talk: Talk, item: str) -> Talk:
    """Answer by key up to an item."""
    for keys in (*BEGINNING, *SYMPTOMS, *MOOD, *VALUES):
        if asked_about(talk, item):
            return talk
        talk.press(keys)
    assert asked_about(talk, item), (item, talk.asked)
    return talk


def test_every_item_has_keys(talk: Talk) -> None:
    """A call without a spoken word, from the greeting to the last question."""
    talk.press(*BEGINNING, *SYMPTOMS, *MOOD, *VALUES)
    assert talk.asked == "phone"
    talk.say("قدم", "قدم")  # not understood, and not required
    talk.press("1", "2", "1")  # a pill taken; no other visit; all is said
    assert talk.values | {"phone": None} == {
        "dialect": "egy",
        "who": True,
        "born": True,
        "consent": True,
        "recording": True,
        "fever": True,
        "temp": 38.5,
        "fever_days": "P3D",
        "sleep": "poor",
        "symptoms": ("cough", "headache"),
        "interest": "never",
        "low": "several_days",
        "harm": "never",
        "pain": 7,
        "level": 6.5,
        "children": 1,
        "file_number": "12345",
        "bp": "130/80",
        "sugar": 7.2,
        "weight": 80.5,
        "discharged": "2026-11-01",
        "readmitted": "2026-11-15",
        "dose_time": "08:30",
        "phone": None,
        "pill_taken#1": True,
        "another#1": False,
        "summary": True,
    }
    assert (talk.asked, talk.listen.keep_audio) == ("note", True)


# Who is there


def test_nothing_is_told_before_the_caller_is_known(talk: Talk) -> None:
    """The appointment is named after identity and consent, and only then."""
    for keys in BEGINNING:
        assert "سلمى" not in talk.text
        talk.press(keys)
    assert "سلمى" in talk.text
    assert "نُوفَمْبِر" in talk.text  # the day of the visit, in words


def test_the_wrong_person_is_told_nothing(talk: Talk) -> None:
    """A no ends the call with a sentence that anybody may hear."""
    talk.press("2", "2")
    assert talk.disposition is Disposition.WRONG_PERSON
    assert talk.last_text == talk.questionnaire.closing.wrong_person


def test_a_wrong_secret_is_asked_for_again_and_then_ends_the_call(talk: Talk) -> None:
    """It is neither stored nor recorded, right or wrong."""
    talk.press("2", "1", "1979")
    assert (talk.asked, talk.reading.value, talk.reading.is_secret) == ("born", None, True)
    talk.press("1981", "1982", "1983")
    assert talk.disposition is Disposition.WRONG_PERSON
    assert talk.stored[-1].value is None


def test_a_machine_hears_nothing_clinical(talk: Talk) -> None:
    """What the questionnaire leaves on machines, and nothing else; where it leaves nothing, nothing."""
    talk.hear(Machine())
    assert (talk.disposition, talk.text) == (Disposition.VOICEMAIL, talk.questionnaire.closing.voicemail)


def test_a_caller_hears_the_words_of_their_dialect_and_gender(
    every_item: Questionnaire, context: CallContext, start_talk: Any
) -> None:
    """Both together before the gender, and the gender before the dialect."""
    for dialect, gender, text in (
        ("2", "f", "عِنْدِك سُخُونِيَّة؟"),
        ("1", "f", "هَلْ عِنْدَكِ حُمَّى؟"),
        ("2", "m", "هَلْ عِنْدَكُمْ حُمَّى؟"),
    ):
        who = msgspec.structs.replace(context, patient=context.patient | {"gender": gender})
        talk = start_talk(every_item, who).press(dialect, *BEGINNING[1:])
        assert (talk.asked, talk.last_text) == ("fever", text)


def test_common_sentences_have_variants_too(talk: Talk) -> None:
    """An Egyptian waits in Egyptian."""
    assert "هَسْتَنَّى" in talk.press(*BEGINNING).say("لحظة").text


def test_what_is_told_last_is_told_before_goodbye(talk: Talk) -> None:
    """To whom it applies."""
    talk.press(*BEGINNING, *SYMPTOMS, *MOOD, *VALUES).say("قدم", "قدم").press("1", "2", "1")
    talk.say("التالي", "التالي")
    assert talk.roles == [PromptRole.INFO, PromptRole.CLOSING]
    assert talk.disposition is Disposition.COMPLETED


# Guards and corrections


def test_what_is_not_asked_for_is_passed_over(talk: Talk) -> None:
    """No fever, no temperature."""
    assert talk.press(*BEGINNING, "2").asked == "sleep"


def test_a_group_is_introduced_only_where_one_of_its_questions_follows(talk: Talk) -> None:
    """And then once."""
    talk.press(*BEGINNING, *SYMPTOMS)
    assert talk.says[0].text.startswith("خِلَالَ")
    assert talk.press("1").roles == [PromptRole.ASK]
    assert talk.press("1", "1").roles == [PromptRole.ASK]
    assert talk.asked == "pain"


def test_a_missing_value_meets_no_guard(talk: Talk) -> None:
    """Whoever does not know whether there is a fever is not asked how high it is."""
    assert talk.press(*BEGINNING).say("لا أعرف").asked == "sleep"


def test_a_correction_changes_what_is_asked_behind_it(talk: Talk) -> None:
    """The answers to what is no longer asked stay in the state, and count for nothing."""
    talk.press(*BEGINNING, "1", "38*5", "3").want(Command.BACK).want(Command.BACK).want(Command.BACK)
    assert talk.press("2").asked == "sleep"
    assert {"temp", "fever_days"} <= {answer.item for answer in talk.state.answers}
    assert not {"temp", "fever_days"} & set(Form(talk.questionnaire, talk.state).live)


def test_going_back_keeps_the_answer_until_there_is_another(talk: Talk) -> None:
    """It is said, the question is put as if for the first time, and everything goes on from there."""
    talk.press(*BEGINNING, "2", "1").want(Command.BACK)
    assert (talk.asked, talk.roles) == ("sleep", [PromptRole.COMMAND, PromptRole.ASK])
    assert [answer.value for answer in talk.state.answers if answer.item == "sleep"] == ["good"]
    assert talk.press("2").asked == "symptoms"
    assert [answer.value for answer in talk.state.answers if answer.item == "sleep"] == ["poor"]


def test_consent_is_not_gone_back_to(talk: Talk) -> None:
    """There is no question before the first; in a read-back, the question before is the one that is open."""
    talk.press(*BEGINNING).want(Command.BACK)
    assert (talk.says[0].text, talk.asked) == (talk.questionnaire.prompts.nothing_before, "fever")
    talk.mumble("نعم", "لا").want(Command.BACK)
    assert (talk.asked, talk.roles, talk.state.candidate) == ("fever", [PromptRole.ASK], None)


def test_going_back_is_bounded(talk: Talk) -> None:
    """After five times the caller is helped along."""
    talk.press(*BEGINNING, "2", "1")
    for _ in range(talk.questionnaire.limits.corrections):
        talk.want(Command.BACK).press("1")
    assert talk.want(Command.BACK).roles == [PromptRole.REPROMPT, PromptRole.ASK]


@pytest.mark.parametrize(
    ("command", "disposition"),
    [
        (Command.CALLBACK, Disposition.CALL_BACK),
        (Command.DO_NOT_CALL, Disposition.DO_NOT_CALL),
        (Command.WRONG_PERSON, Disposition.WRONG_PERSON),
    ],
)
def test_a_wish_that_ends_the_call_is_confirmed(
    talk: Talk, command: Command, disposition: Disposition
) -> None:
    """A no goes on; a yes ends it, with a sentence that says nothing of the matter."""
    talk.press(*BEGINNING).want(command, "بكرا العصر")
    assert talk.roles == [PromptRole.COMMAND]
    assert talk.say("لا").asked == "fever"
    assert talk.want(command, "بكرا العصر").say("نعم").disposition is disposition
    assert talk.last_text == getattr(talk.questionnaire.closing, disposition)
    if command is Command.CALLBACK:
        assert talk.actions[-1].call_back_when == "بكرا العصر"


def test_a_wish_to_end_at_a_safety_question_is_a_refusal(talk: Talk) -> None:
    """Nobody slips away from it."""
    go_to(talk, "harm").want(Command.CALLBACK).say("نعم")
    assert [one.reason for one in talk.notices] == ["not_obtained"]


def test_a_group_is_gone_through_once_for_each(talk: Talk) -> None:
    """Two children, two rounds, each with its own follow-up."""
    values = ["2" if keys == "1" and at == 2 else keys for at, keys in enumerate(VALUES)]
    talk.press(*BEGINNING, *SYMPTOMS, *MOOD, *values).say("قدم", "قدم")
    talk.press("1", "2", "2")
    assert [one.item for one in talk.stored[-3:]] == ["pill_taken#1", "pill_taken#2", "pill_why#2"]
    assert talk.asked == "another"


def test_an_answer_is_piped_into_a_later_question(talk: Talk) -> None:
    """Sleep and pressure are said as the caller gave them, put together from pieces."""
    talk.press(*BEGINNING, *SYMPTOMS, *MOOD, *VALUES).say("قدم", "قدم").press("1", "2")
    assert talk.last_text == "النَّوْمُ سَيِّئ، وَالضَّغْطُ مِئَة وَثَلَاثُون عَلَى ثَمَانُون. هَلْ هٰذَا كُلُّ شَيْء؟"
    assert {"سَيِّئ", "مِئَة", "وَثَلَاثُون", "عَلَى", "ثَمَانُون"} <= set(talk.says[-1].parts)


def test_a_constraint_is_told_in_its_own_words(talk: Talk) -> None:
    """Back in hospital before leaving it."""
    go_to(talk, "readmitted").press("31102026")
    assert (talk.reading.meaning, talk.says[0].text) == ("out_of_range", "هٰذَا قَبْلَ الْخُرُوج.")
    assert "readmitted" not in talk.values


def test_a_rule_ends_the_call(talk: Talk) -> None:
    """Whoever has more than fifteen children is not asked further, for a reason of this test's own."""
    assert go_to(talk, "children").press("16").disposition is Disposition.INELIGIBLE


# Trouble of three kinds


def test_silence_nonsense_and_the_impossible_have_words_of_their_own(talk: Talk) -> None:
    """Each is told differently, and an item may have words of its own."""
    go_to(talk, "weight")
    silent = talk.be_silent().says[0].text
    impossible = talk.press("900").says[0].text
    unknown = go_to(type(talk)(talk.questionnaire, talk.state.context), "weight").press("7**").says[0].text
    assert unknown == "لَمْ أَفْهَمِ الْوَزْن."
    assert len({silent, impossible, unknown}) == 3


def test_an_exhausted_item_goes_its_own_way(talk: Talk) -> None:
    """Pain asks for a person instead of keys."""
    go_to(talk, "pain").say("قدم", "قدم")
    assert (talk.disposition, talk.stored[-1].status) == (Disposition.TRANSFERRED, AnswerStatus.NOT_OBTAINED)


def test_what_may_be_misheard_is_asked_by_key_or_read_back(talk: Talk) -> None:
    """A decimal is confirmed by the caller."""
    talk.press(*BEGINNING, "1")
    assert talk.asked == "temp"


# Danger


@pytest.mark.parametrize("answer", ["2", "3", "4"])
def test_self_harm_escalates_at_once(talk: Talk, answer: str) -> None:
    """The answer is stored, somebody is told, the message is said to its end, a person is offered."""
    go_to(talk, "harm").press(answer)
    assert talk.stored[-1].item == "harm"
    assert [(one.escalation, one.reason, one.item) for one in talk.notices] == [("crisis", "answer", "harm")]
    assert [say.role for say in talk.says] == [PromptRole.ESCALATION] * 2
    assert not talk.says[0].barge_in
    assert talk.press("1").disposition is Disposition.ESCALATED
    assert talk.actions[-1] == Transfer("937", Disposition.ESCALATED)


def test_a_safety_question_is_heard_to_its_end_and_never_read_back(talk: Talk) -> None:
    """A doubtful answer is asked for again."""
    go_to(talk, "harm")
    assert not talk.says[-1].barge_in
    assert talk.mumble("كل يوم", "").roles == [PromptRole.REPROMPT, PromptRole.ASK]


def refuse(talk: Talk) -> Talk:
    return talk.say("التالي")


def be_unclear(talk: Talk) -> Talk:
    return talk.say("قدم", "قدم")


def be_silent(talk: Talk) -> Talk:
    return talk.be_silent(3)


def stop(talk: Talk) -> Talk:
    return talk.say("توقف", "نعم")


@pytest.mark.parametrize("how", [refuse, be_unclear, be_silent, stop])
def test_self_harm_that_is_not_denied_escalates_too(talk: Talk, how: Any) -> None:
    """Refused, not understood, silent, or stopped: nobody is left with it."""
    how(go_to(talk, "harm"))
    assert [one.escalation for one in talk.notices] == ["crisis"]
    assert talk.text.startswith("شُكْرًا عَلَى الصَّرَاحَة")


def test_a_hang_up_at_a_safety_question_is_told(talk: Talk) -> None:
    """The call may be resumed, and somebody knows."""
    go_to(talk, "harm").hang_up()
    assert ([one.reason for one in talk.notices], talk.disposition) == (["hung_up"], Disposition.HUNG_UP)


def test_whoever_wants_no_person_is_told_where_help_is(talk: Talk) -> None:
    """Twice, and we are not the first to hang up; a later yes still puts through."""
    go_to(talk, "harm").press("2").say("لا")
    assert [say.text for say in talk.says] == ["رَقْمُ الْمُسَاعَدَة: 937."] * 2
    assert talk.listen.no_input_seconds == 20.0
    assert talk.say("نعم").disposition is Disposition.ESCALATED
    assert isinstance(talk.actions[-1], Transfer)


def test_silence_after_the_help_ends_the_call_as_escalated(talk: Talk) -> None:
    """It is marked as what it was."""
    go_to(talk, "harm").press("2").say("لا").be_silent(2)
    assert talk.disposition is Disposition.ESCALATED


def test_without_a_transfer_help_is_named_at_once(
    every_item: Questionnaire, context: CallContext, start_talk: Any
) -> None:
    """A carrier that cannot hand over, or a site without a number."""
    for poor in ({"can_transfer": False}, {"site": {}}):
        talk = start_talk(every_item, msgspec.structs.replace(context, **poor))
        go_to(talk, "harm").press("2")
        assert [say.role for say in talk.says] == [PromptRole.ESCALATION] * 3
        assert talk.says[1] == talk.says[2]


def test_danger_that_is_confirmed_takes_the_escalation_of_its_kind(talk: Talk) -> None:
    """The fixed message, the notification, and a person without a second question."""
    talk.press(*BEGINNING).say("أريد أن أموت")
    assert talk.say("نعم").disposition is Disposition.ESCALATED
    assert [one.reason for one in talk.notices] == ["words"]


def test_danger_before_the_first_answer_names_no_later_question(
    every_item: Questionnaire, context: CallContext, start_talk: Any
) -> None:
    """Whoever has not agreed to anything is told where help is, and nothing of what would be asked."""
    talk = start_talk(every_item, msgspec.structs.replace(context, can_transfer=False))
    first = talk.says[-1].item
    talk.say("أريد أن أموت").press("1")
    for _ in range(2):
        assert {say.item for say in talk.says} == {first}
        talk.press("0")


def test_a_rule_notifies_once_and_the_call_goes_on(talk: Talk) -> None:
    """A very high pressure, and a high score; both are told, and neither is spoken of."""
    go_to(talk, "interest").press("4", "4", "1")
    assert [one.reason for one in talk.notices] == ["rule"]
    assert talk.asked == "pain"
    go_to_bp = ["7", "6*5", "1", "12345", "190*100"]
    talk.press(*go_to_bp)
    assert [one.item for one in talk.notices] == ["low", "bp"]
    assert talk.disposition is None


# Sound


def test_sound_is_kept_only_where_the_caller_agreed(
    every_item: Questionnaire, context: CallContext, start_talk: Any
) -> None:
    """A questionnaire that keeps sound asks for it."""
    for consent, kept in (("1", True), ("2", False)):
        talk = start_talk(every_item, context)
        talk.press(*BEGINNING[:-1], consent, *SYMPTOMS, *MOOD, *VALUES).say("قدم", "قدم").press("1", "2", "1")
        assert (talk.asked, talk.listen.keep_audio) == ("note", kept)


def test_free_speech_is_text_only_with_an_open_vocabulary(
    every_item: Questionnaire, context: CallContext, start_talk: Any
) -> None:
    """Otherwise the sound is the answer."""
    for is_open, value in ((True, "شيء آخر"), (False, None)):
        talk = start_talk(every_item, msgspec.structs.replace(context, has_open_vocabulary=is_open))
        talk.press(*BEGINNING, *SYMPTOMS, *MOOD, *VALUES).say("قدم", "قدم").press("1", "2", "1")
        talk.mumble("[unk]", "شيء آخر")
        assert (talk.stored[-1].item, talk.stored[-1].value, talk.stored[-1].audio) == ("note", value, True)
        assert talk.stored[-1].via is Via.SPEECH


def test_every_say_is_about_something_that_was_asked(talk: Talk) -> None:
    """No empty sentence is ever said."""
    talk.press(*BEGINNING, *SYMPTOMS, *MOOD, *VALUES)
    assert all(isinstance(say, Say) and say.text.strip() for say in talk.says)
