"""The caller has spoken or pressed keys: an answer to the item, a reply to a question of ours, or a command.

What is stored was said so that the readings agree, or was confirmed, or was keyed. Nothing else ever is.
"""

from datetime import date
from functools import partial

from msgspec.structs import replace

from bridge.dialogue.answer import AnswerStatus, Value
from bridge.dialogue.asking import put
from bridge.dialogue.commands import on_command, person_by_key, repeat
from bridge.dialogue.correcting import correction
from bridge.dialogue.evaluation import evaluate
from bridge.dialogue.expressions import parse
from bridge.dialogue.hearing import Heard, Trust, hear
from bridge.dialogue.inputs import Digits, Utterance
from bridge.dialogue.items import (
    AllowedReply,
    AudioItem,
    Confirm,
    Constraint,
    FreeTextItem,
    IdentityItem,
    PhoneItem,
)
from bridge.dialogue.keypad import REPEAT_KEY
from bridge.dialogue.keys import NO_KEY, PERSON_KEY, YES_KEY, Keying, read_keys
from bridge.dialogue.questions import meaning_of, question_for
from bridge.dialogue.replies import on_reply, reply_name
from bridge.dialogue.scene import Scene, Turn
from bridge.dialogue.scoring import ordinal_of
from bridge.dialogue.sentences import Sentence
from bridge.dialogue.state import Asked, Candidate
from bridge.dialogue.storing import store_keyed, store_said
from bridge.dialogue.trouble import fail, no_match, out_of_range
from bridge.understanding import Command, Finding, Meaning, YesNoKind
from bridge.understanding.questions import AskYesNo, Question

__all__ = ["on_digits", "on_utterance", "understood"]

_PERMISSIONS = (Asked.STOP, Asked.PERSON, Asked.CALL_BACK, Asked.DO_NOT_CALL, Asked.OFFER)
# What has more than one part is always read back: so much may be misheard in it.
_READ_BACK = ("blood_pressure", "date", "time", "duration", "phone", "digits", "multi_choice")


def on_digits(scene: Scene, digits: Digits) -> Turn:
    """Take one entry of keys."""
    keys = digits.keys
    if keys == REPEAT_KEY or digits.premature:
        meaning = "command:repeat" if keys == REPEAT_KEY else "premature"
        return repeat(scene.read_as(meaning, rule="key"))
    if scene.state.asked is not Asked.ITEM:
        return _on_reply_key(scene, keys)
    keyed = _read_keys(scene, keys)
    if keyed.finding is Finding.VALUE:
        return _on_keyed(scene.read_as("answer", keyed.value, keyed.rule), keyed.value)
    if keys == PERSON_KEY:
        return person_by_key(scene.read_as("command:person", rule="key"))
    if keyed.finding is Finding.OUT_OF_RANGE:
        return out_of_range(scene.read_as("out_of_range", keyed.value, keyed.rule))
    return no_match(scene.read_as("no_match", rule=keyed.rule))


def on_utterance(scene: Scene, utterance: Utterance) -> Turn:
    """Take what was said, as both vocabularies heard it."""
    heard = understood(scene, utterance)
    scene = _with_reading(scene, heard)
    turn = None if heard.trust is Trust.NONE else on_command(scene, heard)
    if turn is not None:
        return turn
    if utterance.premature:
        return repeat(scene.read_as("premature", rule=heard.meaning.rule))
    if scene.state.asked is Asked.ITEM:
        return _on_answer(scene, heard, utterance)
    return _on_spoken_reply(scene, heard, utterance)


def understood(scene: Scene, utterance: Utterance) -> Heard:
    """Find what was said to mean, as an answer to the question that the caller has before them."""
    meaning = partial(meaning_of, question=_question(scene), context=scene.known)
    heard = hear(utterance, meaning, sure_above=scene.questionnaire.hearing.sure_above)
    if isinstance(scene.item, FreeTextItem | AudioItem) and scene.state.asked is Asked.ITEM:
        return _as_text(scene, heard, utterance)
    return heard


def _on_reply_key(scene: Scene, keys: str) -> Turn:
    if keys == PERSON_KEY:
        return person_by_key(scene.read_as("command:person", rule="key"))
    reply = {YES_KEY: True, NO_KEY: False}.get(keys)
    return on_reply(scene.read_as(reply_name(reply), reply, "key"), reply)


def _on_keyed(scene: Scene, value: Value) -> Turn:
    if isinstance(scene.item, IdentityItem):
        return _on_identity(scene, value, None)
    if isinstance(scene.item, FreeTextItem | AudioItem):
        return fail(scene)
    broken = _broken(scene, value)
    return _on_broken(scene, value, broken) if broken else store_keyed(scene, value)


def _on_spoken_reply(scene: Scene, heard: Heard, utterance: Utterance) -> Turn:
    """Take a yes or a no; to a read-back, another value too."""
    reply = _agreed_reply(heard)
    if scene.state.asked is not Asked.READBACK or reply is not None:
        return on_reply(scene, reply)
    corrected = correction(scene, utterance)
    if corrected is None:
        return on_reply(scene, None)
    if isinstance(corrected, bool):
        return on_reply(scene.read_as(reply_name(corrected), rule="value_repeated"), corrected)
    state = replace(scene.state, candidate=corrected)
    scene = scene.read_as("correction", corrected.value).in_state(state)
    broken = _broken(scene, corrected.value)
    if broken is not None:
        return _on_broken(scene, corrected.value, broken)
    tally = replace(state.tally, failures=state.tally.failures + 1)
    if (
        tally.failures >= scene.questionnaire.limits.failures + 1
    ):  # a caller who never agrees is given the keys
        return fail(scene)
    return put(scene.tallied(tally).asking(Asked.READBACK))


# An answer to the item


def _on_answer(scene: Scene, heard: Heard, utterance: Utterance) -> Turn:
    if scene.is_by_keypad:  # not the keys that were asked for, and nothing to hold against the caller
        return repeat(scene)
    if heard.meaning.finding is Finding.OUT_OF_RANGE:
        return out_of_range(scene)
    candidate = _candidate(scene, heard, utterance)
    if candidate is None:
        return no_match(scene)
    if isinstance(scene.item, IdentityItem) and scene.item.factor != "name":
        return _on_identity(scene, candidate.value, heard)
    broken = _broken(scene, candidate.value)
    if broken is not None:
        return _on_broken(scene, candidate.value, broken)
    return _on_candidate(scene, heard, candidate)


def _on_candidate(scene: Scene, heard: Heard, candidate: Candidate) -> Turn:
    """Take what is possible as an answer: at once, after a read-back, or not at all."""
    if heard.trust is Trust.AGREED and not _must_confirm(scene, candidate):
        return store_said(scene, candidate, confirmed=False)
    if scene.item.safety is not None or scene.item.confirm is Confirm.NEVER:
        return no_match(scene)
    if heard.trust is Trust.AGREED:
        scene = scene.read_as("unconfirmed", candidate.value, heard.meaning.rule)
    return put(scene.in_state(replace(scene.state, candidate=candidate)).asking(Asked.READBACK))


def _candidate(scene: Scene, heard: Heard, utterance: Utterance) -> Candidate | None:
    status = _status(scene, heard.meaning)
    if status is None or heard.trust is Trust.NONE:
        return None
    value = heard.meaning.value if status is AnswerStatus.ANSWERED else None
    return Candidate(status, value, utterance.closed_text, utterance.open_text, utterance.confidence)


def _status(scene: Scene, meaning: Meaning) -> AnswerStatus | None:
    item = scene.item
    if meaning.finding is Finding.VALUE:
        return AnswerStatus.ANSWERED
    if meaning.command is Command.DONT_KNOW and AllowedReply.DONT_KNOW in item.allow:
        return AnswerStatus.DONT_KNOW
    may_refuse = AllowedReply.REFUSE in item.allow or not item.required or item.safety is not None
    if meaning.command is Command.REFUSE and may_refuse:
        return AnswerStatus.REFUSED
    return None


def _must_confirm(scene: Scene, candidate: Candidate) -> bool:
    item = scene.item
    if candidate.status is not AnswerStatus.ANSWERED or item.confirm is Confirm.NEVER or item.safety:
        return False
    return item.confirm is Confirm.ALWAYS or item.type in _READ_BACK or _is_misheard(scene, candidate.value)


def _is_misheard(scene: Scene, value: Value) -> bool:
    """Whether a number is one that the recogniser is known to mishear, though its readings agree."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    policy = scene.questionnaire.hearing
    digits = [int(digit) for digit in str(value) if digit.isdecimal()]
    is_confused = any(digit in policy.always_confirm for digit in digits)
    return value > policy.confirm_above or is_confused or isinstance(value, float)


def _broken(scene: Scene, value: Value) -> Sentence | None:
    """What is said about the first constraint that this value certainly breaks."""
    if value is None or not scene.item.constraints:
        return None
    facts = _Proposed(scene, value)
    broken: Constraint | None = next(
        (one for one in scene.item.constraints if evaluate(parse(one.require), facts) is False), None
    )
    return scene.speaker.say(broken.say) if broken else None


def _on_broken(scene: Scene, value: Value, said: Sentence) -> Turn:
    return out_of_range(scene.read_as("out_of_range", value, "constraint"), said)


class _Proposed:
    """The facts as they would be with this value as the item's answer."""

    def __init__(self, scene: Scene, value: Value) -> None:
        self._facts = scene.form.facts(scene.step)
        self._own = ("value", scene.item.id)
        self._scene = scene
        self._value = value

    def value(self, name: str) -> Value:
        return self._value if name in self._own else self._facts.value(name)

    def status(self, name: str) -> str | None:
        return "answered" if name in self._own else self._facts.status(name)

    def ordinal(self, name: str) -> int | float | None:
        return ordinal_of(self._scene.item, self._value) if name in self._own else self._facts.ordinal(name)

    def band(self, name: str) -> str | None:
        return self._facts.band(name)


def _on_identity(scene: Scene, value: Value, heard: Heard | None) -> Turn:
    """Compare a secret; it is not stored, nor is what was said instead of it."""
    item = scene.item
    if not isinstance(item, IdentityItem) or item.factor == "name":
        return store_keyed(scene, value)
    known = str(scene.state.context.patient.get(item.factor, ""))
    matches = bool(known) and str(value) == known
    scene = scene.read_as("answer" if matches else "no_match", matches, "identity")
    if heard is not None and heard.trust is not Trust.AGREED:
        return no_match(scene)
    return store_keyed(scene, value=True) if matches else no_match(scene)


def _as_text(scene: Scene, heard: Heard, utterance: Utterance) -> Heard:
    """Take free speech as it is: no grammar can agree about it. Commands and danger stay what they are."""
    if heard.meaning.command is not None and heard.trust is not Trust.NONE:
        return heard
    if not scene.keeps_audio and not scene.state.context.has_open_vocabulary:
        return Heard(Trust.NONE, Meaning(Finding.NOTHING, "nothing_to_keep"))
    text = utterance.open[0].strip() if utterance.open else ""
    is_text = isinstance(scene.item, FreeTextItem) and scene.state.context.has_open_vocabulary and text
    value: Value = text if is_text else isinstance(scene.item, AudioItem) or None
    return Heard(Trust.AGREED, Meaning(Finding.VALUE, "free_speech", value=value))


# Reading words and keys


def _question(scene: Scene) -> Question:
    """What the caller has before them: the item, or a question of our own."""
    if scene.state.asked is Asked.ITEM:
        return question_for(scene.item)
    return AskYesNo(YesNoKind.PERMISSION if scene.state.asked in _PERMISSIONS else YesNoKind.FACT)


def _read_keys(scene: Scene, keys: str) -> Meaning:
    if isinstance(scene.item, PhoneItem) and keys.isdecimal():
        return meaning_of(keys, question_for(scene.item))
    today = scene.state.context.today
    keyed = read_keys(scene.item, keys, date.fromisoformat(today) if today else None)
    findings = {Keying.VALUE: Finding.VALUE, Keying.OUT_OF_RANGE: Finding.OUT_OF_RANGE}
    finding = findings.get(keyed.keying, Finding.NOTHING)
    rule = "key" if finding is not Finding.NOTHING else "unknown_key"
    return Meaning(finding, rule, value=keyed.value)


def _with_reading(scene: Scene, heard: Heard) -> Scene:
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
    name = "answer" if scene.state.asked is Asked.ITEM else reply_name(_agreed_reply(heard))
    return scene.read_as(name, meaning.value, meaning.rule)


def _agreed_reply(heard: Heard) -> bool | None:
    value = heard.meaning.value
    return value if heard.trust is Trust.AGREED and isinstance(value, bool) else None
