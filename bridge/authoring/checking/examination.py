"""Questionnaires looked at as a compiler would: every fault, or every warning and what they come to."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec.structs import replace

from bridge.authoring.checking.acceptance import settle
from bridge.authoring.checking.disclosure import remarks_on_disclosure
from bridge.authoring.checking.guards import Guards
from bridge.authoring.checking.overlaps import overlaps
from bridge.authoring.checking.paths import Ways, follow
from bridge.authoring.checking.recognition import unknown_words
from bridge.authoring.checking.remarks import Kind, Remark
from bridge.authoring.checking.report import Accepted, Facts, FileReport, Grammars, Report, Warned
from bridge.authoring.checking.surroundings import Surroundings
from bridge.authoring.checking.timing import Timing
from bridge.authoring.checking.wording import remarks_on_wording
from bridge.dialogue.document import Path as FieldPath
from bridge.dialogue.document import Problem
from bridge.dialogue.item_checks import items_with_paths
from bridge.dialogue.items import GroupItem, InfoItem, Item
from bridge.dialogue.listening import listen_for_item, vocabulary
from bridge.dialogue.loader import Located, load, load_located
from bridge.dialogue.prompts import prompt_texts
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import Fault, QuestionnaireError

__all__ = ["examine", "files_in", "survey"]


def files_in(paths: Iterable[Path]) -> list[Path]:
    """The files that are meant: of a folder, its *.yaml.

    Raises:
        QuestionnaireError: a folder holds none.

    """
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
        if not inside:
            raise QuestionnaireError(f"{path} holds no questionnaire; it should hold *.yaml files")
        found += inside
    return list(dict.fromkeys(found))


def examine(files: Iterable[Path], surroundings: Surroundings) -> Report:
    """Look at files one by one; what is true of the common content is said once, ids differ in a folder."""
    reports: list[FileReport] = []
    owners: dict[tuple[Path, str], Path] = {}
    told: set[Warned] = set()
    for file in files:
        try:
            located = load_located(file)
            _refuse_twin(located, file, owners)
        except QuestionnaireError as error:
            reports.append(FileReport(str(file), [_shown(fault, file) for fault in error.faults], []))
            continue
        report = _report(file, located, surroundings)
        fresh = [one for one in report.warnings if one not in told]
        told.update(fresh)
        reports.append(replace(report, warnings=fresh))
    return Report(reports)


def _refuse_twin(located: Located, file: Path, owners: dict[tuple[Path, str], Path]) -> None:
    name = located.questionnaire.id
    owner = owners.setdefault((file.resolve().parent, name), file)
    if owner != file:
        problem = Problem(("id",), f"'{name}' is the id of {owner.name} too; ids differ")
        raise QuestionnaireError.of([located.layers.fault(problem)])


def survey(files: Iterable[Path], surroundings: Surroundings) -> Report:
    """What the files come to, without a look for what could be better."""
    reports: list[FileReport] = []
    for file in files:
        try:
            look = _Look(load(file), surroundings)
        except QuestionnaireError as error:
            reports.append(FileReport(str(file), [_shown(fault, file) for fault in error.faults], []))
        else:
            reports.append(FileReport(str(file), [], [], look.facts()))
    return Report(reports)


class _Look:
    """One questionnaire, followed through and timed."""

    def __init__(self, questionnaire: Questionnaire, surroundings: Surroundings) -> None:
        self.questionnaire = questionnaire
        self.timing = Timing(questionnaire, surroundings.seconds_of, surroundings.words_per_minute)
        self.ways = follow(Guards(questionnaire), self.timing.of)
        self.prompts = prompt_texts([questionnaire])
        cache = surroundings.prompts
        self.missing = cache.missing(self.prompts) if cache else self.prompts

    def facts(self) -> Facts:
        questionnaire, whole, around = self.questionnaire, self.ways.whole, self.timing.around()
        return Facts(
            id=questionnaire.id,
            version=questionnaire.version,
            status=questionnaire.status,
            title=questionnaire.title,
            items=len(questionnaire.every_item),
            questions=len(questionnaire.questions),
            shortest=whole.least + around if whole else None,
            longest=whole.most + around if whole else None,
            most_turns=questionnaire.max_turns,
            grammars=_grammars(questionnaire),
            prompts=len(self.prompts),
            rendered=len(self.prompts) - len(self.missing),
        )


def _report(file: Path, located: Located, surroundings: Surroundings) -> FileReport:
    questionnaire = located.questionnaire
    look = _Look(questionnaire, surroundings)
    remarks = [
        *_unreached(questionnaire, look.ways),
        *overlaps(questionnaire),
        *unknown_words(questionnaire, surroundings.can_be_heard, located.layers.is_own),
        *remarks_on_wording(questionnaire, look.timing.spoken, located.layers.is_own),
        *remarks_on_disclosure(questionnaire, located.layers.is_own),
    ]
    if look.missing and surroundings.prompts and surroundings.is_served(file):
        remarks.append(_unrendered(questionnaire, len(look.missing), len(look.prompts)))
    settled = settle(questionnaire, remarks)
    warnings = {_warned(remark, located, file) for remark in settled.remarks}
    accepted = {Accepted(_warned(remark, located, file), reason) for remark, reason in settled.accepted}
    return FileReport(
        str(file),
        [],
        sorted(warnings, key=lambda one: _order(one, file)),
        look.facts(),
        sorted(accepted, key=lambda one: _order(one.warning, file)),
    )


def _order(warned: Warned, file: Path) -> tuple[bool, int, int, str]:
    return warned.file != str(file), warned.line, warned.column, warned.text


def _unreached(questionnaire: Questionnaire, ways: Ways) -> Iterator[Remark]:
    for path, item in _outermost_unreached(questionnaire.items, ways, ("items",)):
        if item.id not in ways.cut_off:
            text = "is never asked: its guard can never hold, whatever was answered before"
            yield Remark(
                Kind.UNREACHABLE, (*path, "when"), f"'{item.id}' {text}; change it, or leave the item out"
            )
            continue
        text = f"'{item.id}' and what follows are never reached: every call has ended before"
        yield Remark(Kind.UNREACHABLE, path, f"{text}; let some answers go on, or leave them out")
        break  # what follows is cut off too
    paths = {item.id: path for path, item in items_with_paths(questionnaire.items)}
    for item_id, at in sorted(ways.idle):
        text = "never acts: no answer makes it true, or a rule before it has ended the call"
        yield Remark(
            Kind.UNREACHABLE, (*paths[item_id], "on_answer", at), f"{text}; change it, or leave it out"
        )


def _outermost_unreached(
    items: tuple[Item, ...], ways: Ways, path: FieldPath
) -> Iterator[tuple[FieldPath, Item]]:
    for at, item in enumerate(items):
        here = (*path, at)
        if item.id not in ways.reached:
            yield here, item
        elif isinstance(item, GroupItem):
            yield from _outermost_unreached(item.items, ways, (*here, "items"))


def _unrendered(questionnaire: Questionnaire, missing: int, every: int) -> Remark:
    text = f"{missing} of {every} prompts are not rendered; run 'hatif render {questionnaire.id}'"
    return Remark(Kind.UNRENDERED, ("id",), text)


def _warned(remark: Remark, located: Located, file: Path) -> Warned:
    fault = _shown(located.layers.fault(Problem(remark.path, remark.text)), file)
    return Warned(fault.file, fault.line, fault.column, fault.field, fault.text, str(remark.kind))


def _shown(fault: Fault, file: Path) -> Fault:
    """The fault with its file's path as it was given, so that an editor finds it."""
    beside = file.parent / fault.file
    return replace(fault, file=str(beside)) if beside.exists() else fault


def _grammars(questionnaire: Questionnaire) -> Grammars:
    sizes = {
        item.id: len(listen_for_item(questionnaire, item, by_keypad=False).phrases)
        for item in questionnaire.every_item
        if not isinstance(item, InfoItem | GroupItem)
    }
    largest = max(sizes, key=lambda name: sizes[name], default="")
    return Grammars(
        smallest=min(sizes.values(), default=0),
        largest=sizes.get(largest, 0),
        largest_item=largest,
        whole=len(vocabulary(questionnaire)),
    )
