"""The commands of a block of README.md, as a shell reads them: tests type what a newcomer types."""

import re
import shlex
from pathlib import Path

__all__ = ["commands_under"]

README = Path(__file__).parents[2] / "README.md"


def commands_under(heading: str) -> list[list[str]]:
    """The words of each command in the first block of commands below this heading, comments left out."""
    text = README.read_text(encoding="utf-8").partition(f"\n## {heading}\n\n")[2]
    block = re.match(r"(?:    .*\n)+", text)
    assert block is not None, heading
    lines = (shlex.split(line, comments=True) for line in block[0].splitlines())
    return [line for line in lines if line]
