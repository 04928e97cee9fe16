"""The dialogue, turn by turn, and under any sequence of inputs."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shipped import shipped

from bridge.dialogue import engine
from bridge.dialogue.actions import Disposition, HangUp, Listen, Notify, PromptRole, Say, Store, Transfer
from bridge.dialogue.answer import Answer, AnswerStatus, Via
from bridge.dialogue.engine import DialogueState
from bridge.dialogue.inputs import Digits, HungUp, Input, NoInput, NotHeard, Utterance
from bridge.dialogue.prompts import known_prompts
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.state import Asked, Tally

SHIPPED = shipped("post_discharge")
KNOWN_TEXTS = {prompt.text for prompt in known_prompts(SHIPPED)}
WORDS = ["", "نعم", "لا", "أيوه", "إيه", "موافق", "صفر", "ثلاثة", "ستة", "سبعة", "عشرون", "جيد", "سيئ"]
WORDS += ["لا أعرف", "التالي", "أعد", "توقف", "مساعدة", "طبيب", "طوارئ", "قدم", "نعم لا", "سبعة تسعة"]
WORDS += ["[unk]", "نعم [unk]", "[unk] لا", "خمسة [unk]", "لحظة", "ببطء", "مية وعشرين"]
SPOKEN = st.builds(
    Utterance,
    st.sampled_from(WORDS),
    st.sampled_from(WORDS),
    st.floats(0, 1),
    premature=st.booleans(),
)
CLEAR = st.sampled_from(WORDS).map(lambda word: Utterance((word,), (word,), 0.9))
KEYED = st.builds(
    Digits, st.one_of(st.sampled_from(["1", "2", "3", "5", "0", "*", "10", "11"]), st.text(max_size=4))
)
INPUTS: st.SearchStrategy[Input] = st.one_of(
    SPOKEN, CLEAR, KEYED, st.just(NoInput()), st.builds(NotHeard, lasting=st.booleans())
)


Talk = Any  # conftest.Talk, which a test module cannot import


def awaits_keys(talk: Talk) -> bool:
    """Whether no answer is listened for: only keys, and what can always be said."""
    phrases = talk.listen.phrases
    return not {"نعم", "لا", "خمسة"} & set(phrases) and {"أعد", "توقف", "مساعدة", "نزيف"} <= set(phrases)


# The straight path


def test_the_opening_and_the_consent_question_may_not_be_interrupted(talk: Talk) -> None:
    """A "yes?" at pick-up is a greeting, not consent."""
    assert talk.roles == [PromptRole.OPENING, PromptRole.ASK]
    assert not any(say.barge_in for say in talk.says)
    assert talk.reading.meaning == "begin"


def test_a_call_runs_from_consent_to_goodbye(talk: Talk) -> None:
    """Answers that both readings agree on are taken at once."""
    talk.say("نعم", "لا", "خمسة", "جيد").press("80")
    assert talk.values == {"consent": True, "pain": False, "level": 5, "sleep": "good", "weight": 80}
    assert talk.disposition is Disposition.COMPLETED
    assert engine.is_over(talk.state)


def test_an_answer_is_stored_before_anything_is_said(talk: Talk) -> None:
    """What is acknowledged is on disk."""
    talk.say("نعم")
    assert isinstance(talk.actions[0], Store)
    assert talk.says[0].item == "pain"


def test_an_answer_keeps_its_evidence(talk: Talk) -> None:
    """Both texts and the confidence are stored with the value."""
    talk.say("نعم").hear(Utterance(("لا",), ("كلا",), 0.7))
    assert talk.stored[-1] == Answer(
        "pain",
        AnswerStatus.ANSWERED,
        value=False,
        via=Via.SPEECH,
        tries=1,
        confirmed=False,
        closed="لا",
        open="كلا",
        confidence=0.7,
    )


def test_a_refused_consent_ends_the_call_politely(talk: Talk) -> None:
    """The "no" is stored, and nothing is asked."""
    talk.say("لا")
    assert talk.values == {"consent": False}
    assert talk.disposition is Disposition.REFUSED


# The hearing rule


@pytest.mark.parametrize("open_", ["", "لا", "قدم", "توقف", "لا أعرف"])
def test_an_answer_that_one_reading_heard_is_read_back(talk: Talk, open_: str) -> None:
    """Nothing is stored until the caller confirms."""
    talk.say("نعم").mumble("نعم", open_)
    assert talk.roles == [PromptRole.READBACK]
    assert (talk.reading.meaning, "pain" in talk.values) == ("doubt", False)
    talk.say("نعم")
    assert (talk.values["pain"], talk.stored[-1].confirmed) == (True, True)


def test_the_open_reading_alone_can_be_read_back(talk: Talk) -> None:
    """Where the closed reading heard nothing, the open one is offered."""
    talk.say("نعم").mumble("", "لا").say("نعم")
    assert talk.values["pain"] is False


@pytest.mark.parametrize(
    ("word", "is_stored"), [("صحيح", True), ("مضبوط", True), ("غلط", False), ("مش صح", False)]
)
def test_a_readback_is_right_or_wrong(talk: Talk, word: str, is_stored: bool) -> None:
    """What is listened for in a read-back is understood there."""
    assert "صحيح" in talk.say("نعم").mumble("نعم", "قدم").listen.phrases
    assert ("pain" in talk.say(word).values) is is_stored


@pytest.mark.parametrize(("word", "value"), [("ستة", 6), ("سبعة", 7), ("تسعة", 9)])
def test_numbers_that_are_misheard_are_always_read_back(
    build: Any, start_talk: Any, word: str, value: int
) -> None:
    """What a recogniser is known to confuse is confirmed though all readings agree."""
    talk = start_talk(build(extra="hearing: {always_confirm: [6, 7, 9]}\n")).say("نعم", "لا", word)
    assert (talk.roles, talk.reading.meaning) == ([PromptRole.READBACK], "unconfirmed")
    assert talk.say("نعم").values["level"] == value


def test_what_is_heard_with_little_confidence_is_read_back(build: Any, start_talk: Any) -> None:
    """The recogniser agrees with itself on a wrong digit, but seldom with confidence."""
    talk = start_talk(build(extra="hearing: {sure_above: 0.7}\n")).say("نعم", "لا")
    assert talk.hear(Utterance(("ثلاثة",), ("ثلاثة",), 0.69)).roles == [PromptRole.READBACK]
    assert (talk.say("نعم").values["level"], talk.stored[-1].confirmed) == (3, True)


def test_great_numbers_are_always_read_back(build: Any, start_talk: Any) -> None:
    """Their words are known to the recogniser from synthetic voices only."""
    items = """\
        items:
          - {id: consent, type: consent, ask: ["هَلْ تُوَافِقُون؟"]}
          - {id: age, type: number, minimum: 0, maximum: 100, ask: ["كَمِ الْعُمْر؟"]}
    """
    talk = start_talk(build(items)).say("نعم", "عشرين")
    assert (talk.roles, "age" in talk.values) == ([PromptRole.READBACK], False)
    assert talk.say("نعم").values["age"] == 20


def test_a_word_with_a_second_sense_is_read_back(talk: Talk) -> None:
    """A "yes" that is "what?" elsewhere is confirmed."""
    assert talk.say("نعم", "إيه").roles == [PromptRole.READBACK]


def test_an_unclear_confirmation_repeats_the_readback(talk: Talk) -> None:
    """A yes that one reading heard confirms nothing."""
    talk.say("نعم").mumble("نعم", "لا").mumble("نعم", "لا")
    assert talk.roles == [PromptRole.REPROMPT, PromptRole.READBACK]
    assert awaits_keys(talk.mumble("نعم", ""))
    assert "pain" not in talk.values


def test_a_denied_readback_asks_again(talk: Talk) -> None:
    """The stale value is forgotten."""
    talk.say("نعم").mumble("نعم", "لا").say("لا")
    assert (talk.asked, talk.roles) == ("pain", [PromptRole.ASK])
    talk.say("لا")
    assert (talk.values["pain"], talk.stored[-1].tries) == (False, 2)


def test_a_readback_is_answered_by_key(talk: Talk) -> None:
    """One confirms, two denies, anything else is unclear."""
    talk.say("نعم").mumble("نعم", "لا").press("7", "1")
    assert (talk.values["pain"], talk.stored[-1].confirmed, talk.stored[-1].via) == (True, True, Via.SPEECH)


# Trouble


def test_questions_taper(talk: Talk) -> None:
    """The second asking says more than the first."""
    first = talk.say("نعم").last_text
    assert talk.say("قدم").last_text != first
    assert talk.roles == [PromptRole.REPROMPT, PromptRole.ASK]


def test_after_two_failures_only_keys_are_listened_for(talk: Talk) -> None:
    """The keypad is the way out of every misunderstanding."""
    talk.say("نعم", "قدم", "قدم")
    assert talk.roles == [PromptRole.REPROMPT, PromptRole.ASK, PromptRole.KEYPAD]
    assert awaits_keys(talk)
    assert talk.press("2").stored[-1] == Answer(
        "pain", AnswerStatus.ANSWERED, False, Via.DTMF, tries=3, confirmed=False
    )


def test_a_person_can_be_asked_for_by_voice_at_the_keypad(talk: Talk) -> None:
    """Whoever cannot press keys is not left alone with them."""
    assert talk.say("نعم", "قدم", "قدم", "مساعدة", "نعم").disposition is Disposition.TRANSFERRED


def test_talking_at_the_keypad_costs_no_try(talk: Talk) -> None:
    """The keys are asked for again, a few times; only then is it a failure."""
    talk.say("نعم", "قدم", "قدم").say("قدم", "نعم", "قدم")
    assert talk.roles == [PromptRole.ASK, PromptRole.KEYPAD]
    assert talk.say("قدم").roles == [PromptRole.REPROMPT, PromptRole.ASK, PromptRole.KEYPAD]


def test_speech_is_not_taken_while_keys_are_asked_for(talk: Talk) -> None:
    """An utterance that slips through answers nothing then."""
    assert "pain" not in talk.say("نعم", "قدم", "قدم", "نعم").values


def test_wrong_keys_leave_a_required_item_without_an_answer(talk: Talk) -> None:
    """The call goes on; that nothing was obtained is stored."""
    talk.say("نعم", "قدم", "قدم").press("7", "8")
    assert (talk.stored[-1].status, talk.stored[-1].value) == (AnswerStatus.NOT_OBTAINED, None)
    assert talk.asked == "level"


def test_an_item_that_is_not_required_is_passed_over(talk: Talk) -> None:
    """No keypad for what may be missing."""
    talk.say("نعم", "لا", "خمسة", "قدم", "قدم")
    assert (talk.stored[-1].item, talk.stored[-1].status) == ("sleep", AnswerStatus.NOT_OBTAINED)


def test_consent_that_cannot_be_had_is_no_consent(talk: Talk) -> None:
    """Without a clear yes nothing is asked."""
    talk.say("قدم", "قدم").press("7", "8")
    assert talk.disposition is Disposition.REFUSED
    assert talk.stored[-1].status is AnswerStatus.NOT_OBTAINED


def test_a_number_out_of_range_is_told_so(talk: Talk) -> None:
    """Out of range has words of its own, by voice and by key."""
    talk.say("نعم", "لا", "عشرون")
    assert talk.reading.meaning == "out_of_range"
    assert "صِفْر" in talk.says[0].text
    assert talk.press("11").reading.meaning == "out_of_range"


def test_three_silences_end_the_call(talk: Talk) -> None:
    """Each silence has its own words, then a goodbye."""
    talk.be_silent(2)
    assert talk.roles == [PromptRole.REPROMPT, PromptRole.ASK]
    assert talk.be_silent().disposition is Disposition.NO_ANSWER


def test_silences_count_only_in_a_row(talk: Talk) -> None:
    """A sign of life begins the count anew."""
    assert talk.be_silent(2).say("نعم").be_silent(2).disposition is None


def test_our_own_failure_costs_no_try(talk: Talk) -> None:
    """The caller hears an apology and the same question."""
    talk.say("نعم").go_unheard()
    assert talk.roles == [PromptRole.APOLOGY, PromptRole.ASK]
    assert talk.say("لا").stored[-1].tries == 1


def test_ears_that_keep_failing_turn_to_the_keypad(talk: Talk) -> None:
    """Keys need no recogniser."""
    assert awaits_keys(talk.say("نعم").go_unheard(2))
    assert talk.go_unheard(2).stored[-1].status is AnswerStatus.NOT_OBTAINED


def test_ears_that_will_go_on_failing_turn_to_the_keypad_at_once(talk: Talk) -> None:
    """One apology for each question that keys can answer; what was pressed counts."""
    assert awaits_keys(talk.say("نعم").hear(NotHeard(lasting=True)))
    assert talk.roles == [PromptRole.APOLOGY, PromptRole.REPROMPT, PromptRole.ASK, PromptRole.KEYPAD]
    assert talk.press("2").stored[-1].value is False


def test_a_hang_up_says_nothing_more(talk: Talk) -> None:
    """Nobody listens."""
    talk.say("نعم").hang_up()
    assert talk.actions == (HangUp(Disposition.HUNG_UP),)
    assert talk.say("نعم").actions == (HangUp(Disposition.HUNG_UP),)


def test_a_number_beyond_the_ears_is_asked_by_keypad_at_once(talk: Talk) -> None:
    """What the recogniser cannot know is never listened for."""
    talk.say("نعم", "لا", "خمسة", "جيد")
    assert talk.roles == [PromptRole.ASK, PromptRole.KEYPAD]
    assert awaits_keys(talk)
    assert talk.listen.keys.max_digits == 3


# What comes before the question has been heard


def early(word: str) -> Utterance:
    """A word that began before a new question could be heard."""
    return Utterance((word,), (word,), 0.9, premature=True)


@pytest.mark.parametrize("heard", [early("لا"), Digits("2", premature=True)], ids=["speech", "key"])
def test_nothing_answers_a_question_that_was_not_heard(talk: Talk, heard: Input) -> None:
    """It was said to the question before, or twice: this one is put as if for the first time."""
    before = talk.say("نعم").last_text
    assert talk.hear(heard).last_text == before
    assert (talk.reading.meaning, talk.stored[-1].item, talk.listen.is_new) == ("premature", "consent", True)
    assert talk.say("لا").stored[-1].tries == 1


def test_a_readback_is_not_confirmed_before_it_was_heard(talk: Talk) -> None:
    """A second yes is no yes to what the caller has not been told."""
    talk.say("نعم", "لا").mumble("سبعة", "تسعة").hear(early("نعم"), Digits("1", premature=True))
    assert talk.roles == [PromptRole.READBACK]
    assert "level" not in talk.values


def test_wishes_and_danger_are_heard_at_any_time(talk: Talk) -> None:
    """A caller who wants to stop need not hear the question first."""
    assert talk.say("نعم").hear(early("توقف")).state.asked is Asked.STOP
    assert talk.say("لا").hear(early("نزيف")).state.asked is Asked.EMERGENCY


@pytest.mark.parametrize("trouble", [NoInput(), NotHeard(), Utterance(("قدم",), ("قدم",), 0.9)], ids=str)
def test_a_question_that_is_put_again_may_be_answered_at_once(talk: Talk, trouble: Input) -> None:
    """Whoever hesitates, and speaks just as we do, knows the question."""
    assert talk.say("نعم").listen.is_new
    assert not talk.hear(trouble).listen.is_new


def test_a_question_that_is_waited_with_may_be_answered_at_once(talk: Talk) -> None:
    """Whoever asked for a moment has heard it."""
    assert not talk.say("نعم", "لحظة").listen.is_new


def test_early_answers_are_bounded(talk: Talk) -> None:
    """After three the caller is helped along."""
    talk.say("نعم").hear(*[early("لا")] * 4)
    assert talk.roles == [PromptRole.REPROMPT, PromptRole.ASK]


# Commands


def test_repeat_says_the_same_again_and_costs_nothing(talk: Talk) -> None:
    """The question does not taper and the try is not counted."""
    before = talk.say("نعم").last_text
    assert talk.say("أعد").press("*").last_text == before
    assert talk.say("لا").stored[-1].tries == 1


def test_repeats_are_bounded(talk: Talk) -> None:
    """After three the caller is helped along."""
    assert talk.say("نعم").press(*"****").roles == [PromptRole.REPROMPT, PromptRole.ASK]


def test_stop_is_confirmed(talk: Talk) -> None:
    """A yes ends the call, a no returns to the question."""
    talk.say("نعم", "توقف")
    assert talk.roles == [PromptRole.COMMAND]
    talk.say("لا")
    assert (talk.roles, talk.asked) == ([PromptRole.ASK], "pain")
    assert talk.say("توقف", "نعم").disposition is Disposition.STOPPED


def test_stop_during_a_readback_returns_to_the_readback(talk: Talk) -> None:
    """An interrupted question of ours is taken up again."""
    talk.say("نعم").mumble("نعم", "").say("توقف", "لا")
    assert talk.roles == [PromptRole.READBACK]
    assert talk.say("توقف", "توقف").disposition is Disposition.STOPPED


def test_an_unclear_wish_to_stop_goes_on(talk: Talk) -> None:
    """The call does not end on a guess."""
    talk.say("نعم", "توقف").mumble("نعم", "لا").mumble("نعم", "لا")
    assert (talk.roles, talk.disposition) == ([PromptRole.ASK], None)


def test_a_command_that_one_reading_heard_is_not_acted_on(talk: Talk) -> None:
    """It counts as not understood."""
    talk.say("نعم").mumble("قدم", "توقف")
    assert (talk.reading.meaning, talk.roles) == ("no_match", [PromptRole.REPROMPT, PromptRole.ASK])


@pytest.mark.parametrize("again", ["نعم", "مساعدة"])
def test_a_person_is_given_after_one_question(talk: Talk, again: str) -> None:
    """A yes, or the wish said again: the caller is told, and transferred."""
    assert talk.say("نعم", "مساعدة").roles == [PromptRole.COMMAND]
    talk.say(again)
    assert isinstance(talk.actions[-1], Transfer)
    assert talk.state.outcome is Disposition.TRANSFERRED


def test_whoever_does_not_want_a_person_goes_on(talk: Talk) -> None:
    """A digit that was heard as the wish for a person costs one question."""
    assert talk.say("نعم", "مساعدة", "لا").asked == "pain"


def test_a_person_that_one_reading_heard_is_asked_about(talk: Talk) -> None:
    """A doubtful wish is a question."""
    talk.say("نعم").mumble("قدم", "طبيب")
    assert talk.roles == [PromptRole.COMMAND]
    assert talk.say("نعم").disposition is Disposition.TRANSFERRED


def test_nought_is_a_person_where_it_is_no_answer(talk: Talk) -> None:
    """In a number from nought on it is the number."""
    assert talk.say("نعم", "لا").press("0").values["level"] == 0
    assert talk.press("0").disposition is Disposition.TRANSFERRED


@pytest.mark.parametrize("open_", ["طوارئ", "قدم", "نعم"])
def test_words_of_danger_are_followed_up(talk: Talk, open_: str) -> None:
    """In either reading they lead to a question; a yes transfers."""
    talk.say("نعم").mumble("طوارئ", open_)
    assert talk.roles == [PromptRole.ESCALATION]
    assert talk.say("نعم").disposition is Disposition.ESCALATED


def test_danger_denied_returns_to_the_question(talk: Talk) -> None:
    """A false alarm costs one question."""
    assert talk.say("نعم").mumble("طوارئ", "قدم").say("لا").asked == "pain"


def test_danger_without_a_clear_reply_is_handed_over(talk: Talk) -> None:
    """When in doubt, a person."""
    talk.say("نعم").mumble("طوارئ", "قدم").mumble("نعم", "لا").mumble("طوارئ", "لا")
    assert talk.disposition is Disposition.ESCALATED


def states(talk: Talk) -> dict[str, Talk]:
    """A call in each of the states in which a caller is listened to."""

    def begin(*words: str) -> Talk:
        return type(talk)(talk.questionnaire).say("نعم", *words)

    return {
        "consent": type(talk)(talk.questionnaire),
        "question": begin(),
        "second try": begin("قدم"),
        "after silence": begin().be_silent(),
        "after a failure of ours": begin().go_unheard(),
        "read-back": begin().mumble("نعم", "لا"),
        "unclear read-back": begin().mumble("نعم", "لا").mumble("نعم", "لا"),
        "keypad": begin("قدم", "قدم"),
        "keypad number": begin("لا", "خمسة", "جيد"),
        "stop?": begin("توقف"),
        "stop? in a read-back": begin().mumble("نعم", "لا").say("توقف"),
        "person?": begin("مساعدة"),
        "waiting": begin("لحظة"),
    }


@pytest.mark.parametrize("danger", ["نزيف", "عندي نزيف", "[unk] نزيف", "ألم في صدري [unk]", "أريد أن أموت"])
def test_danger_is_followed_up_from_every_state(talk: Talk, danger: str) -> None:
    """While anything is asked, read back or keyed; a yes transfers, a no goes back to what was asked."""
    for name, call in states(talk).items():
        asked = call.says[-1].text if name != "waiting" else call.questionnaire.items[1].ask[0]
        call.mumble(danger, "قدم")
        assert (name, call.roles) == (name, [PromptRole.ESCALATION])
        assert "نزيف" in call.listen.phrases
        before = call.state
        assert call.say("نعم").disposition is Disposition.ESCALATED
        back = engine.advance(call.questionnaire, before, Utterance(("لا",), ("لا",), 0.9))
        if "?" not in name:
            assert (name, asked) == (name, [say.text for say in back.actions if isinstance(say, Say)][-1])


def test_danger_said_again_is_handed_over(talk: Talk) -> None:
    """Agreed, it is a yes; in one reading only, it is asked once more and then handed over."""
    assert talk.say("نعم", "نزيف", "نزيف").disposition is Disposition.ESCALATED


def test_danger_followed_by_silence_is_handed_over(talk: Talk) -> None:
    """Whoever cannot breathe may not be able to answer either."""
    talk.say("نعم", "مخنوق").be_silent()
    assert talk.roles == [PromptRole.REPROMPT, PromptRole.ESCALATION]
    assert talk.be_silent().disposition is Disposition.ESCALATED


def test_danger_in_the_last_turn_is_handed_over(talk: Talk) -> None:
    """The longest call ends, but not by hanging up on somebody in danger."""
    state = msgspec.structs.replace(talk.say("نعم").state, turns=talk.questionnaire.max_turns - 1)
    turn = engine.advance(talk.questionnaire, state, Utterance(("نزيف",), ("نزيف",), 1.0))
    assert isinstance(turn.actions[-1], Transfer)
    assert turn.state.outcome is Disposition.ESCALATED


@pytest.mark.parametrize("word", ["ببطء", "أبطأ"])
def test_slower_says_the_same_again(talk: Talk, word: str) -> None:
    """The voice has one pace: once more is what can be done, and is recorded as what it was."""
    before = talk.say("نعم").last_text
    assert talk.say(word).last_text == before
    assert talk.reading.meaning == "command:slower"
    assert talk.say("لا").stored[-1].tries == 1


def test_whoever_asks_for_time_is_waited_for(talk: Talk) -> None:
    """The question stays open for longer, is put again when nothing comes, and the try is not counted."""
    patience = talk.say("نعم").listen.no_input_seconds
    assert talk.say("لحظة").roles == [PromptRole.COMMAND]
    assert talk.listen.no_input_seconds > 2 * patience
    assert talk.say("لا").stored[-1].tries == 1
    talk.say("لحظة").be_silent()
    assert (talk.roles, talk.asked) == ([PromptRole.REPROMPT, PromptRole.ASK], "level")
    assert talk.listen.no_input_seconds == patience


def test_waiting_leaves_a_readback_open(talk: Talk) -> None:
    """A yes after the wait confirms what was read back."""
    assert talk.say("نعم").mumble("لا", "قدم").say("لحظة", "نعم").values["pain"] is False


def test_waiting_is_bounded(talk: Talk) -> None:
    """After three the caller is helped along."""
    talk.say("نعم", "لحظة", "لحظة", "لحظة", "لحظة")
    assert talk.roles == [PromptRole.REPROMPT, PromptRole.ASK]


@pytest.mark.parametrize("said", ["[unk]", "[unk] [unk]", "[unk] نعم"])
def test_an_unknown_word_answers_nothing(talk: Talk, said: str) -> None:
    """Heard so by all readings, the question is put again."""
    talk.say("نعم", said)
    assert (talk.reading.meaning, talk.roles) == ("no_match", [PromptRole.REPROMPT, PromptRole.ASK])


def test_a_yes_with_an_unknown_word_behind_it_is_read_back(talk: Talk) -> None:
    """And so confirms nothing either: a read-back needs a clear yes."""
    talk.say("نعم", "نعم [unk]")
    assert (talk.reading.meaning, talk.roles) == ("doubt", [PromptRole.READBACK])
    talk.say("نعم [unk]")
    assert talk.roles == [PromptRole.REPROMPT, PromptRole.READBACK]
    assert talk.say("نعم").values["pain"] is True


def test_consent_is_never_given_by_halves(talk: Talk) -> None:
    """What came before "agree" may have been "not"."""
    assert "consent" not in talk.say("[unk] موافق").values
    assert talk.roles == [PromptRole.REPROMPT, PromptRole.ASK]


def test_a_number_with_an_unknown_word_is_asked_again(talk: Talk) -> None:
    """It is not even read back."""
    assert talk.say("نعم", "لا", "خمسة [unk]").roles == [PromptRole.REPROMPT, PromptRole.ASK]


def test_not_knowing_is_a_reply_where_it_is_allowed(talk: Talk) -> None:
    """It is stored at once when agreed, and is no answer elsewhere."""
    talk.say("نعم", "لا أعرف")
    assert talk.stored[-1].status is AnswerStatus.DONT_KNOW
    assert talk.say("لا أعرف").reading.meaning == "command:dont_know"
    assert "level" not in talk.values


def test_a_doubtful_refusal_is_read_back(talk: Talk) -> None:
    """Refusing is stored as a reply of its own."""
    talk.say("نعم", "لا", "خمسة").mumble("التالي", "")
    assert talk.roles == [PromptRole.READBACK]
    assert talk.say("نعم").stored[-1].status is AnswerStatus.REFUSED


# Any state, any input


def accounted_for(questionnaire: Questionnaire, before: DialogueState, heard: Input, answer: Answer) -> bool:
    """Whether an answer was agreed on, confirmed or keyed, judged from outside."""
    if answer.via is Via.NONE:
        return answer.value is None
    if answer.via is Via.DTMF:
        return isinstance(heard, Digits)
    if answer.confirmed:
        agreed_yes = isinstance(heard, Utterance) and heard.closed == heard.open
        agreed_yes = agreed_yes or (
            isinstance(heard, Utterance) and "" not in (heard.closed_text, heard.open_text)
        )
        return before.asked is Asked.READBACK and (agreed_yes or heard == Digits("1"))
    return isinstance(heard, Utterance) and (answer.closed, answer.open) == (
        heard.closed_text,
        heard.open_text,
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(INPUTS, min_size=SHIPPED.max_turns, max_size=SHIPPED.max_turns))
def test_every_call_is_legal_and_ends(inputs: list[Input]) -> None:
    """Whatever comes: known words only, one last act a turn, true answers, and an end within bounds."""
    turn = engine.begin(SHIPPED)
    for heard in inputs:
        before, turn = turn.state, engine.advance(SHIPPED, turn.state, heard)
        *earlier, last = turn.actions
        assert isinstance(last, Listen | HangUp | Transfer)
        assert all(isinstance(action, Say | Store | Notify) for action in earlier)
        assert all(set(action.pieces) <= KNOWN_TEXTS for action in earlier if isinstance(action, Say))
        stored = [action.answer for action in earlier if isinstance(action, Store)]
        assert all(accounted_for(SHIPPED, before, heard, answer) for answer in stored)
        assert msgspec.json.decode(msgspec.json.encode(turn.state), type=DialogueState) == turn.state
    assert engine.is_over(turn.state)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(INPUTS, max_size=60),
    st.sampled_from(
        [
            NotHeard(),
            Utterance(("قدم",), ("يد",), 0.1),
            Utterance(("نعم",), ("لا",), 1),
            Utterance(("[unk]",) * 3, ("[unk]",) * 3, 1),
            Utterance(("نعم [unk]",) * 3, ("نعم [unk]",) * 3, 1),
            Utterance(("خمسة [unk]",) * 3, ("خمسة [unk]",) * 3, 1),
        ]
    ),
)
def test_no_unagreed_utterance_is_ever_stored_at_once(inputs: list[Input], noise: Input) -> None:
    """At any point of any call, what the readings disagree about stores no value."""
    turn = engine.begin(SHIPPED)
    for heard in inputs:
        turn = engine.advance(SHIPPED, turn.state, heard)
    following = engine.advance(SHIPPED, turn.state, noise)
    assert all(
        action.answer.status is AnswerStatus.NOT_OBTAINED
        for action in following.actions
        if isinstance(action, Store)
    )


@settings(max_examples=100, deadline=None)
@given(
    st.builds(
        DialogueState,
        asked=st.sampled_from(Asked),
        tally=st.builds(
            Tally, *[st.integers(0, 4)] * 3, keypad_failures=st.integers(0, 4), doubts=st.integers(0, 4)
        ),
        silences=st.integers(0, 4),
        turns=st.integers(0, 80),
    ),
    st.one_of(INPUTS, st.just(HungUp())),
)
def test_any_state_takes_any_input(state: DialogueState, heard: Input) -> None:
    """A state that no call of ours would reach is still answered legally."""
    turn = engine.advance(SHIPPED, state, heard)
    assert isinstance(turn.actions[-1], Listen | HangUp | Transfer)


def test_answers_to_a_longer_questionnaire_complete_a_shorter_one(short: Questionnaire) -> None:
    """A state without an open item closes the call."""
    answers = tuple(
        Answer(item.id, AnswerStatus.NOT_OBTAINED, None, Via.NONE, tries=1, confirmed=False)
        for item in short.items
    )
    turn = engine.advance(short, DialogueState(answers=answers), NoInput())
    assert turn.state.outcome is Disposition.COMPLETED


def test_the_apology_is_a_known_sentence() -> None:
    """What is said when the call fails is rendered ahead like everything else."""
    assert engine.apology(SHIPPED).text in KNOWN_TEXTS


def test_the_goodbye_is_a_known_sentence_of_its_own() -> None:
    """So is what is said when the daemon must end; a site that has no words for it apologises."""
    assert engine.goodbye(SHIPPED).text in KNOWN_TEXTS
    assert engine.goodbye(SHIPPED) != engine.apology(SHIPPED)
    wordless = SHIPPED.model_copy(
        update={"closing": SHIPPED.closing.model_copy(update={"interrupted": None})}
    )
    assert engine.goodbye(wordless) == engine.apology(SHIPPED)
