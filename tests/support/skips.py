"""What was skipped, counted and judged: a test skipped for a program that is installed makes the run fail."""

import re
from collections import Counter
from collections.abc import Callable, Iterable

import pytest
from programs import PACKAGES, found

__all__ = ["counted", "pytest_sessionfinish", "pytest_terminal_summary", "unfounded"]


def unfounded(reasons: Iterable[str], path: Callable[[str], str | None] = found) -> list[str]:
    """Which reasons for skipping name a program that is installed."""
    return [
        reason
        for reason in reasons
        if any(
            re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", reason) and path(name) for name in PACKAGES
        )
    ]


def counted(reasons: Iterable[str]) -> list[str]:
    """`3 x needs the program nginx ...`, the most frequent first."""
    return [f"{count} x {reason}" for reason, count in Counter(reasons).most_common()]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests were skipped and why, once for each reason."""
    reasons = _reasons(terminalreporter)
    if not reasons:
        return
    terminalreporter.write_sep("-", f"{len(reasons)} skipped")
    for line in counted(reasons):
        terminalreporter.write_line(line)
    for reason in dict.fromkeys(unfounded(reasons)):
        terminalreporter.write_line(f"FAILED: skipped for a program that is installed: {reason}", red=True)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run where a test was skipped without cause."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and session.exitstatus == pytest.ExitCode.OK and unfounded(_reasons(reporter)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _reasons(reporter: pytest.TerminalReporter) -> list[str]:
    """The reasons of all skipped tests and modules, as they were written."""
    reports = reporter.stats.get("skipped", [])
    longs = [report.longrepr for report in reports]
    return [str(each[2]).removeprefix("Skipped: ") for each in longs if isinstance(each, tuple)]
