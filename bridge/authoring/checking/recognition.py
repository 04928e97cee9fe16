"""Words that are listened for and not in the recogniser's model, each where it is written. Pure."""

from collections.abc import Callable, Iterator, Mapping

from bridge.authoring.checking.overlaps import COMMANDS
from bridge.authoring.checking.remarks import Kind, Remark
from bridge.dialogue.dialects import Dialect
from bridge.dialogue.document import Path
from bridge.dialogue.item_checks import items_with_paths
from bridge.dialogue.items import Option, OptionsItem, ScaleItem
from bridge.dialogue.listening import vocabulary
from bridge.dialogue.questionnaire import Questionnaire
from bridge.understanding import bare

__all__ = ["unknown_words"]

Listed = Iterator[tuple[Path, str, str]]  # where it is written, whose it is, the phrase as it is listened for

_WORDS = ("yes", "no", "dont_know", "refuse")
_BESIDE = ("permission", "no_permission", "promise", "right", "wrong")
_NUMBERS = ("decimal_words", "pressure_words", "date_words", "time_words", "duration_words")


def unknown_words(
    questionnaire: Questionnaire,
    can_be_heard: Callable[[str], bool],
    is_own: Callable[[Path], bool] = lambda _: True,
) -> Iterator[Remark]:
    """Find phrases that this questionnaire listens for and that cannot be heard."""
    needed = vocabulary(questionnaire)
    for path, owner, phrase in (*_of_options(questionnaire, is_own), *_of_words(questionnaire)):
        if phrase in needed and not can_be_heard(phrase):
            text = f"the model does not know '{phrase}' ({owner}): whoever says it is not heard"
            yield Remark(Kind.UNKNOWN_WORD, path, f"{text}; take another word, or train the model with it")


def _of_options(questionnaire: Questionnaire, is_own: Callable[[Path], bool]) -> Listed:
    for path, item in items_with_paths(questionnaire.items):
        if not isinstance(item, OptionsItem):
            continue
        here: Path = (*path, "options")
        if isinstance(item, ScaleItem) and not is_own(here):
            here = ("scales", item.scale)
        for at, option in enumerate(item.options):
            yield from _of_option((*here, at), option, questionnaire.dialects)


def _of_option(path: Path, option: Option, dialects: tuple[Dialect, ...]) -> Listed:
    owner = f"option '{option.value}'"
    yield (*path, "say"), owner, bare(option.say)
    for variant, texts in option.variants.items():
        yield (*path, "variants", variant, "say"), f"{owner}, {variant}", bare(texts.say)
    for where, dialect, phrase in _by_dialect((*path, "accept"), option.accept):
        if dialect is Dialect.MSA or dialect in dialects:
            yield where, f"{owner}, {dialect}", bare(phrase)


def _of_words(questionnaire: Questionnaire) -> Listed:
    words = questionnaire.words
    for name in _WORDS:
        yield from _told(("words", name, "phrases"), name, getattr(words, name).phrases)
    for name in (*COMMANDS, *_BESIDE, *_NUMBERS):
        yield from _told(("words", name), name, getattr(words, name))
    for name, phrases in words.red_flags.by_kind.items():
        yield from _told(("words", "red_flags", name), name, phrases)
    for number, phrases in words.number_words.items():
        yield from _told(("words", "number_words", str(number)), str(number), phrases)


def _told(path: Path, name: str, phrases: Mapping[Dialect, tuple[str, ...]]) -> Listed:
    for where, dialect, phrase in _by_dialect(path, phrases):
        yield where, f"{name.replace('_', ' ')}, {dialect}", phrase


def _by_dialect(
    path: Path, phrases: Mapping[Dialect, tuple[str, ...]]
) -> Iterator[tuple[Path, Dialect, str]]:
    for dialect, listed in phrases.items():
        for at, phrase in enumerate(listed):
            yield (*path, dialect, at), dialect, phrase
