"""The caller's end of one call, in virtual time: steps in, prompts and answers out. Pure.

The dialogue knows no clock, so time is counted and not waited for: prompts take as long as they have letters,
silence is so many seconds, keys go through the keypad and words through the grammar that is listened with.
"""

from itertools import chain

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bridge.dialogue import engine
from bridge.dialogue.actions import HangUp, Listen, Notify, Say, Store, Transfer
from bridge.dialogue.answer import Answer
from bridge.dialogue.answering import understood
from bridge.dialogue.context import CallContext
from bridge.dialogue.engine import DialogueState, Turn
from bridge.dialogue.form import Form
from bridge.dialogue.hearing import Heard
from bridge.dialogue.inputs import HungUp, Input, Machine, NoInput, NotHeard, Utterance
from bridge.dialogue.keypad import Keypad
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.resuming import may_resume
from bridge.errors import BridgeError
from bridge.understanding import UNKNOWN_WORD

__all__ = ["Exchange", "Readings", "SimulationError", "Step", "Telephone"]

LETTERS_A_SECOND = 15.0
SURE = 0.9  # the recogniser's own confidence, which decides nothing

Readings = str | tuple[str, ...]  # one text, or one for each time that the recogniser listened


class SimulationError(BridgeError):
    """A call cannot be played as it was asked for."""

    code = "simulation"


class Step(Struct, forbid_unknown_fields=True):
    """One thing that the caller does, or that happens; and what is said after it."""

    say: str = ""  # clearly
    mumble: tuple[Readings, Readings] | None = None  # what the grammar hears, and what all words hear
    over: bool = False  # said or pressed while the prompt is being spoken
    early: bool = False  # begun before the question could be heard, as by a key that is pressed twice
    press: str = ""
    silent: float = 0  # seconds, from the moment that the prompt begins
    unheard: bool = False  # our ears fail
    hang_up: bool = False
    machine: bool = False
    resume_after_hours: float | None = None
    hears: list[str] | None = None  # "role item: words", in order; left out: whatever


class Exchange(Struct, frozen=True):
    """One input, how it was understood, and the turn that it led to."""

    heard: Input | None  # None: the call begins, or is taken up again
    understood: Heard | None  # what an utterance was taken to mean
    turn: Turn

    @property
    def said(self) -> list[Say]:
        """What is said upon it."""
        return [action for action in self.turn.actions if isinstance(action, Say)]

    @property
    def stored(self) -> list[Answer]:
        """The answers that it led to."""
        return [action.answer for action in self.turn.actions if isinstance(action, Store)]


class Telephone:
    """One call to a questionnaire, with a caller who does one step after the other."""

    def __init__(self, questionnaire: Questionnaire, context: CallContext) -> None:
        self.questionnaire = questionnaire
        self.context = context
        self.exchanges: list[Exchange] = []
        self.stored: dict[str, Answer] = {}
        self._quiet = 0.0  # seconds since the prompt began
        self._take(None, None, engine.begin(questionnaire, context))

    def do(self, step: Step) -> list[Say]:
        """Do it, and return what is said upon it; nothing where the step is lost on the call.

        Raises:
            SimulationError: the step resumes a call that cannot be resumed.

        """
        begun = len(self.exchanges)
        if step.resume_after_hours is not None:
            self._resume(step.resume_after_hours)
        elif step.silent:
            self._be_silent(step.silent)
        elif self.is_listening and (self._may_interrupt or not (step.over or step.early)):
            self._act(step)
        return [say for exchange in self.exchanges[begun:] for say in exchange.said]

    @property
    def said(self) -> list[Say]:
        """What is said now."""
        return self.exchanges[-1].said

    @property
    def state(self) -> DialogueState:
        """Where the dialogue stands."""
        return self.exchanges[-1].turn.state

    @property
    def last(self) -> Listen | HangUp | Transfer:
        """What the turn ended with."""
        last = self.exchanges[-1].turn.actions[-1]
        if not isinstance(last, Listen | HangUp | Transfer):
            raise TypeError(f"a turn ends in {type(last).__name__}")
        return last

    @property
    def is_listening(self) -> bool:
        """Whether the call goes on."""
        return isinstance(self.last, Listen)

    @property
    def notices(self) -> list[Notify]:
        """Who was told what, in order."""
        actions = chain.from_iterable(exchange.turn.actions for exchange in self.exchanges)
        return [action for action in actions if isinstance(action, Notify)]

    @property
    def form(self) -> Form:
        """The questionnaire as it stands for this caller."""
        return Form(self.questionnaire, self.state)

    @property
    def seconds_left(self) -> float:
        """How long the caller may still be silent before they are asked again; 0 where nobody listens."""
        return self._patience(self.last) - self._quiet if isinstance(self.last, Listen) else 0.0

    def within_grammar(self, words: str) -> str:
        """Hear only the words that are listened for; nothing at all where none are."""
        known = set(chain.from_iterable(phrase.split() for phrase in self._phrases))
        return " ".join(word if word in known else UNKNOWN_WORD for word in words.split())

    @property
    def _phrases(self) -> tuple[str, ...]:
        return self.last.phrases if isinstance(self.last, Listen) else ()

    @property
    def _may_interrupt(self) -> bool:
        return all(say.barge_in for say in self.said)

    def _resume(self, hours: float) -> None:
        if not may_resume(self.questionnaire, self.state, hours):
            raise SimulationError(f"a call that ended like this is not taken up again after {hours:g} hours")
        self._take(None, None, engine.resume(self.questionnaire, self.state, self.context, hours_since=hours))

    def _is_premature(self, *, early: bool) -> bool:
        """Whether that is no answer: only to a question that is put for the first time, as on the line."""
        return early and isinstance(self.last, Listen) and self.last.is_new

    def _act(self, step: Step) -> None:
        premature = self._is_premature(early=step.early)
        if step.press:
            self._press(step.press, early=step.early)
        elif step.mumble:
            closed, open_ = step.mumble
            self._hear(Utterance(_all_of(closed), _all_of(open_), SURE, premature=premature))
        elif step.say:
            self._hear(Utterance((self.within_grammar(step.say),), (step.say,), SURE, premature=premature))
        elif step.hang_up or step.machine:
            self._hear(HungUp() if step.hang_up else Machine())
        elif step.unheard:
            self._hear(NotHeard())

    def _press(self, keys: str, *, early: bool) -> None:
        """Key by key; an entry that is still open at the end is closed by the pause after it.

        What is pressed on after a whole entry comes too early for the question that follows.
        """
        while keys and isinstance(self.last, Listen):
            keypad, entry = Keypad(self.last.keys), None
            while keys and entry is None:
                entry, keys = keypad.press(keys[0]), keys[1:]
            entry = entry or keypad.expire()
            if entry is not None:
                self._hear(replace(entry, premature=self._is_premature(early=early)))
                early = True
            keys = keys if self._may_interrupt else ""

    def _be_silent(self, seconds: float) -> None:
        self._quiet += seconds
        while isinstance(self.last, Listen) and self._quiet >= self._patience(self.last):
            left = self._quiet - self._patience(self.last)
            self._hear(NoInput())
            self._quiet = left

    def _patience(self, listen: Listen) -> float:
        spoken = sum(len(say.text) for say in self.said) / LETTERS_A_SECOND
        return spoken + listen.no_input_seconds

    def _hear(self, heard: Input) -> None:
        """Take one input, from the state as it would be read back from disk."""
        state = msgspec.json.decode(msgspec.json.encode(self.state), type=DialogueState)
        meant = None
        if isinstance(heard, Utterance):
            meant = understood(engine.scene_at(self.questionnaire, state), heard)
        self._take(heard, meant, engine.advance(self.questionnaire, state, heard))

    def _take(self, heard: Input | None, meant: Heard | None, turn: Turn) -> None:
        self.exchanges.append(Exchange(heard, meant, turn))
        self._quiet = 0.0
        self.stored |= {answer.item: answer for answer in self.exchanges[-1].stored}


def _all_of(readings: Readings) -> tuple[str, ...]:
    return (readings,) if isinstance(readings, str) else readings
