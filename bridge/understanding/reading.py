"""One text, one question: words of danger first, then the answer, then commands.

A recogniser that has an unknown word writes it where something was said that it has no word for. Nobody
knows what that was, so it is never passed over: at most it leaves a doubt.
"""

from collections.abc import Callable

from msgspec.structs import replace

from bridge.understanding.blood_pressure import read_blood_pressure
from bridge.understanding.choices import read_choice, read_multi_choice
from bridge.understanding.clock_times import read_clock_time
from bridge.understanding.commands import (
    read_command,
    read_overriding_command,
    read_red_flag,
    without_bereavement,
)
from bridge.understanding.dates import read_date
from bridge.understanding.digit_rows import read_digits, read_phone
from bridge.understanding.durations import read_duration
from bridge.understanding.meaning import Command, Finding, Meaning, nothing
from bridge.understanding.measures import read_glucose, read_temperature, read_weight
from bridge.understanding.normalisation import normalise
from bridge.understanding.numbers import read_number
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
    Context,
    Question,
)
from bridge.understanding.scale_clauses import is_dying_of_pain
from bridge.understanding.scales import read_scale
from bridge.understanding.yes_no import read_yes_no

__all__ = ["UNKNOWN_WORD", "read", "understand"]

UNKNOWN_WORD = "[unk]"  # as Vosk models spell it
_EGYPTIAN = "egy"  # where ايه is "what?"

# What these words wish is meant more than the answer that they could be: "minute", "no, I am busy".
_OVER_A_NO = (Command.CALLBACK, Command.WRONG_PERSON, Command.SLOWER, Command.REFUSE)
_OVER_A_DOUBT = (*_OVER_A_NO, Command.WAIT, Command.REPEAT)
_PRESENCE = frozenset(map(normalise, ("موجود", "موجودة", "هنا", "هون")))  # of a caller, or of a pain
_CERTAIN = 0.5  # what is flagged with less is a figure of speech
_REPLIES = (Command.DONT_KNOW, Command.REFUSE)
_NOWHERE = Context()


def read(text: str, question: Question, context: Context = _NOWHERE) -> Meaning:
    """Read `text` as an answer to `question`, and as nothing else."""
    return replace(_read(text, question, context), raw=text, normalised=normalise(text))


def understand(
    text: str,
    question: Question | Callable[[str], Meaning],
    context: Context = _NOWHERE,
    *,
    heard: float = 1.0,
) -> Meaning:
    """Find what `text` means where `question` was asked.

    An answer wins over a command of the same words: the question was put to the caller, the command was
    not. `heard` is the recogniser's confidence in the words, from 0 to 1; the meaning's is the product of
    both. A reader may be passed instead of a question.
    """
    flag = read_red_flag(text)
    meaning = _safe(text, question, context) if flag is None or _is_answer(flag, text, question) else flag
    return replace(
        meaning, raw=text, normalised=normalise(text), confidence=round(meaning.confidence * heard, 4)
    )


def _is_answer(flag: Meaning, text: str, question: Question | Callable[[str], Meaning]) -> bool:
    """As in "I am dying of pain" to the question how bad it is: a figure of speech that names its cause."""
    is_of_pain = isinstance(question, AskScale) and question.name == "severity"
    return is_of_pain and flag.confidence < _CERTAIN and is_dying_of_pain(text)


def _safe(text: str, question: Question | Callable[[str], Meaning], context: Context) -> Meaning:
    def known(said: str) -> Meaning:
        return _known(said, question, context)

    words = text.split()
    return _among_unknown(words, known) if UNKNOWN_WORD in words else known(text)


def _known(text: str, question: Question | Callable[[str], Meaning], context: Context) -> Meaning:
    rest = without_bereavement(text)
    if rest and not isinstance(question, AskText):
        answer = _known(rest, question, context)
        if answer.finding is Finding.VALUE and answer.value is not False:
            return answer
    overriding = read_overriding_command(text, context)
    if overriding is not None:
        return overriding
    if isinstance(question, AskText):  # anything would be an answer
        return read_command(text, context) or _read(text, question, context)
    answer = question(text) if callable(question) else _read(text, question, context)
    if answer.finding not in (Finding.VALUE, Finding.OUT_OF_RANGE):
        return read_command(text, context) or answer
    beaten_by = _wishes_over(answer)
    command = read_command(text, context) if beaten_by else None
    if command is None or command.command not in beaten_by:
        return answer
    return _stronger(answer, command, text, question)


def _stronger(
    answer: Meaning, command: Meaning, text: str, question: Question | Callable[[str], Meaning]
) -> Meaning:
    """The wish, unless its words are worth as much as an answer."""
    is_presence = bool(_PRESENCE & set(normalise(text).split())) and command.rule.startswith("command_phrase")
    if command.command is Command.WRONG_PERSON and is_presence:
        return answer
    if command.command is Command.WAIT and isinstance(question, AskDuration):  # it may have lasted a minute
        return replace(answer, doubtful=True, confidence=min(answer.confidence, 0.5))
    return command


def _wishes_over(answer: Meaning) -> tuple[Command, ...]:
    """The wishes that win over an answer of the same words: a no, a doubt, one of something."""
    is_no = answer.value is False or answer.rule.endswith(":no")
    is_one = answer.value in (1, "PT1M", "PT1S") and not isinstance(answer.value, bool)
    return _OVER_A_DOUBT if answer.doubtful or is_one else _OVER_A_NO if is_no else ()


def _among_unknown(words: list[str], known: Callable[[str], Meaning]) -> Meaning:
    """Doubt what stands before the unknown; an unknown word before an answer may be "not".

    A number is not even doubted: what was said beside "five" may make it eighty-five. A person who was asked
    for is worth a question, wherever the unknown words stand.
    """
    kept = [word for word in words if word != UNKNOWN_WORD]
    meaning = known(" ".join(kept)) if kept else nothing("unknown_word")
    is_whole = words[: len(kept)] == kept  # the unknown came last
    if meaning.command is Command.PERSON or (is_whole and _may_be_doubted(meaning)):
        return replace(meaning, doubtful=True, confidence=meaning.confidence / 2)
    return nothing("unknown_word")


def _may_be_doubted(meaning: Meaning) -> bool:
    is_number = not isinstance(meaning.value, bool | str | tuple) or _has_figures(meaning.value)
    return meaning.command in _REPLIES or (meaning.finding is Finding.VALUE and not is_number)


def _has_figures(value: object) -> bool:
    """Pressures, days, times and telephone numbers are numbers too."""
    return isinstance(value, str) and any(character.isdigit() for character in value)


def _read(text: str, question: Question, context: Context) -> Meaning:
    match question:
        case AskYesNo(kind=kind):
            return _where_it_is_no_question(read_yes_no(text, kind), context)
        case AskChoice() | AskMultiChoice() | AskScale():
            return _read_options(text, question)
        case AskText():
            said = text.strip()
            return Meaning(Finding.VALUE, "text", value=said) if said else nothing("empty")
        case AskDigits() | AskPhone():
            return (
                read_digits(text, question) if isinstance(question, AskDigits) else read_phone(text, question)
            )
        case AskDate() | AskTime() | AskDuration():
            return _read_time(text, question, context)
        case _:
            return _read_figures(text, question)


def _read_options(text: str, question: AskChoice | AskMultiChoice | AskScale) -> Meaning:
    match question:
        case AskChoice(options=options):
            return read_choice(text, options)
        case AskMultiChoice(options=options, none_of=none_of):
            return read_multi_choice(text, options, none_of)
        case AskScale(name=name, options=points):
            return read_scale(text, name, points)


def _where_it_is_no_question(meaning: Meaning, context: Context) -> Meaning:
    """A yes that is "what?" in Egypt, to callers of whom it is known that they speak otherwise."""
    if meaning.rule == "yes_or_what" and context.dialects and _EGYPTIAN not in context.dialects:
        return replace(meaning, rule="yes_by_dialect", doubtful=False, confidence=0.9)
    return meaning


def _read_time(text: str, question: AskDate | AskTime | AskDuration, context: Context) -> Meaning:
    match question:
        case AskDate(period=period):
            return read_date(text, period, context)
        case AskTime():
            return read_clock_time(text)
        case AskDuration():
            return read_duration(text)


def _read_figures(
    text: str,
    question: AskNumber | AskTemperature | AskBloodPressure | AskGlucose | AskWeight,
) -> Meaning:
    match question:
        case AskNumber(minimum=minimum, maximum=maximum, decimals=decimals):
            return read_number(text, minimum, maximum, decimals)
        case AskTemperature():
            return read_temperature(text, question)
        case AskBloodPressure():
            return read_blood_pressure(text, question)
        case AskGlucose():
            return read_glucose(text, question)
        case AskWeight():
            return read_weight(text, question)
