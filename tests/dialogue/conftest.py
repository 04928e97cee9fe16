"""A short questionnaire, and a caller to talk it through with."""

from collections.abc import Callable
from textwrap import dedent

import pytest

from bridge.content import CONTENT
from bridge.dialogue import engine
from bridge.dialogue.actions import Action, Disposition, HangUp, Listen, PromptRole, Say, Store, Transfer
from bridge.dialogue.answer import Answer
from bridge.dialogue.engine import DialogueState, Reading
from bridge.dialogue.inputs import Digits, HungUp, Input, NoInput, NotHeard, Utterance
from bridge.dialogue.loader import load, parse
from bridge.dialogue.questionnaire import Questionnaire

COMMON = (CONTENT / "questionnaires" / "common" / "ar.yaml").read_text(encoding="utf-8")
HEAD = """\
format: 1
id: short
version: "1"
title: قصير
language: ar
status: draft
"""
ITEMS = """\
items:
  - {id: consent, type: consent, ask: ["هَلْ تُوَافِقُون؟", "نَعَمْ أَوْ لَا؟"]}
  - {id: pain, type: yes_no, kind: symptom, allow: [dont_know], ask: ["هَلْ هُنَاكَ أَلَم؟", "أَلَم: نَعَمْ أَوْ لَا؟"]}
  - {id: level, type: number, minimum: 0, maximum: 10, ask: ["كَمْ؟", "كَمْ، مِنْ صِفْر؟", "كَمْ، بِرَقْم؟"]}
  - id: sleep
    type: choice
    required: false
    allow: [refuse]
    ask: ["كَيْفَ النَّوْم؟"]
    options:
      - {value: good, say: "جَيِّد", key: "1"}
      - {value: poor, say: "سَيِّئ", accept: [تعب], key: "2"}
  - {id: weight, type: number, minimum: 2, maximum: 300, ask: ["كَمِ الْوَزْن؟"]}
"""

Build = Callable[..., Questionnaire]


def build(items: str = ITEMS, *, extra: str = "", name: str = "short.yaml") -> Questionnaire:
    return parse(HEAD + dedent(extra) + dedent(items), name=name, common=COMMON, common_name="common/ar.yaml")


class Talk:
    """One call: what is put in, and what the last turn did."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self.questionnaire = questionnaire
        self._turn = engine.begin(questionnaire)
        self.stored: list[Answer] = []

    def hear(self, *inputs: Input) -> "Talk":
        for heard in inputs:
            self._turn = engine.advance(self.questionnaire, self._turn.state, heard)
            self.stored += [action.answer for action in self._turn.actions if isinstance(action, Store)]
        return self

    def say(self, *words: str) -> "Talk":
        """Both readings hear the same."""
        return self.hear(*(Utterance((word,), (word,), 0.9) for word in words))

    def mumble(self, closed: str, open_: str = "") -> "Talk":
        """The two readings differ."""
        return self.hear(Utterance((closed,), (open_,), 0.9))

    def press(self, *keys: str) -> "Talk":
        return self.hear(*(Digits(entry) for entry in keys))

    def be_silent(self, times: int = 1) -> "Talk":
        return self.hear(*[NoInput()] * times)

    def go_unheard(self, times: int = 1) -> "Talk":
        return self.hear(*[NotHeard()] * times)

    def hang_up(self) -> "Talk":
        return self.hear(HungUp())

    @property
    def state(self) -> DialogueState:
        return self._turn.state

    @property
    def actions(self) -> tuple[Action, ...]:
        return self._turn.actions

    @property
    def reading(self) -> Reading:
        return self._turn.reading

    @property
    def says(self) -> list[Say]:
        return [action for action in self.actions if isinstance(action, Say)]

    @property
    def roles(self) -> list[PromptRole]:
        return [say.role for say in self.says]

    @property
    def last_text(self) -> str:
        return self.says[-1].text

    @property
    def asked(self) -> str | None:
        return self.says[-1].item

    @property
    def listen(self) -> Listen:
        assert isinstance(self.actions[-1], Listen)
        return self.actions[-1]

    @property
    def disposition(self) -> Disposition | None:
        last = self.actions[-1]
        if isinstance(last, Transfer):
            return last.disposition
        return last.disposition if isinstance(last, HangUp) else None

    @property
    def values(self) -> dict[str, object]:
        return {answer.item: answer.value for answer in self.stored}


@pytest.fixture(scope="session")
def short() -> Questionnaire:
    return build()


@pytest.fixture(scope="session")
def shipped() -> Questionnaire:
    return load(CONTENT / "questionnaires" / "post_discharge.yaml")


@pytest.fixture
def talk(short: Questionnaire) -> Talk:
    return Talk(short)


@pytest.fixture(scope="session", name="start_talk")
def start_talk_fixture() -> Callable[[Questionnaire], Talk]:
    """Begin a call on any questionnaire."""
    return Talk


@pytest.fixture(scope="session", name="build")
def build_fixture() -> Build:
    return build


@pytest.fixture(scope="session")
def common() -> str:
    return COMMON
