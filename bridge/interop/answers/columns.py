"""The columns of a table with one row a call: about the call, the answers in the order asked, the scores."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from bridge.dialogue.items import GroupItem, InfoItem, Item, QuestionItem
from bridge.dialogue.questionnaire import Questionnaire
from bridge.understanding import bare

__all__ = ["CALL_HEADINGS", "Column", "columns_of", "headings"]

# What is told about a call beside its answers; the headings are for readers of Arabic.
CALL_HEADINGS = {
    "call_id": "رقم المكالمة",
    "subject": "رمز الشخص",
    "questionnaire": "الاستبيان",
    "questionnaire_version": "إصدار الاستبيان",
    "questionnaire_hash": "بصمة الاستبيان",
    "questionnaire_status": "حالة الاستبيان",
    "provider": "المزوّد",
    "model": "نموذج التعرّف",
    "started_at": "بداية المكالمة (UTC)",
    "ended_at": "نهاية المكالمة (UTC)",
    "disposition": "نتيجة المكالمة",
}


class Column(Struct, frozen=True):
    """One question, in one round of its group; or one score."""

    name: str  # "pain", "pill#2"
    heading: str
    item: QuestionItem | None = None  # None: an answer to what no known version asks, or a score
    is_score: bool = False


def columns_of(versions: Sequence[Questionnaire], answered: Iterable[str]) -> list[Column]:
    """The columns for all these versions together, the latest version's order first."""
    there = set(answered)
    columns: dict[str, Column] = {}
    for questionnaire in reversed(versions):
        for column in _of_questionnaire(questionnaire, there):
            columns.setdefault(column.name, column)
    for name in sorted(there - columns.keys()):
        columns[name] = Column(name, name)
    for questionnaire in reversed(versions):
        for name in questionnaire.scores:
            columns.setdefault(f"score:{name}", Column(name, f"مجموع {name}", is_score=True))
    return list(columns.values())


def headings(columns: Sequence[Column]) -> list[str]:
    """What stands over each column for a reader: two questions of one text are told apart by their ids."""
    counted = [column.heading for column in columns]
    return [
        one.heading if counted.count(one.heading) == 1 else f"{one.heading} ({one.name})" for one in columns
    ]


def _of_questionnaire(questionnaire: Questionnaire, there: set[str]) -> Iterable[Column]:
    for item in questionnaire.items:
        yield from _of_item(item, there)


def _of_item(item: Item, there: set[str]) -> Iterable[Column]:
    if isinstance(item, GroupItem):
        yield from _of_group(item, there)
    elif not isinstance(item, InfoItem):
        yield Column(item.id, bare(item.ask[0]), item)


def _of_group(group: GroupItem, there: set[str]) -> Iterable[Column]:
    if group.repeat is None:
        for item in group.items:
            yield from _of_item(item, there)
        return
    for number in range(1, group.repeat.maximum + 1):
        for item in group.items:
            name = f"{item.id}#{number}"
            if not isinstance(item, InfoItem | GroupItem) and name in there:
                yield Column(name, f"{bare(item.ask[0])} ({number})", item)
