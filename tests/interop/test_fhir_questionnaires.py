"""Questionnaires as FHIR R4: sound by two judges, and the same questionnaire when they come back."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire as R4Questionnaire

from bridge.dialogue.questionnaire import Questionnaire
from bridge.interop.drafts import as_yaml
from bridge.interop.fhir.importing import import_questionnaire
from bridge.interop.fhir.questionnaires import export_questionnaire
from bridge.interop.fhir.reading import faults_of
from bridge.interop.fhir.terms import extension_value

ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
WEIGHT = "http://hl7.org/fhir/StructureDefinition/itemWeight"
CALCULATED = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression"


def walk(element: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in element.get("item", ()):
        yield item
        yield from walk(item)


def through_json(resource: dict[str, Any]) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(json.dumps(resource))
    return loaded


@pytest.fixture
def exported(every_item: Questionnaire) -> dict[str, Any]:
    return through_json(export_questionnaire(every_item).resource)


@pytest.fixture
def items(exported: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["linkId"]: item for item in walk(exported)}


def test_an_independent_validator_accepts_it(exported: dict[str, Any]) -> None:
    R4Questionnaire.model_validate(exported)


def test_it_keeps_the_rules_that_the_validator_does_not_check(
    exported: dict[str, Any], shipped: list[Questionnaire]
) -> None:
    assert faults_of(exported) == []
    for questionnaire in shipped:
        assert faults_of(export_questionnaire(questionnaire).resource) == []


def test_every_shipped_questionnaire_is_valid_and_comes_back_as_it_was(
    shipped: list[Questionnaire], build: Any
) -> None:
    for questionnaire in shipped:
        resource = through_json(export_questionnaire(questionnaire).resource)
        R4Questionnaire.model_validate(resource)
        returned = build(as_yaml(import_questionnaire(resource), "test"))
        assert returned.model_dump() == questionnaire.model_dump()


def test_nothing_is_lost_on_the_way_there_and_back(
    every_item: Questionnaire, exported: dict[str, Any], build: Any
) -> None:
    draft = import_questionnaire(exported)
    assert draft.losses == []
    assert build(as_yaml(draft, "test")).model_dump() == every_item.model_dump()


def test_standard_elements_alone_keep_ids_types_options_ordinals_guards_and_codes(
    every_item: Questionnaire, exported: dict[str, Any], build: Any
) -> None:
    """Another system may drop extensions that it does not know."""
    foreign = without_own_extensions(exported)
    harm = next(item for item in walk(foreign) if item["linkId"] == "harm")
    assert any("asks about self-harm" in str(loss) for loss in import_questionnaire(foreign).losses)
    del harm["code"]  # what asks about it is refused until an author has written what is done then
    returned = build(as_yaml(import_questionnaire(foreign), "test"))
    for item in every_item.questions:
        found = returned.item(item.id)
        if item.id in ("message", "unasked"):  # sound, and a guard that FHIR cannot say
            continue
        assert found is not None, item.id
        assert type_after_fhir(item) == found.type, item.id
        assert getattr(found, "when", None) == item.when, item.id
        if item.id != "harm":
            assert {code.code for code in item.codes} <= {code.code for code in found.codes}
        for option, other in zip(getattr(item, "options", ()), getattr(found, "options", ()), strict=True):
            assert (option.value, option.ordinal) == (other.value, other.ordinal)


def without_own_extensions(element: Any) -> Any:
    if isinstance(element, list):
        return [without_own_extensions(one) for one in element]
    if not isinstance(element, dict):
        return element
    kept = {name: without_own_extensions(value) for name, value in element.items()}
    if "extension" in kept:
        kept["extension"] = [
            one for one in kept["extension"] if not str(one.get("url", "")).startswith("urn:hatif:")
        ]
    return kept


def type_after_fhir(item: Any) -> str:
    """What a type is without our own extensions: FHIR knows fewer."""
    if item.type == "number" and item.decimals == 0:
        return "integer"
    same = {"identity": "yes_no", "consent": "yes_no", "language": "choice", "scale": "choice"}
    narrower = {"phone": "free_text", "glucose": "number"}
    known: dict[str, str] = same | narrower
    return known.get(item.type, str(item.type))


def test_a_pressure_is_a_group_of_two_quantities(items: dict[str, dict[str, Any]]) -> None:
    group = items["bp"]
    assert group["type"] == "group"
    assert group["code"][0]["code"] == "85354-9"
    assert [part["code"][0]["code"] for part in group["item"]] == ["8480-6", "8462-4"]
    for part in group["item"]:
        unit = extension_value(part, "http://hl7.org/fhir/StructureDefinition/questionnaire-unit")
        assert (unit["system"], unit["code"]) == ("http://unitsofmeasure.org", "mm[Hg]")


def test_options_carry_their_ordinals_twice(items: dict[str, dict[str, Any]]) -> None:
    options = items["interest"]["answerOption"]
    assert [extension_value(option, ORDINAL) for option in options] == [0, 1, 2, 3]
    assert [extension_value(option, WEIGHT) for option in options] == [0, 1, 2, 3]
    assert options[0]["valueCoding"]["code"] == "never"


def test_an_option_goes_by_its_code_where_each_has_one(build: Any) -> None:
    questionnaire = build(
        HEAD
        + """
items:
  - id: smoker
    type: choice
    ask: "هَلْ تُدَخِّنُون؟"
    options:
      - {value: never, say: "أَبَدًا", key: "1", codes: [{system: snomed, code: "266919005"}]}
      - {value: daily, say: "يَوْمِيًّا", key: "2", codes: [{system: snomed, code: "449868002"}]}
  - {id: packs, type: integer, minimum: 0, maximum: 9, ask: "كَمْ عُلْبَة؟", when: 'smoker == "daily"'}
"""
    )
    resource = export_questionnaire(questionnaire).resource
    smoker, packs = resource["item"]
    coded = {"system": "http://snomed.info/sct", "code": "449868002", "display": "يوميا"}
    assert smoker["answerOption"][1]["valueCoding"] == coded
    assert packs["enableWhen"] == [{"question": "smoker", "operator": "=", "answerCoding": coded}]


def test_a_score_is_a_read_only_item_with_its_formula(items: dict[str, dict[str, Any]]) -> None:
    score = items["phq2"]
    assert score["readOnly"] is True
    assert score["type"] == "decimal"
    assert extension_value(score, CALCULATED)["language"] == "text/fhirpath"


def test_a_draft_is_marked_as_one(every_item: Questionnaire, exported: dict[str, Any]) -> None:
    assert exported["status"] == "draft"
    assert exported["experimental"] is True
    assert extension_value(exported, "urn:hatif:status") == "draft"
    assert exported["identifier"][0]["value"] == every_item.hash
    validated = every_item.model_copy(update={"status": "validated"})
    resource = export_questionnaire(validated).resource
    assert (resource["status"], resource["experimental"]) == ("active", False)
    assert import_questionnaire(resource).data["status"] == "draft"  # somebody has to look at it again


def test_what_others_will_not_understand_is_named(every_item: Questionnaire) -> None:
    losses = [str(loss) for loss in export_questionnaire(every_item).losses]
    assert any(loss.startswith("unasked: its guard (patient.age < 18)") for loss in losses)
    assert any("escalations act in Hatif only" in loss for loss in losses)


def test_a_canonical_address_is_the_sites_own(every_item: Questionnaire) -> None:
    resource = export_questionnaire(every_item, canonical="https://clinic.example/fhir/").resource
    assert resource["url"] == "https://clinic.example/fhir/Questionnaire/every-item"


def test_what_was_edited_elsewhere_counts(exported: dict[str, Any], build: Any) -> None:
    edited = copy.deepcopy(exported)
    items = {item["linkId"]: item for item in walk(edited)}
    items["sleep"]["text"] = "كَيْفَ نِمْتُم؟"
    items["temp"]["enableWhen"] = [{"question": "pain", "operator": ">", "answerInteger": 3}]
    del items["temp"]["enableWhen"]
    items["farewell"]["enableWhen"] = [{"question": "pain", "operator": ">", "answerInteger": 3}]
    returned = build(as_yaml(import_questionnaire(edited), "test"))
    assert returned.item("sleep").ask == ("كَيْفَ نِمْتُم؟",)
    assert returned.item("temp").when is None
    assert returned.item("farewell").when == "pain > 3"
    assert returned.item("fever_days").when == "temp >= 38"


HEAD = """\
format: 1
id: small
version: "1"
title: صغير
language: ar
status: draft
"""


def test_dialects_are_translations(build: Any) -> None:
    text = """
items:
  - id: fever
    type: yes_no
    kind: symptom
    ask: "هَلْ عِنْدَكُمْ حُمَّى؟"
    variants: {egy: {ask: "عِنْدَك سُخُونِيَّة؟"}, f: {ask: "هَلْ عِنْدَكِ حُمَّى؟"}}
"""
    resource = export_questionnaire(build(HEAD + text)).resource
    spoken = resource["item"][0]["_text"]["extension"]
    assert [[part["url"] for part in one["extension"]] for one in spoken] == [["lang", "content"]]
    assert spoken[0]["extension"][0]["valueCode"] == "ar-EG"
    R4Questionnaire.model_validate(resource)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            lambda items: items["pain"].update(type="number"),
            "item 'pain': type 'number' is none of FHIR R4's",
        ),
        (lambda items: items["pain"].update(linkId="fever"), "linkId 'fever' is used twice"),
        (lambda items: items["mood"].update(item=[]), "item 'mood': a group holds at least one item"),
        (
            lambda items: items["welcome"].update(required=True),
            "item 'welcome': what is displayed has no items",
        ),
        (
            lambda items: items["temp"]["enableWhen"][0].update(question="nobody"),
            "item 'temp': enableWhen: there is no item 'nobody'",
        ),
        (
            lambda items: items["temp"].update(enableWhen=items["temp"]["enableWhen"] * 2),
            "item 'temp': has several enableWhen",
        ),
        (lambda items: items["pain"].pop("linkId"), "has no linkId"),
        (lambda items: items["sleep"].update(initial=[{"valueInteger": 1}]), "has an initial value"),
    ],
)
def test_broken_rules_are_found(exported: dict[str, Any], change: Any, fault: str) -> None:
    change({item["linkId"]: item for item in walk(exported)})
    assert any(fault in found for found in faults_of(exported))
