"""Where settings are written: config.yaml, the environment, files of a credentials directory.

Each source gives values by their dotted names (server.port) and says where each came from, to the line. What
an option means and which values it takes is not known here; which options there are is handed in. No text
repeats a value: it may be a secret.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

__all__ = [
    "ENVIRONMENT_PREFIX",
    "Given",
    "Source",
    "credentials_folder",
    "read_credentials",
    "read_environment",
    "read_yaml",
    "variable",
]

MAX_CONFIG_BYTES = 64 * 1024  # the shipped file, comments and all, is about 12 KiB
MAX_MARKS = 4000  # newlines, commas and the like, each of which may begin a value; the shipped file has 250
MAX_CREDENTIAL_BYTES = 16 * 1024  # a token or a key; systemd's own limit for one is 1 MiB

ENVIRONMENT_PREFIX = "HATIF_"
CREDENTIAL_PREFIX = "hatif_"
CREDENTIALS_DIRECTORY = "CREDENTIALS_DIRECTORY"
_MARKS = re.compile(r"[\n,\[{&*?]|- ")
_QUOTED = re.compile(r'"[^"]*"|\'(?!\\.\')[^\']{2,}\'')  # what ruamel quotes; one character may stay
# Variables of ours that are no options: where config.yaml is, and where the tests find recorded speech.
OTHER_VARIABLES = frozenset({"HATIF_CONFIG", "HATIF_SPEECH_DATA"})


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was written, and where: `config.yaml:12`, `HATIF_SERVER__PORT`."""

    value: object
    origin: str

    def origins(self, name: str) -> dict[str, str]:
        """Where this is, and every part of it that has a name of its own, by dotted names."""
        return {name: self.origin, **_parts(self.value, name, self.origin.rpartition(":")[0])}


@dataclass(slots=True)
class Source:
    """What one source gave, and what is wrong with it."""

    given: dict[str, Given] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class TooLargeError(ValueError):
    """A file is larger than anything of its kind."""


def variable(name: str) -> str:
    """The environment variable of an option: server.port is HATIF_SERVER__PORT."""
    return ENVIRONMENT_PREFIX + name.upper().replace(".", "__")


def read_yaml(path: Path, options: Collection[str]) -> Source:
    """Read config.yaml: YAML 1.2, where `no` is a word and not false, and a key may be there once."""
    shown = _shown(path)
    try:
        document = _parse(path)
    except Exception as error:  # noqa: BLE001 - ruamel raises whatever a broken file leads it to
        return Source(problems=[_unreadable(shown, error)])
    if document is None:
        return Source()
    if not isinstance(document, CommentedMap):
        return Source(problems=[f"{shown}:1: holds no sections; write `server:` and below it `  port: 8080`"])
    return _collect(document, shown, options)


def read_environment(environ: Mapping[str, str], options: Collection[str]) -> Source:
    """Read HATIF_SECTION__KEY. A name that begins so and means nothing is a mistake, not a stranger's."""
    source = Source()
    known = {variable(option): option for option in options}
    for name in sorted(environ):
        if not name.startswith(ENVIRONMENT_PREFIX) or name in OTHER_VARIABLES:
            continue
        option = known.get(name.upper())
        if option is None:
            near = _variable_near(name, [*known, *OTHER_VARIABLES])
            source.problems.append(f"{name}: there is no such option; {near}")
        else:
            source.given[option] = Given(environ[name], name)
    return source


def credentials_folder(config: Path, environ: Mapping[str, str]) -> Path | None:
    """Where the secrets are: $CREDENTIALS_DIRECTORY, else the folder `credentials` beside config.yaml.

    The second is what the service hands over as the first, so that commands that root types know what the
    daemon knows. It need not be there, nor be open to this user. None where the variable is set to nothing.
    """
    named = environ.get(CREDENTIALS_DIRECTORY)
    if named is None:
        return config.absolute().parent / "credentials"
    return Path(named) if named else None


def read_credentials(directory: Path, files: Mapping[str, str]) -> Source:
    """Read secrets from the files that systemd's LoadCredential= puts there; other files are not ours.

    Each is called by its own name, or with `hatif_` before it: so the files of a folder are called that is
    loaded as a whole, by `LoadCredential=hatif:/etc/hatif/credentials` (systemd.exec(5)).
    """
    source = Source()
    for name, option in files.items():
        try:
            path = next(
                (path for path in _credential_paths(directory, name) if path.exists()), directory / name
            )
            secret = _text(path, MAX_CREDENTIAL_BYTES).rstrip("\r\n")
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            problem = f"{directory / name} cannot be read as text; it must hold the secret alone"
            source.problems.append(f"credential {name}: {problem}")
        else:
            source.given[option] = Given(secret, f"credential {name}")
    return source


def _credential_paths(directory: Path, name: str) -> tuple[Path, Path]:
    return directory / name, directory / f"{CREDENTIAL_PREFIX}{name}"


def _text(path: Path, limit: int) -> str:
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise TooLargeError
    return content.decode()


def _parse(path: Path) -> object:
    text = _text(path, MAX_CONFIG_BYTES)
    if len(_MARKS.findall(text)) > MAX_MARKS:  # reading takes a millisecond for each that is a value
        raise TooLargeError
    yaml = YAML(typ="rt", pure=True)  # rt keeps line numbers; it makes nothing but plain values
    return yaml.load(text)


def _unreadable(shown: str, error: Exception) -> str:
    if isinstance(error, MarkedYAMLError):
        return _syntax(shown, error)
    if isinstance(error, OSError):
        reason = os.strerror(error.errno or 0).lower()
        return f"{shown}: cannot be read, {reason}; --config or HATIF_CONFIG must name a file"
    reasons: dict[type[Exception], str] = {
        UnicodeDecodeError: "is not UTF-8 text; save it as UTF-8",
        TooLargeError: f"is larger than {MAX_CONFIG_BYTES // 1024} KiB, or has thousands of values; "
        "this is no configuration",
        RecursionError: "is nested too deeply; a section holds options, one below the other",
        ReaderError: "is not YAML; look for control characters",
    }
    # anything else: such as a date that no calendar has
    return f"{shown}: {reasons.get(type(error), 'holds a value that YAML cannot read; put text in quotes')}"


def _syntax(shown: str, error: MarkedYAMLError) -> str:
    """What is wrong with the YAML, without the excerpt that ruamel would show."""
    mark = error.problem_mark or error.context_mark
    where = shown if mark is None else f"{shown}:{mark.line + 1}"
    if isinstance(error, DuplicateKeyError):
        key = re.search(r'duplicate key "([^"]*)"', error.problem or "")
        return f"{where}: {key[1] if key else 'a key'}: is there twice; keep one of the two"
    return f"{where}: is not YAML: {_QUOTED.sub('...', str(error.problem or error.context))}"


def _collect(document: CommentedMap, shown: str, options: Collection[str]) -> Source:
    sections = {
        option.rsplit(".", depth)[0] for option in options for depth in range(1, option.count(".") + 1)
    }
    source = Source()
    for name, value, line in _walk(document, "", sections):
        origin = f"{shown}:{line}"
        if name in options:
            source.given[name] = Given(value, origin)
        elif name in sections:
            source.problems.append(
                f"{origin}: {name}: is a section; its options stand below it, as `  key: value`"
            )
        else:
            near = _known_near(name, options, sections)
            source.problems.append(f"{origin}: {name}: there is no such option; {near}")
    return source


def _walk(node: CommentedMap, prefix: str, sections: Collection[str]) -> Iterator[tuple[str, object, int]]:
    """Every leaf below `node`, and every section that holds something else than options."""
    for key, value in node.items():
        name = f"{prefix}{key}"
        if name in sections and isinstance(value, CommentedMap):
            yield from _walk(value, f"{name}.", sections)
        elif name not in sections or value is not None:  # an emptied section is all defaults
            yield name, value, _line(node, key)


def _parts(node: object, name: str, file: str) -> dict[str, str]:
    if not isinstance(node, CommentedMap):
        return {}
    found = {f"{name}.{key}": f"{file}:{_line(node, key)}" for key in node}
    for key, value in node.items():
        found |= _parts(value, f"{name}.{key}", file)
    return found


def _line(node: CommentedMap, key: object) -> int:
    position = (node.lc.data or {}).get(key)
    return int(position[0] if position else node.lc.line) + 1


def _known_near(name: str, options: Collection[str], sections: Collection[str]) -> str:
    """What was meant: a name like it in the same section, or the same name in another one."""
    prefix, _, key = name.rpartition(".")
    beside = {_key(known): known for known in (*options, *sections) if known.rpartition(".")[0] == prefix}
    near = [beside[found] for found in get_close_matches(key, beside, n=1)]
    elsewhere = [known for known in options if _key(known) == key]
    return _did_you_mean(near or elsewhere) or f"{prefix or 'config.yaml'} has {', '.join(sorted(beside))}"


def _variable_near(name: str, known: Collection[str]) -> str:
    ending = "__" + name.removeprefix(ENVIRONMENT_PREFIX).upper()
    near = get_close_matches(name.upper(), known, n=1, cutoff=0.8) or [v for v in known if v.endswith(ending)]
    return (
        _did_you_mean(near) or "every option of config.yaml is HATIF_SECTION__KEY, as in HATIF_SERVER__PORT"
    )


def _did_you_mean(names: Collection[str]) -> str:
    return f"did you mean {' or '.join(names)}?" if names else ""


def _key(name: str) -> str:
    return name.rpartition(".")[2]


def _shown(path: Path) -> str:
    """The path as one would type it here."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
