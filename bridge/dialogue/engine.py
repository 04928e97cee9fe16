"""The dialogue: a state and an input give a new state and what is to be done. Pure and total.

Form interpretation as VoiceXML describes it: the item asked is the first without an answer; what comes is
weighed, stored, read back or asked again; counters decide when another way is tried. Every turn ends in
listening, in a transfer or in hanging up, and every call ends: each kind of trouble has its limit, and all
turns together have one.

What is stored was said so that the readings agree, or was confirmed, or was keyed. Nothing else ever is.
"""

from dataclasses import dataclass
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from bridge.dialogue.actions import Action, Disposition, HangUp, Listen, PromptRole, Say, Store, Transfer
from bridge.dialogue.answer import Answer, AnswerStatus, Value, Via
from bridge.dialogue.hearing import Heard, Trust, hear
from bridge.dialogue.inputs import Digits, HungUp, Input, NoInput, NotHeard, Utterance
from bridge.dialogue.keypad import REPEAT_KEY
from bridge.dialogue.listening import listen_for_item, listen_for_yes_no, listen_longer
from bridge.dialogue.prompts import keypad_text, out_of_range_text, readback_text
from bridge.dialogue.questionnaire import (
    AllowedReply,
    ChoiceItem,
    Confirm,
    ConsentItem,
    Item,
    NumberItem,
    Questionnaire,
)
from bridge.dialogue.state import Asked, Candidate, DialogueState, Tally, current_item
from bridge.understanding import (
    Command,
    Finding,
    Meaning,
    YesNoKind,
    read_choice,
    read_number,
    read_yes_no,
)

__all__ = ["DialogueState", "Reading", "Turn", "advance", "apology", "begin", "is_over"]

YES_KEY, NO_KEY, PERSON_KEY = "1", "2", "0"


class Reading(Struct, frozen=True):
    """How an input was understood, for the turn's record."""

    item: str | None
    meaning: str  # "answer", "doubt", "yes", "no", "command:stop", "no_match", "out_of_range", "no_input" …
    value: Value = None
    rule: str = ""


class Turn(Struct, frozen=True):
    """One step: where the dialogue stands now, what is to be done, and how the input was understood."""

    state: DialogueState
    actions: tuple[Action, ...]
    reading: Reading


def begin(questionnaire: Questionnaire) -> Turn:
    """Open the call and ask the first item."""
    state = DialogueState(tally=Tally(tries=1))
    scene = _Scene(questionnaire, state, questionnaire.items[0], Reading(None, "begin"))
    return _put(scene, scene.say(questionnaire.prompts.opening, PromptRole.OPENING))


def advance(questionnaire: Questionnaire, state: DialogueState, heard: Input) -> Turn:
    """Take one input in any state."""
    if state.outcome is not None:
        return Turn(state, (HangUp(state.outcome),), Reading(None, "over"))
    state = replace(state, turns=state.turns + 1)
    item = current_item(questionnaire, state)
    if item is None:  # a state of a questionnaire that has become shorter
        return _end(
            _Scene(questionnaire, state, questionnaire.items[-1], Reading(None, "over")),
            Disposition.COMPLETED,
        )
    scene = _Scene(questionnaire, state, item, Reading(item.id, "no_match"))
    return _within_bounds(questionnaire, _respond(scene, heard))


def is_over(state: DialogueState) -> bool:
    """Whether the call has come to its end."""
    return state.outcome is not None


def apology(questionnaire: Questionnaire) -> Say:
    """What is said when the call cannot go on through a fault of ours."""
    return Say(questionnaire.prompts.failed, PromptRole.CLOSING, barge_in=False)


@dataclass(frozen=True, slots=True)
class _Scene:
    """One input's circumstances."""

    questionnaire: Questionnaire
    state: DialogueState
    item: Item
    reading: Reading

    def say(self, text: str, role: PromptRole) -> Say:
        return Say(text, role, self.item.id, barge_in=self.item.barge_in)

    def read_as(self, meaning: str, value: Value = None, rule: str = "") -> "_Scene":
        return _Scene(self.questionnaire, self.state, self.item, Reading(self.item.id, meaning, value, rule))

    def in_state(self, state: DialogueState) -> "_Scene":
        return _Scene(self.questionnaire, state, self.item, self.reading)

    def asking(self, asked: Asked) -> "_Scene":
        """Turn to another question; its unclear replies are counted anew."""
        state = replace(self.state, asked=asked, tally=replace(self.state.tally, doubts=0))
        return self.in_state(state)

    def tallied(self, tally: Tally) -> "_Scene":
        return self.in_state(replace(self.state, tally=tally))

    @property
    def is_by_keypad(self) -> bool:
        return self.state.tally.by_keypad or not self.questionnaire.is_spoken(self.item)


def _respond(scene: _Scene, heard: Input) -> Turn:
    if isinstance(heard, NoInput):
        return _on_silence(scene.read_as("no_input"))
    if isinstance(heard, HungUp):
        state = replace(scene.state, outcome=Disposition.HUNG_UP)
        return Turn(state, (HangUp(Disposition.HUNG_UP),), Reading(scene.item.id, "hung_up"))
    scene = scene.in_state(replace(scene.state, silences=0))
    match heard:
        case NotHeard():
            return _on_not_heard(scene.read_as("not_heard"))
        case Digits():
            return _on_digits(scene, heard.keys)
        case Utterance():
            return _on_utterance(scene, heard)
        case _:
            assert_never(heard)


def _within_bounds(questionnaire: Questionnaire, turn: Turn) -> Turn:
    """End a call that has had all its turns; what its last turn stored stays stored.

    A caller who has just spoken of danger is not hung up on.
    """
    if turn.state.outcome is not None or turn.state.turns < questionnaire.limits.turns:
        return turn
    stored = tuple(action for action in turn.actions if isinstance(action, Store))
    scene = _Scene(questionnaire, turn.state, questionnaire.items[-1], turn.reading)
    if turn.state.asked is Asked.EMERGENCY:
        return _transfer(scene)
    return _end(scene, Disposition.FAILED, *stored)


# What is asked, and asked again


def _put(scene: _Scene, *before: Action) -> Turn:
    """Put the open question, after whatever is to be said or stored before it."""
    return Turn(scene.state, (*before, *_question(scene), _listen(scene)), scene.reading)


def _question(scene: _Scene) -> tuple[Say, ...]:
    prompts = scene.questionnaire.prompts
    match scene.state.asked:
        case Asked.ITEM:
            return _item_question(scene)
        case Asked.READBACK:
            return (scene.say(_readback(scene), PromptRole.READBACK),)
        case Asked.STOP:
            return (scene.say(prompts.stop_question, PromptRole.COMMAND),)
        case Asked.PERSON:
            return (scene.say(prompts.person_question, PromptRole.COMMAND),)
        case Asked.EMERGENCY:
            return (scene.say(prompts.emergency_question, PromptRole.ESCALATION),)


def _item_question(scene: _Scene) -> tuple[Say, ...]:
    ask = scene.item.ask
    if scene.is_by_keypad:
        keys = keypad_text(scene.questionnaire, scene.item)
        return (scene.say(ask[0], PromptRole.ASK), scene.say(keys, PromptRole.KEYPAD))
    return (scene.say(ask[min(max(scene.state.tally.tries, 1), len(ask)) - 1], PromptRole.ASK),)


def _readback(scene: _Scene) -> str:
    candidate = scene.state.candidate
    if candidate is None:  # no state of ours has this; asking the item is always right
        return scene.item.ask[0]
    return readback_text(scene.questionnaire, scene.item, candidate.status, candidate.value)


def _listen(scene: _Scene) -> Listen:
    if scene.state.asked is Asked.ITEM:
        return listen_for_item(scene.questionnaire, scene.item, by_keypad=scene.is_by_keypad)
    return listen_for_yes_no(scene.questionnaire, is_readback=scene.state.asked is Asked.READBACK)


def _ask_again(scene: _Scene, *before: Action) -> Turn:
    state = replace(scene.state, asked=Asked.ITEM, candidate=None)
    tally = replace(state.tally, tries=state.tally.tries + 1, doubts=0)
    return _put(scene.in_state(replace(state, tally=tally)), *before)


def _fail(scene: _Scene, *before: Action) -> Turn:
    """The item was asked in vain once more."""
    tally, limits = scene.state.tally, scene.questionnaire.limits
    if scene.is_by_keypad:
        tally = replace(tally, keypad_failures=tally.keypad_failures + 1)
        if tally.keypad_failures >= limits.keypad_failures:
            return _leave(scene)
        return _ask_again(scene.tallied(tally), *before)
    tally = replace(tally, failures=tally.failures + 1)
    if tally.failures >= limits.failures:
        return _turn_to_keypad(scene.tallied(tally))
    return _ask_again(scene.tallied(tally), *before)


def _no_match(scene: _Scene) -> Turn:
    texts = scene.questionnaire.prompts.no_match
    text = texts[min(scene.state.tally.failures, len(texts) - 1)]
    return _fail(scene, scene.say(text, PromptRole.REPROMPT))


def _turn_to_keypad(scene: _Scene) -> Turn:
    if not scene.item.required:
        return _leave(scene)
    scene = scene.tallied(replace(scene.state.tally, by_keypad=True))
    return _ask_again(scene, scene.say(scene.questionnaire.prompts.to_keypad, PromptRole.REPROMPT))


def _leave(scene: _Scene) -> Turn:
    tries = scene.state.tally.tries
    answer = Answer(scene.item.id, AnswerStatus.NOT_OBTAINED, None, Via.NONE, tries=tries, confirmed=False)
    return _store(scene, answer)


def _store(scene: _Scene, answer: Answer) -> Turn:
    """Store, and go on to the next item or to the end."""
    state = DialogueState(
        answers=(*scene.state.answers, answer), tally=Tally(tries=1), turns=scene.state.turns
    )
    scene = scene.in_state(state)
    if isinstance(scene.item, ConsentItem) and answer.value is not True:
        return _end(scene, Disposition.NO_CONSENT, Store(answer))
    item = current_item(scene.questionnaire, state)
    if item is None:
        return _end(scene, Disposition.COMPLETED, Store(answer))
    return _put(_Scene(scene.questionnaire, state, item, scene.reading), Store(answer))


def _end(scene: _Scene, disposition: Disposition, *before: Action) -> Turn:
    prompts = scene.questionnaire.prompts
    texts = {
        Disposition.COMPLETED: prompts.completed,
        Disposition.NO_CONSENT: prompts.no_consent,
        Disposition.STOPPED: prompts.stopped,
        Disposition.NO_ANSWER: prompts.no_answer,
    }
    goodbye = Say(texts.get(disposition, prompts.failed), PromptRole.CLOSING, barge_in=False)
    state = replace(scene.state, outcome=disposition)
    return Turn(state, (*before, goodbye, HangUp(disposition)), scene.reading)


def _transfer(scene: _Scene) -> Turn:
    state = replace(scene.state, outcome=Disposition.TRANSFERRED)
    say = Say(scene.questionnaire.prompts.transfer, PromptRole.ESCALATION, barge_in=False)
    return Turn(state, (say, Transfer()), scene.reading)


# What came


def _on_silence(scene: _Scene) -> Turn:
    silences, limits = scene.state.silences + 1, scene.questionnaire.limits
    if scene.state.asked is Asked.EMERGENCY and silences >= min(limits.doubts, limits.silences):
        return _transfer(scene)  # whoever cannot answer any more needs a person most
    if silences >= limits.silences:
        return _end(scene, Disposition.NO_ANSWER)
    texts = scene.questionnaire.prompts.no_input
    say = scene.say(texts[min(silences, len(texts)) - 1], PromptRole.REPROMPT)
    scene = scene.in_state(replace(scene.state, silences=silences))
    return _ask_again(scene, say) if scene.state.asked is Asked.ITEM else _put(scene, say)


def _on_not_heard(scene: _Scene) -> Turn:
    """Our ears failed: an apology costs no try, and then the keys, which do not fail."""
    tally = replace(scene.state.tally, not_heard=scene.state.tally.not_heard + 1)
    scene = scene.tallied(tally)
    if tally.not_heard < scene.questionnaire.limits.not_heard:
        return _put(scene, scene.say(scene.questionnaire.prompts.not_heard, PromptRole.APOLOGY))
    if scene.state.asked is not Asked.ITEM:
        return _give_up_reply(scene)
    return _no_match(scene) if scene.is_by_keypad else _turn_to_keypad(scene)


def _on_digits(scene: _Scene, keys: str) -> Turn:
    if keys == REPEAT_KEY:
        return _repeat(scene.read_as("command:repeat", rule="key"))
    if scene.state.asked is not Asked.ITEM:
        return _on_reply_key(scene, keys)
    keyed = _read_keys(scene.item, keys)
    if keyed.finding is Finding.VALUE:
        return _store_keyed(scene.read_as("answer", keyed.value, keyed.rule), keyed.value)
    if keys == PERSON_KEY:
        return _transfer(scene.read_as("command:person", rule="key"))
    if keyed.finding is Finding.OUT_OF_RANGE:
        scene = scene.read_as("out_of_range", keyed.value, keyed.rule)
        return _fail(scene, _out_of_range(scene))
    return _no_match(scene.read_as("no_match", rule=keyed.rule))


def _on_reply_key(scene: _Scene, keys: str) -> Turn:
    if keys == PERSON_KEY:
        return _transfer(scene.read_as("command:person", rule="key"))
    reply = {YES_KEY: True, NO_KEY: False}.get(keys)
    return _on_reply(scene.read_as(_reply_name(reply), reply, "key"), reply)


def _on_utterance(scene: _Scene, utterance: Utterance) -> Turn:
    heard = hear(utterance, lambda text: _read(scene, text))
    scene = _with_reading(scene, heard)
    turn = None if heard.trust is Trust.NONE else _on_command(scene, heard)
    if turn is not None:
        return turn
    if scene.state.asked is Asked.ITEM:
        return _on_answer(scene, heard, utterance)
    return _on_reply(scene, _agreed_reply(heard))


def _with_reading(scene: _Scene, heard: Heard) -> _Scene:
    meaning = heard.meaning
    if heard.trust is Trust.NONE:
        known = (Finding.OUT_OF_RANGE, Finding.AMBIGUOUS)
        name = str(meaning.finding) if meaning.finding in known else "no_match"
        return scene.read_as(name, rule=meaning.rule)
    if meaning.command is not None:
        name = f"command:{meaning.command}" if heard.trust is Trust.AGREED else f"doubt:{meaning.command}"
        return scene.read_as(name, rule=meaning.rule)
    if heard.trust is Trust.DOUBT:
        return scene.read_as("doubt", meaning.value, meaning.rule)
    name = "answer" if scene.state.asked is Asked.ITEM else _reply_name(_agreed_reply(heard))
    return scene.read_as(name, meaning.value, meaning.rule)


# An answer to the item


def _on_answer(scene: _Scene, heard: Heard, utterance: Utterance) -> Turn:
    if scene.is_by_keypad:  # not the keys that were asked for, and nothing to hold against the caller
        return _repeat(scene)
    if heard.meaning.finding is Finding.OUT_OF_RANGE:
        return _fail(scene, _out_of_range(scene))
    candidate = _candidate(scene.item, heard, utterance)
    if candidate is None:
        return _no_match(scene)
    if heard.trust is Trust.AGREED and not _must_confirm(scene, candidate):
        return _store_said(scene, candidate, confirmed=False)
    if heard.trust is Trust.AGREED:
        scene = scene.read_as("unconfirmed", candidate.value, heard.meaning.rule)
    return _put(scene.in_state(replace(scene.state, candidate=candidate)).asking(Asked.READBACK))


def _candidate(item: Item, heard: Heard, utterance: Utterance) -> Candidate | None:
    status = _status(item, heard.meaning)
    if status is None or heard.trust is Trust.NONE:
        return None
    value = heard.meaning.value if status is AnswerStatus.ANSWERED else None
    return Candidate(status, value, utterance.closed_text, utterance.open_text, utterance.confidence)


def _status(item: Item, meaning: Meaning) -> AnswerStatus | None:
    if meaning.finding is Finding.VALUE:
        return AnswerStatus.ANSWERED
    if meaning.command is Command.DONT_KNOW and AllowedReply.DONT_KNOW in item.allow:
        return AnswerStatus.DONT_KNOW
    if meaning.command is Command.REFUSE and AllowedReply.REFUSE in item.allow:
        return AnswerStatus.REFUSED
    return None


def _must_confirm(scene: _Scene, candidate: Candidate) -> bool:
    if candidate.status is not AnswerStatus.ANSWERED:
        return False
    return scene.item.confirm is Confirm.ALWAYS or _is_misheard_number(scene, candidate.value)


def _is_misheard_number(scene: _Scene, value: Value) -> bool:
    if isinstance(value, bool) or not isinstance(value, int):
        return False
    policy = scene.questionnaire.hearing
    return value > policy.confirm_above or any(int(digit) in policy.always_confirm for digit in str(value))


def _store_said(scene: _Scene, candidate: Candidate, *, confirmed: bool) -> Turn:
    answer = Answer(
        scene.item.id,
        candidate.status,
        candidate.value,
        Via.SPEECH,
        tries=scene.state.tally.tries,
        confirmed=confirmed,
        closed=candidate.closed,
        open=candidate.open,
        confidence=candidate.confidence,
    )
    return _store(scene, answer)


def _store_keyed(scene: _Scene, value: Value) -> Turn:
    tries = scene.state.tally.tries
    return _store(
        scene, Answer(scene.item.id, AnswerStatus.ANSWERED, value, Via.DTMF, tries=tries, confirmed=False)
    )


def _out_of_range(scene: _Scene) -> Say:
    return scene.say(out_of_range_text(scene.questionnaire, scene.item), PromptRole.REPROMPT)


# A reply to a question of ours


def _on_reply(scene: _Scene, reply: bool | None) -> Turn:
    if reply is None:
        return _on_unclear_reply(scene)
    match scene.state.asked:
        case Asked.READBACK:
            return _on_confirmed(scene) if reply else _fail(scene)
        case Asked.STOP if reply:
            return _end(scene, Disposition.STOPPED)
        case Asked.PERSON | Asked.EMERGENCY if reply:
            return _transfer(scene)
        case _:
            return _resume(scene)


def _on_confirmed(scene: _Scene) -> Turn:
    candidate = scene.state.candidate
    return _fail(scene) if candidate is None else _store_said(scene, candidate, confirmed=True)


def _on_unclear_reply(scene: _Scene) -> Turn:
    tally = replace(scene.state.tally, doubts=scene.state.tally.doubts + 1)
    scene = scene.tallied(tally)
    if tally.doubts >= scene.questionnaire.limits.doubts:
        return _give_up_reply(scene)
    return _put(scene, scene.say(scene.questionnaire.prompts.no_match[0], PromptRole.REPROMPT))


def _give_up_reply(scene: _Scene) -> Turn:
    """No clear reply to our question is to be had: take the way that does the least harm."""
    match scene.state.asked:
        case Asked.PERSON | Asked.EMERGENCY:
            return _transfer(scene)
        case Asked.READBACK:
            return _turn_to_keypad(scene)
        case _:
            return _resume(scene)


def _resume(scene: _Scene) -> Turn:
    """Go back to the question that a command interrupted."""
    return _put(scene.asking(Asked.ITEM if scene.state.candidate is None else Asked.READBACK))


def _agreed_reply(heard: Heard) -> bool | None:
    value = heard.meaning.value
    return value if heard.trust is Trust.AGREED and isinstance(value, bool) else None


def _reply_name(reply: bool | None) -> str:
    return {True: "yes", False: "no", None: "no_match"}[reply]


# Commands


def _on_command(scene: _Scene, heard: Heard) -> Turn | None:
    """Do what the caller wants of the call itself; None when that is nothing, or a reply to the question."""
    is_agreed = heard.trust is Trust.AGREED
    match heard.meaning.command:
        case Command.EMERGENCY:
            return _on_emergency(scene, is_agreed=is_agreed)
        case Command.PERSON:
            return _on_person(scene, is_agreed=is_agreed)
        case Command.STOP:
            return _on_stop(scene)
        case Command.REPEAT | Command.SLOWER:  # the voice has one pace: once more is what it can do
            return _repeat(scene)
        case Command.WAIT:
            return _wait(scene)
        case _:
            return None


def _on_emergency(scene: _Scene, *, is_agreed: bool) -> Turn:
    if scene.state.asked is Asked.EMERGENCY:
        return _transfer(scene) if is_agreed else _on_unclear_reply(scene)
    return _put(scene.asking(Asked.EMERGENCY))


def _on_person(scene: _Scene, *, is_agreed: bool) -> Turn:
    """Ask before handing over: of 600 digits one was heard as this word by every decoder.

    Whoever says it again is not asked a third time, and the key needs no question.
    """
    if scene.state.asked in (Asked.PERSON, Asked.EMERGENCY):
        return _transfer(scene) if is_agreed else _on_unclear_reply(scene)
    return _put(scene.asking(Asked.PERSON))


def _on_stop(scene: _Scene) -> Turn:
    if scene.state.asked is Asked.STOP:
        return _end(scene, Disposition.STOPPED)
    return _put(scene.asking(Asked.STOP))


def _repeat(scene: _Scene) -> Turn:
    repeated = _repeated(scene)
    return _put(repeated) if repeated else _on_too_many_repeats(scene)


def _wait(scene: _Scene) -> Turn:
    """Give the caller time; when it is over, or if nothing comes, the question is put again."""
    repeated = _repeated(scene)
    if repeated is None:
        return _on_too_many_repeats(scene)
    say = scene.say(scene.questionnaire.prompts.wait, PromptRole.COMMAND)
    return Turn(repeated.state, (say, listen_longer(_listen(repeated))), repeated.reading)


def _repeated(scene: _Scene) -> _Scene | None:
    """Count a wish that costs nothing; None when there were as many as there may be."""
    tally = scene.state.tally
    if tally.repeats >= scene.questionnaire.limits.repeats:
        return None
    return scene.tallied(replace(tally, repeats=tally.repeats + 1))


def _on_too_many_repeats(scene: _Scene) -> Turn:
    return _no_match(scene) if scene.state.asked is Asked.ITEM else _on_unclear_reply(scene)


# Reading words and keys


def _read(scene: _Scene, text: str) -> Meaning:
    if scene.state.asked in (Asked.STOP, Asked.PERSON):
        return read_yes_no(text, YesNoKind.PERMISSION)
    if scene.state.asked is not Asked.ITEM:
        return read_yes_no(text, YesNoKind.FACT)
    item = scene.item
    if isinstance(item, NumberItem):
        return read_number(text, item.minimum, item.maximum)
    if isinstance(item, ChoiceItem):
        return read_choice(text, {option.value: option.phrases for option in item.options})
    return read_yes_no(text, item.kind)


def _read_keys(item: Item, keys: str) -> Meaning:
    if isinstance(item, NumberItem):
        return _read_number_keys(item, keys)
    if isinstance(item, ChoiceItem):
        keyed: dict[str, Value] = {option.key: option.value for option in item.options}
    else:
        keyed = {YES_KEY: True, NO_KEY: False}
    if keys in keyed:
        return Meaning(Finding.VALUE, "key", value=keyed[keys])
    return Meaning(Finding.NOTHING, "unknown_key")


def _read_number_keys(item: NumberItem, keys: str) -> Meaning:
    if not (keys.isascii() and keys.isdigit()) or len(keys) > len(str(item.maximum)):
        return Meaning(Finding.NOTHING, "unknown_key")
    is_allowed = item.minimum <= int(keys) <= item.maximum
    return Meaning(Finding.VALUE if is_allowed else Finding.OUT_OF_RANGE, "key", value=int(keys))
