"""A whole measurement, on a synthetic speaker, with the configured model."""

import shutil
from pathlib import Path

import pytest

from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import ModelError
from bridge.models.evaluation import CLEAN, Condition, Evaluation, Plan, evaluate
from bridge.models.questions import Task
from bridge.models.recordings import RecordingsError

TEN_DB = Condition("10 dB", 10.0)
Questionnaires = dict[str, Questionnaire]


async def measured(plan: Plan, questionnaires: Questionnaires) -> Evaluation:
    return await evaluate(plan, questionnaires, "post_discharge")


async def test_every_recording_counts_once_in_each_condition(
    model: Path, recordings: Path, questionnaires: Questionnaires
) -> None:
    """Five words, two of them a yes and a no, two of them numbers."""
    progress: list[tuple[int, int]] = []
    plan = Plan(model, recordings, (CLEAN, TEN_DB), processes=2)
    evaluation = await evaluate(
        plan, questionnaires, "post_discharge", on_progress=lambda *done: progress.append(done)
    )
    counts = {(one.group, one.condition): one.count for one in evaluation.figures.questions}

    assert counts == {
        (group, condition): count
        for group, count in (
            *(("yes/no", 2), ("digits 0-9", 1), ("numbers 0-10", 2)),
            *(("all labels", 5), ("open vocabulary", 5)),
        )
        for condition in ("clean", "10 dB")
    }
    assert [(one.condition, one.count) for one in evaluation.figures.false_acceptance] == [
        ("clean", 3),
        ("10 dB", 3),
    ]
    assert progress == [(done, 10) for done in range(1, 11)]
    assert evaluation.material.recordings == evaluation.material.labels == 5
    assert evaluation.material.noise == "made up"
    assert evaluation.material.unreadable == []
    assert evaluation.cost.bytes_after >= evaluation.cost.bytes_loaded > evaluation.cost.bytes_before


async def test_a_synthetic_yes_and_no_are_heard(
    model: Path, recordings: Path, questionnaires: Questionnaires
) -> None:
    """Under the real grammar; and no noise is spoken of where there is none."""
    evaluation = await measured(Plan(model, recordings), questionnaires)
    yes_no = evaluation.figures.questions[0]

    assert (yes_no.group, yes_no.count, yes_no.right) == ("yes/no", 2, 2)
    assert evaluation.material.noise == "none"
    assert all(0 < one.rtf < 1 for one in evaluation.figures.cost)


async def test_the_same_is_measured_twice(
    model: Path, recordings: Path, questionnaires: Questionnaires
) -> None:
    """Whatever the number of processes; processor time apart."""
    one, three = [
        await measured(Plan(model, recordings, (TEN_DB,), processes=processes), questionnaires)
        for processes in (1, 3)
    ]

    assert one.figures.questions == three.figures.questions
    assert one.figures.reliability == three.figures.reliability
    assert one.figures.mistakes == three.figures.mistakes


async def test_noise_can_be_brought_along(
    model: Path, recordings: Path, questionnaires: Questionnaires, tmp_path: Path
) -> None:
    """What cannot be read of it is listed too."""
    (tmp_path / "ward.ulaw").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "hall.mp3").write_bytes(b"ID3")
    evaluation = await measured(Plan(model, recordings, (TEN_DB,), noise=tmp_path), questionnaires)

    assert evaluation.material.noise == str(tmp_path)
    assert [one.path for one in evaluation.material.unreadable] == ["hall.mp3"]


async def test_what_cannot_be_measured_is_listed_and_the_rest_is_measured(
    model: Path, recordings: Path, questionnaires: Questionnaires, tmp_path: Path
) -> None:
    """A broken file, a label that says nothing, and words that the model lacks, which count all the same."""
    data = shutil.copytree(recordings, tmp_path / "data")
    (data / "yes" / "broken.wav").write_bytes(b"RIFF")
    shutil.copytree(data / "لا", data / "cat")
    shutil.copytree(data / "لا", data / "زرافة")
    evaluation = await measured(Plan(model, data), questionnaires)
    reasons = {one.path: one.reason for one in evaluation.material.unreadable}

    assert reasons["yes/broken.wav"] == "is no WAV file"
    assert reasons["cat/Denis.ulaw"].startswith("is labelled 'cat', neither Arabic nor")
    assert len(reasons) == 2
    assert evaluation.material.recordings == 6
    assert "زرافة" in evaluation.material.unsayable
    (giraffe,) = (one for one in evaluation.figures.labels if one.group == "زرافة")
    assert (giraffe.count, giraffe.right) == (1, 0)


async def test_number_phrases_have_a_question_of_their_own(
    model: Path, recordings: Path, questionnaires: Questionnaires, tmp_path: Path
) -> None:
    """As soon as one label is a number above ten; a table names it."""
    table = tmp_path / "list.tsv"
    table.write_text(f"{recordings}/three/Denis.ulaw\tثلاثة\n{recordings}/yes/Denis.ulaw\tثلاثة وعشرين\n")
    evaluation = await measured(Plan(model, table), questionnaires)

    assert [(one.group, one.count) for one in evaluation.figures.questions[:2]] == [
        ("digits 0-9", 1),
        ("numbers 0-999", 2),
    ]


async def test_a_static_graph_is_tried_in_its_open_vocabulary_alone(
    copy: Path, recordings: Path, questionnaires: Questionnaires
) -> None:
    """It takes no grammar, as large public models do not; what was not tried is told."""
    (copy / "graph" / "HCLr.fst").rename(copy / "graph" / "HCLG.fst")
    (copy / "graph" / "Gr.fst").unlink()
    evaluation = await measured(Plan(copy, recordings), questionnaires)

    assert [(one.group, one.count) for one in evaluation.figures.questions] == [("open vocabulary", 5)]
    assert evaluation.untried == [task for task in Task if task is not Task.OPEN]


async def test_there_must_be_a_model_and_something_to_measure(
    model: Path, recordings: Path, questionnaires: Questionnaires, tmp_path: Path
) -> None:
    """One sentence each."""
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.ulaw").write_bytes(bytes(8000))
    with pytest.raises(ModelError, match="it does not exist"):
        await measured(Plan(tmp_path / "nothing", recordings), questionnaires)
    with pytest.raises(RecordingsError, match=r"no recording can be used; cat/a\.ulaw is labelled 'cat'"):
        await measured(Plan(model, tmp_path), questionnaires)
