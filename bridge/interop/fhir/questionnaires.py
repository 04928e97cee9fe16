"""A questionnaire as a FHIR R4 Questionnaire.

What FHIR has an element or a published extension for stands there, for everybody. The rest of what the author
wrote goes along as JSON in extensions of our own, so that an import of the export is the questionnaire again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from bridge.dialogue.questionnaire import Questionnaire, Score
from bridge.interop.fhir.fhirpath import FhirPath, UntranslatableError
from bridge.interop.fhir.items import ItemWriter
from bridge.interop.fhir.naming import Naming, fhir_id
from bridge.interop.fhir.terms import (
    CALCULATED,
    HIDDEN,
    OWN_BLOCKS,
    OWN_HASH,
    OWN_STATUS,
    Json,
    coding,
    extension,
)
from bridge.interop.losses import Loss
from bridge.interop.own_text import own_blocks
from bridge.understanding import bare

__all__ = ["QuestionnaireExport", "export_questionnaire"]

# Fields that stand in elements of FHIR's own, and are read back from there.
_IN_ELEMENTS = frozenset({"id", "version", "title", "status", "language", "note", "codes", "items", "format"})
FULL_DATE = len("2026-11-21")


class QuestionnaireExport(Struct, frozen=True):
    """The resource, and what no reader but Hatif will understand of it."""

    resource: Json
    losses: list[Loss]


def export_questionnaire(
    questionnaire: Questionnaire, *, canonical: str | None = None
) -> QuestionnaireExport:
    """Write a questionnaire as FHIR R4; `canonical` is where the site publishes its questionnaires."""
    naming = Naming(questionnaire, canonical)
    writer = ItemWriter(naming)
    items = [writer.write(item) for item in questionnaire.items]
    scores = [_score(naming, name, score, writer.losses) for name, score in questionnaire.scores.items()]
    own = {name: block for name, block in own_blocks(questionnaire).items() if name not in _IN_ELEMENTS}
    resource = {
        "resourceType": "Questionnaire",
        "id": fhir_id(questionnaire.id),
        "language": questionnaire.language,
        "extension": _extensions(questionnaire, own),
        "url": naming.url,
        "identifier": [{"system": OWN_HASH, "value": questionnaire.hash}],
        "version": questionnaire.version,
        "name": "".join(part.capitalize() for part in questionnaire.id.split("_")),
        "title": bare(questionnaire.title),
        "status": "active" if questionnaire.status == "validated" else "draft",
        "experimental": questionnaire.status != "validated",
        "subjectType": ["Patient"],
        **_provenance(questionnaire),
        "item": [*items, *scores],
    }
    return QuestionnaireExport(resource, [*writer.losses, *_losses_of_blocks(own)])


def _extensions(questionnaire: Questionnaire, own: Mapping[str, Any]) -> list[Json]:
    status = extension(OWN_STATUS, valueCode=questionnaire.status)
    blocks = {"title": questionnaire.title, **own}
    return [status, extension(OWN_BLOCKS, valueString=msgspec.json.encode(blocks).decode())]


def _provenance(questionnaire: Questionnaire) -> Json:
    """Who wrote the questions, who checked them, and what may be done with them."""
    found: Json = {}
    if questionnaire.note:
        found["description"] = questionnaire.note
    source = questionnaire.source
    if source is not None:
        parts = (source.name, source.licence, source.citation, source.url)
        found["copyright"] = "; ".join(part for part in parts if part and part != "-")
    checked = questionnaire.validation
    if checked is not None and checked.status == "validated" and len(checked.date or "") == FULL_DATE:
        found["approvalDate"] = checked.date
    if questionnaire.codes:
        found["code"] = [coding(code) for code in questionnaire.codes]
    return found


def _score(naming: Naming, name: str, score: Score, losses: list[Loss]) -> Json:
    """A score as a hidden item that nobody fills in, with the expression that works it out."""
    extensions = [extension(HIDDEN, valueBoolean=True)]
    try:
        expression = FhirPath(naming).of_score(score)
        formula = {"language": "text/fhirpath", "expression": expression}
        extensions.append(extension(CALCULATED, valueExpression=formula))
    except UntranslatableError as error:
        losses.append(
            Loss(name, f"its formula needs {error}; the score's value is exported, the formula is not")
        )
    codes = {"code": [coding(code) for code in score.codes]} if score.codes else {}
    named = {"linkId": name, "extension": extensions, **codes, "text": name}
    return {**named, "type": "decimal", "readOnly": True}


_UNKNOWN_TO_FHIR = {
    "rules": "rules act in Hatif only",
    "escalations": "escalations act in Hatif only",
    "red_flags": "words of danger are understood in Hatif only",
    "computed": "computed values are worked out in Hatif, and written out where a guard uses them",
}


def _losses_of_blocks(own: Mapping[str, Any]) -> Sequence[Loss]:
    return [Loss("questionnaire", text) for name, text in _UNKNOWN_TO_FHIR.items() if own.get(name)]
