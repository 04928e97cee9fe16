"""Canaries: whatever is put into a log line, nothing of a caller comes out."""

import errno
import io
import json
import logging
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import structlog
from msgspec import Struct

from bridge.errors import StorageError
from bridge.telemetry import logs
from bridge.telemetry.logs import REDACTED
from protocols.errors import RemoteProtocolError

CANARY = "كناري"
NUMBER = "+966501234567"

log = structlog.get_logger()
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    """What has been written, as JSON."""
    logs.configure("debug", "json", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_line_holds_event_time_level_and_allowed_fields(lines: Lines) -> None:
    """A line says what happened, when, and how bad it is."""
    log.info(
        "call_started",
        call_id="c1",
        provider="maqsam",
        tenant="north",
        turn=3,
        endpoint_ms=212.5,
        path=Path("a/b"),
    )
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "call_started",
        "level": "info",
        "call_id": "c1",
        "provider": "maqsam",
        "tenant": "north",
        "turn": 3,
        "endpoint_ms": 212.5,
        "path": "a/b",
    }


@pytest.mark.parametrize(
    "name", ["caller_number", "heard", "value", "digits", "name", "text", "url", "prompt"]
)
def test_unknown_field_is_blackened(lines: Lines, name: str) -> None:
    """A field that nobody has allowed keeps its name and loses its value."""
    log.info("turn_taken", **{name: CANARY})
    log.info("turn_taken", **{name: 7})
    assert [line[name] for line in lines()] == [REDACTED, REDACTED]


class Heard(Struct):
    text: str = CANARY


class Word(Enum):
    CANARY = CANARY


@pytest.mark.parametrize("value", [Heard(), {"a": CANARY}, CANARY.encode(), [Heard()], Word.CANARY, object()])
def test_allowed_field_takes_plain_values_only(stream: io.StringIO, lines: Lines, value: object) -> None:
    """A whole object under an allowed name is not written out."""
    log.info("turn_taken", detail=value, call_id=value, answers=value)
    assert CANARY not in stream.getvalue()
    assert "object at" not in stream.getvalue()
    assert lines()[0]["answers"] == REDACTED


def test_counts_are_numbers(lines: Lines) -> None:
    """A field that counts answers does not list them."""
    log.info("call_ended", answers=["7"], turns=12, commit_ms="7", calls=None)
    (line,) = lines()
    assert (line["answers"], line["turns"], line["commit_ms"], line["calls"]) == (
        REDACTED,
        12,
        REDACTED,
        None,
    )


@pytest.mark.parametrize(
    "number",
    [
        NUMBER,
        "0501234567",
        "050-123-4567",
        "(050) 123 45 67",
        "٠٥٠١٢٣٤٥٦٧",
        "tel:966501234567@sip",
        966501234567,
    ],
)
def test_telephone_number_is_taken_out(lines: Lines, number: str | int) -> None:
    """A long number in an allowed field is replaced, in any script and however it is set apart."""
    log.warning("call_refused", reason=number, components=["line", number])
    (line,) = lines()
    digits = "".join(letter for letter in f"{line['reason']}{line['components']}" if letter.isdigit())
    assert digits == ""
    assert "[digits]" in line["reason"]


def test_short_numbers_and_truths_stay(lines: Lines) -> None:
    """What cannot be a telephone number is written as it is."""
    log.info("call_refused", status=503, state=True, components=["1.2.3", 7, 0.5, None])
    (line,) = lines()
    assert (line["status"], line["state"], line["components"]) == (503, True, ["1.2.3", 7, 0.5, None])


def test_our_own_identifiers_keep_their_numbers(lines: Lines) -> None:
    """A call id may be a long number; it is how a line is found again."""
    log.info("worker_started", call_id="20261121001234567", pid=4194303, host="192.168.100.200", port=65535)
    (line,) = lines()
    assert (line["call_id"], line["pid"]) == ("20261121001234567", 4194303)
    assert (line["host"], line["port"]) == ("192.168.100.200", 65535)


@pytest.mark.parametrize("event", [f"heard {CANARY}", f"called_{NUMBER}", "", CANARY])
def test_event_is_a_static_name(stream: io.StringIO, lines: Lines, event: str) -> None:
    """An event made up of data is blackened."""
    log.info(event)
    log.info("heard %s", CANARY)
    assert [line["event"] for line in lines()] == [REDACTED, REDACTED]
    assert CANARY not in stream.getvalue()


def test_context_is_filtered_too(lines: Lines) -> None:
    """What is bound to a call's context passes the same filter."""
    structlog.contextvars.bind_contextvars(call_id="c1", caller=NUMBER)
    log.bind(heard=CANARY, provider="twilio").info("turn_taken")
    (line,) = lines()
    assert (line["call_id"], line["provider"]) == ("c1", "twilio")
    assert (line["caller"], line["heard"]) == (REDACTED, REDACTED)


def test_arabic_stays_readable(stream: io.StringIO, lines: Lines) -> None:
    """Arabic is written as Arabic."""
    log.info("questionnaire_loaded", questionnaire="متابعة")
    assert '"questionnaire": "متابعة"' in stream.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
def test_value_cannot_break_out_of_its_line(stream: io.StringIO, form: str) -> None:
    """Line ends, colours and the controls that turn text around are taken out of values."""
    logs.configure("info", form, stream)
    log.info("call_started", detail="a\n\x1b[31m\u202eb\u2066\u200f\u2028c\x85d")
    assert stream.getvalue().count("\n") == 1
    assert "a[31mbcd" in stream.getvalue()


def test_long_value_is_cut(lines: Lines) -> None:
    """A payload does not fill the log."""
    log.info("call_started", detail="x" * 10_000)
    assert len(lines()[0]["detail"]) == logs.MAX_VALUE_CHARACTERS


def fail(error: BaseException, heard: str = CANARY) -> None:
    """Raise, with something of a caller among the local variables."""
    raise error


def caught(error: BaseException) -> BaseException:
    try:
        fail(error)
    except BaseException as raised:  # noqa: BLE001
        return raised
    raise AssertionError


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize(
    "error", [ValueError(CANARY), KeyError(NUMBER), UnicodeDecodeError("x", b"", 0, 1, CANARY)]
)
def test_exception_is_told_without_its_text(stream: io.StringIO, form: str, error: Exception) -> None:
    """Type, file, line and function are enough; text and local variables may hold a caller's words."""
    logs.configure("info", form, stream)
    try:
        fail(error)
    except Exception:
        log.exception("call_failed")
    written = stream.getvalue()
    assert type(error).__name__ in written
    assert "telemetry/test_logs.py:" in written
    assert " in fail" in written
    assert CANARY not in written
    assert NUMBER not in written


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StorageError("the disk is full"), "StorageError [storage]: the disk is full"),
        (RemoteProtocolError("media before start"), "RemoteProtocolError: media before start"),
        (OSError(errno.ENOSPC, CANARY), "OSError [ENOSPC]"),
        (ConnectionResetError(errno.ECONNRESET, CANARY), "ConnectionResetError [ECONNRESET]"),
        (OSError(99999, CANARY), "OSError [99999]"),
        (OSError(CANARY), "OSError"),
        (StorageError(f"two\nlines {NUMBER}"), "StorageError [storage]: two; lines [digits]"),
    ],
)
def test_code_and_clean_text_are_told(lines: Lines, error: Exception, told: str) -> None:
    """Our own errors say what is wrong, the system's say which; a number in them is still taken out."""
    log.error("call_failed", exc_info=error)
    assert lines()[0]["exception"] == told


def test_causes_are_told_too(lines: Lines) -> None:
    """What an exception came from is part of the story, as long as nobody suppressed it."""
    try:
        try:
            fail(KeyError(CANARY))
        except KeyError as error:
            raise StorageError("no") from error
    except StorageError:
        log.exception("call_failed")
    told = lines()[0]["exception"].splitlines()
    assert [line for line in told if not line.startswith("  ")] == [
        "StorageError [storage]: no",
        "caused by KeyError",
    ]


def test_context_is_told_unless_suppressed(lines: Lines) -> None:
    """`raise ... from None` is respected."""
    for suppress in (False, True):
        error = caught(StorageError("no"))
        error.__context__ = KeyError(CANARY)
        error.__suppress_context__ = suppress
        log.error("call_failed", exc_info=(type(error), error, None))
    first, second = (line["exception"] for line in lines())
    assert first.endswith("while handling KeyError")
    assert "KeyError" not in second


def test_groups_are_told_member_by_member(lines: Lines) -> None:
    """A task group's failure names every failure inside, and one that goes in circles ends."""
    inner = caught(ValueError(CANARY))
    inner.__cause__ = ExceptionGroup(CANARY, [caught(KeyError(CANARY)), StorageError("no")])
    inner.__cause__.__cause__ = inner
    log.error("call_failed", exc_info=inner)
    titles = [line for line in lines()[0]["exception"].splitlines() if not line.startswith("  ")]
    assert titles == [
        "ValueError",
        "caused by ExceptionGroup",
        "with KeyError",
        "with StorageError [storage]: no",
    ]


def test_no_exception_adds_nothing(lines: Lines) -> None:
    """Asking for an exception where there is none is no error, and nobody can write one by hand."""
    log.info("stopped", exc_info=True)  # noqa: LOG014
    log.info("stopped", exc_info=(None, None, None))
    log.info("stopped", exception=CANARY, stack_info=False)
    assert all("exception" not in line for line in lines())


def test_libraries_go_the_same_way(stream: io.StringIO, lines: Lines) -> None:
    """What a library warns of is written without its arguments and without its exception's text."""
    library = logging.getLogger("aiohttp.server")
    library.warning("Error handling request from %s", NUMBER)
    failed = caught(ValueError(CANARY))
    library.error(f"Task exception was never retrieved\nfuture: {CANARY}", exc_info=failed)
    library.log(35, ValueError(CANARY))
    library.info("GET /ws/twilio/%s", CANARY)
    one, two, three = lines()
    assert (one["event"], one["library"], one["level"]) == ("library_message", "aiohttp.server", "warning")
    assert one["detail"] == "Error handling request from %s"
    assert (two["level"], two["detail"]) == ("error", "Task exception was never retrieved")
    assert two["exception"].startswith("ValueError\n  telemetry/test_logs.py:")
    assert (three["level"], three["detail"]) == ("warning", "a ValueError")
    assert CANARY not in stream.getvalue()
    assert NUMBER not in stream.getvalue()


def test_level_is_a_threshold(stream: io.StringIO) -> None:
    """Below the configured level nothing is written, by us or by a library."""
    logs.configure("error", "json", stream)
    log.warning("call_refused")
    logging.getLogger("alembic").warning("x")
    assert stream.getvalue() == ""
    log.error("call_failed")
    assert "call_failed" in stream.getvalue()


def test_configuring_again_replaces(stream: io.StringIO) -> None:
    """A second configuration writes each line once, in the new form."""
    logs.configure("info", "json", io.StringIO())
    logs.configure("info", "console", stream)
    logging.getLogger("alembic").warning("x")
    log.info("ready", port=8080)
    library, ours = stream.getvalue().splitlines()
    assert "library_message" in library
    assert "ready" in ours
    assert "port=8080" in ours
    assert "\x1b" not in ours


def test_standard_error_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    """A program's output is its own; its log goes to standard error."""
    logs.configure()
    log.info("ready")
    assert capsys.readouterr().out == ""
