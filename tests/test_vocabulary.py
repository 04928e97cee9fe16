"""Whatever a shipped questionnaire waits for can be said in the recogniser's words, in each of its dialects.

Asked of the model that `hatif serve` uses by default, and of the recipe that the model is made from.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from shipped import NAMES

from bridge.config import load_settings
from bridge.content import DEFAULT_CONFIG
from bridge.dialogue.dialects import Dialect, Phrases, phrases_in
from bridge.dialogue.listening import vocabulary
from bridge.dialogue.number_phrases import number_phrases
from bridge.dialogue.questionnaire import NUMBERS_WITH_WORDS, ChoiceItem, Questionnaire
from bridge.speech.vosk.model import UNKNOWN_WORD, ModelSummary, check_model

RECIPE = Path(__file__).parents[1] / "training" / "words.tsv"
every = pytest.mark.parametrize("questionnaire", NAMES, indirect=True)


def default_model() -> ModelSummary:
    """What is used where the configuration says nothing else."""
    return check_model(load_settings(DEFAULT_CONFIG).recogniser.model)


def recipe() -> ModelSummary:
    """The words of the model that the recipe makes."""
    with RECIPE.open(encoding="utf-8", newline="") as lines:
        words = [line["spelling"] for line in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]
    return ModelSummary("recipe", "recipe", frozenset((*words, UNKNOWN_WORD)), 0, supports_grammar=True)


@pytest.fixture(scope="module", params=[default_model, recipe])
def model(request: pytest.FixtureRequest) -> ModelSummary:
    """Both, one after the other."""
    describe: Callable[[], ModelSummary] = request.param
    return describe()


def commands(questionnaire: Questionnaire) -> Iterator[tuple[str, Phrases]]:
    """Everything that is listened for beside options and numbers."""
    words = questionnaire.words
    for name in ("yes", "no", "dont_know", "refuse"):
        yield name, getattr(words, name).phrases
    for name in (
        "permission",
        "no_permission",
        "right",
        "wrong",
        "repeat",
        "slower",
        "wait",
        "stop",
        "person",
        "back",
        "callback",
        "do_not_call",
        "wrong_person",
    ):
        yield name, getattr(words, name)
    for kind, phrases in words.red_flags.by_kind.items():
        yield f"red flag {kind}", phrases


def options(questionnaire: Questionnaire, dialect: Dialect) -> Iterator[tuple[str, tuple[str, ...]]]:
    for item in questionnaire.items:
        for option in item.options if isinstance(item, ChoiceItem) else ():
            yield f"{item.id} {option.value}", option.phrases_in([dialect])


def dialects(questionnaire: Questionnaire) -> list[Dialect]:
    """The standard, and those that it declares."""
    return list(dict.fromkeys((Dialect.MSA, *questionnaire.dialects)))


def unsayable(model: ModelSummary, questionnaire: Questionnaire, dialect: Dialect) -> dict[str, list[str]]:
    """What the model cannot hear of all that may be said, by what it is said for."""
    numbers = number_phrases(questionnaire.words.number_words, [dialect], 0, max(NUMBERS_WITH_WORDS) + 99)
    said = {
        **{name: phrases_in(phrases, [dialect]) for name, phrases in commands(questionnaire)},
        **dict(options(questionnaire, dialect)),
        "numbers": numbers,
    }
    lacking = {name: [one for one in phrases if model.spell(one) is None] for name, phrases in said.items()}
    return {name: phrases for name, phrases in lacking.items() if phrases}


@every
def test_everything_can_be_said(model: ModelSummary, questionnaire: Questionnaire) -> None:
    """Each phrase of each option, command, red flag and number, word for word, in each dialect."""
    found = {dialect: unsayable(model, questionnaire, dialect) for dialect in dialects(questionnaire)}
    assert {dialect: phrases for dialect, phrases in found.items() if phrases} == {}


@every
def test_nothing_else_is_listened_for(model: ModelSummary, questionnaire: Questionnaire) -> None:
    """The grammars hold no phrase that was forgotten above."""
    assert [phrase for phrase in sorted(vocabulary(questionnaire)) if model.spell(phrase) is None] == []


@every
def test_every_command_has_words_in_every_dialect(questionnaire: Questionnaire) -> None:
    """A list for everyone will do; a block by dialect leaves none of the declared ones out."""
    silent = [
        (name, dialect)
        for dialect in dialects(questionnaire)
        for name, said in commands(questionnaire)
        if len(said) > 1 and dialect not in said
    ]
    assert silent == []


def test_the_model_can_say_that_it_knows_none_of_the_words() -> None:
    """Without an unknown word, whatever is said would be taken for one of the phrases."""
    assert UNKNOWN_WORD in default_model().words
