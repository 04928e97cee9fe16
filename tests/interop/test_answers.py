"""Answers out and read back: the same values from CSV, JSONL, XLSX and Flow Results, from a real database."""

import csv
import io
import json
import re
import uuid
from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openpyxl import load_workbook

from bridge.dialogue.answer import AnswerStatus, Value
from bridge.dialogue.items import MultiChoiceItem
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.scopes import type_of_item
from bridge.interop.answers import excel
from bridge.interop.answers.cells import guarded, unguarded
from bridge.interop.answers.export import Plan, export_answers, read_key
from bridge.interop.answers.records import ExportedCall
from bridge.interop.answers.writers import Contents, Wanted
from bridge.interop.formats import AnswersFormat
from bridge.interop.interviews import Interview
from bridge.interop.losses import InteropError
from bridge.storage.pages import Selection, read_calls
from bridge.storage.store import Store

TRACES = (
    "questionnaire",
    "questionnaire_version",
    "questionnaire_hash",
    "questionnaire_status",
    "disposition",
)


@pytest.fixture(name="export")
def export_fixture(store: Store, tmp_path: Path, now: datetime) -> Callable[..., Any]:
    async def export(format_: AnswersFormat, name: str = "out", **fields: Any) -> Path:
        target = tmp_path / name
        await export_answers(store, Plan(format_, target, **fields), now=now)
        return target

    return export


def rows_of(path: Path) -> list[dict[str, str]]:
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")  # or Excel reads Arabic as something else
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_back(questionnaire: Questionnaire, name: str, cell: str) -> Value:
    """The value of a cell, by the type of its question."""
    text = unguarded(cell)
    item: Any = questionnaire.item(name.partition("#")[0])
    if isinstance(item, MultiChoiceItem):
        return tuple(text.split("; "))
    if type_of_item(item) in ("yes or no", "a number"):
        value: Value = json.loads(text)
        return value
    return text


async def test_wide_csv_has_the_same_values(
    put: Any, export: Any, every_item: Questionnaire, full_interview: Interview, answered: dict[str, Value]
) -> None:
    await put(full_interview)
    [row] = rows_of(await export(AnswersFormat.WIDE))
    found = {name: read_back(every_item, name, row[name]) for name in answered}
    assert found == answered
    assert (row["low"], row["low.status"], row["low.revision"]) == ("", "refused", "1")
    assert (row["unasked"], row["unasked.status"]) == ("", "")
    assert (row["phq2"], row["phq2.band"]) == ("4", "high")
    assert [row[name] for name in TRACES] == ["every_item", "1", every_item.hash, "draft", "completed"]


async def test_long_csv_has_the_same_values(
    put: Any, export: Any, every_item: Questionnaire, full_interview: Interview, answered: dict[str, Value]
) -> None:
    await put(full_interview)
    rows = rows_of(await export(AnswersFormat.LONG))
    found = {}
    for row in rows:
        name = row["item"] + (f"#{row['round']}" if row["round"] else "")
        assert [row[trace] for trace in TRACES] == ["every_item", "1", every_item.hash, "draft", "completed"]
        assert (row["revision"], row["heard"]) == ("1", "")
        if row["status"] == "answered":
            found[name] = read_back(every_item, name, row["value"])
    assert found == answered
    assert {row["label"] for row in rows if row["item"] == "symptoms"} == {"سعال، صداع"}


async def test_json_lines_have_the_same_values(
    put: Any, export: Any, full_interview: Interview, answered: dict[str, Value]
) -> None:
    await put(full_interview)
    [line] = (await export(AnswersFormat.JSONL)).read_bytes().splitlines()
    call = msgspec.json.decode(line, type=ExportedCall)
    found = {
        answer.item + (f"#{answer.round}" if answer.round else ""): answer.value
        for answer in call.answers
        if answer.status is AnswerStatus.ANSWERED
    }
    assert found == answered
    assert call.questionnaire_status == "draft"
    assert [(score.score, score.value, score.band) for score in call.scores] == [("phq2", 4, "high")]


async def test_a_workbook_has_the_same_values_as_excels_own(
    put: Any, export: Any, every_item: Questionnaire, full_interview: Interview, answered: dict[str, Value]
) -> None:
    await put(full_interview)
    book = load_workbook(await export(AnswersFormat.XLSX, "out.xlsx"))
    assert all(sheet.sheet_view.rightToLeft for sheet in book)
    heading, *rows = book[excel.DETAILS].iter_rows(values_only=True)
    at = {name: heading.index(text) for name, text in excel._DETAIL_HEADINGS.items()}
    cells = {
        row[at["item"]] + (f"#{row[at['round']]}" if row[at["round"]] else ""): row[at["value"]]
        for row in rows
    }
    assert isinstance(cells["discharged"], datetime)  # openpyxl reads Excel's dates so
    assert cells["dose_time"] == time(8, 30)
    found = {name: back_from_excel(cells[name], answered[name]) for name in answered}
    assert found == answered


def back_from_excel(cell: object, like: Value) -> object:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, time):
        return cell.strftime("%H:%M")
    return tuple(str(cell).split("; ")) if isinstance(like, tuple) else cell


async def test_a_workbook_is_readable_in_arabic(put: Any, export: Any, full_interview: Interview) -> None:
    await put(full_interview)
    book = load_workbook(await export(AnswersFormat.XLSX, "out.xlsx"))
    heading, row = book["every_item"].iter_rows(values_only=True)
    shown = dict(zip(heading, row, strict=True))
    assert shown["هل عندكم حمى؟"] == "نعم"
    assert shown["سعال، أو صداع، أو لا شيء؟"] == "سعال، صداع"
    assert shown["حالة: كم مرة كان الحزن؟"] == "refused"
    assert shown["بداية المكالمة (UTC)"] == datetime(2026, 11, 21, 9)  # noqa: DTZ001 - Excel has no zones
    key = [row[:2] for row in book[excel.KEY].iter_rows(values_only=True)]
    assert ("every_item 1 (draft)", "sleep") in key


async def test_no_cell_is_a_formula(put: Any, export: Any, full_interview: Interview) -> None:
    await put(full_interview)
    book = load_workbook(await export(AnswersFormat.XLSX, "out.xlsx"))
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    for path in (await export(AnswersFormat.WIDE, "w"), await export(AnswersFormat.LONG, "l")):
        cells = [cell for row in rows_of(path) for cell in row.values()]
        assert any(cell.startswith("'=HYPERLINK") for cell in cells)
        assert not any(re.match(r"[=+\-@\t\r\n]", cell) for cell in cells)


@pytest.mark.parametrize(
    "text", ["=1+1", "+9665", "-2", "@SUM(A1)", "\t=1", "'=1", "''+1", "'quoted", "＝1", "ok", ""]
)
def test_guarding_is_undone_without_loss(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not re.match(r"[=+\-@\t\r\n＝]", guarded(text))


async def test_flow_results_describe_and_hold_the_responses(
    put: Any, export: Any, every_item: Questionnaire, full_interview: Interview
) -> None:
    await put(full_interview)
    [folder] = (await export(AnswersFormat.FLOIP, "packages")).iterdir()
    described = json.loads((folder / "datapackage.json").read_bytes())
    rows = json.loads((folder / "responses.json").read_bytes())
    assert described["profile"] == "flow-results-package"
    assert described["flow_results_specification_version"] == "1.0.0-rc1"
    assert uuid.UUID(described["id"]).version == 4
    assert re.fullmatch(r"[a-z0-9._-]+", described["name"])
    assert described["questionnaire"]["status"] == "draft"
    [resource] = described["resources"]
    assert resource["path"] == "responses.json"
    assert [field["name"] for field in resource["schema"]["fields"]] == [
        *("timestamp", "row_id", "contact_id", "question_id", "response", "response_metadata")
    ]
    questions = resource["schema"]["questions"]
    assert all(len(row) == 6 and row[0].endswith("+00:00") for row in rows)
    assert len({row[1] for row in rows}) == len(rows)
    for _, _, _, question, response, metadata in rows:
        check_response(questions[question], response)
        assert metadata["status"] == "answered"
        assert metadata["revision"] == 1
    responses = {row[3]: row[4] for row in rows}
    assert responses["bp.systolic"] == 130
    assert responses["fever"] == "yes"
    assert "low" not in responses  # refused


def check_response(question: dict[str, Any], response: Any) -> None:
    """A response is in the format of its question's type."""
    options = question["type_options"]
    match question["type"]:
        case "select_one":
            assert response in options["choices"]
        case "select_many":
            assert set(response) <= set(options["choices"])
        case "numeric":
            assert options["range"][0] <= response <= options["range"][1]
        case "date":
            assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", response)
        case "time":
            assert re.fullmatch(r"\d{2}:\d{2}:\d{2}", response)
        case kind:
            assert (kind, type(response)) == ("text", str)


async def test_a_correction_is_the_latest_revision_and_the_first_is_kept(
    put: Any, export: Any, every_item: Questionnaire, interview: Any
) -> None:
    call = interview(every_item, {"fever": True, "temp": 39})
    corrected = interview(every_item, {"fever": False}).revisions[0]
    call.revisions.append(msgspec.structs.replace(corrected, revision=2))
    await put(call)
    [row] = rows_of(await export(AnswersFormat.WIDE, "w"))
    assert (row["fever"], row["fever.revision"]) == ("false", "2")
    assert (row["temp"], row["temp.status"]) == ("", "not_applicable")  # nobody without a fever is asked
    rows = rows_of(await export(AnswersFormat.LONG, "l", wanted=Wanted(every_revision=True, with_heard=True)))
    seen = [(row["item"], row["revision"], row["value"], row["counts"]) for row in rows]
    assert seen == [
        ("fever", "1", "true", "false"),
        ("temp", "1", "39", "false"),
        ("fever", "2", "false", "true"),
    ]
    assert rows[0]["heard"] == "مثال"


async def test_calls_of_several_versions_share_one_table(
    put: Any, export: Any, every_item: Questionnaire, interview: Any, build: Any
) -> None:
    source = every_item.sources[0]
    later = build(source.replace('version: "1"', 'version: "2"').replace("id: pain,", "id: ache,"))
    await put(interview(every_item, {"pain": 3}, call_id="first"))
    await put(interview(later, {"ache": 4}, call_id="second"))
    rows = rows_of(await export(AnswersFormat.WIDE))
    assert [(row["questionnaire_version"], row["pain"], row["ache"]) for row in rows] == [
        ("1", "3", ""),
        ("2", "", "4"),
    ]


async def test_answers_outlive_the_text_of_their_questionnaire(
    put: Any, export: Any, every_item: Questionnaire, interview: Any
) -> None:
    await put(interview(every_item, {"fever": True, "pill_taken#2": False}), keep_text=False)
    [row] = rows_of(await export(AnswersFormat.WIDE))
    assert (row["fever"], row["pill_taken#2"], row["questionnaire_status"]) == ("true", "false", "unknown")


async def test_a_table_of_two_questionnaires_is_refused_and_a_choice_accepted(
    put: Any, export: Any, every_item: Questionnaire, interview: Any, build: Any
) -> None:
    other = build(every_item.sources[0].replace("id: every_item", "id: another_one"))
    await put(interview(every_item, {"pain": 3}, call_id="first"))
    await put(interview(other, {"pain": 4}, call_id="second"))
    with pytest.raises(InteropError, match="choose one with --questionnaire: another_one, every_item"):
        await export(AnswersFormat.WIDE)
    chosen = Selection(questionnaire="another_one")
    [row] = rows_of(await export(AnswersFormat.WIDE, selection=chosen))
    assert row["pain"] == "4"
    assert {row["questionnaire"] for row in rows_of(await export(AnswersFormat.LONG))} == {
        "every_item",
        "another_one",
    }
    with pytest.raises(InteropError, match="did you mean 'every_item'"):
        await export(AnswersFormat.LONG, selection=Selection(questionnaire="every_itm"))


async def test_an_unknown_call_is_refused(put: Any, export: Any, full_interview: Interview) -> None:
    await put(full_interview)
    with pytest.raises(InteropError, match="no call's id begins with 'zzz'"):
        await export(AnswersFormat.FHIR, selection=Selection(call_beginning="zzz"))
    path = await export(AnswersFormat.FHIR, selection=Selection(call_beginning="3f"))
    assert json.loads(path.read_bytes())["resourceType"] == "QuestionnaireResponse"


async def test_a_failed_export_leaves_nothing_behind(
    put: Any, export: Any, full_interview: Interview, tmp_path: Path
) -> None:
    await put(full_interview, keep_text=False)
    with pytest.raises(InteropError):
        await export(AnswersFormat.FHIR, "out.ndjson")
    assert not (tmp_path / "out.ndjson").exists()


async def test_what_is_written_is_closed_to_others(put: Any, export: Any, full_interview: Interview) -> None:
    await put(full_interview)
    for format_ in (AnswersFormat.WIDE, AnswersFormat.JSONL, AnswersFormat.XLSX):
        path = await export(format_, format_.value)
        assert path.stat().st_mode & 0o077 == 0


async def test_no_more_than_a_page_is_read_ahead(
    put: Any, store: Store, every_item: Questionnaire, interview: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        await put(interview(every_item, {"pain": number}, call_id=f"call{number}"))
    read = 0
    select = store.select

    async def counted(query: Any) -> Any:
        nonlocal read
        rows = await select(query)
        read += len(rows)
        return rows

    monkeypatch.setattr(store, "select", counted)
    found = []
    async for file in read_calls(store, Selection(), page_calls=2):
        found.append(file.call.call_id)
        assert read <= 6 * (len(found) + 1) / 2 + 3  # two calls, their answers and states, a page at a time
    assert found == [f"call{number}" for number in range(7)]


def test_a_full_sheet_goes_on_in_another(
    tmp_path: Path, full_interview: Interview, every_item: Questionnaire
) -> None:
    contents = Contents([every_item], frozenset())
    book = excel.Workbooks(tmp_path / "out.xlsx", contents, Wanted(), max_rows=20)
    book.add(full_interview)
    book.close()
    sheets = [
        sheet for sheet in load_workbook(tmp_path / "out.xlsx") if sheet.title.startswith(excel.DETAILS)
    ]
    assert [sheet.max_row for sheet in sheets] == [20, 14]
    assert sheets[1].title == f"{excel.DETAILS} 2"


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short\n")
    with pytest.raises(InteropError, match="has 5 bytes; at least 16"):
        read_key(tmp_path / "key")
    with pytest.raises(InteropError, match="cannot be read"):
        read_key(tmp_path / "none")
