"""Faults, or warnings and facts, of files and folders."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from bridge.authoring.checking.examination import examine, files_in, survey
from bridge.authoring.checking.surroundings import Surroundings, surroundings_of
from bridge.config import load_settings
from bridge.content import CONTENT, DEFAULT_CONFIG
from bridge.dialogue.loader import load
from bridge.dialogue.prompts import prompt_texts
from bridge.errors import QuestionnaireError
from bridge.speech.espeak.synthesizer import EspeakSynthesizer
from bridge.speech.prompts import PromptCache

Look = Any  # conftest.Look
Write = Any  # conftest.Write
ITEM = '- {id: a, type: yes_no, kind: fact, ask: "هَلْ هُنَاكَ أَلَم؟"}\n'
SHIPPED = sorted((CONTENT / "questionnaires").glob("*.yaml"))


URGENT = "escalations: {urgent: {say: سَلَام, fallback: سَلَام, notify: [oncall]}}\n"
FAULTS = [
    ("fact", "facts", ":27: items.0.kind: should be 'permission', 'symptom', 'fact' or 'promise'; did you"),
    ("kind: fact, ", "", ":5: items.0.kind: missing; it should be one of permission, symptom, fact, promise"),
    ("id: a", "id: Pain Level", ":6: items.0.id: should begin with a small letter, and hold small letters"),
    ("id: a", "id: Pain Level", "digits and _ only; did you mean 'pain_level'?"),
    ("ask:", "barge_in: no, ask:", ":39: items.0.barge_in: should be true or false; write false"),
    ("ask:", "allow: refuse, ask:", ":39: items.0.allow: should be a list; write [refuse]"),
    ("ask:", "when: true, ask:", ':39: items.0.when: should be text; put it in quotes: "true"'),
    ("ask:", "no_input_seconds: 999, ask:", ":39: items.0.no_input_seconds: should be 120.0 or less"),
    ("ask:", "no_input_seconds: 0, ask:", ":39: items.0.no_input_seconds: should be more than 0"),
    ("ask:", "on_exhausted: escalate, escalation: urgnt, ask:", "'urgnt'; did you mean 'urgent'?"),
    ("أَلَم", "أَلَم {patient.fist_name}", "{patient.fist_name}; did you mean 'patient.first_name'?"),
    ("kind: fact", "kind: fact, kind: fact", ":39: items.0.kind: stands here twice, first on line 8; keep"),
    ("type: yes_no, ", "", ":5: items.0: 'type' is missing; one of consent, identity"),
    ("ask:", "askk:", ":39: items.0.askk: unknown field; did you mean 'ask'?"),
    ("ask:", "xyz: 1, ask:", ":39: items.0.xyz: unknown field; known here: id, ask"),
    ("kind: fact", "kind: [fact", "not YAML: expected ',' or ']', but got '}'; a bracket has no partner"),
]


@pytest.mark.parametrize(("right", "wrong", "expected"), FAULTS)
def test_a_fault_says_where_what_and_what_would_be_right(
    look: Look, right: str, wrong: str, expected: str
) -> None:
    """By line and column; there is nothing else to say about a faulty file."""
    found = look(ITEM.replace(right, wrong), extra=URGENT)
    text = "\n".join(map(str, found.faults))
    assert "short.yaml:8:" in text
    assert expected in text
    assert (found.facts, found.warnings) == (None, [])


def test_all_faults_of_all_files_are_found(write: Write) -> None:
    """In the order of the files, and of their lines."""
    first = write(ITEM.replace("kind", "kimd"), extra="tittle: x\n", name="a.yaml")
    second = write(ITEM.replace("fact", "fcat"), name="b.yaml")
    report = examine(files_in([first.parent]), Surroundings())
    assert [(Path(one.file).name, len(one.faults)) for one in report.files] == [("a.yaml", 3), ("b.yaml", 1)]
    lines = [fault.line for fault in report.files[0].faults]
    assert lines == sorted(lines)
    assert report.files[1].faults[0].file == str(second)


def test_two_files_of_one_folder_have_two_ids(write: Write) -> None:
    """As `hatif serve` would find; in two folders they may be alike."""
    files = [write(ITEM, name=name) for name in ("a.yaml", "b.yaml")]
    report = examine(files, Surroundings())
    assert [str(fault) for one in report.files for fault in one.faults] == [
        f"{files[1]}:2:1: id: 'short' is the id of a.yaml too; ids differ"
    ]
    other = files[0].parent / "other" / "c.yaml"
    other.parent.mkdir()
    shutil.copy(files[0], other)
    assert examine([files[0], other], Surroundings()).faults == 0


def test_a_file_that_is_not_there_is_a_fault_and_an_empty_folder_a_mistake(tmp_path: Path) -> None:
    """Both are one sentence."""
    (report,) = examine([tmp_path / "none.yaml"], Surroundings()).files
    assert "cannot be read" in str(report.faults[0])
    with pytest.raises(QuestionnaireError, match=r"it should hold \*\.yaml"):
        files_in([tmp_path])


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_questionnaires_have_no_faults_and_every_item_is_reached(file: Path) -> None:
    """And take between a quarter of a minute and ten."""
    (report,) = survey([file], Surroundings()).files
    assert report.facts is not None
    shortest, longest = report.facts.shortest, report.facts.longest
    assert shortest is not None
    assert longest is not None
    assert 10 < shortest.seconds < longest.seconds < 600
    assert 1 <= shortest.questions <= longest.questions <= report.facts.questions
    assert longest.turns <= report.facts.most_turns
    assert report.facts.grammars.largest <= report.facts.grammars.whole


def test_nothing_is_warned_of_in_what_ships() -> None:
    """With the shipped model: our authors learn from these files."""
    model = surroundings_of(load_settings(DEFAULT_CONFIG)).model
    assert model is not None
    report = examine(SHIPPED, Surroundings(model=model))
    assert [str(one) for file in report.files for one in (*file.faults, *file.warnings)] == []


NEGATIVE = '- {id: a, type: yes_no, kind: symptom, accept_warnings: {WHY}, ask: "لَيْسَ هُنَاكَ أَلَم؟"}\n'


def test_an_accepted_warning_is_kept_apart_with_its_reason(look: Look) -> None:
    """By kind and item: another kind, or another item, is warned of as before."""
    found = look(NEGATIVE.replace("WHY", "negative: as it was validated"))
    assert found.warnings == []
    (accepted,) = found.accepted
    assert (accepted.warning.kind, accepted.reason) == ("negative", "as it was validated")
    assert ": accepted: items.0.ask" in str(accepted)
    other = NEGATIVE.replace("id: a", "id: b").replace("accept_warnings: {WHY}, ", "")
    found = look(NEGATIVE.replace("WHY", "negative: as it was validated") + other)
    assert [one.field for one in found.warnings] == ["items.1.ask"]


def test_a_group_accepts_for_its_items_and_the_top_for_what_is_outside(look: Look) -> None:
    """The file as a whole accepts nothing for its items."""
    inside = NEGATIVE.replace("accept_warnings: {WHY}, ", "")
    group = f"- {{id: g, type: group, accept_warnings: {{negative: validated}}, items: [{inside[2:-1]}]}}\n"
    assert look(group).warnings == []
    found = look(inside, extra="accept_warnings: {negative: validated}\n")
    assert [(one.kind, one.field) for one in found.warnings] == [
        ("negative", "items.0.ask"),
        ("unneeded", "accept_warnings.negative"),
    ]


def test_what_is_accepted_in_vain_is_a_warning_and_what_there_is_not_a_fault(look: Look) -> None:
    """A reason for nothing would hide the next mistake; what the machine decides may come back."""
    plain = NEGATIVE.replace("لَيْسَ", "هَلْ")
    (warning,) = look(plain.replace("WHY", "negative: validated, unknown-word: soon trained")).warnings
    assert (warning.kind, warning.field) == ("unneeded", "items.0.accept_warnings.negative")
    (fault,) = look(plain.replace("WHY", "negatve: validated")).faults
    assert "negatve" in str(fault)
    (fault,) = look(plain.replace("WHY", 'negative: " "')).faults
    assert "items.0.accept_warnings.negative" in str(fault)


async def test_prompts_that_are_not_rendered_are_a_warning_where_they_will_be_spoken(write: Write) -> None:
    """In the served folder, on a machine that renders; and what is rendered is measured."""
    file = write(ITEM)
    texts = prompt_texts([load(file)])
    voice = EspeakSynthesizer()
    cache = PromptCache(file.parent / "prompts", voice)
    await voice.start()
    try:
        await cache.render(texts[:3])
        here = Surroundings(prompts=cache, served=file.parent)
        (report,) = examine([file], here).files
        (warning,) = [one for one in report.warnings if one.kind == "unrendered"]
        assert (
            f"{len(texts) - 3} of {len(texts)} prompts are not rendered; run 'hatif render short'"
            in warning.text
        )
        assert (report.facts and report.facts.rendered) == 3
        elsewhere = examine([file], Surroundings(prompts=cache, served=file.parent / "x"))
        assert elsewhere.warnings == 0
        await cache.render(texts)
    finally:
        await voice.stop()
    (report,) = examine([file], here).files
    assert report.warnings == []
    text = "هَلْ هُنَاكَ أَلَم؟"
    assert here.seconds_of(text) == len(cache.get(text) or b"") / 8000


def test_what_is_true_of_the_common_content_is_said_once(write: Write) -> None:
    """And for the file that it stands in."""
    files = [write(ITEM.replace("id: a", f"id: {name}"), name=f"{name}.yaml") for name in ("p", "q")]
    for file in files:
        file.write_text(
            file.read_text(encoding="utf-8").replace("id: short", f"id: {file.stem}"), encoding="utf-8"
        )
    model = surroundings_of(load_settings(DEFAULT_CONFIG)).model
    assert model is not None
    poorer = type(model)("m", "m", model.words - {"صحيح"}, 1, supports_grammar=True)
    report = examine(files, Surroundings(model=poorer))
    warned = [one for file in report.files for one in file.warnings]
    assert [one.file for one in warned if "'صحيح'" in one.text] == ["common/ar.yaml"]
