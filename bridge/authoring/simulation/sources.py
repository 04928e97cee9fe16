"""Where the lines of a played call come from: somebody who types, or a text that was written beforehand."""

import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from bridge.authoring.simulation.lines import Does, Line, read_line
from bridge.authoring.simulation.telephone import SimulationError

__all__ = ["Source", "Typed", "Written", "source_of"]

PROMPT = "> "
COMMENT = "# "  # a whole line of a written text
HANG_UP = Line(Does.HANG_UP, raw="/hangup")


class Source(Protocol):
    """Gives one line after the other."""

    @property
    def echoes(self) -> bool:
        """Whether lines have to be shown: nobody has typed them."""
        ...

    @property
    def left(self) -> int:
        """How many lines nobody has taken."""
        ...

    def take(self, *, is_over: bool) -> Line | None:
        """The next line; where there is none, the caller hangs up; None when the call is over."""
        ...


class Typed:
    """Somebody at a terminal; a mistake is told, and the line typed again."""

    echoes = False
    left = 0

    def __init__(self, ask: Callable[[], str], on_mistake: Callable[[str], None]) -> None:
        self._ask = ask
        self._on_mistake = on_mistake

    def take(self, *, is_over: bool) -> Line | None:
        """Wait for a line; Ctrl-D hangs up."""
        while not is_over:
            try:
                return read_line(self._ask())
            except EOFError:
                return HANG_UP
            except SimulationError as mistake:
                self._on_mistake(str(mistake))
        return None


class Written:
    """A text of lines, `# ` before a remark; all of it is read before the first line is played.

    Raises:
        SimulationError: "file:line: what is wrong", of the first line that is.

    """

    echoes = True

    def __init__(self, text: str, name: str) -> None:
        self._rest = deque(_read(text, name))

    @property
    def left(self) -> int:
        """How many lines the call had no use for; silences after its end are nothing to miss."""
        return sum(line.does is not Does.SILENCE for line in self._rest)

    def take(self, *, is_over: bool) -> Line | None:
        """The next line; after a call's end only one that calls again."""
        if is_over and not (self._rest and self._rest[0].does is Does.AGAIN):
            return None
        return self._rest.popleft() if self._rest else HANG_UP


def source_of(answers: Path | None, on_mistake: Callable[[str], None]) -> Source:
    """A file, or what is piped in, or a terminal.

    Raises:
        SimulationError: the file cannot be read, or one of its lines is wrong.

    """
    if answers is not None:
        return Written(_text_of(answers), answers.name)
    if sys.stdin.isatty():
        return Typed(lambda: input(PROMPT), on_mistake)
    return Written(sys.stdin.read(), "standard input")


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SimulationError(f"{path}: not UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise SimulationError(f"{path}: cannot be read ({error.strerror})") from None


def _read(text: str, name: str) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(COMMENT):
            continue
        try:
            yield replace(read_line(line), raw=line)
        except SimulationError as error:
            raise SimulationError(f"{name}:{number}: {error}") from None
