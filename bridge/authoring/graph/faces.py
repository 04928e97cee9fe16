"""What stands on a card, a guard, a way out or a panel, line by line, and how large that makes it. Pure.

Places are relative to the upper left corner of the thing itself.
"""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from bridge.authoring.graph.model import Card, Choice, Kind, Note, Outcome, Panel, WayOut
from bridge.authoring.graph.text import ARABIC, MONO, SANS, Font, width_of, wrapped

__all__ = [
    "CARD_WIDTH",
    "WAY_WIDTH",
    "Chip",
    "Face",
    "Line",
    "Pill",
    "card_face",
    "guard_face",
    "panel_face",
    "way_face",
    "word_of",
]

CARD_WIDTH = 430.0
WAY_WIDTH = 196.0
GUARD_WIDTH = 290.0  # the word "otherwise" has to stand beside it
INSET = 14.0
HEADER = 30.0
CHIP_HEIGHT, CHIP_GAP, KEY_WIDTH = 28.0, 8.0, 24.0
PILL_HEIGHT = 26.0
SMALL = replace(SANS, size=12)
CHIP = replace(ARABIC, size=16)
CONDITION = replace(MONO, size=11.5)
GUARD = replace(MONO, size=12.5)
_ENDS = (Kind.START, Kind.END)


class Line(Struct, frozen=True):
    """One line of text, and where its baseline begins; right to left from its right end."""

    text: str
    x: float
    y: float
    font: str  # arabic, chip, sans, mono …: how the drawing writes it
    is_rtl: bool = False


class Chip(Struct, frozen=True):
    """An answer that can be given."""

    choice: Choice
    x: float
    y: float
    width: float


class Pill(Struct, frozen=True):
    """Where something leads."""

    way: WayOut
    x: float
    y: float
    width: float


class Face(Struct, frozen=True):
    """Everything that stands on something, and its size."""

    width: float
    height: float
    lines: tuple[Line, ...] = ()
    chips: tuple[Chip, ...] = ()
    pills: tuple[Pill, ...] = ()


def word_of(way: WayOut) -> str:
    """Where a way out leads, in a word or two: colours alone do not tell everybody."""
    words = {
        Outcome.ESCALATION: "escalation",
        Outcome.NOTICE: "tells",
        Outcome.ENDING: "ends",
        Outcome.PERSON: "a person",
    }
    return f"{words[way.outcome]}: {way.target}" if way.target else words[way.outcome]


def card_face(card: Card) -> Face:
    """An item: its id and type, the question, the answers, what else is to know."""
    inner = CARD_WIDTH - 2 * INSET
    lines, y = _block(card.text, ARABIC, "arabic", HEADER + 6, inner)
    chips = list(_chips(card.choices, y + 6))
    y = max([y, *(chip.y + CHIP_HEIGHT for chip in chips)])
    facts, y = _facts(card, chips, y, inner)
    head = [
        Line(_name(card), INSET, 20, "name"),
        Line("" if card.kind in _ENDS else card.type, CARD_WIDTH - INSET, 20, "type"),
    ]
    return Face(CARD_WIDTH, y + 12, (*head, *lines, *facts), tuple(chips))


def _facts(card: Card, chips: list[Chip], y: float, width: float) -> tuple[list[Line], float]:
    """What else is to know: left of the answers where there is room, and otherwise under them."""
    text = " · ".join(card.facts)
    if not text:
        return [], y
    taken = CARD_WIDTH - INSET - min((chip.x for chip in chips), default=0.0)
    is_one_row = len({chip.y for chip in chips}) == 1
    if is_one_row and width_of(text, SMALL) + CHIP_GAP * 2 <= width - taken:
        return [Line(text, INSET, chips[0].y + 18.5, "fact")], y
    return _block(text, SMALL, "fact", y + 6, width)


def guard_face(text: str) -> Face:
    """A guard, as it is written; it is as wide as it needs to be."""
    texts = wrapped(text, GUARD, GUARD_WIDTH - 44)
    width = max(90.0, max(width_of(one, GUARD) for one in texts) + 44)
    lines = tuple(Line(one, width / 2, 20 + at * GUARD.line, "guard") for at, one in enumerate(texts))
    return Face(width, 12 + len(texts) * GUARD.line + 4, lines)


def way_face(way: WayOut) -> Face:
    """A way out: its condition, and under it where it leads."""
    lines, y = _remark(way.condition, 0, 0, WAY_WIDTH, is_code=way.is_code)
    return Face(WAY_WIDTH, y + 4 + PILL_HEIGHT, tuple(lines), pills=(Pill(way, 0, y + 4, WAY_WIDTH),))


def panel_face(panel: Panel) -> Face:
    """A panel: its title, and one note under the other."""
    lines = [Line(panel.title, INSET, 21, "title")]
    pills: list[Pill] = []
    y = HEADER + 6
    for note in panel.notes:
        words, pill, y = _note(note, y)
        lines += words
        pills += [pill] if pill else []
    return Face(CARD_WIDTH, y + 6, tuple(lines), pills=tuple(pills))


def _name(card: Card) -> str:
    return card.type if card.kind in _ENDS else card.id.removesuffix(".said")


def _note(note: Note, y: float) -> tuple[list[Line], Pill | None, float]:
    """The lines of a note with where it leads beside them, and where the next one begins."""
    inner, pill = CARD_WIDTH - 2 * INSET, None
    if note.way_out is not None:
        width = min(WAY_WIDTH, width_of(word_of(note.way_out), SANS) + 30)
        pill = Pill(note.way_out, INSET if note.is_arabic else INSET + inner - width, y, width)
        inner -= width + 12
    if note.is_arabic:
        lines, end = _block(note.text, CHIP, "chip", y, inner)
    else:
        lines, end = _remark(note.text, INSET, y + 4, inner, is_code=note.is_code)
    return lines, pill, max(end, y + PILL_HEIGHT if pill else y) + 8


def _remark(text: str, x: float, y: float, width: float, *, is_code: bool) -> tuple[list[Line], float]:
    """A sentence of ours, or an expression."""
    font, name = (CONDITION, "condition") if is_code else (SMALL, "remark")
    lines, end = _block(text, font, name, y, width)
    return [replace(line, x=x) for line in lines], end


def _block(text: str, font: Font, name: str, y: float, width: float) -> tuple[list[Line], float]:
    """A paragraph from `y` on, and where it ends; Arabic begins at the right."""
    is_rtl = name in ("arabic", "chip")
    x = CARD_WIDTH - INSET if is_rtl else INSET
    texts = wrapped(text, font, width)
    lines = [Line(one, x, y + at * font.line + font.size, name, is_rtl) for at, one in enumerate(texts)]
    return lines, y + len(texts) * font.line


def _chips(choices: tuple[Choice, ...], y: float) -> Iterator[Chip]:
    """Answers from right to left, in as many rows as they need."""
    right, least = CARD_WIDTH - INSET, INSET
    x = right
    for choice in choices:
        counted = width_of(f"= {choice.counts}", SANS) + 8 if choice.counts else 0.0
        width = min(KEY_WIDTH + width_of(choice.label, CHIP) + 28 + counted, right - least)
        if x - width < least:
            x, y = right, y + CHIP_HEIGHT + CHIP_GAP
        yield Chip(choice, x - width, y, width)
        x -= width + CHIP_GAP
