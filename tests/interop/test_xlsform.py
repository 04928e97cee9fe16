"""XLSForms become drafts: types, choices, guards, constraints, Arabic where there is Arabic."""

from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from bridge.interop.drafts import as_yaml
from bridge.interop.files import read_foreign
from bridge.interop.losses import InteropError
from bridge.interop.xlsform.expressions import Question, UntranslatableError, bounds, translate

COLUMNS = [
    *(
        "type",
        "name",
        "label::English (en)",
        "label::Arabic (ar)",
        "hint::Arabic (ar)",
        "required",
        "relevant",
    ),
    *("constraint", "constraint_message::Arabic (ar)", "calculation", "repeat_count", "appearance"),
]
SURVEY: list[dict[str, str]] = [
    {"type": "start", "name": "start"},
    {"type": "note", "name": "welcome", "label::Arabic (ar)": "مرحبا بكم"},
    {"type": "select_one yn", "name": "Fever", "label::Arabic (ar)": "هل عندكم حمى؟", "required": "yes"},
    {
        "type": "decimal",
        "name": "temp",
        "label::Arabic (ar)": "كم الحرارة؟",
        "hint::Arabic (ar)": "بالدرجة المئوية",
        "relevant": "${Fever} = 'yes'",
        "constraint": ". >= 34 and . <= 43",
        "constraint_message::Arabic (ar)": "بين ٣٤ و٤٣",
    },
    {"type": "begin_group", "name": "health", "label::Arabic (ar)": "الصحة"},
    {"type": "select_multiple signs", "name": "signs", "label::Arabic (ar)": "ما الأعراض؟"},
    {
        "type": "select_one feel",
        "name": "feel",
        "label::Arabic (ar)": "كيف الحال؟",
        "relevant": "selected(${signs}, 'cough') or ${temp} > 38",
    },
    {"type": "end_group"},
    {"type": "integer", "name": "visits", "label::Arabic (ar)": "كم زيارة؟", "constraint": ". > 0"},
    {"type": "begin_repeat", "name": "visit", "label::Arabic (ar)": "زيارة", "repeat_count": "${visits}"},
    {"type": "date", "name": "day", "label::Arabic (ar)": "متى؟", "constraint": ". <= today()"},
    {"type": "end_repeat"},
    {"type": "calculate", "name": "twice", "calculation": "${visits} * 2"},
    {
        "type": "text",
        "name": "note",
        "label::Arabic (ar)": "قلتم ${visits}. هل من شيء آخر؟",
        "relevant": "regex(${temp}, '.*')",
        "appearance": "multiline",
    },
    {"type": "geopoint", "name": "place", "label::Arabic (ar)": "أين؟"},
    {"type": "text", "name": "english", "label::English (en)": "Anything else?"},
]
CHOICES = [
    ["list_name", "name", "label::English (en)", "label::Arabic (ar)"],
    *(["yn", "yes", "Yes", "نعم"], ["yn", "no", "No", "لا"]),
    *(["signs", "cough", "Cough", "سعال"], ["signs", "headache", "Headache", "صداع"]),
    *(["feel", "1", "Good", "جيد"], ["feel", "2", "Bad", "سيئ"]),
]


@pytest.fixture
def form(tmp_path: Path) -> Path:
    book = Workbook()
    survey = book.active
    assert survey is not None
    survey.title = "survey"
    survey.append(COLUMNS)
    for row in SURVEY:
        survey.append([row.get(column) for column in COLUMNS])
    choices = book.create_sheet("choices")
    for choice in CHOICES:
        choices.append(choice)
    settings = book.create_sheet("settings")
    settings.append(["form_title", "form_id", "version"])
    settings.append(["زيارات", "Home Visits", "2026-1"])
    path = tmp_path / "form.xlsx"
    book.save(path)
    return path


def test_a_form_becomes_a_draft_that_loads(form: Path, build: Any) -> None:
    questionnaire = build(as_yaml(read_foreign(form, None), form.name))
    assert (questionnaire.id, questionnaire.version, questionnaire.title) == (
        "home_visits",
        "2026-1",
        "زيارات",
    )
    items = {item.id: item for item in questionnaire.every_item}
    assert {name: item.type for name, item in items.items()} == {
        "welcome": "info",
        "fever": "yes_no",
        "temp": "number",
        "health": "group",
        "signs": "multi_choice",
        "feel": "choice",
        "visits": "integer",
        "visit": "group",
        "day": "date",
        "note": "free_text",
        "english": "free_text",
    }
    assert items["temp"].when == "fever"
    assert (items["temp"].minimum, items["temp"].maximum, items["temp"].decimals) == (34, 43, 2)
    assert items["temp"].ask == ("كم الحرارة؟", "كم الحرارة؟ بالدرجة المئوية")
    assert items["temp"].out_of_range == "بين ٣٤ و٤٣"
    assert items["feel"].when == '"cough" in signs or temp > 38'
    assert [(one.value, one.say) for one in items["signs"].options] == [
        ("cough", "سعال"),
        ("headache", "صداع"),
    ]
    assert [one.value for one in items["feel"].options] == ["option_1", "option_2"]
    assert items["visit"].repeat.count == "visits"
    assert items["day"].constraints[0].require == "value <= call.today"
    assert items["note"].ask == ("قلتم {visits}. هل من شيء آخر؟",)
    assert questionnaire.computed == {"twice": "visits * 2"}
    assert items["fever"].required
    assert not items["signs"].required


def test_what_did_not_fit_is_named(form: Path) -> None:
    text = as_yaml(read_foreign(form, "mine"), form.name)
    assert "id: mine" in text
    for expected in (
        "start: 'start' is noted with every call anyway; it was left out",
        "place: a question of type 'geopoint' cannot be asked by telephone; it was left out",
        "note: its guard needs regex(); write it as 'when': regex(${temp}, '.*')",
        "note: 'appearance multiline' has no counterpart and was left out",
        "visits: has no full range",
        "english: is not in Arabic; translate it",
    ):
        assert f"# TODO {expected}" in text


QUESTIONS = {
    "fever": Question("fever", "yes_no", yes=frozenset({"yes", "1"}), no=frozenset({"no", "0"})),
    "Signs": Question("signs", "multi_choice", {"cough": "cough", "2": "option_2"}),
    "feel": Question("feel", "choice", {"1": "option_1"}),
    "pain": Question("pain", "integer"),
    "day": Question("day", "date"),
}


@pytest.mark.parametrize(
    ("written", "ours"),
    [
        ("${fever} = 'yes'", "fever"),
        ('${fever} = "no"', "not fever"),
        ("${fever} != 'yes'", "not fever"),
        ("'yes' = ${fever}", "fever"),
        ("selected(${fever}, '1')", "fever"),
        ("selected(${Signs}, '2')", '"option_2" in signs'),
        ("not(selected(${Signs}, 'cough'))", 'not ("cough" in signs)'),
        ("${feel} = '1' and ${pain}>=5", 'feel == "option_1" and pain >= 5'),
        ("(${pain} > 3 or ${pain} = 1) and ${fever} = 'yes'", "(pain > 3 or pain == 1) and fever"),
        ("5 < ${pain}", "pain > 5"),
        ("${pain} != ''", "answered(pain)"),
        ("${day} = ''", "not answered(day)"),
        ("${day} <= today()", "day <= call.today"),
        ("${day} > '2026-01-01'", 'day > "2026-01-01"'),
        ("count-selected(${Signs}) > 1", "count(signs) > 1"),
        ("${pain} div 2 + 1 > 3", "pain / 2 + 1 > 3"),
        ("true()", "true"),
        ("-1 < ${pain}", "pain > -1"),
    ],
)
def test_expressions_are_translated(written: str, ours: str) -> None:
    assert translate(written, QUESTIONS) == ours


@pytest.mark.parametrize(
    ("written", "cause"),
    [
        ("regex(${pain}, 'x')", r"regex\(\)"),
        ("${gone} = 1", r"\$\{gone\}, which was not carried over"),
        ("${feel} = 'x'", "the choice 'x'"),
        ("${pain} >", "ends too early"),
        ("${pain} > 1)", r"'\)'"),
        ("${pain} # 1", "'# 1'"),
        ("if(${pain} > 1, 2, 3)", r"if\(\)"),
        ("(" * 50 + "1" + ")" * 50, "nested deeper"),
        ("", "ends too early"),
    ],
)
def test_what_cannot_be_said_is_named(written: str, cause: str) -> None:
    with pytest.raises(UntranslatableError, match=cause):
        translate(written, QUESTIONS)


@pytest.mark.parametrize(
    ("constraint", "found"),
    [
        (". >= 0 and . <= 10", (0, 10)),
        (".<=5", (None, 5)),
        (". > 0", None),
        (". >= ${pain}", None),
        (". >= -2.5 and . <= 3", (-2.5, 3)),
    ],
)
def test_bounds(constraint: str, found: Any) -> None:
    assert bounds(constraint) == found


def test_a_workbook_that_is_no_form_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "budget.xlsx"
    Workbook().save(path)
    with pytest.raises(InteropError, match=r"budget.xlsx is no sound XLSForm: ") as refused:
        read_foreign(path, None)
    assert "\n" not in str(refused.value)
