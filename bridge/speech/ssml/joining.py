"""From words and gaps as they stood in the text to the script that is performed.

Whitespace is one space and none at the edges; words that share language, voice and manner are one passage;
punctuation is never a passage of its own; a break that is written takes the place of those between sentences.
"""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from bridge.speech.script import Clip, Mark, Passage, Pause, Script, says_something

__all__ = ["Gap", "Said", "Token", "joined", "pause_seconds", "segments"]

_WHITESPACE = re.compile("[ \t\r\n]+")  # XML's own; a no-break space is a letter to it


class Said(Struct, frozen=True):
    """Words as they stood, whitespace and all."""

    passage: Passage


class Gap(Struct, frozen=True):
    """A pause: written as such, or between sentences."""

    seconds: float
    is_written: bool


Token = Said | Gap | Mark | Clip


def joined(tokens: Iterable[Token]) -> Script:
    """The script of some tokens."""
    return tuple(_paused(list(_passages(tokens))))


def segments(script: Script) -> int:
    """How many parts a script has, what is performed in place of missing sounds included."""
    return len(script) + sum(segments(part.fallback) for part in script if isinstance(part, Clip))


def pause_seconds(script: Script) -> float:
    """How long all its pauses are together."""
    own = sum(part.seconds for part in script if isinstance(part, Pause))
    return own + sum(pause_seconds(part.fallback) for part in script if isinstance(part, Clip))


def _passages(tokens: Iterable[Token]) -> Iterator[Passage | Gap | Mark | Clip]:
    """Words made passages; all else as it is."""
    open_passage: Passage | None = None
    for token in tokens:
        if isinstance(token, Said):
            if open_passage is None:
                open_passage = token.passage
                continue
            *done, open_passage = _met(open_passage, token.passage)
            yield from _tidied(*done)
        else:
            if open_passage is not None:
                yield from _tidied(open_passage)
                open_passage = None
            yield token
    if open_passage is not None:
        yield from _tidied(open_passage)


def _met(first: Passage, second: Passage) -> tuple[Passage, ...]:
    """Two neighbours: one passage where they are alike, or where one of them is no speech by itself."""
    both = first.text + second.text
    is_alike = replace(second, text="") == replace(first, text="") and not first.ipa
    if is_alike or not says_something(second.text):
        return (replace(first, text=both),)
    if not says_something(first.text):
        return (replace(second, text=both),)
    return first, second


def _tidied(*passages: Passage) -> Iterator[Passage]:
    for passage in passages:
        if says_something(passage.text):
            yield replace(passage, text=_WHITESPACE.sub(" ", passage.text).strip(" "))


def _paused(parts: list[Passage | Gap | Mark | Clip]) -> Iterator[Passage | Pause | Mark | Clip]:
    """Gaps made pauses, between each two sounds."""
    between: list[Gap | Mark] = []
    is_begun = False
    for part in parts:
        if isinstance(part, Gap | Mark):
            between.append(part)
            continue
        yield from _settled(between, is_inside=is_begun)
        between, is_begun = [], True
        yield part
    yield from _settled(between, is_inside=False)


def _settled(between: list[Gap | Mark], *, is_inside: bool) -> Iterator[Pause | Mark]:
    """What is left of gaps: all that are written, or the longest of the others, between sounds."""
    gaps = [part for part in between if isinstance(part, Gap)]
    if any(gap.is_written for gap in gaps) or not is_inside:
        kept = [gap for gap in gaps if gap.is_written]
    else:
        kept = sorted(gaps, key=lambda gap: gap.seconds)[-1:]
    for part in between:
        if isinstance(part, Mark):
            yield part
        elif any(part is gap for gap in kept) and part.seconds:
            yield Pause(part.seconds)
            kept = [gap for gap in kept if gap is not part]
