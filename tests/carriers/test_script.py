"""`bridge.carriers.script`: what a caller is to say, from YAML."""

from pathlib import Path

import pytest

from bridge.carriers.script import Reply, ScriptError, Step, load_answers, load_steps
from bridge.carriers.voice import Wording
from bridge.content import CONTENT
from bridge.dialogue.loader import load
from bridge.dialogue.questionnaire import Questionnaire

QUESTIONNAIRES = CONTENT / "questionnaires"
SHIPPED = QUESTIONNAIRES / "answers" / "post_discharge.yaml"
RECORDED_WORDS = {
    "yes",
    "no",
    "ok",
    *["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
}


@pytest.fixture(scope="module")
def questionnaire() -> Questionnaire:
    return load(QUESTIONNAIRES / "post_discharge.yaml")


def changed(folder: Path, old: str, new: str) -> Path:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = folder / "mine.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def lines(folder: Path, text: str) -> Path:
    path = folder / "call.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_answers_fit_the_shipped_questionnaire(questionnaire: Questionnaire) -> None:
    """At least five are spoken and exactly one is pressed on purpose."""
    script = load_answers(SHIPPED, questionnaire)

    spoken = [answer for answer in script.answers.values() if answer.reply.wording is not None]
    assert len(spoken) >= 5
    assert len(script.answers) - len(spoken) == 1


def test_the_shipped_answers_can_be_spoken_by_recordings(questionnaire: Questionnaire) -> None:
    """Every word that is spoken is among the recorded ones, confirmations included."""
    script = load_answers(SHIPPED, questionnaire)

    assert {wording.word for wording in script.wordings} <= RECORDED_WORDS


def test_an_answer_has_its_value_its_words_and_its_keys(questionnaire: Questionnaire) -> None:
    """All three ways of giving an answer are in the script."""
    answer = load_answers(SHIPPED, questionnaire).answers["pain_level"]

    assert answer.value == 3
    assert answer.reply == Reply(press="3#", wording=Wording("ثَلَاثَة", "three"))


def test_each_wording_is_listed_once(questionnaire: Questionnaire) -> None:
    """A voice speaks each word once, however often it is said."""
    wordings = load_answers(SHIPPED, questionnaire).wordings

    assert len(wordings) == len(set(wordings)) == 5


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "pain_level:",
            "pain_levl:",
            r"mine\.yaml:16: answers\.pain_levl: no such item; did you mean 'pain_level'",
        ),
        ("value: 3", "value: 11", r"mine\.yaml:16: answers\.pain_level\.value: .*whole number from 0 to 10"),
        ("value: 3", "value: true", r"answers\.pain_level\.value: should be a whole number"),
        ("value: good", "value: lovely", r"answers\.sleep\.value: should be one of good, fair, poor"),
        ("pain: {value: true", "pain: {value: 1", r"answers\.pain\.value: should be true or false"),
        ('press: "3#"', 'pres: "3#"', r"mine\.yaml:16: answers\.pain_level\.pres: unknown field"),
        ('press: "3#"', "press: 3", r"answers\.pain_level\.press: should be text, in quotes"),
        ('press: "3#"', 'press: "A"', r"answers\.pain_level\.press: "),
        ('say: "ثَلَاثَة", ', "", r"answers\.pain_level: 'word' is the recording"),
        ("questionnaire: post_discharge", "questionnaire: other", r"mine\.yaml:7: questionnaire: 'other'"),
        ("  sleep:", '  sleep: {value: fair, press: "2"}\n  sleep:', r"answers\.sleep: stands here twice"),
        ("deny:", "# deny:", r"deny: missing"),
    ],
)
def test_mistakes_are_named_with_their_line(
    tmp_path: Path, questionnaire: Questionnaire, old: str, new: str, complaint: str
) -> None:
    """A script is refused with file, line, field and what would be right."""
    with pytest.raises(ScriptError, match=complaint):
        load_answers(changed(tmp_path, old, new), questionnaire)


def test_an_item_without_an_answer_is_named(tmp_path: Path, questionnaire: Questionnaire) -> None:
    """A caller who cannot answer would be asked for ever."""
    path = changed(tmp_path, "  sleep:", "  # sleep:")

    with pytest.raises(ScriptError, match="answers: no answer to sleep"):
        load_answers(path, questionnaire)


def test_a_missing_script_is_named(tmp_path: Path, questionnaire: Questionnaire) -> None:
    """The error says which file."""
    with pytest.raises(ScriptError, match=r"none\.yaml: cannot be read"):
        load_answers(tmp_path / "none.yaml", questionnaire)


def test_lines_are_read_in_order(tmp_path: Path) -> None:
    """Each line is one thing to do; a WAV file lies beside the script."""
    path = lines(
        tmp_path,
        'lines:\n- say: "نَعَمْ"\n- press: "3#"\n- pause: 2\n- wav: answer.wav\n- hang_up: true\n',
    )

    assert load_steps(path) == [
        Step(say="نَعَمْ"),
        Step(press="3#"),
        Step(pause=2.0),
        Step(wav=tmp_path / "answer.wav"),
        Step(),
    ]


def test_answers_can_be_said_one_after_the_other() -> None:
    """A file of answers is a script too: for servers whose prompts nobody knows."""
    steps = load_steps(SHIPPED)

    assert steps[1] == Step(say="نَعَمْ")
    assert Step(press="1") in steps


def test_answers_can_be_pressed_one_after_the_other() -> None:
    """Nothing is said, and so nothing read back: every question takes one line."""
    steps = load_steps(SHIPPED, by_key=True)

    assert steps[2] == Step(press="3#")
    assert all(step.press and not step.say for step in steps)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("lines: []", r"call\.yaml:1: lines: "),
        ("lines:\n- say: a\n- {say: b, press: '1'}", r"call\.yaml:3: lines\.1: a line is one of"),
        ("lines:\n- pause: -1", r"call\.yaml:2: lines\.0\.pause: "),
        ("lines:\n- hang_up: false", r"call\.yaml:2: lines\.0\.hang_up: "),
        ("- say: a", r"call\.yaml:1: "),
        ("lines: [", r"call\.yaml:1: .*not YAML"),
        ("", r"call\.yaml:1: .*empty"),
    ],
)
def test_mistaken_lines_are_named(tmp_path: Path, text: str, complaint: str) -> None:
    """As for answers: file, line, field."""
    with pytest.raises(ScriptError, match=complaint):
        load_steps(lines(tmp_path, text))
