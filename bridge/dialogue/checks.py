"""What is wrong with a questionnaire beyond missing and misspelt fields. Pure; it never raises."""

from collections import Counter
from collections.abc import Iterator

from bridge.dialogue.document import Path, Problem
from bridge.dialogue.evaluation import FUNCTIONS, REFERENCE_FUNCTIONS
from bridge.dialogue.expression_checks import Scope, Type, check_expression
from bridge.dialogue.hints import did_you_mean
from bridge.dialogue.item_checks import check_escalation, check_items, check_rules, items_with_paths
from bridge.dialogue.items import (
    ConsentItem,
    GroupItem,
    IdentityItem,
    InfoItem,
    LanguageItem,
    OptionsItem,
    QuestionItem,
)
from bridge.dialogue.questionnaire import Closing, Prompts, Questionnaire
from bridge.dialogue.scopes import is_repeated, scope_at, whole_scope
from bridge.dialogue.text_checks import all_texts, check_letters, check_placeholders
from bridge.dialogue.word_checks import check_words

__all__ = ["SELF_HARM_CODES", "check"]

MIN_TURNS_PER_ITEM = 3  # a question, a second try and a read-back
# Items that ask about self-harm whoever wrote them down: LOINC for item 9 of the PHQ-9.
SELF_HARM_CODES = frozenset({"44260-8"})
_SPOKEN_FIELDS = ("ask", "readback", "keypad", "no_match", "no_input", "out_of_range", "say")
_RESERVED = frozenset({"value", "call", "patient", "site", "and", "or", "not", "in", "true", "false"})


def check(questionnaire: Questionnaire) -> list[Problem]:
    """Find everything that is wrong with a questionnaire whose fields are all there."""
    return [
        *_ids(questionnaire),
        *_dialects(questionnaire),
        *_order(questionnaire),
        *_turns(questionnaire),
        *_confirmable(questionnaire),
        *check_words(questionnaire.words),
        *_texts(questionnaire),
        *check_items(questionnaire),
        *_values(questionnaire),
        *_scores(questionnaire),
        *_variants(questionnaire),
        *_safety(questionnaire),
    ]


def _ids(questionnaire: Questionnaire) -> Iterator[Problem]:
    named = [*questionnaire.computed, *questionnaire.scores]
    counted = Counter([*(item.id for item in questionnaire.every_item), *named])
    for path, item in items_with_paths(questionnaire.items):
        if counted[item.id] > 1:
            yield Problem((*path, "id"), f"'{item.id}' is the id of {counted[item.id]} items; ids differ")
        if item.id in _RESERVED or item.id in FUNCTIONS or item.id in REFERENCE_FUNCTIONS:
            yield Problem((*path, "id"), f"'{item.id}' is a word of the expression language; choose another")


def _dialects(questionnaire: Questionnaire) -> Iterator[Problem]:
    if len(set(questionnaire.dialects)) < len(questionnaire.dialects):
        yield Problem(("dialects",), "names one dialect twice; keep one of the two")


def _order(questionnaire: Questionnaire) -> Iterator[Problem]:
    """Whom we speak to, and whether we may ask, come before anything that is the patient's own business."""
    allowed: tuple[type, ...] = (LanguageItem, IdentityItem, ConsentItem, InfoItem)
    for path, item in items_with_paths(questionnaire.items):
        if isinstance(item, IdentityItem) and IdentityItem not in allowed:
            yield Problem((*path, "type"), "identity is asked before anything else; make it the first item")
        if isinstance(item, ConsentItem) and item.purpose == "questions" and ConsentItem not in allowed:
            yield Problem(
                (*path, "type"), "consent is asked once, before anything else; make it the first item"
            )
        identities = [one.id for one in questionnaire.questions if isinstance(one, IdentityItem)]
        if isinstance(item, InfoItem) and _comes_before(questionnaire, item.id, identities):
            yield Problem((*path, "type"), "nothing is told before the identity is known; put it behind")
        allowed = _still_allowed(allowed, item)


def _still_allowed(allowed: tuple[type, ...], item: object) -> tuple[type, ...]:
    if isinstance(item, LanguageItem | IdentityItem):  # who it is may be asked in two ways
        return allowed
    return (InfoItem,) if not isinstance(item, InfoItem) else allowed


def _asks_to_record(questionnaire: Questionnaire, item_id: str) -> bool:
    """Whether the caller has been asked for a recording before this item."""
    for item in questionnaire.every_item:
        if item.id == item_id:
            break
        if isinstance(item, ConsentItem) and item.purpose == "recording":
            return True
    return False


def _comes_before(questionnaire: Questionnaire, item_id: str, others: list[str]) -> bool:
    """Whether an item stands before one of these."""
    ids = [item.id for item in questionnaire.every_item]
    return any(ids.index(item_id) < ids.index(other) for other in others)


def _turns(questionnaire: Questionnaire) -> Iterator[Problem]:
    asked = questionnaire.most_questions
    least = MIN_TURNS_PER_ITEM * asked
    if questionnaire.max_turns < least:
        text = f"{questionnaire.max_turns} turns are too few for {asked} items"
        yield Problem(("limits", "turns"), f"{text}; at least {least}")


def _confirmable(questionnaire: Questionnaire) -> Iterator[Problem]:
    spoken, count = questionnaire.hearing.spoken_maximum, len(questionnaire.words.numbers)
    needed = min(spoken, 99) + 1  # hundreds have words of their own
    if count < needed:
        text = f"{count} words, but hearing.spoken_maximum is {spoken}; {needed} are needed"
        yield Problem(("words", "numbers"), text)


def _texts(questionnaire: Questionnaire) -> Iterator[Problem]:
    blocks = {"items", "prompts", "closing", "words", "escalations", "variants"}
    everywhere = [name for name in whole_scope(questionnaire).known if "." in name]
    for path, text in all_texts((), questionnaire.model_dump(include=blocks)):
        yield from check_letters(path, text)
        if path[0] in ("prompts", "closing", "escalations", "variants"):
            yield from check_placeholders(path, text, everywhere)
    for path, item in items_with_paths(questionnaire.items):
        known = scope_at(questionnaire, item.id).known
        own = {name: getattr(item, name) for name in _SPOKEN_FIELDS if hasattr(item, name)}
        own["variants"] = {
            name: texts.model_dump(exclude_none=True) for name, texts in getattr(item, "variants", {}).items()
        }
        for inner, text in all_texts(path, own):
            yield from check_placeholders(inner, text, known)


def _values(questionnaire: Questionnaire) -> Iterator[Problem]:
    """Computed values and rules over all answers."""
    scope = whole_scope(questionnaire)
    for at, (name, text) in enumerate(questionnaire.computed.items()):
        later = set(list(questionnaire.computed)[at:])  # one value may be computed from those before it
        known = {one: kind for one, kind in scope.known.items() if one not in later}
        fault = check_expression(text, Scope(known, scope.later, scope.options), Type.ANY)
        if fault is not None:
            yield Problem(("computed", name), f"column {fault.column}: {fault.text}")
    yield from check_rules(("rules",), questionnaire.rules, scope, set(questionnaire.escalations))


def _scores(questionnaire: Questionnaire) -> Iterator[Problem]:
    for name, score in questionnaire.scores.items():
        path: Path = ("scores", name)
        for at, item_id in enumerate(score.items):
            if not _counts(questionnaire.item(item_id)) or is_repeated(questionnaire, item_id):
                text = f"'{item_id}' is no item that counts: a number, or with ordinals"
                known = [item.id for item in questionnaire.questions if _counts(item)]
                yield Problem((*path, "items", at), text + did_you_mean(item_id, known))
        ends = [band.minimum for band in score.bands]
        if ends != sorted(set(ends)):
            yield Problem((*path, "bands"), "bands begin one above the other; put the lowest first")


def _counts(item: object) -> bool:
    if isinstance(item, OptionsItem):
        return all(option.ordinal is not None for option in item.options)
    return item is not None and not isinstance(item, InfoItem | GroupItem)


def _variants(questionnaire: Questionnaire) -> Iterator[Problem]:
    for variant, texts in questionnaire.variants.items():
        for block, known in (("prompts", Prompts.model_fields), ("closing", Closing.model_fields)):
            for name in getattr(texts, block):
                if name not in known:
                    text = f"no sentence '{name}'{did_you_mean(name, known)}"
                    yield Problem(("variants", variant, block, name), text)


def _safety(questionnaire: Questionnaire) -> Iterator[Problem]:
    """An item about self-harm leads to a person, or the questionnaire is refused."""
    for path, item in items_with_paths(questionnaire.items):
        if isinstance(item, InfoItem | GroupItem):
            continue
        if item.safety is None and _asks_about_self_harm(item):
            yield Problem(path, "asks about self-harm; it needs 'safety: self_harm' and an escalation")
        if getattr(item, "keep_audio", False) and not _asks_to_record(questionnaire, item.id):
            yield Problem(path, "keeps sound; ask for it before, with a consent of 'purpose: recording'")
        if item.safety is not None:
            yield from _safe(item, questionnaire)
    for kind, name in questionnaire.red_flags.items():
        known = set(questionnaire.escalations)
        if kind not in questionnaire.words.red_flags.by_kind:
            kinds = ", ".join(questionnaire.words.red_flags.by_kind)
            text = f"no such words of danger{did_you_mean(kind, questionnaire.words.red_flags.by_kind)}"
            yield Problem(("red_flags", kind), f"{text}; one of {kinds}")
        yield from check_escalation(("red_flags", kind), name, known, "words of danger")


def _safe(item: QuestionItem, questionnaire: Questionnaire) -> Iterator[Problem]:
    escalation = questionnaire.escalations.get(item.escalation or "")
    if escalation is not None and escalation.transfer is None:
        text = "has no 'transfer': an item about self-harm needs a crisis target"
        yield Problem(("escalations", str(item.escalation)), text)


def _asks_about_self_harm(item: QuestionItem) -> bool:
    return any(code.system == "loinc" and code.code in SELF_HARM_CODES for code in item.codes)
