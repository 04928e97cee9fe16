"""Any sequence of inputs, on every questionnaire that ships: legal states, and an end within its turns."""

import msgspec
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from shipped import NAMES

from bridge.dialogue import engine
from bridge.dialogue.actions import Disposition, HangUp, Listen, Notify, Say, Store, Transfer
from bridge.dialogue.answer import AnswerStatus, Via
from bridge.dialogue.context import CallContext
from bridge.dialogue.form import Form
from bridge.dialogue.inputs import Digits, HungUp, Input, Machine, NoInput, NotHeard, Utterance
from bridge.dialogue.items import ConsentItem, IdentityItem, LanguageItem, OptionsItem, QuestionItem
from bridge.dialogue.listening import vocabulary
from bridge.dialogue.prompts import known_prompts
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.resuming import RESUMABLE, may_resume
from bridge.dialogue.speaking import pieces_for
from bridge.dialogue.state import Asked, DialogueState

PATIENTS = [
    {},
    {"first_name": "مَرْيَم", "gender": "f", "birth_year": 1980, "age": 46},
    {"first_name": "سَالِم", "gender": "m", "birth_year": 1970, "age": 56},
]
PARAMETERS = {
    "records": True,
    "visit": "2026-11-30",
    "due": "2026-11-30",
    "operation": "2026-11-30",
    "at": "08:30",
}
TOLD = {"doctor": "سَلْمَى", "medicine": "دَوَاء", "vaccine": "لَقَاح"}
SITE = {"crisis_number": "937"}
CONTEXTS = st.builds(
    CallContext,
    today=st.sampled_from([None, "2026-11-21"]),
    patient=st.sampled_from(PATIENTS),
    parameters=st.sampled_from([{}, PARAMETERS | TOLD]),
    site=st.just(SITE),
    can_transfer=st.booleans(),
)
STRAY_WORDS = [
    "",
    "[unk]",
    "نعم [unk]",
    "[unk] لا",
    "قدم",
    "نعم لا",
    "لا لا خمسة",
    "السؤال السابق",
    "إن شاء الله",
]
STRAY_KEYS = ["0", "*", "**", "9", "99", "130*80", "190*110", "38*5", "1980", "21112026", "0830", "1*2*3"]
USUAL_KEYS = {
    "temperature": "38*5",
    "blood_pressure": "190*110",
    "glucose": "65",
    "weight": "80",
    "integer": "5",
    "number": "5",
    "free_text": "1",
}


class AnyCall(RuleBasedStateMachine):
    """One caller, who may do anything at any time, and now and then does what is asked."""

    questionnaire: Questionnaire

    @initialize(context=CONTEXTS)
    def begin(self, context: CallContext) -> None:
        self.words = [*sorted(vocabulary(self.questionnaire)), *STRAY_WORDS]
        self.known = {prompt.text for prompt in known_prompts(self.questionnaire)}
        facts = (*context.patient.values(), *context.parameters.values(), *context.site.values())
        for fact in facts:  # told with the call, and spoken when they are needed
            self.known.update(pieces_for(self.questionnaire, None, fact))
        self.context = context
        self.heard: Input | None = None
        self.turns = 0
        self.has_told = False  # somebody was notified
        self.turn = engine.begin(self.questionnaire, context)

    @property
    def state(self) -> DialogueState:
        return self.turn.state

    def put_in(self, heard: Input) -> None:
        if engine.is_over(self.state):
            return
        stored = msgspec.json.decode(msgspec.json.encode(self.state), type=DialogueState)
        assert stored == self.state
        self.heard, self.turns = heard, self.turns + 1
        self.turn = engine.advance(self.questionnaire, stored, heard)
        self.has_told |= any(isinstance(action, Notify) for action in self.turn.actions)
        self.check()

    @rule(data=st.data(), sure=st.booleans())
    def speak(self, data: st.DataObject, *, sure: bool) -> None:
        """In words that are listened for somewhere; heard in one way, or in two."""
        one = data.draw(st.sampled_from(self.words))
        other = one if sure else data.draw(st.sampled_from(self.words))
        self.put_in(Utterance((one,), (other,), 0.5))

    @rule(keys=st.sampled_from(STRAY_KEYS) | st.text("0123456789*", min_size=1, max_size=9))
    def press(self, keys: str) -> None:
        self.put_in(Digits(keys))

    @rule(heard=st.sampled_from([NoInput(), NotHeard(), NotHeard(lasting=True)]))
    def be_unheard(self, heard: Input) -> None:
        self.put_in(heard)

    @rule(times=st.integers(1, 12), choice=st.integers(0, 9))
    def answer(self, times: int, choice: int) -> None:
        """What is asked, by key, so that every item is reached."""
        for _ in range(times):
            self.put_in(Digits(self.usual_keys(choice)))

    @rule(heard=st.sampled_from([HungUp(), Machine()]))
    def leave(self, heard: Input) -> None:
        self.put_in(heard)

    @precondition(lambda self: engine.is_over(self.state))
    @rule(hours=st.floats(0, 30))
    def call_again(self, hours: float) -> None:
        """A call that may be resumed is; any other begins anew."""
        if may_resume(self.questionnaire, self.state, hours):
            assert self.state.outcome in RESUMABLE
            self.turn = engine.resume(self.questionnaire, self.state, self.context, hours)
        else:
            self.turn, self.has_told = engine.begin(self.questionnaire, self.context), False
        self.heard, self.turns = None, 0

    def usual_keys(self, choice: int) -> str:
        item = self.item
        if self.state.asked is not Asked.ITEM or item is None:
            return "1"
        if isinstance(item, IdentityItem) and item.factor == "birth_year":
            return str(self.context.patient["birth_year"])
        if isinstance(item, OptionsItem):
            return item.options[choice % len(item.options)].key
        if item.type == "date":
            return "01112026" if getattr(item, "period", "") == "past" else "06122026"
        return USUAL_KEYS.get(
            item.type, "1" if isinstance(item, IdentityItem | ConsentItem) else "12"[choice % 2]
        )

    @property
    def item(self) -> QuestionItem | None:
        step = Form(self.questionnaire, self.state).current()
        found = step.item if step else None
        return found if isinstance(found, QuestionItem) else None

    @invariant()
    def check(self) -> None:
        self.ends_in_one_act()
        self.says_what_is_rendered()
        self.says_nothing_before_it_knows_who_listens()
        self.stores_what_was_said_or_keyed()
        self.leaves_nobody_alone()
        if self.state.outcome is Disposition.COMPLETED:
            form = Form(self.questionnaire, self.state)
            assert all(step.id in form.live for step in form.questions)

    def ends_in_one_act(self) -> None:
        *earlier, last = self.turn.actions
        assert isinstance(last, Listen | HangUp | Transfer)
        assert all(isinstance(action, Say | Store | Notify) for action in earlier)
        assert engine.is_over(self.state) is isinstance(last, HangUp | Transfer)
        assert self.turns <= self.questionnaire.max_turns
        assert engine.is_over(self.state) or self.turns < self.questionnaire.max_turns

    def says_what_is_rendered(self) -> None:
        """Every piece but what was told with the call is spoken into the cache before the first."""
        for action in self.turn.actions:
            if isinstance(action, Say):
                assert set(action.pieces) <= self.known
                assert not {"{", "}"} & set(action.text)

    def says_nothing_before_it_knows_who_listens(self) -> None:
        """What is about an item is about the person only, until the person is known and has agreed."""
        answers = {answer.item: answer.value for answer in self.state.answers}
        form = Form(self.questionnaire, self.state)
        first = [
            step.id
            for step in form.questions
            if isinstance(step.item, IdentityItem | ConsentItem | LanguageItem)
        ]
        unsettled = next((step for step in first if answers.get(step) is not True), None)
        if unsettled is None or getattr(form.step(unsettled).item, "purpose", "questions") == "recording":  # type: ignore[union-attr]
            return
        allowed = {None, *first[: first.index(unsettled) + 1]}
        assert {action.item for action in self.turn.actions if isinstance(action, Say)} <= allowed

    def stores_what_was_said_or_keyed(self) -> None:
        for action in self.turn.actions:
            if isinstance(action, Store):
                answer = action.answer
                if answer.via is Via.NONE:
                    assert (answer.value, answer.status) == (None, AnswerStatus.NOT_OBTAINED)
                elif answer.via is Via.DTMF:
                    assert isinstance(self.heard, Digits)
                else:
                    assert isinstance(self.heard, Utterance | Digits)
                    assert answer.confirmed or isinstance(self.heard, Utterance)

    def leaves_nobody_alone(self) -> None:
        """A question of safety that is not denied: somebody was told, and the call is about help now."""
        form = Form(self.questionnaire, self.state)
        for answer in self.state.answers:
            item = self.questionnaire.item(answer.item)
            if getattr(item, "safety", None) is not None and form.ordinal(answer) != 0:
                assert self.has_told
                assert self.state.escalated is not None

    def teardown(self) -> None:
        """Whoever only makes noise from here on is not kept for ever."""
        for _ in range(self.questionnaire.max_turns if hasattr(self, "turn") else 0):
            self.put_in(Utterance(("نعم [unk]",), ("قدم",), 0.1))
        assert not hasattr(self, "turn") or engine.is_over(self.state)


@pytest.mark.parametrize("questionnaire", NAMES, indirect=True)
def test_any_call_is_legal_and_ends(questionnaire: Questionnaire) -> None:
    """For each, some hundred callers of all kinds."""
    machine = type("Call", (AnyCall,), {"questionnaire": questionnaire})
    phases = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
    limits = settings(max_examples=20, stateful_step_count=25, deadline=None, phases=phases)
    run_state_machine_as_test(machine, settings=limits)


@pytest.mark.parametrize("questionnaire", NAMES, indirect=True)
@pytest.mark.parametrize(
    "stubborn",
    [NotHeard(), NoInput(), Digits("*"), Digits("7**"), Utterance(("نعم [unk]",), ("قدم",), 0.1)],
    ids=["deaf", "silent", "again", "wrong_keys", "noise"],
)
def test_the_most_stubborn_callers_come_to_an_end(questionnaire: Questionnaire, stubborn: Input) -> None:
    """Each to the last turn that a call may have."""
    turn = engine.begin(questionnaire, CallContext(site=SITE))
    for _ in range(questionnaire.max_turns):
        turn = engine.advance(questionnaire, turn.state, stubborn)
    assert engine.is_over(turn.state)
