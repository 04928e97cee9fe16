"""Where the dialogue and the understanding meet: an item becomes a question, and a text its meaning."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from bridge.dialogue.dialects import Dialect
from bridge.dialogue.items import (
    BloodPressureItem,
    DateItem,
    DigitsItem,
    DurationItem,
    GlucoseItem,
    IdentityItem,
    IntegerItem,
    MultiChoiceItem,
    NumberItem,
    OptionsItem,
    PhoneItem,
    QuestionItem,
    ScaleItem,
    TemperatureItem,
    TimeItem,
    WeightItem,
)
from bridge.understanding import Context, Finding, Meaning, normalise, read_command, understand
from bridge.understanding.questions import (
    AskBloodPressure,
    AskChoice,
    AskDate,
    AskDigits,
    AskDuration,
    AskGlucose,
    AskMultiChoice,
    AskNumber,
    AskPhone,
    AskScale,
    AskTemperature,
    AskText,
    AskTime,
    AskWeight,
    AskYesNo,
    Period,
    Question,
)

__all__ = ["meaning_of", "question_for", "read_ahead"]

DOUBTED = 0.5  # how surely words mean what they were taken for, where they mean something else as well
_ANYTHING = "كل يوم تقريبا"  # words that every kind of question has to look up
SECRET_DIGITS = {"birth_year": (4, 4), "code": (1, 20)}


def question_for(item: QuestionItem) -> Question:
    """What an item asks, as far as understanding needs to know it."""
    if isinstance(item, OptionsItem):
        return _question_of_options(item)
    if isinstance(item, IdentityItem) and item.factor != "name":
        return AskDigits(*SECRET_DIGITS[item.factor])
    kind = getattr(item, "kind", None)
    return AskYesNo(kind) if kind is not None else _question_of_value(item)


def _question_of_options(item: OptionsItem) -> Question:
    phrases: Mapping[str, Sequence[str]] = {
        option.value: option.phrases_in(Dialect) for option in item.options
    }
    if isinstance(item, MultiChoiceItem):
        return AskMultiChoice(phrases, item.none_of)
    return AskScale(item.scale, phrases) if isinstance(item, ScaleItem) else AskChoice(phrases)


def _question_of_value(item: QuestionItem) -> Question:
    match item:
        case NumberItem() | IntegerItem():
            return AskNumber(item.minimum, item.maximum, item.decimals)
        case TemperatureItem():
            return AskTemperature(item.minimum, item.maximum)
        case GlucoseItem():
            return AskGlucose(item.unit, item.minimum, item.maximum)
        case WeightItem():
            return AskWeight(item.minimum, item.maximum)
        case BloodPressureItem():
            return AskBloodPressure(item.systolic, item.diastolic)
        case _:
            return _question_of_words(item)


def _question_of_words(item: QuestionItem) -> Question:
    match item:
        case DigitsItem():
            return AskDigits(item.min_length, item.max_length)
        case DateItem():
            return AskDate(Period(item.period))
        case TimeItem():
            return AskTime()
        case DurationItem():
            return AskDuration()
        case PhoneItem():
            return AskPhone(item.region)
        case _:
            return AskText()


def meaning_of(text: str, question: Question, context: Context | None = None) -> Meaning:
    """Find what a text means: words of danger, an answer to the question, or a command."""
    context = context or Context()
    meaning = understand(text, question, context)
    if isinstance(question, AskChoice | AskMultiChoice) and meaning.finding is Finding.VALUE:
        return _unless_wished(meaning, text, question, context)
    return meaning


def _unless_wished(
    answer: Meaning, text: str, question: AskChoice | AskMultiChoice, context: Context
) -> Meaning:
    """The answer, unless all of it is a wish as well: "once more", "nobody of that name here".

    An option that was only recognised by a synonym gives way. One that was named in the author's own words,
    as by "a little, a little", which also means "slowly", stays and is read back.
    """
    wish = read_command(text, context)
    if wish is None or wish.doubtful or not wish.rule.startswith("command_phrase"):
        return answer
    listed = {word for phrases in question.options.values() for one in phrases for word in _words(one)}
    if not listed.issuperset(_words(text)):
        return replace(wish, raw=answer.raw, normalised=answer.normalised)
    return replace(answer, doubtful=True, confidence=min(answer.confidence, DOUBTED))


def _words(text: str) -> list[str]:
    """The words of a text, without the article."""
    return [word.removeprefix("ال") for word in normalise(text).split()]


def read_ahead(items: Iterable[QuestionItem]) -> None:
    """Have understanding read the word lists that answers to `items` need; the largest take half a second.

    They are read once in a process, by whoever understands something first: no caller should wait for it.
    """
    for item in items:
        meaning_of(_ANYTHING, question_for(item))
