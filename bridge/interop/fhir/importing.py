"""A FHIR R4 Questionnaire as a draft of ours.

What Hatif itself exported comes back whole: texts, codes and options from FHIR's elements, where others may
have edited them, the rest from our extensions. A guard that was edited elsewhere counts as it was edited.
"""

from collections.abc import Mapping
from typing import Any

from bridge.dialogue.checks import SELF_HARM_CODES
from bridge.interop.drafts import (
    MAX_OPTIONS,
    MISSING_TEXT,
    Draft,
    Ids,
    arabic_of,
    option_losses,
    wording_losses,
)
from bridge.interop.fhir.foreign import fields_of, is_pressure
from bridge.interop.fhir.guards import Guards, Target, UnknownAnswerError
from bridge.interop.fhir.items import condition_digest
from bridge.interop.fhir.options import own_json, read_options, translated
from bridge.interop.fhir.terms import (
    BLOOD_PRESSURE,
    CALCULATED,
    DIASTOLIC,
    ENABLE_WHEN_EXPRESSION,
    HIDDEN,
    LINK_ID,
    MAX_OCCURS,
    OWN_BLOCKS,
    OWN_ITEM,
    OWN_OPTION,
    Json,
    code_from,
    extension_value,
)
from bridge.interop.losses import Loss
from bridge.understanding import bare

__all__ = ["import_questionnaire"]

ANOTHER = "هَلْ هُنَاكَ غَيْرُ ذٰلِك؟"  # "is there another?", after each round of a repeated group
MAX_ROUNDS = 20
_READ = frozenset({"linkId", "type", "text", "_text", "code", "required", "repeats", "item", "extension"})
_READ |= {"enableWhen", "enableBehavior", "answerOption", "answerValueSet", "maxLength", "readOnly", "id"}
_TITLES = ("title", "name", "id")


def import_questionnaire(resource: Mapping[str, Any], questionnaire_id: str | None = None) -> Draft:
    """Make a draft of a Questionnaire that `read_questionnaire` has found sound."""
    return _Importer(resource).draft(questionnaire_id)


class _Importer:
    def __init__(self, resource: Mapping[str, Any]) -> None:
        self._resource = resource
        self._blocks = own_json(resource, OWN_BLOCKS)
        self._contained = {str(one.get("id")): one for one in resource.get("contained", ())}
        self._ids = Ids()
        self._targets: dict[str, Target] = {}
        self._sources: dict[str, Mapping[str, Any]] = {}  # the FHIR item by our id, for its guard
        self._losses: list[Loss] = []

    def draft(self, questionnaire_id: str | None) -> Draft:
        items = [one for item in self._resource.get("item", ()) for one in self._item(item)]
        self._set_guards(items)
        if not self._blocks:
            text = (
                "ask for consent (type: consent), and who is speaking (type: identity), before anything else"
            )
            self._losses.append(Loss("questionnaire", text))
        return Draft(self._head(questionnaire_id) | {"items": items}, self._losses)

    def _head(self, questionnaire_id: str | None) -> Json:
        resource, blocks = self._resource, dict(self._blocks)
        shown = translated(resource, "title") or arabic_of(resource.get(name) for name in _TITLES)
        spoken = blocks.pop("title", None)
        title = spoken if spoken and bare(spoken) == shown else shown or "استبيان"
        named = str(resource.get("name") or resource.get("id") or resource.get("title") or "questionnaire")
        own_id = str(resource.get("url", "")).removeprefix("urn:hatif:questionnaire:")
        codes = [code for one in resource.get("code", ()) if (code := code_from(one))]
        return {
            "format": 1,
            "id": questionnaire_id or Ids().give(own_id if blocks and ":" not in own_id else named),
            "version": str(resource.get("version") or "1"),
            "title": title,
            "language": "ar",
            "status": "draft",
            **({"note": resource["description"]} if resource.get("description") else {}),
            **({} if blocks else {"source": self._source(str(title))}),
            **({"codes": codes} if codes else {}),
            **blocks,
        }

    def _source(self, title: str) -> Json:
        resource = self._resource
        licence = resource.get("copyright") or "unknown; ask the publisher before use"
        address = {"url": resource["url"]} if resource.get("url") else {}
        return {"name": resource.get("publisher") or title, "licence": licence, **address}

    # Items

    def _item(self, item: Mapping[str, Any]) -> list[Json]:
        """What one item becomes: nothing, one item, or one with those that it holds behind it."""
        link_id = item["linkId"]
        if link_id in self._blocks.get("scores", {}):
            self._targets[link_id] = Target(link_id, "number")
            return []
        if extension_value(item, CALCULATED) is not None or item.get("readOnly"):
            return self._left_out(link_id, "is worked out, not asked; write it under scores or computed")
        if extension_value(item, HIDDEN) is True:
            return self._left_out(link_id, "is hidden; it was left out")
        own = own_json(item, OWN_ITEM)
        name = str(own.get("id") or link_id)
        ours = self._ids.give(name)
        self._note_unread(ours, item)
        if item["type"] == "group" and not is_pressure(item) and own.get("type") != "blood_pressure":
            return self._group(ours, item, own)
        written = self._question(ours, item, own)
        if written is None:
            return []
        self._sources[ours] = item
        inside = () if written["type"] == "blood_pressure" else item.get("item", ())
        return [written, *(one for inner in inside for one in self._item(inner))]

    def _left_out(self, where: str, text: str) -> list[Json]:
        self._losses.append(Loss(where, text))
        return []

    def _note_unread(self, where: str, item: Mapping[str, Any]) -> None:
        for name in sorted(item.keys() - _READ):
            self._losses.append(Loss(where, f"'{name}' has no counterpart and was left out"))
        if item["type"] == "open-choice":
            self._losses.append(Loss(where, "other answers than the options cannot be given"))

    def _question(self, ours: str, item: Mapping[str, Any], own: Json) -> Json | None:
        kind = self._fields(ours, item, own)
        if kind is None:
            return None
        options = self._options(ours, item, own) if kind["type"] in _WITH_OPTIONS else []
        if not own and kind["type"] in _WITH_OPTIONS and not self._fits(ours, item, len(options)):
            kind, options = {"type": "free_text"}, []
        text = translated(item, "text")
        if not own:
            text = self._foreign_text(ours, item, text)
            self._losses += option_losses(ours, options)
        spoken = self._spoken(own, text or MISSING_TEXT, kind["type"])
        required = {} if own or item.get("required") or kind["type"] == "info" else {"required": False}
        written = {"id": ours, **kind, **spoken, **required} | ({"options": options} if options else {})
        self._targets.setdefault(item["linkId"], Target(ours, kind["type"]))
        return written | self._codes(ours, item, own)

    def _foreign_text(self, ours: str, item: Mapping[str, Any], text: str | None) -> str | None:
        """A sentence that was written for readers, and by whoever knows nothing of ours."""
        self._losses += wording_losses(ours, text)
        if SELF_HARM_CODES & {one.get("code") for one in item.get("code", ())}:
            needed = "asks about self-harm; give it 'safety: self_harm' and an escalation with a 'transfer'"
            self._losses.append(Loss(ours, needed))
        if text is None or not set("{}") & set(text):
            return text
        self._losses.append(Loss(ours, "has braces, which hold placeholders with us; they became round ones"))
        return text.replace("{", "(").replace("}", ")")

    def _fields(self, ours: str, item: Mapping[str, Any], own: Json) -> Json | None:
        """The type, and what belongs to it."""
        if own.get("type"):
            fields = {
                name: field for name, field in own.items() if name not in ("id", "condition", "ask", "say")
            }
            if own["type"] == "blood_pressure":
                self._know_pressure(ours, item)
            return fields
        if is_pressure(item):
            self._know_pressure(ours, item)
            return {"type": "blood_pressure"}
        if item["type"] in ("choice", "open-choice") or item.get("answerOption"):
            return {"type": "multi_choice" if item.get("repeats") else "choice"}
        if item["type"] == "display":
            return {"type": "info"}
        if item.get("repeats"):
            self._losses.append(Loss(ours, "may be answered several times; it is asked once"))
        return fields_of(ours, item, self._losses)

    def _know_pressure(self, ours: str, item: Mapping[str, Any]) -> None:
        for part in item.get("item", ()):
            codes = {one.get("code") for one in part.get("code", ())}
            function = "diastolic" if DIASTOLIC["code"] in codes else "systolic"
            self._targets[part["linkId"]] = Target(f"{function}({ours})", "number")

    def _spoken(self, own: Json, text: str, kind: str) -> Json:
        """The author's sentences, unless the first of them was edited elsewhere."""
        field = "say" if kind == "info" else "ask"
        kept = own.get(field)
        sentences = [kept] if isinstance(kept, str) else list(kept or ())
        if sentences and bare(str(sentences[0])) == text:
            return {field: kept}
        return {field: [text, *sentences[1:]] if len(sentences) > 1 else text}

    def _options(self, ours: str, item: Mapping[str, Any], own: Json) -> list[Json]:
        options = read_options(item, self._contained)
        names = {option.key: str(option.written["value"]) for option in options}
        kind = "multi_choice" if item.get("repeats") else "choice"
        self._targets[item["linkId"]] = Target(ours, kind, names)
        is_built_in = not any(extension_value(one, OWN_OPTION) for one in item.get("answerOption", ()))
        return [] if own.get("type") == "scale" and is_built_in else [option.written for option in options]

    def _fits(self, ours: str, item: Mapping[str, Any], count: int) -> bool:
        if 1 < count <= MAX_OPTIONS:
            return True
        where = f" (value set {item['answerValueSet']})" if item.get("answerValueSet") else ""
        text = f"has {count} options{where}; between 2 and {MAX_OPTIONS} can be asked, so it became free text"
        self._losses.append(Loss(ours, text))
        del self._targets[item["linkId"]]
        return False

    def _codes(self, ours: str, item: Mapping[str, Any], own: Json) -> Json:
        if own.get("type") == "info":
            return {}
        codes = [code for one in item.get("code", ()) if (code := code_from(one))]
        is_ours = own.get("type") == "blood_pressure"
        codes = [one for one in codes if not (is_ours and one["code"] == BLOOD_PRESSURE["code"])]
        if item["linkId"] != ours:
            codes.append({"system": LINK_ID, "code": item["linkId"]})
        return {"codes": codes} if codes else {}

    # Groups and guards

    def _group(self, ours: str, item: Mapping[str, Any], own: Json) -> list[Json]:
        inside = [one for inner in item.get("item", ()) for one in self._item(inner)]
        if not inside:
            return self._left_out(ours, "holds nothing that can be asked; it was left out")
        self._sources[ours] = item
        self._targets[item["linkId"]] = Target(ours, "group")
        kept = {name: field for name, field in own.items() if name not in ("id", "condition")}
        text = translated(item, "text")
        written = {"id": ours, "type": "group", **kept} | ({"title": text} if text and not own else {})
        if own:
            return [written | {"items": inside} | self._codes(ours, item, own)]
        if item.get("repeats"):
            written, inside = self._repeated(written, ours, item, inside)
        return [written | {"items": inside} | self._codes(ours, item, own)]

    def _repeated(
        self, written: Json, ours: str, item: Mapping[str, Any], inside: list[Json]
    ) -> tuple[Json, list[Json]]:
        """Rounds for as long as the caller says that there is another."""
        flat = [one for inner in inside for one in (inner["items"] if inner["type"] == "group" else [inner])]
        if len(flat) > len(inside):
            self._losses.append(Loss(ours, "groups inside a repeated group were dissolved"))
        another = self._ids.give(f"{ours}_another")
        asked = {"id": another, "type": "yes_no", "kind": "fact", "ask": ANOTHER}
        self._losses.append(Loss(ours, f"'{another}' was added: it asks whether there is another round"))
        found = extension_value(item, MAX_OCCURS)
        rounds = min(found, MAX_ROUNDS) if isinstance(found, int) else MAX_ROUNDS
        return written | {"repeat": {"again": another, "maximum": rounds}}, [*flat, asked]

    def _set_guards(self, items: list[Json]) -> None:
        guards = Guards(self._targets)
        for written in items:
            self._set_guards(written.get("items", []))
            source = self._sources.get(written["id"])
            own = own_json(source, OWN_ITEM) if source else {}
            if source is None or (own and own.get("condition") == condition_digest(source)):
                continue
            written.pop("when", None)
            guard = self._guard(written["id"], source, guards)
            if guard is not None:
                written["when"] = guard

    def _guard(self, ours: str, source: Mapping[str, Any], guards: Guards) -> str | None:
        expression = extension_value(source, ENABLE_WHEN_EXPRESSION)
        if expression is not None:
            text = expression.get("expression") if isinstance(expression, dict) else expression
            self._losses.append(Loss(ours, f"its guard is FHIRPath; write it as 'when': {text}"))
        try:
            return guards.of(source)
        except UnknownAnswerError as error:
            self._losses.append(Loss(ours, f"its guard asks for {error}; write it as 'when'"))
            return None


_WITH_OPTIONS = ("choice", "multi_choice", "scale", "language")
