"""What a simulated caller is to say, from a YAML file: answers by question, or lines one after the other.

    questionnaire: post_discharge
    confirm: {say: نَعَمْ, word: "yes", press: "1"}     # to "did I hear you right?"
    deny: {say: لَا, word: "no", press: "2"}
    answers:
      pain: {value: 3, say: ثَلَاثَة, word: three, press: "3#"}
      medication: {value: true, press: "1"}          # nothing to say: pressed

or, for `hatif call`,

    lines: [{say: نَعَمْ}, {press: "3#"}, {pause: 2.5}, {wav: answer.wav}, {hang_up: true}]
"""

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from bridge.carriers.voice import Wording
from bridge.dialogue.answer import Value
from bridge.dialogue.document import Document, Problem, read_document
from bridge.dialogue.items import (
    GroupItem,
    InfoItem,
    IntegerItem,
    Item,
    MultiChoiceItem,
    NumberItem,
    OptionsItem,
)
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import BridgeError

__all__ = ["AnswerScript", "Reply", "ScriptError", "ScriptedAnswer", "Step", "load_answers", "load_steps"]

MAX_LINES = 1000  # more than anybody says in a call of half an hour
MAX_PAUSE_SECONDS = 600.0

_UNHELPFUL = {
    "missing": "missing",
    "extra_forbidden": "unknown field",
    "string_type": "should be text, in quotes",
}


class ScriptError(BridgeError):
    """A script is wrong; the text names file, line and field of every fault."""

    code = "script"


class Reply(Struct, frozen=True):
    """One way to answer: spoken where there is a wording, else by key."""

    press: str
    wording: Wording | None = None


class ScriptedAnswer(Struct, frozen=True):
    """The answer to one item."""

    value: Value  # what is to be stored
    reply: Reply


class AnswerScript(Struct, frozen=True):
    """One patient's answers to one questionnaire."""

    confirm: Reply  # to "did I hear you right?"
    deny: Reply
    answers: dict[str, ScriptedAnswer]  # by item, in the file's order

    @property
    def wordings(self) -> tuple[Wording, ...]:
        """Everything that may have to be said, once each."""
        replies = (self.confirm, self.deny, *(answer.reply for answer in self.answers.values()))
        return tuple(dict.fromkeys(reply.wording for reply in replies if reply.wording is not None))


class Step(Struct, frozen=True):
    """One line of a scripted call. One of these is set; where none is, the caller hangs up."""

    say: str = ""
    wav: Path | None = None
    press: str = ""
    pause: float = 0.0  # seconds


Keys = Annotated[str, StringConstraints(pattern=r"^[0-9*#]{1,20}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=600)]


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Reply(_Model):
    press: Keys
    say: Words | None = None
    word: Words | None = None  # of a recorded caller

    @model_validator(mode="after")
    def _word_goes_with_say(self) -> "_Reply":
        if self.word and not self.say:
            raise ValueError("'word' is the recording of what 'say' says; give both")
        return self

    def reply(self) -> Reply:
        wording = Wording(self.say, self.word or "") if self.say else None
        return Reply(press=self.press, wording=wording)


class _Answer(_Reply):
    value: bool | int | float | str | list[str]


class _Answers(_Model):
    questionnaire: str
    confirm: _Reply
    deny: _Reply
    answers: dict[str, _Answer] = Field(min_length=1)


class _Line(_Model):
    say: Words | None = None
    press: Keys | None = None
    wav: Words | None = None
    pause: Annotated[float, Field(gt=0, le=MAX_PAUSE_SECONDS, strict=False)] | None = None
    hang_up: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> "_Line":
        if len(self.model_fields_set) != 1:
            raise ValueError(f"a line is one of {', '.join(type(self).model_fields)}")
        return self

    def step(self, folder: Path) -> Step:
        wav = folder / self.wav if self.wav else None
        return Step(say=self.say or "", wav=wav, press=self.press or "", pause=self.pause or 0.0)


class _Lines(_Model):
    lines: list[_Line] = Field(min_length=1, max_length=MAX_LINES)


M = TypeVar("M", bound=_Model)


def load_answers(path: Path, questionnaire: Questionnaire) -> AnswerScript:
    """Load the answers to `questionnaire`.

    Raises:
        ScriptError: one line for each fault, "file:line: field: what is wrong; what would be right".

    """
    document = _read(path)
    script = _validated(_Answers, document, path)
    _refuse_if_any(_mismatches(script, questionnaire), document, path)
    return AnswerScript(
        confirm=script.confirm.reply(),
        deny=script.deny.reply(),
        answers={
            item: ScriptedAnswer(value=_value(answer), reply=answer.reply())
            for item, answer in script.answers.items()
        },
    )


def load_steps(path: Path, *, by_key: bool = False) -> list[Step]:
    """Load the lines of a scripted call; a file of answers is taken as its answers one after the other.

    They are said where there is something to say, or all are pressed: what is pressed is not read back.

    Raises:
        ScriptError: as `load_answers`.

    """
    document = _read(path)
    if isinstance(document.data, dict) and "answers" in document.data:
        replies = [answer.reply() for answer in _validated(_Answers, document, path).answers.values()]
        return [
            Step(say=reply.wording.say) if reply.wording and not by_key else Step(press=reply.press)
            for reply in replies
        ]
    return [line.step(path.parent) for line in _validated(_Lines, document, path).lines]


def _read(path: Path) -> Document:
    try:
        return read_document(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ScriptError(f"{path}:1: not UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise ScriptError(f"{path}: cannot be read ({error.strerror})") from error


def _validated(model: type[M], document: Document, path: Path) -> M:
    _refuse_if_any(document.problems, document, path)
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        problems = [
            Problem(tuple(details["loc"]), _UNHELPFUL.get(details["type"]) or _sentence(details["msg"]))
            for details in error.errors(include_url=False, include_context=False)
        ]
        _refuse_if_any(problems, document, path)
        raise


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _refuse_if_any(problems: Iterable[Problem], document: Document, path: Path) -> None:
    lines = [
        f"{path.name}:{_line(problem, document)}: {'.'.join(map(str, problem.path))}: {problem.text}"
        for problem in problems
    ]
    if lines:
        raise ScriptError("\n".join(dict.fromkeys(lines)))


def _line(problem: Problem, document: Document) -> int:
    """The line of the innermost block that the problem lies in."""
    place = problem.place or document.place_of(problem.path) or document.places.get(())
    return place.line if place else 1


def _mismatches(script: _Answers, questionnaire: Questionnaire) -> Iterator[Problem]:
    if script.questionnaire != questionnaire.id:
        yield Problem(
            ("questionnaire",), f"'{script.questionnaire}', but '{questionnaire.id}' is what is asked"
        )
        return
    for item_id, answer in script.answers.items():
        item = questionnaire.item(item_id)
        if item is None:
            yield Problem(("answers", item_id), f"no such item{_did_you_mean(item_id, questionnaire)}")
        elif (fault := _misfit(_value(answer), item)) is not None:
            yield Problem(("answers", item_id, "value"), fault)
    always = [item.id for item in questionnaire.questions if item.when is None]
    unanswered = [item for item in always if item not in script.answers]
    if unanswered:
        yield Problem(("answers",), f"no answer to {', '.join(unanswered)}")


def _did_you_mean(item_id: str, questionnaire: Questionnaire) -> str:
    near = difflib.get_close_matches(item_id, [item.id for item in questionnaire.questions], n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def _misfit(value: Value, item: Item) -> str | None:
    """Why `item` can never have this value; None where it can."""
    if isinstance(item, InfoItem | GroupItem):
        return "is said and not asked"
    if isinstance(item, NumberItem | IntegerItem) and not item.decimals:
        is_inside = type(value) is int and item.minimum <= value <= item.maximum
        return None if is_inside else f"should be a whole number from {item.minimum} to {item.maximum}"
    if isinstance(item, OptionsItem):
        options = [option.value for option in item.options]
        named = value if isinstance(item, MultiChoiceItem) and isinstance(value, tuple) else (value,)
        return None if set(named) <= set(options) else f"should be one of {', '.join(options)}"
    is_yes_no = hasattr(item, "kind")
    return "should be true or false" if is_yes_no and not isinstance(value, bool) else None


def _value(answer: _Answer) -> Value:
    return tuple(answer.value) if isinstance(answer.value, list) else answer.value
