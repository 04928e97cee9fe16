"""What a questionnaire's items and options are called in FHIR: linkIds, codings, addresses."""

from bridge.dialogue.items import BloodPressureItem, Item, Option, OptionsItem, ScaleItem
from bridge.dialogue.questionnaire import Questionnaire
from bridge.interop.fhir.terms import LINK_ID, Json, coding
from bridge.understanding import bare

__all__ = ["Naming", "fhir_id"]


def fhir_id(text: str) -> str:
    """An id as FHIR allows it: letters, digits, hyphens and dots, at most 64 of them."""
    return "".join(one if one.isalnum() and one.isascii() else "-" for one in text)[:64]


class Naming:
    """The names within one questionnaire."""

    def __init__(self, questionnaire: Questionnaire, canonical: str | None = None) -> None:
        self.questionnaire = questionnaire
        self._canonical = canonical

    @property
    def url(self) -> str:
        """The canonical address, without the version."""
        if self._canonical is None:
            return f"urn:hatif:questionnaire:{self.questionnaire.id}"
        return f"{self._canonical.rstrip('/')}/Questionnaire/{fhir_id(self.questionnaire.id)}"

    def item(self, name: str) -> Item | None:
        """The item of that id."""
        return self.questionnaire.item(name)

    def link_id(self, item: Item | OptionsItem) -> str:
        """An item's own id, or what a foreign questionnaire that it was imported from called it."""
        kept = next((code.code for code in item.codes if code.system == LINK_ID), None)
        return kept or item.id

    def link_ids_of_pressure(self, item: BloodPressureItem) -> tuple[str, str]:
        """The linkIds of the systolic and of the diastolic value."""
        name = self.link_id(item)
        return f"{name}.systolic", f"{name}.diastolic"

    def option(self, item: OptionsItem, option: Option) -> Json:
        """An option as a Coding: by its code in a terminology where each option has its own."""
        codings = [coding(one.codes[0]) for one in item.options if one.codes]
        distinct = {(one["system"], one["code"]) for one in codings}
        if len(distinct) == len(item.options):
            return coding(option.codes[0]) | {"display": bare(option.say)}
        return {"system": self._local_system(item), "code": option.value, "display": bare(option.say)}

    def _local_system(self, item: OptionsItem) -> str:
        if isinstance(item, ScaleItem):
            return f"urn:hatif:scale:{item.scale}"
        return f"urn:hatif:options:{self.questionnaire.id}:{item.id}"
