"""Wishes about the call itself, which may come instead of any answer.

A short wish counts only when it is all that was said. To be left alone, called later, or mistaken for
another is understood from its words wherever they stand together; other words beside them leave a doubt.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from bridge.understanding.calendar_words import PARTS_OF_DAY
from bridge.understanding.command_words import (
    ABOUT_WHAT,
    CALLING,
    COMMAND_PHRASES,
    DECEASED,
    NOT_TO,
    OWN_KIN,
    SINCE,
    TOLERATED,
    UNCERTAIN_BESIDE,
    WISHING,
)
from bridge.understanding.danger import read_red_flag
from bridge.understanding.labelling import Chunk, Part, label
from bridge.understanding.marking import find_phrase
from bridge.understanding.meaning import Command, Finding, Meaning
from bridge.understanding.normalisation import normalise, phrase_of, words_of
from bridge.understanding.questions import Context
from bridge.understanding.when_to_call import AFTER, when_to_call
from bridge.understanding.wish_sentences import wish_in_sentence

__all__ = ["read_command", "read_overriding_command", "read_red_flag", "without_bereavement"]

SURE, DOUBTED = 0.9, 0.5
_LONGEST = 6
_DECEASED = [phrase_of(phrase) for phrase in DECEASED]
_LOOSE = (Command.PERSON, Command.CALLBACK, Command.DO_NOT_CALL, Command.WRONG_PERSON)
_BESIDE_WISHES = (Part.COURTESY, Part.EMPHASIS, Part.HEDGE, Part.BUT, Part.CORRECTION)
_BESIDE_LOOSE = (
    *_BESIDE_WISHES,
    Part.DETAIL,
    Part.WILLING,
    Part.NO,
    Part.YES,
    Part.THING,
    Part.ASKING,
    Part.DEGREE,
)
_EVER = [
    phrase_of(phrase)
    for phrase in (
        "بعد اليوم",
        "بعد الآن",
        "من اليوم",
        "بعد هيك",
        "بعد كده",
        "بعد كذا",
        "من هلأ",
        "من الحين",
        "من اليوم ورايح",
    )
]
_LATER = frozenset(map(normalise, ["بعدين", "لاحقا", "بعدها", "قدام", "وقت", "يوم"]))
_IMPERATIVES = words_of(
    "اتصل اتصلي اتصلوا اتصلو احكوا احكو اطلبني اطلبيني اطلبوني اتصلولي اتصليلي كلمني كلميني "
    "كلموني احكيني احكوني احكولي حاكيني "
    "حاكوني دق دقي دقوا دقو دقلي دقيلي دقولي رن رني رنوا رنلي رنيلي خابرني خابريني خابروني عيطلي "
    "عيطيلي عيطولي "
    "صوني صونيلي صونولي تلفنلي تلفنيلي تلفنولي ضربيلي ضربولي هاتفني هاتفيني هاتفوني"
)
_BETWEEN = words_of(
    "أبغى ابغى ابي أبي ودي أريد اريد عايز عايزة عاوز بدي بغيت أحد احد حد حدا ان انكم انك انتو"
)
_NOT_HIS = words_of("مو مش مب موب ليس ماشي موش مهوب")
_NUMBER_OF = words_of("رقم رقمه رقمها رقمو نمرة نمرته نمرتها جوال جواله تلفون تلفونه بيت")
_I_AM_NOT = frozenset(
    (one, negation)
    for one in ("انا", "اني")
    for negation in ("مو", "مش", "مب", "لست", "موش", "مانيش", "ماني", "ماشي")
)
_NAMED = (3, 4)  # words: "I", "not", and a name of one or two
# Which of two wishes is meant where both are said.
_STRONGER = (
    Command.DO_NOT_CALL,
    Command.WRONG_PERSON,
    Command.CALLBACK,
    Command.PERSON,
    Command.SLOWER,
    Command.BACK,
    Command.REFUSE,
    Command.DONT_KNOW,
)


def read_command(text: str, context: Context | None = None) -> Meaning | None:
    """Read `text` as one command; None when it is none, or holds more than it."""
    return (
        read_overriding_command(text, context)
        or _wish(text, context)
        or _in_sentence(text, context, over_answers=False)
        or _not_known(text)
        or _not_named(text)
    )


def _in_sentence(text: str, context: Context | None, *, over_answers: bool) -> Meaning | None:
    command = wish_in_sentence(text, over_answers=over_answers)
    if command is None:
        return None
    argument = when_to_call(normalise(text).split(), context) if command is Command.CALLBACK else None
    return _meaning(command, f"command_sentence:{command}", argument=argument)


def _not_known(text: str) -> Meaning | None:
    """As in "I do not know … about that, ask my daughter": what follows tells of nothing."""
    tokens = [token for token in normalise(text).split() if token not in UNCERTAIN_BESIDE]
    start = next((at for at in range(len(tokens)) if longest_wish(tokens, at)), None)
    if start is None or any(token not in TOLERATED for token in tokens[:start]):
        return None
    command, length = longest_wish(tokens, start) or (None, 0)
    rest = tokens[start + length :]
    if command is not Command.DONT_KNOW or (rest and rest[0] not in ABOUT_WHAT):
        return None
    return _meaning(Command.DONT_KNOW, "command:not_known", doubtful=bool(rest))


def _by_part_of_day(tokens: Sequence[str]) -> Meaning | None:
    """As in "call me in the evening", which names no hour."""
    start = next((at for at, token in enumerate(tokens) if token in _IMPERATIVES), None)
    if start is None:
        return None
    after = [_without_preposition(token) for token in tokens[start:]]
    return _meaning(Command.CALLBACK, "command:part_of_day") if find_phrase(after, PARTS_OF_DAY) else None


def _without_preposition(token: str) -> str:
    """As in "in the evening" written as one word."""
    for preposition in ("ب", "ع", "ل", "ف"):
        if token.startswith(f"{preposition}ال"):
            return token[1:]
    return token


def _not_named(text: str) -> Meaning | None:
    """As in "I am not Ahmed": a name is a word that nobody knows."""
    tokens = normalise(text).split()
    if any(first in _NOT_HIS and second in _NUMBER_OF for first, second in pairwise(tokens)):
        return _meaning(Command.WRONG_PERSON, "command:another_number", doubtful=True)
    if len(tokens) not in _NAMED or tuple(tokens[:2]) not in _I_AM_NOT:
        return None
    if any(chunk.part is not Part.UNKNOWN for chunk in label(" ".join(tokens[2:]))):
        return None
    return _meaning(Command.WRONG_PERSON, "command:another_name", doubtful=True)


def read_overriding_command(text: str, context: Context | None = None) -> Meaning | None:
    """A wish that is heard before any answer: never call again, wrong person, or call at another time."""
    tokens = normalise(text).split()
    if find_phrase(tokens, _DECEASED):
        return _meaning(Command.WRONG_PERSON, "command:deceased", argument="deceased")
    return _about_calling(tokens, text, context) or _in_sentence(text, context, over_answers=True)


def without_bereavement(text: str) -> str | None:
    """What is said beside the death of one of the caller's own; None if it is the caller who was asked for.

    "Since my husband died, every day" answers; "he died" and "my husband died" say that nobody can.
    """
    tokens = normalise(text).split()
    found = find_phrase(tokens, _DECEASED)
    if found is None:
        return None
    start, end = found
    if end < len(tokens) and tokens[end] in OWN_KIN:
        end += 1
    elif start and tokens[start - 1].removeprefix("و") in OWN_KIN:
        start -= 1
    else:
        return None
    while start and tokens[start - 1] in SINCE:
        start -= 1
    rest = [*tokens[:start], *tokens[end:]]
    while find_phrase(rest, _DECEASED):  # "died, God have mercy on him"
        again = find_phrase(rest, _DECEASED) or (0, 0)
        rest = [*rest[: again[0]], *rest[again[1] :]]
    return " ".join(rest)


def _about_calling(tokens: Sequence[str], text: str, context: Context | None) -> Meaning | None:
    calling = [at for at, token in enumerate(tokens) if token.removeprefix("و") in CALLING]
    if not calling:
        return _not_to_be_called(text)
    negated = [at for at in calling if _is_negated(tokens, at)]
    when = when_to_call(_without_ever(tokens), context)
    if len(negated) == len(calling):
        if when is None:
            return _meaning(Command.DO_NOT_CALL, "command:not_to_be_called")
        return _meaning(Command.CALLBACK, "command:not_then", doubtful=True)
    if when or set(tokens) & _LATER or tokens[-1] in AFTER:
        return _meaning(Command.CALLBACK, "command:call_later", argument=when)
    return _by_part_of_day(tokens)


def _without_ever(tokens: Sequence[str]) -> list[str]:
    """Without "from today on", which names no day to call on."""
    found = find_phrase(tokens, _EVER)
    return [*tokens[: found[0]], *tokens[found[1] :]] if found else list(tokens)


def _is_negated(tokens: Sequence[str], at: int) -> bool:
    """As in "do not call": a present with a negation before it or of its own; imperatives have none."""
    token = tokens[at].removeprefix("و")
    if token.endswith("ش"):
        return True
    if token[:1] not in "تيا" or token in _IMPERATIVES:
        return False
    first = at
    while first > 0 and tokens[first - 1] in _BETWEEN:  # "I do not want anybody to call"
        first -= 1
    return bool(NOT_TO & set(tokens[max(0, min(first, at - 1) - 1) : at]))


def _not_to_be_called(text: str) -> Meaning | None:
    found = [command for command, _ in _cut(text) if isinstance(command, Command)]
    if Command.DO_NOT_CALL in found:
        return _meaning(Command.DO_NOT_CALL, "command_phrase:do_not_call")
    return None


def _wish(text: str, context: Context | None) -> Meaning | None:
    cut = _cut(text)
    wishes = {command for command, _ in cut if isinstance(command, Command)}
    command = _one_of(wishes)
    if command is None:
        return None
    left = [
        chunk
        for _, chunk in cut
        if chunk is not None and chunk.text not in TOLERATED and chunk.text not in WISHING
    ]
    begins = cut[0][0] is Command.PERSON  # "the doctor …" tells of him
    if command is Command.PERSON and begins and any(one.part is Part.UNKNOWN for one in left):
        return None
    beside = _BESIDE_LOOSE if command in _LOOSE else _BESIDE_WISHES
    foreign = [chunk for chunk in left if chunk.part not in beside]
    if foreign and (command not in _LOOSE or any(chunk.part is not Part.UNKNOWN for chunk in foreign)):
        return None
    argument = when_to_call(normalise(text).split(), context) if command is Command.CALLBACK else None
    return _meaning(command, f"command_phrase:{command}", argument=argument, doubtful=bool(foreign))


def _one_of(wishes: set[Command]) -> Command | None:
    if len(wishes) == 1:
        return next(iter(wishes))
    stronger = [command for command in _STRONGER if command in wishes]
    return stronger[0] if stronger and Command.STOP not in wishes else None


def _cut(text: str) -> list[tuple[Command | None, Chunk | None]]:
    """A text as its wishes and whatever stands between them."""
    tokens = normalise(text).split()
    found: list[tuple[Command | None, Chunk | None]] = []
    rest, at = list[str](), 0
    while at < len(tokens):
        phrase = longest_wish(tokens, at)
        if phrase is None:
            rest.append(tokens[at])
            at += 1
            continue
        found += _labelled(rest)
        found.append((phrase[0], None))
        rest, at = [], at + phrase[1]
    return [*found, *_labelled(rest)]


def longest_wish(tokens: Sequence[str], at: int) -> tuple[Command, int] | None:
    """The longest phrase of a wish that begins here."""
    for length in range(min(_LONGEST, len(tokens) - at), 0, -1):
        command = COMMAND_PHRASES.get(tuple(tokens[at : at + length]))
        if command is not None:
            return command, length
    return None


def _labelled(tokens: Iterable[str]) -> list[tuple[Command | None, Chunk | None]]:
    return [(None, chunk) for chunk in label(" ".join(tokens))]


def _meaning(command: Command, rule: str, *, argument: str | None = None, doubtful: bool = False) -> Meaning:
    return Meaning(
        Finding.COMMAND,
        rule,
        command=command,
        argument=argument,
        doubtful=doubtful,
        confidence=DOUBTED if doubtful else SURE,
    )
