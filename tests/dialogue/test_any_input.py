"""Any sequence of inputs, on every type of item: legal states, true answers, and an end."""

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.content import CONTENT
from bridge.dialogue import engine
from bridge.dialogue.actions import Disposition, HangUp, Listen, Notify, Say, Store, Transfer
from bridge.dialogue.answer import Answer, AnswerStatus, Via
from bridge.dialogue.context import CallContext
from bridge.dialogue.engine import DialogueState, Turn
from bridge.dialogue.form import Form
from bridge.dialogue.inputs import Digits, HungUp, Input, Machine, NoInput, NotHeard, Utterance
from bridge.dialogue.items import GroupItem, InfoItem
from bridge.dialogue.loader import parse
from bridge.dialogue.prompts import known_prompts
from bridge.dialogue.resuming import RESUMABLE, may_resume
from bridge.dialogue.state import Asked

FOLDER = CONTENT / "questionnaires"
EVERY_ITEM = parse(
    (CONTENT / "tests" / "dialogue" / "every_item.yaml").read_text(encoding="utf-8"),
    name="every_item.yaml",
    common=(FOLDER / "common" / "ar.yaml").read_text(encoding="utf-8"),
)
KNOWN = {prompt.text for prompt in known_prompts(EVERY_ITEM)}
NAME, DOCTOR, CRISIS = "مريم", "سلمى", "937"
PIPED = {NAME, DOCTOR, CRISIS}

WORDS = [
    "",
    "نعم",
    "لا",
    "أيوه",
    "موافق",
    "صفر",
    "ثلاثة",
    "خمسة ونص",
    "عشرين",
    "جيد",
    "سعال",
    "لا شيء",
    "كل يوم",
]
WORDS += [
    "لا أعرف",
    "التالي",
    "أعد",
    "توقف",
    "مساعدة",
    "نزيف",
    "أريد أن أموت",
    "قدم",
    "لا سبعة",
    "لا لا خمسة",
]
WORDS += [
    "[unk]",
    "نعم [unk]",
    "لحظة",
    "مية وعشرين على تمانين",
    "بكرة",
    "الساعة ثمانية",
    "منذ يومين",
    "السؤال السابق",
]
KEYS = ["1", "2", "3", "4", "0", "*", "12", "38*5", "1980", "12345", "130*80", "190*110", "6*5", "80"]
KEYS += ["01112026", "15112026", "0830", "0501234567", "9", "99", "130*", "**", "1*2*3"]
CLEAR = st.sampled_from(WORDS).map(lambda word: Utterance((word,), (word,), 0.9))
MIXED = st.builds(
    lambda one, other, early: Utterance((one,), (other,), 0.5, premature=early),
    st.sampled_from(WORDS),
    st.sampled_from(WORDS),
    st.booleans(),
)
PRESSED = st.builds(
    Digits, st.sampled_from(KEYS) | st.text("0123456789*", max_size=9), premature=st.booleans()
)
INPUTS: st.SearchStrategy[Input] = st.one_of(
    CLEAR, MIXED, PRESSED, PRESSED, st.just(NoInput()), st.builds(NotHeard, lasting=st.booleans())
)
CONTEXTS = st.builds(
    CallContext,
    today=st.sampled_from([None, "2026-11-21"]),
    hour=st.just(10),
    patient=st.sampled_from(
        [{}, {"first_name": NAME, "gender": "f", "birth_year": 1980}, {"first_name": NAME, "gender": "m"}]
    ),
    parameters=st.sampled_from([{}, {"doctor": DOCTOR, "visit": "2026-11-30"}]),
    site=st.sampled_from([{}, {"crisis_number": CRISIS}]),
    can_transfer=st.booleans(),
    has_open_vocabulary=st.booleans(),
)
RIGHT_KEYS = {
    "language": "1",
    "consent": "1",
    "yes_no": "1",
    "temperature": "38*5",
    "duration": "3",
    "choice": "2",
    "multi_choice": "12",
    "scale": "1",
    "number": "7",
    "integer": "2",
    "digits": "12345",
    "blood_pressure": "130*80",
    "glucose": "7*2",
    "weight": "80",
    "date": "15112026",
    "time": "0830",
}


class CallMachine(RuleBasedStateMachine):
    """One caller, who may do anything at any time, and now and then does what is asked."""

    @initialize(context=CONTEXTS)
    def begin(self, context: CallContext) -> None:
        self.context = context
        self.turns = 0
        self.stored: list[Answer] = []
        self.before: DialogueState | None = None
        self.heard: Input | None = None
        self.turn = engine.begin(EVERY_ITEM, context)

    def put_in(self, heard: Input) -> None:
        stored = msgspec.json.decode(msgspec.json.encode(self.turn.state), type=DialogueState)
        assert stored == self.turn.state
        self.before, self.heard = stored, heard
        self.turn = engine.advance(EVERY_ITEM, stored, heard)
        self.turns += 1

    @precondition(lambda self: not engine.is_over(self.turn.state))
    @rule(heard=INPUTS)
    def anything(self, heard: Input) -> None:
        self.put_in(heard)

    @precondition(lambda self: not engine.is_over(self.turn.state))
    @rule(times=st.integers(1, 12))
    def answer_what_is_asked(self, times: int) -> None:
        """So that every item is reached."""
        for _ in range(times):
            if engine.is_over(self.turn.state):
                return
            self.put_in(Digits(self.right_keys()))
            self.check()

    @precondition(lambda self: not engine.is_over(self.turn.state))
    @rule(heard=st.sampled_from([HungUp(), Machine()]))
    def go(self, heard: Input) -> None:
        self.put_in(heard)

    @precondition(lambda self: engine.is_over(self.turn.state))
    @rule(hours=st.floats(0, 30))
    def call_again(self, hours: float) -> None:
        """A call that may be resumed is; any other stays over."""
        state = self.turn.state
        if not may_resume(EVERY_ITEM, state, hours):
            self.turn = engine.begin(EVERY_ITEM, self.context)
        else:
            assert state.outcome in RESUMABLE
            self.turn = engine.resume(EVERY_ITEM, state, self.context, hours)
        self.turns, self.before = 0, None

    def right_keys(self) -> str:
        if self.turn.state.asked is not Asked.ITEM:
            return "1"
        step = Form(EVERY_ITEM, self.turn.state).current()
        assert step is not None
        if step.item.type == "identity":
            return "1" if step.item.id == "who" else "1980"
        return RIGHT_KEYS.get(step.item.type, "1")

    @invariant()
    def check(self) -> None:
        self.ends_in_one_act(self.turn)
        self.says_what_is_known(self.turn)
        self.stores_what_was_believed(self.turn)
        self.is_legal(self.turn.state)
        assert self.turns <= EVERY_ITEM.max_turns
        if self.turns == EVERY_ITEM.max_turns:
            assert engine.is_over(self.turn.state)

    def ends_in_one_act(self, turn: Turn) -> None:
        *earlier, last = turn.actions
        assert isinstance(last, Listen | HangUp | Transfer)
        assert all(isinstance(action, Say | Store | Notify) for action in earlier)
        assert engine.is_over(turn.state) is isinstance(last, HangUp | Transfer)

    def says_what_is_known(self, turn: Turn) -> None:
        """Everything but names and numbers of the site is rendered before the first call."""
        for action in turn.actions:
            if isinstance(action, Say):
                assert action.text.strip()
                assert not {"{", "}"} & set(action.text)
                assert {piece for piece in action.pieces if piece not in KNOWN} <= PIPED

    def stores_what_was_believed(self, turn: Turn) -> None:
        if self.before is None or self.heard is None:
            return
        for action in turn.actions:
            if isinstance(action, Store):
                assert believed(self.before, self.heard, action.answer)
                if action.answer.item == "harm" and action.answer.value != "never":
                    assert any(isinstance(one, Notify) for one in turn.actions)
                    assert turn.state.escalated is not None

    def is_legal(self, state: DialogueState) -> None:
        items = [answer.item for answer in state.answers]
        assert len(items) == len(set(items))
        assert all(EVERY_ITEM.item(item.partition("#")[0]) is not None for item in items)
        assert (state.asked is Asked.READBACK) <= (state.candidate is not None)
        if state.escalated is not None:  # nothing but help from here on
            assert state.asked in (Asked.OFFER, Asked.HELP)
            assert state.outcome in (None, Disposition.ESCALATED, Disposition.VOICEMAIL)
        if state.outcome is None and state.escalated is None:
            step = Form(EVERY_ITEM, state).current()
            assert step is not None
            assert not isinstance(step.item, InfoItem | GroupItem)
        if state.outcome is Disposition.COMPLETED:
            form = Form(EVERY_ITEM, state)
            assert all(step.id in form.live for step in form.questions)


def believed(before: DialogueState, heard: Input, answer: Answer) -> bool:
    """Whether an answer was agreed on, confirmed or keyed, judged from outside."""
    if answer.via is Via.NONE:
        return answer.value is None and answer.status is AnswerStatus.NOT_OBTAINED
    if answer.via is Via.DTMF:
        return isinstance(heard, Digits)
    if answer.confirmed:
        candidate = before.candidate
        return before.asked is Asked.READBACK and candidate is not None and candidate.value == answer.value
    return isinstance(heard, Utterance) and (answer.closed, answer.open) == (
        heard.closed_text,
        heard.open_text,
    )


TestAnyCall = CallMachine.TestCase
TestAnyCall.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_every_call_ends() -> None:
    """The stubbornest callers there are, each to the last turn that a call may have."""
    for stubborn in (NotHeard(), Digits("*"), Digits("7**"), Utterance(("نعم [unk]",), ("قدم",), 0.1)):
        turn = engine.begin(EVERY_ITEM)
        for _ in range(EVERY_ITEM.max_turns):
            turn = engine.advance(EVERY_ITEM, turn.state, stubborn)
        assert engine.is_over(turn.state)


def test_a_caller_who_corrects_for_ever_comes_to_an_end() -> None:
    """Answering and going back, answering and going back."""
    turn = engine.begin(EVERY_ITEM, CallContext(patient={"first_name": NAME, "birth_year": 1980}))
    back = Utterance(("السؤال السابق",), ("السؤال السابق",), 0.9)
    for keys in ("1", "1", "1980", "1", "1"):
        turn = engine.advance(EVERY_ITEM, turn.state, Digits(keys))
    for _ in range(EVERY_ITEM.max_turns):
        turn = engine.advance(EVERY_ITEM, turn.state, Digits("2"))
        turn = engine.advance(EVERY_ITEM, turn.state, back)
    assert engine.is_over(turn.state)
