"""The schema that editors use: up to date, true of every questionnaire that ships, false of broken ones."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bridge.authoring.schema import questionnaire_schema
from bridge.content import CONTENT
from bridge.dialogue.document import read_document
from bridge.dialogue.loader import parse
from bridge.errors import QuestionnaireError

FOLDER = CONTENT / "questionnaires"
EVERY_ITEM = Path(__file__).parent.parent / "dialogue" / "every_item.yaml"
COMMON = (FOLDER / "common" / "ar.yaml").read_text(encoding="utf-8")
SCHEMA = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
FILES = [*sorted(FOLDER.glob("*.yaml")), EVERY_ITEM]


def complaints(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(read_document(text).data)]


def test_the_schema_is_up_to_date() -> None:
    """Otherwise: hatif questionnaire schema --to questionnaires/schema.json."""
    assert questionnaire_schema() == SCHEMA


def test_the_schema_is_one() -> None:
    """By the rules of its own dialect."""
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_questionnaire_fits_the_schema(file: Path) -> None:
    """What loads is right in the editor too."""
    assert complaints(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_shipped_questionnaire_names_the_schema(file: Path) -> None:
    """On its first line, where editors look."""
    assert file.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=schema.json\n")


def test_the_examples_of_the_manual_fit_the_schema() -> None:
    """One of every item, as authors read it."""
    manual = (FOLDER / "README.md").read_text(encoding="utf-8")
    text = "".join(part.partition("```")[0] for part in manual.split("```yaml\n")[1:])
    assert complaints(text) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("kind: symptom", "kimd: symptom"),
        ("kind: symptom", "kind: symptoms"),
        ("    kind: symptom ", "    # "),
        ("type: temperature", "type: temprature"),
        ("format: 1 ", "format: 2 "),
        ('version: "0.1.0"', "version: 1.0"),
        ("title: ", "tittle: "),
        ("status: draft", "status: drafted"),
        ("dialects: [msa, glf, egy]", "dialects: [msa, mag]"),
        ("scale: frequency4 ", "scale: 4 "),
        ('key: "1", ordinal: 0', 'key: "0", ordinal: 0'),
        ("minimum: 0\n", "minimum: -1\n"),
        ("minimum: 0\n", "minimum: none\n"),
        ("allow: [dont_know, refuse]", "allow: [dunno]"),
        ("method: prorate", "method: guess"),
        ("do: notify", "do: call"),
        ("repeat: {count: children, maximum: 3}", "repeat: {count: children}"),
        ("notify: [oncall] ", "notify: [] "),
        ("within_hours: 24", "within_hours: 9999"),
        ("stop: [توقف, خلاص]", "stop: توقف"),
        ("repeat: {egy: [كمان مرة]}", "repeat: {xyz: [كمان مرة]}"),
        ("- id: fever\n", "- id: Fever!\n"),
        ('"هَلْ عِنْدَكُمْ حُمَّى؟"', "7"),
    ],
)
def test_what_the_loader_refuses_the_schema_refuses(right: str, wrong: str) -> None:
    """As far as types and names go; what an expression means is the loader's business."""
    manual = (FOLDER / "README.md").read_text(encoding="utf-8")
    text = "".join(part.partition("```")[0] for part in manual.split("```yaml\n")[1:])
    assert right in text
    broken = text.replace(right, wrong, 1)
    assert complaints(broken)
    with pytest.raises(QuestionnaireError):
        parse(broken, name="broken.yaml", common=COMMON)


def test_fields_are_explained() -> None:
    """By what is said of them where they are defined."""
    yes_no: dict[str, Any] = SCHEMA["$defs"]["YesNoItem"]
    assert yes_no["description"].startswith("Yes or no")
    assert (
        yes_no["properties"]["ask"]["description"] == "the first is the bare question, later ones help more"
    )
