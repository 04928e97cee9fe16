"""An item is done with: its answer is stored, the rules that it calls for act, and the next item is asked."""

from collections.abc import Iterator

from msgspec.structs import replace

from bridge.dialogue.actions import Action, Disposition, Store
from bridge.dialogue.answer import Answer, AnswerStatus, Value, Via
from bridge.dialogue.asking import put_step, tell_the_rest
from bridge.dialogue.closing import end, end_early, hand_over
from bridge.dialogue.dialects import Dialect
from bridge.dialogue.escalation import escalate, notification
from bridge.dialogue.evaluation import holds
from bridge.dialogue.expressions import parse
from bridge.dialogue.items import ConsentItem, IdentityItem, LanguageItem, OnExhausted, Rule
from bridge.dialogue.scene import Scene, Turn
from bridge.dialogue.state import Asked, Candidate, DialogueState, Tally

__all__ = ["leave", "next_step", "store", "store_keyed", "store_said"]


def store_said(scene: Scene, candidate: Candidate, *, confirmed: bool) -> Turn:
    """Store what was said."""
    answer = Answer(
        scene.step.id,
        candidate.status,
        candidate.value,
        Via.SPEECH,
        tries=scene.state.tally.tries,
        confirmed=confirmed,
        closed=candidate.closed,
        open=candidate.open,
        confidence=candidate.confidence,
        audio=candidate.status is AnswerStatus.ANSWERED and scene.keeps_audio,
    )
    return store(scene, answer)


def store_keyed(scene: Scene, value: Value) -> Turn:
    """Store what was keyed."""
    return store(scene, _unsaid(scene, AnswerStatus.ANSWERED, Via.DTMF, value))


def leave(scene: Scene) -> Turn:
    """Go on without an answer, by the way that the item wants."""
    answer = _unsaid(scene, AnswerStatus.NOT_OBTAINED, Via.NONE, None)
    match scene.item.exhausted:
        case OnExhausted.PERSON:
            return hand_over(scene, Store(answer))
        case OnExhausted.END:
            return end_early(_with_answer(scene, answer), Store(answer))
        case OnExhausted.ESCALATE:
            done = _with_answer(scene, answer)
            return escalate(done, scene.item.escalation, str(answer.status), Store(answer))
        case _:
            return store(scene, answer)


def store(scene: Scene, answer: Answer) -> Turn:
    """Store an answer, do what follows from it, and go on to the next item or to the end."""
    scene = _with_answer(scene, answer)
    stored = Store(answer)
    if _is_dangerous(scene, answer):
        return escalate(scene, scene.item.escalation, _danger(answer), stored)
    if isinstance(scene.item, ConsentItem) and scene.item.purpose == "questions" and answer.value is not True:
        return end(scene, Disposition.REFUSED, stored)
    if isinstance(scene.item, IdentityItem) and answer.value is not True:
        return end(scene, Disposition.WRONG_PERSON, stored)
    if isinstance(scene.item, LanguageItem) and answer.value in tuple(Dialect):
        scene = scene.in_state(replace(scene.state, dialect=Dialect(str(answer.value))))
    return _follow_rules(scene, stored)


def next_step(scene: Scene, *before: Action) -> Turn:
    """Ask what comes next; where nothing does, the call is complete."""
    step = scene.form.current()
    if step is None:
        return end(scene, Disposition.COMPLETED, *before, *tell_the_rest(scene))
    return put_step(scene, scene.form, step, *before)


def _unsaid(scene: Scene, status: AnswerStatus, via: Via, value: Value) -> Answer:
    return Answer(scene.step.id, status, value, via, tries=scene.state.tally.tries, confirmed=False)


def _with_answer(scene: Scene, answer: Answer) -> Scene:
    """The state with this answer in the place of an earlier one, and everything about the item forgotten."""
    others = tuple(one for one in scene.state.answers if one.item != answer.item)
    state: DialogueState = replace(
        scene.state,
        answers=(*others, answer),
        reopened=None,
        asked=Asked.ITEM,
        candidate=None,
        tally=Tally(tries=1),
    )
    return scene.in_state(state)


def _is_dangerous(scene: Scene, answer: Answer) -> bool:
    """Whether an answer to a safety item calls for help: more than nought, refused, or not to be had."""
    if scene.item.safety is None:
        return False
    ordinal = scene.form.ordinal(answer)
    return answer.status is not AnswerStatus.ANSWERED or ordinal is None or ordinal >= 1


def _danger(answer: Answer) -> str:
    return "answer" if answer.status is AnswerStatus.ANSWERED else str(answer.status)


def _follow_rules(scene: Scene, *before: Action) -> Turn:
    """Let the rules act that hold now; the first that ends the call, or begins an escalation, is the last."""
    actions = list(before)
    for name, rule in list(_holding(scene)):
        scene = scene.in_state(replace(scene.state, acted=(*scene.state.acted, name)))
        match rule.do:
            case "escalate":
                return escalate(scene, rule.escalation, "rule", *actions)
            case "end":
                return end(scene, Disposition(rule.disposition or "completed"), *actions)
            case "notify":
                actions.append(notification(scene, rule.escalation, "rule"))
    return next_step(scene, *actions)


def _holding(scene: Scene) -> Iterator[tuple[str, Rule]]:
    """The rules of this item, then those of the whole, that hold; a common rule acts once."""
    facts = scene.form.facts(scene.step)
    for at, rule in enumerate(scene.item.on_answer):
        if holds(parse(rule.when), facts):
            yield f"{scene.step.id}.{at}", rule
    for at, rule in enumerate(scene.questionnaire.rules):
        if str(at) not in scene.state.acted and holds(parse(rule.when), scene.form.facts()):
            yield str(at), rule
