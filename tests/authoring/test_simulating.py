"""simulating, its report and its screen: calls that are played line by line on the real engine."""

import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from shipped import shipped

from bridge.authoring.simulation.goldens import actual_lines, read_golden, wanted_lines
from bridge.authoring.simulation.lines import read_line
from bridge.authoring.simulation.report import golden_of, report_on
from bridge.authoring.simulation.screen import Screen
from bridge.authoring.simulation.simulating import Simulation, Sounded
from bridge.authoring.simulation.telephone import SimulationError, Step, Telephone
from bridge.content import CONTENT
from bridge.dialogue.actions import Listen
from bridge.dialogue.context import CallContext
from bridge.dialogue.inputs import Utterance

QUESTIONNAIRES = CONTENT / "questionnaires"
POST_DISCHARGE = shipped("post_discharge")
PHQ9 = shipped("phq9")
CRISIS = CallContext(today="2026-11-21", hour=10, patient={"gender": "f"}, site={"crisis_number": "937"})


def played(simulation: Simulation, *lines: str) -> Simulation:
    for line in lines:
        simulation.play(read_line(line))
    return simulation


def post_discharge(*lines: str) -> Simulation:
    return played(Simulation(POST_DISCHARGE, CallContext(today="2026-11-21", hour=10)), *lines)


def item_9(*lines: str) -> Simulation:
    """The PHQ-9 as a crisis is met in it."""
    return played(Simulation(PHQ9, CRISIS), "موافقة", *["/1"] * 8, *lines)


def test_words_and_keys_are_answers() -> None:
    report = report_on(post_discharge("نَعَم", "/2"))
    assert [(one.item, one.value, str(one.via)) for one in report.answers] == [
        ("consent", True, "speech"),
        ("pain", False, "dtmf"),
    ]
    assert report.disposition is None


def test_an_empty_line_is_one_silence_however_often(tmp_path: Path) -> None:
    """Each is asked about once; the caller who never speaks is hung up on."""
    simulation = post_discharge("", "", "")
    assert [len(one.exchanges) for one in simulation.played] == [1, 1, 1]
    assert report_on(simulation).disposition == "no_answer"


def test_words_that_are_not_listened_for_are_unknown() -> None:
    turn = report_on(post_discharge("بطاطا")).turns[-1]
    assert (turn.heard, turn.meaning, turn.stored) == (("[unk]",), "no_match", ())


def test_a_doubtful_number_is_read_back() -> None:
    simulation = played(
        Simulation(shipped("blood_pressure"), CRISIS),
        "نعم",
        "نعم",
        "مية وثلاثين على ثمانين",
    )
    turn = report_on(simulation).turns[-1]
    assert (turn.value, turn.reads_back, turn.stored) == ("130/80", True, ())


def test_a_crisis_is_reported_with_its_score() -> None:
    report = report_on(item_9("عدة أيام", "نعم"))
    assert report.notified == ["crisis answer harm"]
    assert (report.put_through_to, report.disposition) == ("937", "escalated")
    assert report.scores["phq9"].value == 1


def test_a_dropped_call_is_taken_up_again() -> None:
    simulation = post_discharge("نعم", "/1", "/again 2")
    assert report_on(simulation).disposition is None
    assert simulation.telephone.state.resumptions == 1
    assert len([one for one in simulation.played if one.step.hang_up]) == 1


def test_a_completed_call_is_not_taken_up_again() -> None:
    simulation = post_discharge("لا")
    assert simulation.is_over
    with pytest.raises(SimulationError, match="not taken up again after 2 hours"):
        simulation.play(read_line("/again 2"))


@pytest.mark.parametrize(
    "simulation",
    [
        post_discharge("نعم", "", "/1", "ثلاثة", "بطاطا", "/hangup"),
        post_discharge("نعم", "/1", "/again 0", "نعم"),
        item_9("عدة أيام", "نعم"),
        item_9("ولا مرة"),
        Simulation(PHQ9, CRISIS),
        post_discharge("/over نعم", "نعم", "/early /1", "/over /1", "/early توقف"),
    ],
    ids=["hang_up", "resumed", "crisis", "unfinished", "nothing", "interrupted"],
)
def test_what_was_played_is_a_golden_dialogue_that_holds(simulation: Simulation, tmp_path: Path) -> None:
    """Read back and played again, every prompt, answer, score and notice is the same."""
    path = tmp_path / "kept.yaml"
    path.write_text(golden_of(simulation, 'what "we" played'), encoding="utf-8")
    golden = read_golden(path)
    (dialogue,) = golden.dialogues
    assert dialogue.opens
    assert dialogue.answers is not None
    assert all(step.hears is not None for step in dialogue.steps)
    context = msgspec.convert(golden.call | dialogue.call, CallContext)
    telephone = Telephone(simulation.telephone.questionnaire, context)
    assert list(actual_lines(telephone, dialogue)) == list(wanted_lines(dialogue))


def test_a_golden_dialogue_of_another_call_does_not_hold(tmp_path: Path) -> None:
    """The comparison can fail: one answer other than the one that was written down is seen."""
    path = tmp_path / "kept.yaml"
    path.write_text(golden_of(post_discharge("نعم", "/1"), "x").replace("pain: true", "pain: false"), "utf-8")
    (dialogue,) = read_golden(path).dialogues
    telephone = Telephone(POST_DISCHARGE, CallContext(today="2026-11-21", hour=10))
    assert list(actual_lines(telephone, dialogue)) != list(wanted_lines(dialogue))


def test_over_a_prompt_that_is_heard_to_its_end_nothing_is_heard() -> None:
    """Consent is, and the question after it is not; the screen says so."""
    simulation = post_discharge("/over نعم", "/over /1", "نعم", "/over لا")
    assert [one.is_lost for one in simulation.played] == [True, True, False, False]
    assert list(simulation.telephone.stored) == ["consent", "pain"]
    console = Console(file=io.StringIO(), width=160)
    for one in simulation.played:
        Screen(console).shows(one)
    assert console.file.getvalue().count("lost: this prompt is heard to its end") == 2  # type: ignore[attr-defined]


def test_what_comes_before_a_question_is_heard_answers_nothing() -> None:
    """Wishes are heard at any time, and a question that is put again may be answered at once."""
    simulation = post_discharge("نعم", "/early لا", "/early /2", "/early أعد", "أزرق", "/early لا")
    meanings = [turn.meaning for turn in report_on(simulation).turns]
    assert meanings[2:] == ["premature", "premature", "command:repeat", "no_match", "answer"]


def test_keys_after_a_whole_entry_come_too_early_for_what_follows() -> None:
    """As on the line; over what is heard to its end they are lost."""
    assert list(post_discharge("/12").telephone.stored) == ["consent"]
    assert [turn.meaning for turn in report_on(post_discharge("/12")).turns] == [
        "begin",
        "answer",
        "premature",
    ]
    assert list(item_9("ولا مرة").telephone.stored)[-1] == "harm"
    assert "harm" not in played(Simulation(PHQ9, CRISIS), "موافقة", *["/1"] * 7, "/11").telephone.stored


class Deaf:
    """Ears that hear something else than what is said, or nothing."""

    def __init__(self, heard: Utterance | None) -> None:
        self.heard = heard
        self.listens: list[Listen] = []

    def hear(self, words: str, listen: Listen) -> Sounded:
        self.listens.append(listen)
        return Sounded(words, self.heard)


def test_with_a_voice_what_is_heard_counts() -> None:
    """All readings reach the dialogue, and are written down."""
    ears = Deaf(Utterance(("نعم", "لا"), ("نعم",), 0.6))
    simulation = played(Simulation(POST_DISCHARGE, CallContext(), ears), "نعم")
    (step,) = [one.step for one in simulation.played]
    assert step == Step(mumble=(("نعم", "لا"), "نعم"))
    assert report_on(simulation).turns[-1].trust == "doubt"
    assert "نعم" in ears.listens[0].phrases


def test_with_a_voice_words_come_over_the_prompt_too() -> None:
    ears = Deaf(Utterance(("نعم",), ("نعم",), 0.9))
    simulation = played(Simulation(POST_DISCHARGE, CallContext(), ears), "/over نعم", "نعم", "/early نعم")
    assert [one.is_lost for one in simulation.played] == [True, False, False]
    assert report_on(simulation).turns[-1].meaning == "premature"


def test_with_a_voice_nothing_heard_is_silence() -> None:
    simulation = played(Simulation(POST_DISCHARGE, CallContext(), Deaf(None)), "نعم")
    assert report_on(simulation).turns[-1].input == "silence"


def test_the_screen_shows_what_is_heard_understood_and_stored() -> None:
    console = Console(file=io.StringIO(), width=160)
    screen = Screen(console)
    simulation = item_9()
    screen.opens(simulation.opening)
    for line in ("بطاطا", "عدة أيام", "نعم"):
        for one in simulation.play(read_line(line)):
            screen.shows(one)
    screen.state(simulation.telephone.state)
    screen.result(report_on(simulation))
    shown = console.file.getvalue()
    for part in (
        "السلام عليكم ورحمة الله",  # without its vowels
        "not listened for: \u2068بطاطا\u2069",
        'value "several_days" · rule',
        "confidence 0.9",
        "stored harm",
        "oncall told: crisis, answer",
        "put through to 937",
        "phq9 = 1, minimal",
        "escalated",
    ):
        assert part in shown, part
