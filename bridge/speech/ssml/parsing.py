"""From the tree of SSML to a script: what every element does to the words in it."""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from bridge.speech.reading.saying import say_as as read_out
from bridge.speech.script import ARABIC, Clip, Manner, Mark, Passage, Script, plain, says_something
from bridge.speech.ssml import values
from bridge.speech.ssml.document import Element, document_of
from bridge.speech.ssml.grammar import IGNORED, check_element, check_root
from bridge.speech.ssml.joining import Gap, Said, Token, joined, pause_seconds, segments

__all__ = ["SayAs", "is_ssml", "parse", "script_of"]

# The words for a text that is a date, digits …: (text, interpret-as, format, language) to words; format is ''
# where none is written. ValueError, in one sentence without the text, when it cannot be read so.
SayAs = Callable[[str, str, str, str], str]
T = TypeVar("T")

MAX_SEGMENTS = 500
MAX_PAUSE_SECONDS = 60.0  # all together
PARAGRAPH_SECONDS = 0.8  # the pause around p, when none is written there
SENTENCE_SECONDS = 0.4  # and around s
_BEGINNING = re.compile(r"\ufeff?\s*<(?:speak\b|[?!])")


class _Context(Struct, frozen=True):
    """What the elements around some words say of them."""

    language: str
    voice: str | None = None
    manner: Manner = Manner()  # of prosody
    emphasis: Manner = Manner()  # of the innermost emphasis

    def passage(self, text: str, ipa: str = "") -> Passage:
        return Passage(text, self.language, self.voice, values.composed(self.manner, self.emphasis), ipa)


def is_ssml(text: str) -> bool:
    """Whether a text is meant as SSML: it begins with <speak, or as XML may."""
    return _BEGINNING.match(text) is not None


def script_of(text: str, *, language: str = ARABIC, say_as: SayAs = read_out) -> Script:
    """The script of SSML, or else of plain text.

    Raises:
        SsmlError: it begins as SSML does, and cannot be read.

    """
    return parse(text, language=language, say_as=say_as) if is_ssml(text) else plain(text, language)


def parse(text: str, *, language: str = ARABIC, say_as: SayAs = read_out) -> Script:
    """The script of a piece of SSML, in `language` where it names none itself.

    Raises:
        SsmlError: it cannot be read, or there is nothing in it to be performed.

    """
    root = document_of(text.removeprefix("\ufeff"))
    check_root(root)
    script = joined(_Reader(say_as).inside(root, _Context(language)))
    if not script:
        raise root.fault("there is nothing in it to be spoken")
    if segments(script) > MAX_SEGMENTS:
        raise root.fault(f"it falls into more than {MAX_SEGMENTS} parts; make several scripts of it")
    if (seconds := pause_seconds(script)) > MAX_PAUSE_SECONDS:
        raise root.fault(f"its pauses last {seconds:g} s together, and {MAX_PAUSE_SECONDS:g} s are the most")
    return script


class _Reader:
    """Walks the tree; `say_as` finds the words for dates and the like."""

    def __init__(self, say_as: SayAs) -> None:
        self._say_as = say_as

    def inside(self, element: Element, context: _Context) -> Iterator[Token]:
        """What is performed of an element and all in it."""
        check_element(element)
        inner = _valued(element, lambda: _entered(element, context))
        if (gap := _GAPS.get(element.name)) is not None:
            yield gap
        match element.name:
            case "break":
                time, strength = element.attributes.get("time"), element.attributes.get("strength")
                yield Gap(_valued(element, lambda: values.break_seconds(time, strength)), is_written=True)
            case "mark":
                yield Mark(_valued(element, lambda: values.mark_name(element.attributes["name"])))
            case "audio":
                name = _valued(element, lambda: values.clip_name(element.attributes["src"]))
                yield Clip(name, joined(self._children(element, inner)))
            case "say-as" | "sub" | "phoneme":
                yield self._said(element, inner)
            case _:
                yield from self._children(element, inner)
        if gap is not None:
            yield gap

    def _children(self, element: Element, context: _Context) -> Iterator[Token]:
        for child in element.children:
            if isinstance(child, str):
                yield Said(context.passage(child))
            elif child.name not in IGNORED:
                yield from self.inside(child, context)

    def _said(self, element: Element, context: _Context) -> Said:
        """Words that are not the ones written, or not pronounced as they are."""
        written = "".join(child for child in element.children if isinstance(child, str))
        attributes = element.attributes
        match element.name:
            case "say-as":
                return Said(context.passage(self._words(element, written, context.language)))
            case "sub":
                return Said(context.passage(_something(element, attributes["alias"], "alias")))
        ipa = _valued(element, lambda: values.ipa(attributes["ph"], attributes.get("alphabet")))
        return Said(
            context.passage(_something(element, written, "the text, for voices without phonemes,"), ipa)
        )

    def _words(self, element: Element, written: str, language: str) -> str:
        form = element.attributes.get("format", "")
        text = " ".join(_something(element, written, "the text").split())
        try:
            return self._say_as(text, element.attributes["interpret-as"], form, language)
        except ValueError as error:
            raise element.fault(f"<say-as>: {str(error).removeprefix('say-as: ')}") from None


_GAPS = {"p": Gap(PARAGRAPH_SECONDS, is_written=False), "s": Gap(SENTENCE_SECONDS, is_written=False)}


def _entered(element: Element, context: _Context) -> _Context:
    """The context in an element."""
    attributes = element.attributes
    if "xml:lang" in attributes:
        context = replace(context, language=values.language(attributes["xml:lang"]))
    match element.name:
        case "voice":
            return replace(context, voice=values.voice_name(attributes["name"]))
        case "prosody":
            context = replace(context, manner=values.composed(context.manner, values.prosody(attributes)))
        case "emphasis":
            context = replace(context, emphasis=values.emphasis(attributes.get("level")))
    values.composed(context.manner, context.emphasis)  # refused here, where it is written
    return context


def _valued(element: Element, value: Callable[[], T]) -> T:
    """A value of the element's, or its error with the element's place."""
    try:
        return value()
    except ValueError as error:
        raise element.fault(f"<{element.name}>: {error}") from None


def _something(element: Element, text: str, what: str) -> str:
    if not says_something(text):
        raise element.fault(f"<{element.name}>: {what} has nothing in it to be spoken")
    return text
