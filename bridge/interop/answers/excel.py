"""Answers as an Excel workbook for people: sheets from right to left, Arabic headings, dates that are dates.

One sheet for each questionnaire with one row a call, one with one row an answer, and one that explains the
columns. Rows go to disk as they are written.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from bridge.dialogue.answer import Value
from bridge.dialogue.items import DateItem, OptionsItem, QuestionItem, TimeItem
from bridge.interop.answers.cells import text_of
from bridge.interop.answers.columns import CALL_HEADINGS, Column, columns_of, headings
from bridge.interop.answers.records import ExportedAnswer, ExportedCall, exported, question_of
from bridge.interop.answers.tables import wide_answers, wide_status
from bridge.interop.answers.writers import Contents, Wanted
from bridge.interop.interviews import Interview
from bridge.understanding import bare

__all__ = ["DETAILS", "KEY", "Workbooks"]

MAX_ROWS = 1_048_576  # of a sheet, in Excel; more go on in a further one
MAX_TITLE = 31
DETAILS, KEY = "التفاصيل", "المفتاح"
STATUS_HEADING = "حالة"
BAND_HEADING = "فئة"
_DETAIL_HEADINGS = {
    "item": "رمز السؤال",
    "question": "السؤال",
    "type": "نوع السؤال",
    "round": "الجولة",
    "revision": "المراجعة",
    "status": "حالة الإجابة",
    "counts": "تُحتسب",
    "value": "القيمة",
    "label": "الإجابة",
    "ordinal": "الدرجة",
    "via": "الوسيلة",
    "confirmed": "أُكّدت",
    "confidence": "الثقة",
    "answered_at": "وقت الإجابة (UTC)",
}
_KEY_HEADINGS = ("الاستبيان", "رمز السؤال", "السؤال", "نوع السؤال", "الوحدة", "القيمة", "الإجابة", "الدرجة")
# What XML 1.0 cannot hold.
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_WIDTH = 22


class Workbooks:
    """One workbook, written row by row."""

    def __init__(self, path: Path, contents: Contents, wanted: Wanted, *, max_rows: int = MAX_ROWS) -> None:
        self._path = path
        self._contents = contents
        self._wanted = wanted
        self._max_rows = max_rows
        self._book = Workbook(write_only=True)
        self._wide: dict[str, tuple[_Sheet, Sequence[Column]]] = {}
        self._details: _Sheet | None = None

    def add(self, interview: Interview) -> None:
        """Write one call: a row of the calls, and a row for each answer."""
        call = exported(interview)
        sheet, columns = self._wide_sheet(call.questionnaire)
        sheet.append([*_call_cells(call), *_wide_cells(call, columns)])
        shown = exported(interview, every_revision=True) if self._wanted.every_revision else call
        for answer in shown.answers:
            item = question_of(interview, answer.item)
            self._detail_sheet().append([*_call_cells(call), *_detail_cells(answer, item)])

    def close(self) -> None:
        """Explain the columns, and save."""
        self._detail_sheet()
        self._write_key()
        self._book.save(self._path)

    def _wide_sheet(self, questionnaire: str) -> "tuple[_Sheet, Sequence[Column]]":
        if questionnaire not in self._wide:
            columns = columns_of(self._contents.of(questionnaire), self._answered(questionnaire))
            row = [*CALL_HEADINGS.values(), *_wide_headings(columns)]
            self._wide[questionnaire] = (_Sheet(self._book, questionnaire, row, self._max_rows), columns)
        return self._wide[questionnaire]

    def _answered(self, questionnaire: str) -> set[str]:
        """The steps of this questionnaire that have answers; all there are where it is the only one."""
        others = [one for one in self._contents.versions if one.id != questionnaire]
        known = {item.id for one in self._contents.of(questionnaire) for item in one.questions}
        return {step for step in self._contents.answered if not others or step.partition("#")[0] in known}

    def _detail_sheet(self) -> "_Sheet":
        if self._details is None:
            row = [*CALL_HEADINGS.values(), *_DETAIL_HEADINGS.values()]
            self._details = _Sheet(self._book, DETAILS, row, self._max_rows)
        return self._details

    def _write_key(self) -> None:
        sheet = _Sheet(self._book, KEY, _KEY_HEADINGS, self._max_rows)
        for questionnaire in self._contents.versions:
            named = f"{questionnaire.id} {questionnaire.version} ({questionnaire.status})"
            for item in questionnaire.questions:
                head = [named, item.id, bare(item.ask[0]), item.type, getattr(item, "unit", None)]
                options = item.options if isinstance(item, OptionsItem) else ()
                for option in options:
                    sheet.append([*head, option.value, bare(option.say), option.ordinal])
                if not options:
                    sheet.append([*head, None, None, None])


class _Sheet:
    """A sheet that goes on in another one when it is full."""

    def __init__(self, book: Workbook, title: str, row: Sequence[str], max_rows: int) -> None:
        self._book = book
        self._title = title
        self._heading = row
        self._max_rows = max_rows
        self._number = 0
        self._sheet = self._next()

    def append(self, cells: Sequence[Any]) -> None:
        if self._rows >= self._max_rows:
            self._sheet = self._next()
        self._sheet.append([_cell(self._sheet, cell) for cell in cells])
        self._rows += 1

    def _next(self) -> WriteOnlyWorksheet:
        self._number += 1
        ending = "" if self._number == 1 else f" {self._number}"
        sheet = self._book.create_sheet(_title(self._title, ending))
        sheet.sheet_view.rightToLeft = True
        sheet.freeze_panes = "B2"
        for at in range(len(self._heading)):
            sheet.column_dimensions[_letter(at)].width = _WIDTH
        sheet.append([_heading(sheet, text) for text in self._heading])
        self._rows = 1
        return sheet


def _title(title: str, ending: str) -> str:
    return re.sub(r"[\\/*?:\[\]]", "-", title)[: MAX_TITLE - len(ending)] + ending


def _letter(at: int) -> str:
    """A, B … Z, AA: the column's name, from its number from nought on."""
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _heading(sheet: WriteOnlyWorksheet, text: str) -> WriteOnlyCell:
    cell = _cell(sheet, text)
    cell.font = Font(bold=True)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _cell(sheet: WriteOnlyWorksheet, value: object) -> Any:
    """A cell of the value's own kind; a text is a text whatever it begins with, and never a formula."""
    if not isinstance(value, str):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, _ILLEGAL.sub("\ufffd", value))
    cell.data_type = "s"
    return cell


def _naive(at: datetime | None) -> datetime | None:
    """Excel knows no time zones: the heading says that it is UTC."""
    return None if at is None else at.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def _call_cells(call: ExportedCall) -> list[object]:
    cells = {name: getattr(call, name) for name in CALL_HEADINGS}
    cells |= {"started_at": _naive(call.started_at), "ended_at": _naive(call.ended_at)}
    return list(cells.values())


def _wide_headings(columns: Sequence[Column]) -> Iterator[str]:
    for column, heading in zip(columns, headings(columns), strict=True):
        yield heading
        yield f"{BAND_HEADING if column.is_score else STATUS_HEADING}: {heading}"


def _wide_cells(call: ExportedCall, columns: Sequence[Column]) -> Iterator[object]:
    answers = wide_answers(call)
    scores = {score.score: score for score in call.scores}
    for column in columns:
        if column.is_score:
            score = scores.get(column.name)
            yield score.value if score else None
            yield score.band if score else None
            continue
        answer = answers.get(column.name)
        counts = answer is not None and answer.counts
        yield (answer.label or typed(column.item, answer.value)) if answer and counts else None
        yield wide_status(answer)


def _detail_cells(answer: ExportedAnswer, item: QuestionItem | None) -> list[object]:
    cells = {name: getattr(answer, name, None) for name in _DETAIL_HEADINGS}
    cells |= {"question": bare(item.ask[0]) if item else None, "type": item.type if item else None}
    cells |= {"status": str(answer.status), "value": typed(item, answer.value)}
    return list((cells | {"answered_at": _naive(answer.answered_at)}).values())


def typed(item: QuestionItem | None, value: Value) -> object:
    """A value as Excel's own kind of value: a date, a time, a number, true or false, or a text."""
    if isinstance(value, str) and isinstance(item, DateItem | TimeItem):
        try:
            return date.fromisoformat(value) if isinstance(item, DateItem) else time.fromisoformat(value)
        except ValueError:
            return value
    return text_of(value) if isinstance(value, tuple) else value
