"""Plots as SVG, written by hand: lines over two axes, readable on light and dark pages. Pure.

A plot has a title, ticks of 1, 2 and 5, a legend, and perhaps a limit. Lines differ by dashes as well as by
colour.
"""

import math
from collections.abc import Iterator, Sequence
from html import escape

from msgspec import Struct

__all__ = ["Axis", "Line", "bars", "chart"]

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 64, 48
LETTER = 7.2  # wide, on average
# Of Okabe and Ito's palette, which is told apart by people who are colour-blind too.
LOOKS = (("#0072b2", ""), ("#d55e00", "7 3"), ("#009e73", "2 3"), ("#cc79a7", "9 3 2 3"), ("#b8860b", "4 4"))
STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 14px }
.grid { stroke: #8c959f; stroke-opacity: .3 }
.limit { stroke: #cf222e; stroke-dasharray: 6 4; stroke-width: 1.5 }
.limit-name { fill: #cf222e }
.line { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #c9d1d9 } .limit { stroke: #ff7b72 } .limit-name { fill: #ff7b72 }
}
"""


class Line(Struct, frozen=True):
    """One line of a plot."""

    name: str
    points: Sequence[tuple[float, float]]
    is_dotted: bool = True  # a dot at each of its points


class Axis(Struct, frozen=True):
    """What an axis says."""

    name: str
    is_log: bool = False
    least: float | None = None  # where it begins; 0, or the least value of a logarithmic one
    most: float | None = None  # where it ends; the greatest value

    def spanned(self, values: Sequence[float]) -> "_Scale":
        """The axis over these values."""
        known = [value for value in values if value > 0] if self.is_log else list(values)
        least = self.least if self.least is not None else (min(known, default=1.0) if self.is_log else 0.0)
        most = self.most if self.most is not None else max(known, default=1.0)
        return _Scale(least, most if most > least else least + 1.0, self.is_log)


class _Scale(Struct, frozen=True):
    least: float
    most: float
    is_log: bool

    def at(self, value: float) -> float:
        """Where a value lies, from 0 to 1."""
        value = min(max(value, self.least), self.most)
        if self.is_log:
            return math.log(value / self.least) / math.log(self.most / self.least)
        return (value - self.least) / (self.most - self.least)

    def ticks(self) -> list[float]:
        """Round values within it, four to ten of them where it can be."""
        if self.is_log:
            first, last = math.floor(math.log10(self.least)), math.ceil(math.log10(self.most))
            found = [step * 10.0**power for power in range(first, last + 1) for step in (1, 2, 5)]
            return [tick for tick in found if self.least * 0.999 <= tick <= self.most * 1.001]
        step = _step((self.most - self.least) / 5)
        first = math.ceil(self.least / step - 1e-9)
        return [number * step for number in range(first, math.floor(self.most / step + 1e-9) + 1)]


def _step(wanted: float) -> float:
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= wanted * 0.999)


def chart(
    title: str,
    x: Axis,
    y: Axis,
    lines: Sequence[Line],
    *,
    limit: tuple[str, float] | None = None,
) -> str:
    """The plot, as one SVG document. `limit` is a value of `y` with its name."""
    points = [point for line in lines for point in line.points]
    across = x.spanned([value for value, _ in points])
    up = y.spanned([value for _, value in points] + ([limit[1]] if limit else []))
    body = [*_frame(title, x, y, across, up), *_legend(lines)]
    if limit is not None:
        height = _y(up.at(limit[1]))
        body.append(
            f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}"/>'
        )
        body.append(
            f'<text class="limit-name" x="{WIDTH - RIGHT}" y="{height - 5:.1f}" text-anchor="end">'
            f"{escape(limit[0])}</text>"
        )
    for line, (colour, dashes) in zip(lines, _looks(lines), strict=True):
        body += _drawn(line, colour, dashes, across, up)
    return _document(title, body)


def bars(title: str, unit: str, values: Sequence[tuple[str, float]]) -> str:
    """One bar below the other, each with its name above it and its value behind it."""
    most = max((value for _, value in values), default=1.0) or 1.0
    body = [f'<text class="title" x="{RIGHT}" y="20">{escape(title)}</text>']
    each = (HEIGHT - TOP + 20) / max(len(values), 1)
    for number, (name, value) in enumerate(values):
        top = TOP - 20 + number * each
        width = value / most * (WIDTH - 2 * RIGHT - 110)
        colour = LOOKS[0][0] if number else LOOKS[1][0]
        body.append(f'<text x="{RIGHT}" y="{top + 13:.0f}">{escape(name)}</text>')
        body.append(
            f'<rect x="{RIGHT}" y="{top + 19:.0f}" width="{width:.1f}" height="{max(each - 34, 6):.0f}" '
            f'fill="{colour}"/>'
        )
        middle = top + 23 + max(each - 34, 6) / 2
        body.append(f'<text x="{RIGHT + width + 8:.1f}" y="{middle:.0f}">{value:.3g} {escape(unit)}</text>')
    return _document(title, body)


def _document(title: str, body: Sequence[str]) -> str:
    inner = "\n".join(body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img" aria-label="{escape(title)}">\n'
        f"<style>\n{STYLE}</style>\n{inner}\n</svg>\n"
    )


def _looks(lines: Sequence[Line]) -> list[tuple[str, str]]:
    return [LOOKS[number % len(LOOKS)] for number in range(len(lines))]


def _frame(title: str, x: Axis, y: Axis, across: _Scale, up: _Scale) -> Iterator[str]:
    yield f'<text class="title" x="{LEFT}" y="20">{escape(title)}</text>'
    bottom = HEIGHT - BOTTOM
    for tick in up.ticks():
        height = _y(up.at(tick))
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}"/>'
        yield f'<text x="{LEFT - 8}" y="{height + 4:.1f}" text-anchor="end">{tick:g}</text>'
    for tick in across.ticks():
        right = _x(across.at(tick))
        yield f'<line class="grid" x1="{right:.1f}" x2="{right:.1f}" y1="{TOP}" y2="{bottom}"/>'
        yield f'<text x="{right:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>'
    centre = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{centre:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x.name)}</text>'
    middle = (TOP + bottom) / 2
    yield (
        f'<text x="16" y="{middle:.0f}" text-anchor="middle" transform="rotate(-90 16 {middle:.0f})">'
        f"{escape(y.name)}</text>"
    )


def _legend(lines: Sequence[Line]) -> Iterator[str]:
    right = float(LEFT)
    for line, (colour, dashes) in zip(lines, _looks(lines), strict=True):
        yield (
            f'<line x1="{right:.0f}" x2="{right + 26:.0f}" y1="40" y2="40" stroke="{colour}" '
            f'stroke-width="2" stroke-dasharray="{dashes}"/>'
        )
        yield f'<text x="{right + 32:.0f}" y="44">{escape(line.name)}</text>'
        right += 32 + LETTER * len(line.name) + 20


def _drawn(line: Line, colour: str, dashes: str, across: _Scale, up: _Scale) -> Iterator[str]:
    places = [(_x(across.at(right)), _y(up.at(value))) for right, value in line.points]
    joined = " ".join(f"{right:.1f},{height:.1f}" for right, height in places)
    yield f'<polyline class="line" stroke="{colour}" stroke-dasharray="{dashes}" points="{joined}"/>'
    if line.is_dotted:
        yield from (
            f'<circle cx="{right:.1f}" cy="{height:.1f}" r="3.5" fill="{colour}"/>'
            for right, height in places
        )


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
