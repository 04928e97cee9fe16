"""What recordings are tried against, and what is right."""

import pytest

from bridge.dialogue.listening import listen_for_item
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import QuestionnaireError
from bridge.models.labels import Label, read_label
from bridge.models.questions import Questions, Task, Verdict, spell
from bridge.speech.vosk.model import ModelSummary

LABELS = ("نعم", "لا", "ثلاثة", "عشرة", "توقف")


@pytest.fixture(scope="module")
def questions(questionnaires: dict[str, Questionnaire]) -> Questions:
    return Questions(questionnaires, "post_discharge", LABELS)


def label(name: str) -> Label:
    read = read_label(name)
    assert read is not None
    return read


def test_grammars_are_those_of_the_dialogue(
    questions: Questions, questionnaires: dict[str, Questionnaire]
) -> None:
    """Word for word what a call listens for, commands and words of danger included."""
    source = questionnaires["post_discharge"]
    pain, level = source.item("pain"), source.item("pain_level")
    assert pain is not None
    assert level is not None

    assert questions[Task.YES_NO].phrases == listen_for_item(source, pain, by_keypad=False).phrases
    assert questions[Task.SCALE].phrases == listen_for_item(source, level, by_keypad=False).phrases
    assert questions[Task.OFFERED] == questions[Task.YES_NO]


def test_every_grammar_holds_what_can_always_be_said(questions: Questions) -> None:
    """Also that of all labels, and that of every number."""
    for task in (Task.YES_NO, Task.SCALE, Task.PHRASE, Task.LABELS):
        assert {"توقف", "نزيف", "أعد"} <= set(questions[task].phrases)
    assert set(LABELS) <= set(questions[Task.LABELS].phrases)
    assert {"عشرين", "مئة"} & set(questions[Task.PHRASE].phrases)
    assert questions[Task.OPEN].phrases == ()


@pytest.mark.parametrize(
    ("name", "has_phrases", "tasks"),
    [
        ("yes", False, {Task.OPEN, Task.LABELS, Task.YES_NO}),
        ("stop", False, {Task.OPEN, Task.LABELS, Task.OFFERED}),
        ("three", False, {Task.OPEN, Task.LABELS, Task.OFFERED, Task.SCALE}),
        ("ten", True, {Task.OPEN, Task.LABELS, Task.OFFERED, Task.SCALE, Task.PHRASE}),
        ("خمسة وعشرين", True, {Task.OPEN, Task.LABELS, Task.OFFERED, Task.PHRASE}),
    ],
)
def test_a_recording_is_tried_against_what_it_could_answer(
    questions: Questions, name: str, tasks: set[Task], *, has_phrases: bool
) -> None:
    """And against a yes/no question, whatever it is."""
    assert set(questions.tasks_for(label(name), has_phrases=has_phrases)) == tasks


@pytest.mark.parametrize(
    ("task", "name", "heard", "verdict"),
    [
        (Task.YES_NO, "yes", "نعم", Verdict.RIGHT),
        (Task.YES_NO, "yes", "أيوه", Verdict.RIGHT),
        (Task.YES_NO, "yes", "لا", Verdict.WRONG),
        (Task.YES_NO, "no", "لا", Verdict.RIGHT),
        (Task.YES_NO, "no", "لا [unk]", Verdict.DOUBTFUL),
        (Task.YES_NO, "no", "نزيف", Verdict.COMMAND),
        (Task.YES_NO, "no", "لا أعرف", Verdict.COMMAND),
        (Task.YES_NO, "no", "[unk]", Verdict.REFUSED),
        (Task.YES_NO, "no", "", Verdict.REFUSED),
        (Task.YES_NO, "no", "نعم لا", Verdict.REFUSED),
        (Task.OFFERED, "three", "لا", Verdict.WRONG),
        (Task.OFFERED, "three", "[unk]", Verdict.REFUSED),
        (Task.OFFERED, "stop", "توقف", Verdict.COMMAND),
        (Task.SCALE, "three", "تلاتة", Verdict.RIGHT),
        (Task.SCALE, "zero", "صفر", Verdict.RIGHT),
        (Task.SCALE, "three", "[unk] ثلاثة", Verdict.REFUSED),
        (Task.SCALE, "six", "سبعة", Verdict.WRONG),
        (Task.PHRASE, "خمسة وعشرين", "خمسة وعشرون", Verdict.RIGHT),
        (Task.PHRASE, "خمسة وعشرين", "خمسة", Verdict.WRONG),
        (Task.LABELS, "stop", "توقف", Verdict.RIGHT),
        (Task.LABELS, "cancel", "الغاء", Verdict.RIGHT),
        (Task.LABELS, "cancel", "إغلاق", Verdict.WRONG),
        (Task.OPEN, "cancel", "[unk]", Verdict.REFUSED),
        (Task.OPEN, "cancel", "", Verdict.REFUSED),
        (Task.OPEN, "three", "تلاتة", Verdict.RIGHT),
        (Task.OPEN, "yes", "نعم والله", Verdict.RIGHT),
        (Task.OPEN, "three", "ثلاثة ثلاثة", Verdict.WRONG),
    ],
)
def test_what_is_right(questions: Questions, task: Task, name: str, heard: str, verdict: Verdict) -> None:
    """An answer is right by its value, other words by themselves."""
    assert questions.judge(task, label(name), heard) is verdict


def test_one_is_no_yes(questions: Questions) -> None:
    """Where Python thinks that they are equal."""
    assert questions.judge(Task.LABELS, label("one"), "نعم") is Verdict.WRONG
    assert questions.judge(Task.OPEN, label("yes"), "واحد") is Verdict.WRONG


def test_a_grammar_is_spelled_in_words_of_the_model() -> None:
    """Without what it lacks, with its unknown word, and empty where nothing is left."""
    with_unknown = ModelSummary("m", "m@1", frozenset({"نعم", "لا_أعرف", "[unk]"}), 1, supports_grammar=True)
    without = ModelSummary("m", "m@1", frozenset({"نعم"}), 1, supports_grammar=True)

    assert spell(("نعم", "لا أعرف", "زرافة", "نعم"), with_unknown) == ("نعم", "لا_أعرف", "[unk]")
    assert spell(("نعم", "لا أعرف"), without) == ("نعم",)
    assert spell(("زرافة",), with_unknown) == spell((), with_unknown) == ()


def test_questionnaires_that_ask_no_such_thing_are_no_use(questionnaires: dict[str, Questionnaire]) -> None:
    """One sentence says what is not asked for."""
    source = questionnaires["post_discharge"]
    only_consent = source.model_copy(update={"items": source.items[:1]})
    with pytest.raises(QuestionnaireError, match="no questionnaire asks for a yes or a no"):
        Questions({"a": only_consent}, "a", LABELS)
    both = Questions({"a": only_consent, "b": source}, "a", LABELS)
    assert both[Task.YES_NO].kind is not None
