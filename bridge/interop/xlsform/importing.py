"""An XLSForm as a draft of ours: questions, choices, guards, constraints; in Arabic where it has Arabic."""

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bridge.interop.drafts import MAX_OPTIONS, MISSING_TEXT, Draft, Ids, option_losses, wording_losses
from bridge.interop.losses import Loss
from bridge.interop.xlsform.expressions import Question, UntranslatableError, bounds, translate
from bridge.interop.xlsform.workbook import Node, read_workbook, text_in_arabic
from bridge.understanding import bare

__all__ = ["import_form", "import_xlsform"]

ANOTHER = "هَلْ هُنَاكَ غَيْرُ ذٰلِك؟"  # "is there another?"
NOT_ALLOWED = "هٰذِهِ الْإِجَابَةُ غَيْرُ مَقْبُولَة."  # "this answer is not accepted"
MAX_ROUNDS = 20
MAX_NUMBER = 999_999
ASSUMED_MAXIMUM = 999
_SIMPLE: dict[str, Node] = {
    "integer": {"type": "integer"},
    "decimal": {"type": "number", "decimals": 2},
    "range": {"type": "number"},
    "text": {"type": "free_text"},
    "date": {"type": "date"},
    "dateTime": {"type": "date"},
    "time": {"type": "time"},
    "audio": {"type": "audio"},
    "note": {"type": "info"},
    "acknowledge": {"type": "yes_no", "kind": "promise"},
    "trigger": {"type": "yes_no", "kind": "promise"},
}
_SELECTS = {"select one": "choice", "select all that apply": "multi_choice"}
# What the form's device would have noted; a call notes its own beginning, end and caller.
_DEVICE = frozenset({"start", "end", "today", "deviceid", "username", "phonenumber", "email", "audit"})
_READ = frozenset(
    {"type", "name", "label", "hint", "bind", "choices", "children", "control", "parameters", "itemset"}
    | {"list_name", "default_language"}
)
_READ_BINDS = frozenset(
    {"required", "relevant", "constraint", "jr:constraintMsg", "calculate", "jr:requiredMsg"}
)
_YES, _NO = frozenset({"yes", "y", "true", "نعم"}), frozenset({"no", "n", "false", "لا"})
_PIPED = re.compile(r"\$\{\s*([^}\s]+)\s*\}")


def import_xlsform(path: Path, questionnaire_id: str | None = None) -> Draft:
    """Read a workbook and make a draft of it.

    Raises:
        InteropError: it is no XLSForm.

    """
    return import_form(read_workbook(path), questionnaire_id)


def import_form(form: Node, questionnaire_id: str | None = None) -> Draft:
    """Make a draft of a form that `read_workbook` has read."""
    return _Importer(form).draft(questionnaire_id)


class _Importer:
    def __init__(self, form: Node) -> None:
        self._form = form
        self._ids = Ids()
        self._questions: dict[str, Question] = {}
        self._computed: dict[str, str] = {}
        self._losses: list[Loss] = []

    def draft(self, questionnaire_id: str | None) -> Draft:
        items = self._items(self._form["children"])
        text = "ask for consent (type: consent), and who is speaking (type: identity), before anything else"
        self._losses.append(Loss("questionnaire", text))
        title = text_in_arabic(self._form.get("title")) or "استبيان"
        head: Node = {
            "format": 1,
            "id": questionnaire_id or Ids().give(str(self._form.get("id_string") or "form")),
            "version": str(self._form.get("version") or "1"),
            "title": title,
            "language": "ar",
            "status": "draft",
            "source": {"name": title, "licence": "unknown; ask the author before use"},
            "items": items,
        }
        return Draft(head | ({"computed": self._computed} if self._computed else {}), self._losses)

    def _lose(self, where: str, text: str) -> None:
        self._losses.append(Loss(where, text))

    def _items(self, nodes: Iterable[Node]) -> list[Node]:
        return [item for node in nodes for item in self._item(node)]

    def _item(self, node: Node) -> list[Node]:
        kind, name = str(node.get("type")), str(node.get("name"))
        if kind == "group" and node.get("control", {}).get("bodyless"):
            return []  # the form's own meta data, made up by the reader
        if kind in ("group", "repeat"):
            return self._group(name, node)
        if kind == "calculate":
            self._compute(name, node)
            return []
        if kind in _DEVICE:
            self._lose(name, f"'{kind}' is noted with every call anyway; it was left out")
            return []
        if kind not in _SIMPLE and kind not in _SELECTS:
            self._lose(name, f"a question of type '{kind}' cannot be asked by telephone; it was left out")
            return []
        return [self._question(name, node)]

    def _question(self, name: str, node: Node) -> Node:
        ours = self._ids.give(name)
        self._note_unread(ours, node)
        kind = str(node["type"])
        typed = self._select(ours, name, node) if kind in _SELECTS else dict(_SIMPLE[kind])
        self._questions.setdefault(name, Question(ours, typed["type"]))
        if kind == "dateTime":
            self._lose(ours, "asked for a day and a time; only the day is asked")
        bind: Mapping[str, Any] = node.get("bind", {})
        written = {"id": ours, **typed, **self._spoken(ours, node, typed["type"])}
        if typed["type"] in ("integer", "number"):
            written |= self._range(ours, node)
        if typed["type"] != "info":
            written |= self._required(ours, bind) | self._constraint(ours, name, node)
        return written | self._guard(ours, bind)

    def _note_unread(self, where: str, node: Node) -> None:
        unread = sorted(node.keys() - _READ) + sorted(node.get("bind", {}).keys() - _READ_BINDS)
        appearance = node.get("control", {}).get("appearance")
        for field in [*unread, *([f"appearance {appearance}"] if appearance else [])]:
            self._lose(where, f"'{field}' has no counterpart and was left out")

    def _spoken(self, where: str, node: Node, kind: str) -> Node:
        text, hint = text_in_arabic(node.get("label")), text_in_arabic(node.get("hint"))
        self._losses += wording_losses(where, text)
        text = self._piped(where, text or MISSING_TEXT)
        if kind == "info":
            return {"say": text}
        return {"ask": [text, self._piped(where, f"{text} {hint}")] if hint else text}

    def _piped(self, where: str, text: str) -> str:
        """Answers that a sentence repeats."""

        def ours(match: re.Match[str]) -> str:
            question = self._questions.get(match[1])
            if question is None:
                self._lose(where, f"repeats ${{{match[1]}}}, which is not asked before it; mend the sentence")
                return "…"
            return f"{{{question.id}}}"

        return _PIPED.sub(ours, text)

    # Choices

    def _select(self, ours: str, name: str, node: Node) -> Node:
        choices: list[Node] = node.get("choices") or []
        if _SELECTS[str(node["type"])] == "choice" and (yes_no := _yes_no(choices)):
            self._questions[name] = Question(ours, "yes_no", yes=yes_no[0], no=yes_no[1])
            return {"type": "yes_no", "kind": "fact"}
        if not 1 < len(choices) <= MAX_OPTIONS:
            where = f" (list {node.get('itemset')})" if not choices else ""
            text = f"has {len(choices)} choices{where}; between 2 and {MAX_OPTIONS} can be asked"
            self._lose(ours, f"{text}, so it became free text")
            return {"type": "free_text"}
        ids = Ids()
        options = [
            {
                "value": ids.give(str(choice["name"]), "option"),
                "say": text_in_arabic(choice.get("label")) or str(choice["name"]),
                "key": str(number),
            }
            for number, choice in enumerate(choices, 1)
        ]
        self._losses += option_losses(ours, options)
        kind = _SELECTS[str(node["type"])]
        named = {str(choice["name"]): str(ids.of(str(choice["name"]))) for choice in choices}
        self._questions[name] = Question(ours, kind, named)
        return {"type": kind, "options": options}

    # What is in `bind`

    def _required(self, where: str, bind: Mapping[str, Any]) -> Node:
        required = str(bind.get("required", "")).strip().lower()
        if required in ("", "no", "false", "false()"):
            return {"required": False}
        if required not in ("yes", "true", "true()"):
            self._lose(where, f"is required only where {required}; it is required always")
        return {}

    def _range(self, where: str, node: Node) -> Node:
        parameters = node.get("parameters") or {}
        found = bounds(str(node.get("bind", {}).get("constraint", "")))
        low, high = found or (None, None)
        if node["type"] == "range":
            low, high = float(parameters.get("start", 0)), float(parameters.get("end", 10))
        if low is None or high is None:
            self._lose(where, f"has no full range; 0 to {ASSUMED_MAXIMUM} stands in for what is missing")
        wished = (0.0 if low is None else low, float(ASSUMED_MAXIMUM) if high is None else high)
        fitting = (max(0, math.floor(wished[0])), min(MAX_NUMBER, max(0, math.ceil(wished[1]))))
        if fitting != wished:
            self._lose(where, f"its range {wished[0]:g} to {wished[1]:g} became {fitting[0]} to {fitting[1]}")
        return {"minimum": fitting[0], "maximum": fitting[1]}

    def _constraint(self, where: str, name: str, node: Node) -> Node:
        bind: Mapping[str, Any] = node.get("bind", {})
        constraint = bind.get("constraint")
        is_number = node["type"] in ("integer", "decimal", "range")
        said = text_in_arabic(bind.get("jr:constraintMsg"))
        if not constraint:
            return {}
        if is_number and bounds(str(constraint)) is not None:
            return {"out_of_range": said} if said else {}
        try:
            require = translate(str(constraint), self._questions, own=name)
        except UntranslatableError as error:
            self._lose(where, f"its constraint needs {error}; write it under constraints: {constraint}")
            return {}
        return {"constraints": [{"require": require, "say": said or NOT_ALLOWED}]}

    def _guard(self, where: str, bind: Mapping[str, Any]) -> Node:
        relevant = bind.get("relevant")
        if not relevant:
            return {}
        try:
            return {"when": translate(str(relevant), self._questions)}
        except UntranslatableError as error:
            self._lose(where, f"its guard needs {error}; write it as 'when': {relevant}")
            return {}

    def _compute(self, name: str, node: Node) -> None:
        ours = self._ids.give(name)
        formula = str(node.get("bind", {}).get("calculate", ""))
        try:
            self._computed[ours] = translate(formula, self._questions, is_number=True)
        except UntranslatableError as error:
            self._lose(ours, f"its formula needs {error}; write it under computed: {formula}")
            return
        self._questions[name] = Question(ours, "computed")

    # Groups

    def _group(self, name: str, node: Node) -> list[Node]:
        ours = self._ids.give(name)
        title = text_in_arabic(node.get("label"))
        guard = self._guard(ours, node.get("bind", {}))
        repeat = self._count(ours, node) if node["type"] == "repeat" else {}
        inside = self._items(node.get("children", ()))
        if not inside:
            self._lose(ours, "holds nothing that can be asked; it was left out")
            return []
        written: Node = {"id": ours, "type": "group"} | ({"title": title} if title else {}) | guard
        if node["type"] != "repeat":
            return [written | {"items": inside}]
        flat = [one for inner in inside for one in (inner["items"] if inner["type"] == "group" else [inner])]
        if len(flat) != len(inside):
            self._lose(ours, "groups inside a repeated group were dissolved")
        if not repeat:
            another = self._ids.give(f"{name}_another")
            flat.append({"id": another, "type": "yes_no", "kind": "fact", "ask": ANOTHER})
            self._lose(ours, f"'{another}' was added: it asks whether there is another round")
            repeat = {"again": another}
        return [written | {"repeat": repeat | {"maximum": MAX_ROUNDS}, "items": flat}]

    def _count(self, where: str, node: Node) -> Node:
        count = node.get("control", {}).get("jr:count")
        if not count:
            return {}
        try:
            return {"count": translate(str(count), self._questions, is_number=True)}
        except UntranslatableError as error:
            self._lose(where, f"its number of rounds needs {error}; write it as repeat.count: {count}")
            return {}


def _yes_no(choices: list[Node]) -> tuple[frozenset[str], frozenset[str]] | None:
    """The choice names that mean yes and no, where these are the two choices."""
    means: dict[bool, set[str]] = {True: set(), False: set()}
    for choice in choices:
        words = {str(choice["name"]).lower(), bare(text_in_arabic(choice.get("label")) or "").lower()}
        if words & _YES:
            means[True].add(str(choice["name"]))
        elif words & _NO:
            means[False].add(str(choice["name"]))
    if len(choices) != 2 or not (means[True] and means[False]):  # noqa: PLR2004 - yes and no
        return None
    return frozenset(means[True]), frozenset(means[False])
