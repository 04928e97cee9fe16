"""The questions that recordings are tried against, with the grammars and the readers of the dialogue itself.

Pure: it decides which words a question listens for, and what was heard is worth as an answer to it.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

from bridge.dialogue.listening import listen_for_item
from bridge.dialogue.questionnaire import Item, NumberItem, Questionnaire, YesNoItem
from bridge.errors import QuestionnaireError
from bridge.models.labels import GREATEST_NUMBER, Kind, Label
from bridge.speech.vosk.model import UNKNOWN_WORD, ModelSummary
from bridge.understanding import Finding, Meaning, YesNoKind, normalise, read_number, read_yes_no, understand

__all__ = ["Question", "Questions", "Task", "Verdict", "spell"]

T = TypeVar("T", YesNoItem, NumberItem)

SCALE_END = 10  # of the number question that digits are tried against


class Task(StrEnum):
    """What a recording is tried against."""

    YES_NO = "yes/no question"
    OFFERED = "yes/no question, other words"
    SCALE = "number question"
    PHRASE = "number question up to 999"
    LABELS = "all labels"
    OPEN = "open vocabulary"


class Verdict(StrEnum):
    """What came of it."""

    RIGHT = "right"
    WRONG = "wrong"  # another answer, or other words
    DOUBTFUL = "doubtful"  # an answer that would be read back
    COMMAND = "command"  # "repeat", "a person", words of danger
    REFUSED = "refused"  # the unknown word, nothing, or no answer: asked again


class Question(Struct, frozen=True):
    """One question: what it listens for, and how its answers are read."""

    phrases: tuple[str, ...]  # as people write them; () for the open vocabulary
    minimum: int | None = None  # of a number
    maximum: int = 0
    kind: YesNoKind | None = None  # of a yes or no

    def read(self, text: str) -> Meaning:
        """What `text` means as an answer."""
        return understand(text, self._read)

    def _read(self, text: str) -> Meaning:
        if self.kind is not None:
            return read_yes_no(text, self.kind)
        return read_number(text, self.minimum or 0, self.maximum)


class Questions:
    """The questions of one questionnaire that stand for all of their kind, and one that takes every label."""

    def __init__(
        self, questionnaires: Mapping[str, Questionnaire], first: str, labels: Iterable[str]
    ) -> None:
        """Take the first fitting questions, those of the questionnaire `first` before others.

        Raises:
            QuestionnaireError: no questionnaire asks for a yes or a no, or for a number from nought to ten.

        """
        in_order = sorted(questionnaires.values(), key=lambda one: (one.id != first, one.id))
        source, yes_no = _found(in_order, YesNoItem, "a yes or a no")
        numbers, scale = _found(in_order, NumberItem, "a number from 0 to 10")
        self._by_task = {
            Task.YES_NO: Question(_phrases(source, yes_no), kind=yes_no.kind),
            Task.SCALE: Question(_phrases(numbers, scale), scale.minimum, scale.maximum),
            Task.PHRASE: Question(_phrases_of_every_number(numbers, scale), 0, GREATEST_NUMBER),
            Task.LABELS: Question(tuple(dict.fromkeys((*labels, *_always(source, yes_no))))),
            Task.OPEN: Question(()),
        }
        self._by_task[Task.OFFERED] = self._by_task[Task.YES_NO]

    def __getitem__(self, task: Task) -> Question:
        return self._by_task[task]

    def tasks_for(self, label: Label, *, has_phrases: bool) -> list[Task]:
        """What a recording of this label is tried against.

        `has_phrases` tells whether any of the labels is a number above ten.
        """
        tasks = [Task.OPEN, Task.LABELS, Task.YES_NO if label.kind is Kind.YES_NO else Task.OFFERED]
        if label.kind is Kind.NUMBER:
            if label.value is not None and label.value <= SCALE_END:
                tasks.append(Task.SCALE)
            if has_phrases:
                tasks.append(Task.PHRASE)
        return tasks

    def judge(self, task: Task, label: Label, text: str) -> Verdict:
        """What `text` is worth when `label` was said; `text` is spelled as people write."""
        if task in (Task.LABELS, Task.OPEN):
            return self._judge_words(label, text)
        return _judge_answer(self[task].read(text), None if task is Task.OFFERED else label.value)

    def _judge_words(self, label: Label, text: str) -> Verdict:
        """Right are the same words, and other words for the same answer."""
        if set(text.split()) <= {UNKNOWN_WORD}:
            return Verdict.REFUSED
        if normalise(text) == normalise(label.words):
            return Verdict.RIGHT
        answers = {Kind.YES_NO: Task.YES_NO, Kind.NUMBER: Task.PHRASE}
        if label.kind in answers:
            meaning = self[answers[label.kind]].read(text)
            return Verdict.RIGHT if _judge_answer(meaning, label.value) is Verdict.RIGHT else Verdict.WRONG
        return Verdict.WRONG


def spell(phrases: Iterable[str], model: ModelSummary) -> tuple[str, ...]:
    """A grammar as Vosk is given it: what the model has words for, and its unknown word."""
    spelled = [model.spell(phrase) for phrase in phrases]
    known = tuple(dict.fromkeys(phrase for phrase in spelled if phrase is not None))
    return (*known, UNKNOWN_WORD) if known and model.has_unknown_word else known


def _judge_answer(meaning: Meaning, truth: bool | int | None) -> Verdict:
    if meaning.finding is Finding.COMMAND:
        return Verdict.COMMAND
    if meaning.finding is not Finding.VALUE:
        return Verdict.REFUSED
    if meaning.doubtful:
        return Verdict.DOUBTFUL
    return Verdict.RIGHT if meaning.value == truth else Verdict.WRONG


def _found(questionnaires: list[Questionnaire], kind: type[T], what: str) -> tuple[Questionnaire, T]:
    for questionnaire in questionnaires:
        for item in questionnaire.questions:
            if isinstance(item, kind) and _stands_for_all(item):
                return questionnaire, item
    raise QuestionnaireError(f"no questionnaire asks for {what}: there is nothing to try recordings against")


def _stands_for_all(item: Item) -> bool:
    return not isinstance(item, NumberItem) or (item.minimum, item.maximum) == (0, SCALE_END)


def _phrases(questionnaire: Questionnaire, item: Item) -> tuple[str, ...]:
    return listen_for_item(questionnaire, item, by_keypad=False).phrases


def _always(questionnaire: Questionnaire, item: Item) -> tuple[str, ...]:
    """What is listened for whatever is asked: commands and words of danger."""
    return listen_for_item(questionnaire, item, by_keypad=True).phrases


def _phrases_of_every_number(questionnaire: Questionnaire, item: NumberItem) -> tuple[str, ...]:
    """The same question with a greater maximum, whatever the questionnaire trusts the recogniser with."""
    hearing = questionnaire.hearing.model_copy(update={"spoken_maximum": GREATEST_NUMBER})
    trusting = questionnaire.model_copy(update={"hearing": hearing})
    return _phrases(trusting, item.model_copy(update={"maximum": GREATEST_NUMBER}))
