"""A piece of SSML as a tree whose elements know where they stand. It knows XML, and nothing of speech.

Nothing is ever looked up, expanded or executed: declarations of types and entities and processing
instructions are refused where they begin, and so is what is too large or too deep to be a prompt.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from bridge.speech.ssml.faults import SsmlError

__all__ = ["SSML_NAMESPACE", "Element", "document_of"]

SSML_NAMESPACE = "http://www.w3.org/2001/10/synthesis"

MAX_CHARACTERS = 32_768  # a prompt has a few hundred; nobody listens to an hour
MAX_DEPTH = 32  # real prompts have five or six
MAX_ELEMENTS = 2_000
MAX_ATTRIBUTES = 8  # of one element; none that is read has more than four
MAX_ATTRIBUTE_CHARACTERS = 1_024  # an alias is a phrase

# Names as they are written here, by the namespaces that XML says they come from.
_PREFIXES = {
    SSML_NAMESPACE: "",
    "http://www.w3.org/XML/1998/namespace": "xml:",
    "http://www.w3.org/2001/XMLSchema-instance": "xsi:",
}
_SEPARATOR = " "  # in no name and in no namespace


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its name without SSML's namespace, its attributes, and what is in it, in order."""

    name: str
    attributes: Mapping[str, str]
    line: int
    column: int
    children: "list[Element | str]" = field(default_factory=list)

    def fault(self, text: str) -> SsmlError:
        """An error that stands where this element begins."""
        return SsmlError(self.line, self.column, text)


def document_of(text: str) -> Element:
    """The root of the tree.

    Raises:
        SsmlError: it is no well-formed XML, or has in it what is refused.

    """
    if len(text) > MAX_CHARACTERS:
        raise SsmlError(
            1, 1, f"it has {len(text)} characters, and {MAX_CHARACTERS} are the most that are read"
        )
    return _Builder().build(text)


class _Builder:
    """Takes what expat finds, and puts it where it belongs."""

    def __init__(self) -> None:
        # The encoding is given, so that none that the text claims counts: it has been decoded already.
        self._expat = expat.ParserCreate("utf-8", _SEPARATOR)
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._begin
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._say
        self._expat.StartDoctypeDeclHandler = self._refuse_doctype
        self._expat.EntityDeclHandler = self._refuse_entity
        self._expat.ExternalEntityRefHandler = self._refuse_entity
        self._expat.ProcessingInstructionHandler = self._refuse_instruction
        self._open: list[Element] = []
        self._root: Element | None = None
        self._count = 0

    def build(self, text: str) -> Element:
        try:
            encoded = text.encode()
        except UnicodeEncodeError as error:
            raise _at(text, error.start, "half a character (a lone surrogate) stands here") from None
        try:
            self._expat.Parse(encoded, True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise SsmlError(
                error.lineno, error.offset + 1, f"this is not well-formed XML: {reason}"
            ) from None
        if self._root is None:  # cannot be: expat misses a root itself
            raise SsmlError(1, 1, "there is no element in it")
        return self._root

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            self._refuse(f"more than {MAX_ELEMENTS} elements are too many for one script")
        if len(self._open) >= MAX_DEPTH:
            self._refuse(f"elements are nested more than {MAX_DEPTH} deep")
        line, column = self._place
        element = Element(_name(name), self._checked(attributes), line, column)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)

    def _checked(self, attributes: dict[str, str]) -> dict[str, str]:
        if len(attributes) > MAX_ATTRIBUTES:
            self._refuse(f"{len(attributes)} attributes are too many for one element")
        for name, value in attributes.items():
            if len(value) > MAX_ATTRIBUTE_CHARACTERS:
                self._refuse(
                    f"the value of {_name(name)[:40]!r} is longer than {MAX_ATTRIBUTE_CHARACTERS} characters"
                )
        return {_name(name): value for name, value in attributes.items()}

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _say(self, text: str) -> None:
        children = self._open[-1].children
        if children and isinstance(children[-1], str):  # a comment stood between
            children[-1] += text
        else:
            children.append(text)

    def _refuse_doctype(self, *_: object) -> None:
        self._refuse("a document type (<!DOCTYPE …>) is refused; begin with <speak>")

    def _refuse_entity(self, *_: object) -> NoReturn:
        self._refuse(
            "entities are refused; write the text itself, and &lt; &gt; &amp; for markup's own signs"
        )

    def _refuse_instruction(self, *_: object) -> None:
        self._refuse("processing instructions (<?…?>) are refused; leave it out")

    @property
    def _place(self) -> tuple[int, int]:
        return self._expat.CurrentLineNumber, self._expat.CurrentColumnNumber + 1

    def _refuse(self, text: str) -> NoReturn:
        raise SsmlError(*self._place, text)


def _name(name: str) -> str:
    """`speak` or `xml:lang`; a name of any other namespace with that in braces, as nobody writes it."""
    namespace, separator, local = name.rpartition(_SEPARATOR)
    if not separator:
        return name
    prefix = _PREFIXES.get(namespace)
    return f"{{{namespace}}}{local}" if prefix is None else prefix + local


def _at(text: str, index: int, fault: str) -> SsmlError:
    before = text[:index]
    return SsmlError(before.count("\n") + 1, index - before.rfind("\n"), fault)
