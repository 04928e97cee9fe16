"""Answer documents in XML: TwiML, TeXML, PlivoXML, BXML and their like."""

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, tostring

from protocols.http import Document

__all__ = ["Verb", "xml_document"]


class Verb:
    """One element: its name, attributes, children and text. An attribute of None is left out."""

    def __init__(
        self,
        name: str,
        attributes: Mapping[str, str | None] | None = None,
        *children: "Verb",
        text: str | None = None,
    ) -> None:
        self.name = name
        self.attributes = {key: value for key, value in (attributes or {}).items() if value is not None}
        self.children = children
        self.text = text

    def under(self, parent: Element) -> None:
        """Write it as a child of `parent`."""
        element = SubElement(parent, self.name, self.attributes)
        element.text = self.text
        for child in self.children:
            child.under(element)


def xml_document(*verbs: Verb, root: str = "Response") -> Document:
    """A document with these elements below its root."""
    element = Element(root)
    for verb in verbs:
        verb.under(element)
    body = tostring(element, encoding="utf-8", xml_declaration=True)
    return Document("application/xml", body)
