"""The options of a foreign choice: from its list, or from a value set that the questionnaire contains."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from bridge.interop.drafts import Ids, arabic_of
from bridge.interop.fhir.terms import ITEM_WEIGHT, ORDINAL, OWN_OPTION, Json, code_from, extension_value

__all__ = ["ReadOption", "own_json", "read_options", "translated"]


class ReadOption(msgspec.Struct, frozen=True):
    """One option: as a file of ours writes it, and what FHIR calls it."""

    written: Json
    key: tuple[str | None, str]  # system and code


def own_json(element: Mapping[str, Any], url: str) -> Json:
    """What Hatif itself left in an extension; nothing where others wrote it or broke it."""
    try:
        found = msgspec.json.decode(extension_value(element, url) or "{}")
    except (msgspec.DecodeError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def translated(element: Mapping[str, Any], name: str) -> str | None:
    """A text of an element in Arabic: the text itself, or a translation beside it."""
    beside = element.get(f"_{name}")
    translations = beside.get("extension", ()) if isinstance(beside, dict) else ()
    return arabic_of([element.get(name), *(extension_value(one, "content") for one in translations)])


def read_options(item: Mapping[str, Any], contained: Mapping[str, Json]) -> list[ReadOption]:
    """The options in order, each with a value of its own and the next free key."""
    ids = Ids()
    found: list[ReadOption] = []
    for option in _offered(item, contained):
        value = next((value for name, value in option.items() if name.startswith("value")), None)
        coded: Json = value if isinstance(value, dict) else {"display": str(value)}
        own = own_json(option, OWN_OPTION)
        code = str(coded.get("code") or coded.get("display"))
        name = own.get("value") or ids.give(_readable(code, coded.get("display")), "option")
        written = own or _written(str(name), option, coded)
        written.setdefault("value", name)
        written.setdefault("say", translated(coded, "display") or code)
        written.setdefault("key", str(len(found) + 1))
        found.append(ReadOption(written, (coded.get("system"), code)))
    return found


def _readable(code: str, display: object) -> str:
    """A name that says something: LOINC's LA6568-5 is "Not at all", where that is in Latin letters."""
    shown = str(display or "")
    return shown if shown.isascii() and any(one.isalpha() for one in shown) and len(shown) <= 40 else code  # noqa: PLR2004 - an id


def _written(name: str, option: Mapping[str, Any], coded: Json) -> Json:
    written: Json = {"value": name, "say": translated(coded, "display") or str(coded.get("code"))}
    ordinal = next(
        (
            weight
            for element in (option, coded)
            for url in (ORDINAL, ITEM_WEIGHT)
            if (weight := extension_value(element, url)) is not None
        ),
        None,
    )
    code = code_from(coded)
    return written | ({} if ordinal is None else {"ordinal": ordinal}) | ({"codes": [code]} if code else {})


def _offered(item: Mapping[str, Any], contained: Mapping[str, Json]) -> Iterator[Json]:
    yield from item.get("answerOption", ())
    address = item.get("answerValueSet")
    value_set = contained.get(address.removeprefix("#")) if isinstance(address, str) else None
    if value_set is None:
        return
    expanded = value_set.get("expansion", {}).get("contains", ())
    for concept in expanded:
        yield {"valueCoding": concept}
    for part in () if expanded else value_set.get("compose", {}).get("include", ()):
        for concept in part.get("concept", ()):
            yield {"valueCoding": {"system": part.get("system"), **concept}}
