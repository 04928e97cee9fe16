"""The questionnaire as it stands for one caller: which items are asked, and what is known so far.

Worked out afresh from the answers after every turn, so that a correction changes what is asked behind it.
Answers to what is no longer asked stay where they are, and count for nothing.
"""

from collections.abc import Iterable

from msgspec import Struct

from bridge.dialogue.answer import Answer, AnswerStatus, Value
from bridge.dialogue.evaluation import evaluate, holds
from bridge.dialogue.expressions import parse
from bridge.dialogue.items import GroupItem, InfoItem, Item, QuestionItem
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.scoring import ScoreResult, ordinal_of, score_of
from bridge.dialogue.state import DialogueState

__all__ = ["Facts", "Form", "Step"]

Number = int | float


class Step(Struct, frozen=True):
    """One thing that is asked or said, in one round of its group."""

    id: str  # the item's id; in a repeated group with its round: "pill#2"
    item: Item
    round: int | None = None
    groups: tuple[str, ...] = ()  # that hold it, the outermost first


class Facts:
    """What expressions can ask about at one place: answers before it, computed values, scores, the call."""

    def __init__(self, form: "Form", round_: int | None = None, own: str | None = None) -> None:
        self._form = form
        self._round = round_
        self._own = own

    def value(self, name: str) -> Value:
        """The value of an answer, a computed value, a score or a fact about the call."""
        form = self._form
        if "." in name:
            return form.fact(name)
        if name in form.questionnaire.computed:
            return evaluate(parse(form.questionnaire.computed[name]), self)
        if name in form.questionnaire.scores:
            return form.score(name).value
        answer = self._answer(name)
        return answer.value if answer else None

    def status(self, name: str) -> str | None:
        """What became of an item."""
        answer = self._answer(name)
        return str(answer.status) if answer else None

    def ordinal(self, name: str) -> Number | None:
        """What an item's answer counts."""
        answer = self._answer(name)
        return self._form.ordinal(answer) if answer else None

    def band(self, name: str) -> str | None:
        """The name of the band that a score lies in."""
        return self._form.score(name).band if name in self._form.questionnaire.scores else None

    def _answer(self, name: str) -> Answer | None:
        if name == "value" and self._own is not None:
            return self._form.live.get(self._own)
        in_round = self._form.live.get(f"{name}#{self._round}")
        return in_round or self._form.live.get(name)


class Form:
    """The steps that apply to a caller with these answers."""

    def __init__(self, questionnaire: Questionnaire, state: DialogueState) -> None:
        self.questionnaire = questionnaire
        self.state = state
        self.steps: list[Step] = []
        self.live: dict[str, Answer] = {}  # the answers that count, by step
        self._passed_over: set[str] = set()  # items whose guard does not hold
        self._given = {answer.item: answer for answer in state.answers}
        self._walk(questionnaire.items, None, ())

    @property
    def questions(self) -> list[Step]:
        """The steps that are asked."""
        return [step for step in self.steps if not isinstance(step.item, InfoItem | GroupItem)]

    def step(self, step_id: str) -> Step | None:
        """The step of that id, where it applies."""
        return next((step for step in self.steps if step.id == step_id), None)

    def current(self) -> Step | None:
        """The step to be asked: one that is being corrected, or the first without an answer, if any."""
        if self.state.reopened is not None and (step := self.step(self.state.reopened)) is not None:
            return step
        return next((step for step in self.questions if step.id not in self.live), None)

    def before(self, step: Step) -> list[Step]:
        """The steps before this one, in order."""
        return self.steps[: next((at for at, one in enumerate(self.steps) if one.id == step.id), 0)]

    def facts(self, step: Step | None = None) -> Facts:
        """What expressions see: `value` is the answer to `step`."""
        return Facts(self, step.round if step else None, step.id if step else None)

    def fact(self, name: str) -> Value:
        """A fact about call, patient or site."""
        if name == "call.is_resumed":
            return self.state.resumptions > 0
        if name == "call.dialect":
            return self.state.dialect or self.state.context.dialect
        return self.state.context.fact(name)

    def ordinal(self, answer: Answer) -> Number | None:
        """What an answer counts."""
        item = self.questionnaire.item(answer.item.partition("#")[0])
        if item is None or isinstance(item, InfoItem | GroupItem):
            return None
        return ordinal_of(item, answer.value)

    def score(self, name: str, *, is_final: bool = False) -> ScoreResult:
        """A score; it has no value before all of its items are done with, unless the call is over."""
        score = self.questionnaire.scores[name]
        pending = [item for item in score.items if item not in self.live and item not in self._passed_over]
        if pending and not is_final:
            return ScoreResult(None, None, len(pending))
        answers = [self.live.get(item) for item in score.items]
        return score_of(score, [self.ordinal(answer) if answer else None for answer in answers])

    @property
    def share_answered(self) -> float:
        """Which share of the questions that apply has an answer; "I do not know" is one."""
        answered = (AnswerStatus.ANSWERED, AnswerStatus.DONT_KNOW)
        applying = [step for step in self.questions if _is_of_content(step.item)]
        done = [step for step in applying if step.id in self.live and self.live[step.id].status in answered]
        return len(done) / len(applying) if applying else 1.0

    def _walk(self, items: Iterable[Item], round_: int | None, groups: tuple[str, ...]) -> None:
        for item in items:
            if not self._applies(item, round_):
                self._pass_over(item)
            elif isinstance(item, GroupItem):
                self._walk_group(item, round_, groups)
            else:
                self._add(item, round_, groups)

    def _applies(self, item: Item, round_: int | None) -> bool:
        return item.when is None or holds(parse(item.when), Facts(self, round_))

    def _pass_over(self, item: Item) -> None:
        self._passed_over.add(item.id)
        for inner in item.items if isinstance(item, GroupItem) else ():
            self._pass_over(inner)

    def _add(self, item: QuestionItem | InfoItem, round_: int | None, groups: tuple[str, ...]) -> None:
        step = Step(item.id if round_ is None else f"{item.id}#{round_}", item, round_, groups)
        self.steps.append(step)
        if step.id in self._given and not isinstance(item, InfoItem):
            self.live[step.id] = self._given[step.id]

    def _walk_group(self, group: GroupItem, round_: int | None, groups: tuple[str, ...]) -> None:
        inside = (*groups, group.id)
        if group.repeat is None:
            self._enter(group, round_, groups)
            self._walk(group.items, round_, inside)
            return
        for number in range(1, group.repeat.maximum + 1):
            if not self._goes_round(group, number):
                break
            if number == 1:
                self._enter(group, None, groups)
            self._walk(group.items, number, inside)

    def _enter(self, group: GroupItem, round_: int | None, groups: tuple[str, ...]) -> None:
        if group.say is not None:
            self.steps.append(Step(group.id, group, round_, groups))

    def _goes_round(self, group: GroupItem, number: int) -> bool:
        repeat = group.repeat
        if repeat is None:
            return False
        if repeat.count is not None:
            count = evaluate(parse(repeat.count), Facts(self))
            return isinstance(count, int | float) and number <= count
        return number == 1 or (
            repeat.again is not None and holds(parse(repeat.again), Facts(self, number - 1))
        )


def _is_of_content(item: Item) -> bool:
    """Whether an item asks about the matter itself, and not for permission or identity."""
    return item.type not in ("consent", "identity", "language", "info", "group")
