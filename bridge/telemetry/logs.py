"""Log lines that hold nothing of a caller: no number, no name, no word, no answer.

Only fields on the allow-list are written; any other field's value becomes "[redacted]". An event is a static
name. An exception is told by its type, its code and its frames; by its text only where our own rule keeps
texts clean (BridgeError, ProtocolError). What libraries warn of goes the same way, without its arguments.
"""

import errno
import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from traceback import extract_tb
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

from bridge.errors import BridgeError
from protocols.errors import ProtocolError

__all__ = ["ALLOWED_FIELDS", "REDACTED", "configure"]

REDACTED = "[redacted]"
DIGITS = "[digits]"

# A new name goes into one of these once somebody has thought about what it could hold.
# Names of things of ours and of our peers: long numbers may be in them, and none is a person's.
IDENTIFIERS = frozenset(
    """
    address call_id file folder hash host identity model path pid remote stream_id timestamp version
    """.split()  # noqa: SIM905 (words read better as words)
)
# Numbers only: how many, which one, how much.
COUNTS = frozenset(
    """
    answers attempt attempts bytes calls close_code confidence count frames index items limit marks port
    process prompts questionnaires rendered restarts retry_after revision seconds speed threads tries
    turn turns
    """.split()  # noqa: SIM905
)
# Words of ours: names out of questionnaires and configuration, and sentences that follow errors.py.
WORDS = frozenset(
    """
    cause code components detail direction disposition effect engine item level library method problem
    provider questionnaire questionnaire_version reason role route rule setting settings signal state status
    tenant via voice what worker
    """.split()  # noqa: SIM905
)
ALLOWED_FIELDS = IDENTIFIERS | COUNTS | WORDS
# A number whose name ends in a unit is a measurement.
MEASURES = ("_bytes", "_count", "_dbfs", "_ms", "_seconds")

MAX_VALUE_CHARACTERS = 500  # a sentence; longer is a payload
MAX_FRAMES = 20  # of one traceback, the innermost
MAX_CHAIN = 8  # causes and members of a group that are told

_EVENT_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
# Seven digits, in any script and however they are set apart, may be a telephone number or an identity card's.
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s().\-]{0,2}\d){6,}")
LONG_NUMBER = 1_000_000
# Unicode's bidirectional controls (UAX 9) would let a value turn the rest of its line around; the other
# control characters would let it end the line, or colour it.
_CONTROLS = re.compile(r"[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

EventDict = MutableMapping[str, Any]


def configure(level: str = "info", format: str = "console", stream: TextIO | None = None) -> None:  # noqa: A002
    """Send every log line of this process to `stream` (standard error), as `console` text or as `json`."""
    stream = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _tell_exception,
            _allow,
            _renderer(format, stream),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        context_class=dict,
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    _route_libraries()


def _renderer(format: str, stream: TextIO) -> Processor:  # noqa: A002
    if format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), sort_keys=False, exception_formatter=structlog.dev.plain_traceback
    )


# ── fields ────────────────────────────────────────────────────────────────────────────────────


def _allow(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Keep what may be written, blacken the rest."""
    return {name: _allowed(name, value) for name, value in line.items()}


def _allowed(name: str, value: object) -> object:
    if name == "event":
        return value if isinstance(value, str) and _EVENT_NAME.fullmatch(value) else REDACTED
    if name == "exception":  # made below, of clean parts
        return value
    if name in IDENTIFIERS:
        return _clean(value)
    if name in WORDS:
        return _without_numbers(_clean(value))
    is_measure = name in COUNTS or name.endswith(MEASURES)
    return value if is_measure and isinstance(value, int | float | None) else REDACTED


def _clean(value: object) -> object:
    """A plain value, without control characters; anything that is not plain is blackened."""
    match value:
        case None | bool() | int() | float():
            return value
        case str() | Path():
            return _CONTROLS.sub("", str(value))[:MAX_VALUE_CHARACTERS]
        case list() | tuple() | set() | frozenset():
            return [_clean(member) for member in value]
        case _:
            return REDACTED


def _without_numbers(value: object) -> object:
    match value:
        case bool():
            return value
        case int() if abs(value) >= LONG_NUMBER:
            return DIGITS
        case str():
            return _LONG_NUMBER.sub(DIGITS, value)
        case list():
            return [_without_numbers(member) for member in value]
        case _:
            return value


# ── exceptions ────────────────────────────────────────────────────────────────────────────────


def _tell_exception(_logger: object, _method: str, line: EventDict) -> EventDict:
    line.pop("stack_info", None)
    line.pop("exception", None)  # only what is made here may stand under this name
    error = _exception_of(line.pop("exc_info", None))
    if error is not None:
        line["exception"] = "\n".join(_told(error))
    return line


def _exception_of(exc_info: object) -> BaseException | None:
    match exc_info:
        case BaseException():
            return exc_info
        case (_, BaseException() as error, _):
            return error
        case None | False | (None, None, None):
            return None
        case _:
            return sys.exception()


def _told(error: BaseException) -> list[str]:
    """The exception, then what caused it, then the members of a group: types, codes and frames."""
    lines = []
    for relation, each in _family(error):
        lines.append(f"{relation}{_title(each)}")
        lines += [f"  {frame}" for frame in _frames(each.__traceback__)]
    return lines


def _family(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    waiting: list[tuple[str, BaseException]] = [("", error)]
    seen: set[int] = set()
    while waiting and len(seen) < MAX_CHAIN:
        relation, each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield relation, each
        if each.__cause__ is not None:
            waiting.append(("caused by ", each.__cause__))
        elif each.__context__ is not None and not each.__suppress_context__:
            waiting.append(("while handling ", each.__context__))
        if isinstance(each, BaseExceptionGroup):
            waiting += [("with ", member) for member in each.exceptions]


def _title(error: BaseException) -> str:
    name = type(error).__name__
    match error:
        case BridgeError():
            return f"{name} [{error.code}]: {_clean_text(error)}"
        case ProtocolError():
            return f"{name}: {_clean_text(error)}"
        case OSError(errno=int() as number):
            return f"{name} [{errno.errorcode.get(number, number)}]"
        case _:
            return name


def _clean_text(error: BaseException) -> str:
    return str(_without_numbers(_clean(str(error).replace("\n", "; "))))


def _frames(traceback: TracebackType | None) -> list[str]:
    """Where it was, without a word of what was there: file, line, function."""
    frames = extract_tb(traceback)[-MAX_FRAMES:]
    return [f"{'/'.join(Path(f.filename).parts[-2:])}:{f.lineno} in {f.name}" for f in frames]


# ── libraries ─────────────────────────────────────────────────────────────────────────────────


_LIBRARY_LEVELS = (logging.WARNING, logging.ERROR, logging.CRITICAL)  # a library may have levels in between


class _LibraryHandler(logging.Handler):
    """Carries what a library logs over to our lines."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            max(level for level in _LIBRARY_LEVELS if level <= record.levelno),
            "library_message",
            library=record.name,
            detail=_template(record),
            exc_info=record.exc_info or None,
        )


def _template(record: logging.LogRecord) -> str:
    """The first line of the message, before its arguments are put in: the part that a programmer wrote."""
    if not isinstance(record.msg, str):
        return f"a {type(record.msg).__name__}"
    return record.msg.partition("\n")[0]


def _route_libraries() -> None:
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, _LibraryHandler):
            root.removeHandler(handler)
    root.addHandler(_LibraryHandler(logging.WARNING))
    root.setLevel(logging.WARNING)
