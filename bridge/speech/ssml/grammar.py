"""Which elements there are, where each may stand, and which attributes it takes. Data, and the errors for it.

What SSML 1.1 knows and this does not is named with what to write in its place.
"""

from collections.abc import Mapping
from difflib import get_close_matches

from bridge.speech.ssml.document import Element

__all__ = ["IGNORED", "check_element", "check_root"]

_STRUCTURE = frozenset({"p", "s"})
_INLINE = frozenset(
    {"break", "prosody", "emphasis", "say-as", "sub", "phoneme", "lang", "voice", "mark", "audio"}
)
_ABOUT = frozenset({"meta", "metadata", "lexicon"})
_ANYTHING = _STRUCTURE | _INLINE

IGNORED = _ABOUT | {"desc"}  # with all that is in them

# Which elements may stand in one. Where none may, text may; save in those that are nothing but themselves.
_WITHIN: dict[str, frozenset[str]] = {
    "speak": _ANYTHING | _ABOUT,
    "p": _INLINE | {"s"},
    "s": _INLINE,
    "prosody": _ANYTHING,
    "emphasis": _INLINE,
    "lang": _ANYTHING,
    "voice": _ANYTHING,
    "audio": _ANYTHING | {"desc"},
    "say-as": frozenset(),
    "sub": frozenset(),
    "phoneme": frozenset(),
    "break": frozenset(),
    "mark": frozenset(),
}
_BARE = frozenset({"break", "mark"})  # neither elements nor text in them

_TAKES: dict[str, tuple[str, ...]] = {
    "speak": ("version", "xml:lang"),
    "p": ("xml:lang",),
    "s": ("xml:lang",),
    "break": ("time", "strength"),
    "prosody": ("rate", "pitch", "volume"),
    "emphasis": ("level",),
    "say-as": ("interpret-as", "format"),
    "sub": ("alias",),
    "phoneme": ("alphabet", "ph"),
    "lang": ("xml:lang",),
    "voice": ("name", "xml:lang"),
    "mark": ("name",),
    "audio": ("src",),
}
_NEEDS: dict[str, str] = {
    "say-as": "interpret-as",
    "sub": "alias",
    "phoneme": "ph",
    "lang": "xml:lang",
    "voice": "name",
    "mark": "name",
    "audio": "src",
}
# Attributes that name where a schema lies; nothing is ever fetched.
_PASSED_OVER = frozenset({"xsi:schemaLocation", "xsi:noNamespaceSchemaLocation", "xml:id", "id"})

# What the standard has beside these.
_INSTEAD: Mapping[str, str] = {
    "token": "write the word alone",
    "w": "write the word alone",
    "lookup": "write words in the voice's own lexicon",
    "say_as": "write <say-as>",
    "contour": "write pitch, for all of it",
    "range": "write pitch",
    "duration": "write rate",
    "gender": "name the voice",
    "age": "name the voice",
    "variant": "name the voice",
    "languages": "write xml:lang",
    "lang": "write xml:lang",
    "detail": "write format",
    "startmark": "cut the text",
    "endmark": "cut the text",
    "xml:base": "sounds come from the cache of prompts alone",
}


def check_root(root: Element) -> None:
    """Refuse what is no `speak` of a version that is known."""
    if root.name != "speak":
        raise root.fault(f"it begins with <{_shown(root.name)}>; SSML begins with <speak>")
    if root.attributes.get("version", "1.1") not in {"1.0", "1.1"}:
        raise root.fault('version must be "1.1" or "1.0"')
    check_element(root)


def check_element(element: Element) -> None:
    """Refuse an attribute that it does not take, the lack of one it needs, and children it cannot have."""
    _check_attributes(element)
    for child in element.children:
        if isinstance(child, str):
            if element.name in _BARE and child.strip():
                raise element.fault(f"<{element.name}> has text in it; write <{element.name} …/>")
        else:
            _check_place(child, element)


def _check_place(child: Element, parent: Element) -> None:
    allowed = _WITHIN[parent.name]
    if child.name in allowed:
        return
    if child.name not in _TAKES and child.name not in IGNORED:
        raise child.fault(f"<{_shown(child.name)}> is not known{_instead(child.name, sorted(_TAKES))}")
    if allowed:
        raise child.fault(f"<{child.name}> cannot stand in <{parent.name}>{_homes(child.name)}")
    raise child.fault(f"<{parent.name}> takes no elements, and has <{child.name}> in it")


def _homes(name: str) -> str:
    homes = [parent for parent, children in _WITHIN.items() if name in children]
    return f"; it stands in {_listed(homes)}"


def _check_attributes(element: Element) -> None:
    takes = _TAKES[element.name]
    for name in element.attributes:
        if name in takes or name in _PASSED_OVER:
            continue
        advice = _instead(name, takes)
        raise element.fault(f"<{element.name}> has no attribute {_shown(name)!r} here{advice}")
    needed = _NEEDS.get(element.name)
    if needed is not None and needed not in element.attributes:
        raise element.fault(f'<{element.name}> needs {needed}="…"')


def _instead(name: str, known: "tuple[str, ...] | list[str]") -> str:
    if name in _INSTEAD:
        return f"; {_INSTEAD[name]}"
    near = get_close_matches(name, known, n=1)
    return f"; is it {near[0]}?" if near else f"; there are {_listed(known)}"


def _listed(names: "tuple[str, ...] | list[str]") -> str:
    return ", ".join(names)


def _shown(name: str) -> str:
    longest = 60  # an unknown name may be of any length
    return name if len(name) <= longest else f"{name[:longest]}…"
