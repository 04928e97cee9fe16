"""Which warnings an author has accepted, with a reason beside the item; what is accepted in vain. Pure."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from bridge.authoring.checking.remarks import Kind, Remark
from bridge.dialogue.document import Path
from bridge.dialogue.item_checks import items_with_paths
from bridge.dialogue.questionnaire import Questionnaire

__all__ = ["FIELD", "Settled", "settle"]

FIELD = "accept_warnings"
# Whether these are said depends on the machine: its model, and what it has rendered.
_OF_THE_MACHINE = (Kind.UNKNOWN_WORD, Kind.UNRENDERED, Kind.LONG)


class Settled(Struct, frozen=True):
    """What is still to be looked at, and what was looked at and stays, with its reason."""

    remarks: list[Remark]
    accepted: list[tuple[Remark, str]]


def settle(questionnaire: Questionnaire, remarks: Iterable[Remark]) -> Settled:
    """Tell accepted remarks from the others.

    An item accepts what is said of itself, a group also what is said of its items, and the top of the file
    what is said of anything outside the items.
    """
    reasons = dict(_reasons(questionnaire))
    still, accepted, used = list[Remark](), list[tuple[Remark, str]](), set[tuple[Path, Kind]]()
    for remark in remarks:
        where = next((place for place in _places(remark.path) if (place, remark.kind) in reasons), None)
        if where is None:
            still.append(remark)
        else:
            used.add((where, remark.kind))
            accepted.append((remark, reasons[where, remark.kind]))
    return Settled([*still, *_unneeded(reasons.keys() - used)], accepted)


def _reasons(questionnaire: Questionnaire) -> Iterator[tuple[tuple[Path, Kind], str]]:
    for kind, reason in questionnaire.accept_warnings.items():
        yield ((), kind), reason
    for path, item in items_with_paths(questionnaire.items):
        for kind, reason in item.accept_warnings.items():
            yield (path, kind), reason


def _places(path: Path) -> Iterator[Path]:
    """Where a remark may be accepted: at its item, then at the groups around it; or at the top."""
    if path[:1] != ("items",):
        yield ()
        return
    ends = [at + 1 for at, part in enumerate(path) if isinstance(part, int) and path[at - 1] == "items"]
    yield from (path[:end] for end in reversed(ends))


def _unneeded(left: Iterable[tuple[Path, Kind]]) -> Iterator[Remark]:
    for path, kind in left:
        if kind not in _OF_THE_MACHINE:
            text = f"nothing of kind '{kind}' is said here any more; leave it out"
            yield Remark(Kind.UNNEEDED, (*path, FIELD, str(kind)), text)
