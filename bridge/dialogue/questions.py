"""The one place where the dialogue and the understanding meet: an item becomes a question, a text its meaning."""

from bridge.dialogue.context import CallContext
from bridge.dialogue.items import ChoiceItem, IntegerItem, NumberItem, OptionsItem, QuestionItem
from bridge.understanding import (
    Finding,
    Meaning,
    YesNoKind,
    read_choice,
    read_number,
    read_yes_no,
)

__all__ = ["read_answer", "read_reply"]


def read_answer(text: str, item: QuestionItem, context: CallContext) -> Meaning:
    """Read a text as an answer to `item`."""
    if isinstance(item, NumberItem | IntegerItem):
        return read_number(text, item.minimum, item.maximum)
    if isinstance(item, OptionsItem):
        return read_choice(text, {option.value: option.phrases for option in item.options})
    kind = getattr(item, "kind", None)
    return read_yes_no(text, kind) if kind is not None else Meaning(Finding.NOTHING, "unread")


def read_reply(text: str, kind: YesNoKind, context: CallContext) -> Meaning:
    """Read a text as a yes or a no to a question of our own."""
    return read_yes_no(text, kind)
