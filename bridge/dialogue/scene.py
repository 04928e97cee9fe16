"""One input's circumstances: the questionnaire, where the dialogue stands, what is asked and understood.

Everything that decides something takes a scene and gives a turn, or another scene.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from bridge.dialogue.actions import Action, PromptRole, Say
from bridge.dialogue.answer import Value
from bridge.dialogue.form import Form, Step
from bridge.dialogue.items import ConsentItem, IdentityItem, QuestionItem
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.sentences import Sentence, Speaker
from bridge.dialogue.state import Asked, DialogueState, Tally
from bridge.dialogue.wording import variants_for
from bridge.understanding import Context

__all__ = ["Reading", "Scene", "Turn"]


class Reading(Struct, frozen=True):
    """How an input was understood, for the turn's record."""

    item: str | None
    meaning: str  # "answer", "doubt", "yes", "no", "command:stop", "no_match", "out_of_range", "no_input" …
    value: Value = None
    rule: str = ""
    is_secret: bool = False  # what was said or keyed proves who the caller is, and is written nowhere


class Turn(Struct, frozen=True):
    """One step: where the dialogue stands now, what is to be done, and how the input was understood."""

    state: DialogueState
    actions: tuple[Action, ...]
    reading: Reading


@dataclass(frozen=True)
class Scene:
    """One input's circumstances."""

    questionnaire: Questionnaire
    state: DialogueState
    step: Step
    item: QuestionItem  # the step's
    reading: Reading

    @cached_property
    def form(self) -> Form:
        """The questionnaire as it stands for this caller."""
        return Form(self.questionnaire, self.state)

    @cached_property
    def speaker(self) -> Speaker:
        """The words for this caller."""
        context = self.state.context
        variants = variants_for(self.state.dialect or context.dialect, context.gender)
        return Speaker(self.questionnaire, variants, self.form.facts(self.step).value)

    @property
    def known(self) -> Context:
        """What understanding may know beside the words: the day, and the dialect that the caller chose."""
        today, dialect = self.state.context.today, self.state.dialect
        return Context(
            today=date.fromisoformat(today) if today else None,
            dialects=(str(dialect),) if dialect is not None else (),
        )

    @property
    def is_by_keypad(self) -> bool:
        """Whether the item is to be answered by key."""
        return self.state.tally.by_keypad or not self.is_spoken

    @property
    def is_spoken(self) -> bool:
        """Whether an answer to the item can be heard; without a calendar, no day is relative to today."""
        if self.item.type == "date" and self.state.context.today is None:
            return False
        return self.questionnaire.is_spoken(self.item)

    @property
    def keeps_audio(self) -> bool:
        """Whether the sound of an answer may be kept: the item wants it, and the caller has agreed."""
        agreed = [
            answer.value
            for step in self.form.questions
            if isinstance(step.item, ConsentItem) and step.item.purpose == "recording"
            for answer in (self.form.live.get(step.id),)
            if answer is not None
        ]
        return bool(getattr(self.item, "keep_audio", False)) and True in agreed

    def say(self, sentence: Sentence, role: PromptRole, *, barge_in: bool | None = None) -> Say:
        """Say something about the item."""
        may = self.item.is_interruptible if barge_in is None else barge_in
        return Say(sentence.text, role, self.item.id, may, sentence.parts)

    def prompt(self, name: str, role: PromptRole, count: int = 1) -> Say:
        """Say a common sentence."""
        return self.say(self.speaker.prompt(name, count), role)

    def read_as(self, meaning: str, value: Value = None, rule: str = "") -> "Scene":
        """The same, with this understanding of the input."""
        is_secret = isinstance(self.item, IdentityItem) and self.item.factor != "name"
        reading = Reading(self.step.id, meaning, None if is_secret else value, rule, is_secret)
        return Scene(self.questionnaire, self.state, self.step, self.item, reading)

    def in_state(self, state: DialogueState) -> "Scene":
        """The same, further on."""
        return Scene(self.questionnaire, state, self.step, self.item, self.reading)

    def asking(self, asked: Asked) -> "Scene":
        """Turn to another question; its unclear replies are counted anew."""
        return self.in_state(replace(self.state, asked=asked, tally=replace(self.state.tally, doubts=0)))

    def tallied(self, tally: Tally) -> "Scene":
        """The same, with something counted."""
        return self.in_state(replace(self.state, tally=tally))

    def at(self, step: Step, item: QuestionItem) -> "Scene":
        """The same, with another item before the caller."""
        return Scene(self.questionnaire, self.state, step, item, self.reading)
