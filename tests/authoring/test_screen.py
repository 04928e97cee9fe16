"""What is shown on a terminal and in a pipe."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bridge.authoring.checking.examination import examine
from bridge.authoring.checking.screen import show, show_list, summary
from bridge.authoring.checking.surroundings import Surroundings

Write = Any  # conftest.Write
ITEMS = """
- id: pain
  type: yes_no
  kind: fact
  ask: "هَلْ هُنَاكَ أَلَم؟"
  on_answer: [{when: value, do: end, disposition: completed}]
- {id: last, when: pain, type: yes_no, kind: fact, ask: "هَلْ هُنَاكَ [أَلَم]؟"}
"""


def shown(path: Path, *, is_terminal: bool) -> str:
    out = Console(file=StringIO(), force_terminal=is_terminal, width=200)
    report = examine([path], Surroundings())
    show(report, out)
    show_list(report, out)
    return out.file.getvalue()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_arabic_stands_apart_on_a_terminal_only(write: Write, is_terminal: bool) -> None:
    """There, brackets and numbers beside it would change sides; a pipe is read by programs."""
    text = shown(write(ITEMS), is_terminal=is_terminal)
    assert ("\u2067قصير\u2069" in text) is is_terminal
    assert ("\x1b[33m warning:" in text) is is_terminal
    assert text.count("\u2067") == text.count("\u2069")
    assert "[unreachable]" in text


def test_a_questionnaire_that_never_ends_well_says_so(write: Write) -> None:
    """Every call is ended by a rule before the last item is done with."""
    always = ITEMS.replace("when: value", "when: answered(pain) or not answered(pain)")
    path = write(always)
    text = shown(path, is_terminal=False)
    assert "shortest call  none comes to the end" in text
    assert "never ends" in text
    assert summary(examine([path], Surroundings())) == "1 file, 0 faults, 1 warning"


def test_accepted_warnings_are_counted_and_shown_on_request(write: Write) -> None:
    """Nothing is hidden for good."""
    path = write(ITEMS.replace("id: last,", "id: last, accept_warnings: {unreachable: comes back in May},"))
    report = examine([path], Surroundings())
    assert summary(report) == "1 file, 0 faults, 0 warnings, 1 more accepted"
    texts = []
    for with_accepted in (False, True):
        out = Console(file=StringIO(), width=200)
        show(report, out, with_accepted=with_accepted)
        texts.append(out.file.getvalue())  # type: ignore[attr-defined]
    assert ["comes back in May" in text for text in texts] == [False, True]
