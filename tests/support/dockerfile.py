"""A Dockerfile as its instructions, and which files .dockerignore lets into a build."""

import fnmatch
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Instruction", "is_sent", "read_dockerfile"]


@dataclass(frozen=True)
class Instruction:
    """`COPY a b`: its name, and the rest of its line."""

    name: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The rest as a list: of JSON in the exec form, else as a shell would split it."""
        return list(json.loads(self.rest)) if self.rest.startswith("[") else shlex.split(self.rest)


def read_dockerfile(text: str) -> list[list[Instruction]]:
    """The instructions of each stage; what stands before the first FROM goes with none."""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    lines = [line.strip() for line in re.sub(r"\\\n", " ", text).splitlines() if line.strip()]
    stages: list[list[Instruction]] = []
    for line in lines:
        name, _, rest = line.partition(" ")
        if name == "FROM":
            stages.append([])
        if stages:
            stages[-1].append(Instruction(name, " ".join(rest.split())))
    return stages


def is_sent(path: str, ignored: str) -> bool:
    """Whether a file reaches the builder: the last pattern that matches it, or a folder above it, decides."""
    sent = True
    for line in ignored.splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        takes_back = pattern.startswith("!")
        if any(_matches(part, pattern.removeprefix("!")) for part in (path, *map(str, Path(path).parents))):
            sent = takes_back
    return sent


def _matches(path: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch.fnmatch(Path(path).name, pattern.removeprefix("**/"))
    is_as_deep = path.count("/") == pattern.count("/")
    return is_as_deep and path != "." and fnmatch.fnmatch(path, pattern)
