"""A point on a scale: how often, how bad, how content, compared with before, in the words of all dialects.

`scale_pieces` cuts the text into points and the words beside them, `scale_weighing` weighs these. Here is
decided whether the answer is the caller's own and of now, and what counts of days and a plain "no" come to.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec.structs import replace

from bridge.understanding.choices import read_choice
from bridge.understanding.commands import read_command
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.remarks import is_number
from bridge.understanding.scale_clauses import swings
from bridge.understanding.scale_days import point_of_days
from bridge.understanding.scale_deeds import suffers
from bridge.understanding.scale_frames import Frame, frame_of, now_in
from bridge.understanding.scale_marks import SIDES, Role
from bridge.understanding.scale_negations import JUDGED, UnclearError
from bridge.understanding.scale_pieces import Book, Piece, book_of, cut
from bridge.understanding.scale_spelling import respelled
from bridge.understanding.scale_tone_words import Tone, tone_of
from bridge.understanding.scale_weighing import DOUBTED, NEGATORS, point_meaning, weigh
from bridge.understanding.scale_words import LOWEST_BY_NO, SCALES
from bridge.understanding.yes_no import YesNoKind, read_yes_no

__all__ = ["SCALES", "read_scale"]

_WISHES = words_of(
    "ابي ابغى ابغي ابغا بدي عايز عاوز عايزة عاوزة اريد أريد نحب بغيت خليني حولني حوليني كلم اكلم أكلم "
    "عطيني اعطيني وصلني "
    "ممكن لازم محتاج محتاجة ودي نبي نبغي نهدر نتكلم احكي أحكي نحكي بغا"
)
_THERE_IS_NONE = frozenset(
    normalise(one)
    for one in (
        *("ماكو", "مافي", "ما في", "مفيش", "ما فيش", "مافيش", "ماكاين", "ماكاينش", "ما كان", "ما كانش"),
        *("ماكانش", "ما عندي", "معنديش", "ماعنديش", "ما عنديش", "ما صار", "ما حصل", "ما جاني"),
    )
)
_ALL_THROUGH = words_of("طول خلال طيلة في كل")
_PERIODS = words_of(
    "الأسبوعين الاسبوعين الأسبوع الفترة المدة هالأسبوعين هالفترة هالمدة السيمانتين الأيام هالأيام"
)
_EXTREMES = words_of("دايما دائما ديما دوم دايم أبدا ابد نادرا كل")
_REASONS = words_of("من بسبب عشان علشان مشان لاني لأني لما كي وراحت وراح وخلص وخف وبعدين وبعدها بعد")


def read_scale(text: str, scale: str, options: Mapping[str, Sequence[str]] | None = None) -> Meaning:
    """Read `text` as a point on a scale; `options` adds an author's phrases, or replaces its points."""
    points = SCALES.get(scale)
    if points is None or (options is not None and not set(options) <= set(points)):
        return read_choice(text, options or {})
    book = _with_options(book_of(scale), options or {})
    words = tuple(normalise(text).split())
    if words in book and book[words].role in (Role.POINT, Role.REMARK):
        return _of_pieces(text, scale, book)
    words = respelled(words)
    text = " ".join(words)
    if read_command(text) is not None and not _is_judgement(text, scale, book):
        return nothing("command")  # "I do not know" begins with a no, and is none
    return _framed(words, scale, book)


def _is_judgement(text: str, scale: str, book: Book) -> bool:
    """As in "content with the doctor", which is no wish to speak to him."""
    if scale not in JUDGED or _WISHES & set(normalise(text).split()):
        return False
    first = next((one for one in cut(text, book, scale) if one.role is not Role.SILENT), None)
    return first is not None and first.role is Role.POINT and not first.marked


def _framed(words: Sequence[str], scale: str, book: Book) -> Meaning:
    """The answer, as far as it is the caller's own and of now."""
    frame, now = frame_of(words, scale), now_in(words)
    if frame in (Frame.OTHERS, Frame.ASKED):
        return Meaning(Finding.AMBIGUOUS, frame.value, confidence=0.0)
    if now is not None and scale == "comparison":
        return _compared(words, now, book)
    if now is not None:
        since = _of_pieces(" ".join(words[now:]), scale, book) if words[now:] else nothing("was_before")
        return _doubted(since)
    found = _counted(words, scale) or _none_all_through(words, scale, book)
    found = found or _of_pieces(" ".join(words), scale, book)
    return found if frame is None else _doubted(found)


def _none_all_through(words: Sequence[str], scale: str, book: Book) -> Meaning | None:
    """As in "there was nothing of the kind the whole two weeks": the time behind it says no more."""
    is_framed = words[-2:-1] and words[-2] in _ALL_THROUGH and words[-1] in _PERIODS
    is_none = {" ".join(words[:1]), " ".join(words[:2])} & _THERE_IS_NONE
    if not is_framed or not is_none:
        return None
    found = _of_pieces(" ".join(words[:-2]), scale, book)
    return found if found.value == LOWEST_BY_NO.get(scale) is not None else None


def _compared(words: Sequence[str], now: int, book: Book) -> Meaning:
    """As in "I was tired and now I am well", where no word of comparing is said."""
    since = _of_pieces(" ".join(words[now:]), "comparison", book)
    if since.finding is Finding.VALUE:
        return since
    if any(map(suffers, words[now:])) and not NEGATORS & set(words[now:]):
        return point_meaning("comparison:now", "worse", doubtful=True)
    found = _of_pieces(" ".join(words), "comparison", book)
    if found.finding in (Finding.VALUE, Finding.AMBIGUOUS):
        return _doubted(found)
    state = _of_pieces(" ".join(words[now:]), "satisfaction5", book_of("satisfaction5"))
    side = SIDES["satisfaction5"].get(str(state.value), 0)
    return (
        point_meaning("comparison:now", "better" if side > 0 else "worse", doubtful=True) if side else found
    )


def _doubted(meaning: Meaning) -> Meaning:
    return replace(meaning, doubtful=True, confidence=min(meaning.confidence, DOUBTED))


def _of_pieces(text: str, scale: str, book: Book) -> Meaning:
    pieces = cut(text, book, scale)
    if all(piece.role not in (Role.POINT, Role.REMARK) for piece in pieces):
        return _by_no(text, scale) or nothing(_why(pieces))
    try:
        return weigh(pieces, scale)
    except UnclearError as unclear:
        found = tuple(
            dict.fromkeys(value for one in pieces if one.role is Role.POINT for value in one.values)
        )
        return Meaning(Finding.AMBIGUOUS, str(unclear), confidence=0.0, alternatives=found)


def _with_options(book: Book, options: Mapping[str, Sequence[str]]) -> Book:
    own = {
        tuple(normalise(phrase).split()): Piece(Role.POINT, values=(value,))
        for value, phrases in options.items()
        for phrase in phrases
    }
    return {**book, **own} if own else book


def _counted(words: Sequence[str], scale: str) -> Meaning | None:
    """As in "ten days", "one day yes, one day no"."""
    days = point_of_days(_without_reason(words)) if scale == "frequency4" else None
    if days is not None:
        listed = _of_pieces(" ".join(words), scale, book_of(scale))  # "two or three days, like that"
        is_listed = listed.value == days and not listed.doubtful
        return listed if is_listed else point_meaning("frequency4:days", days, doubtful=True)
    return _swinging(scale, words) if swings(words) else None


def _without_reason(words: Sequence[str]) -> Sequence[str]:
    """A count of days without what it came from: "three days, from the work"."""
    at = next((at for at, word in enumerate(words) if at and word in _REASONS), None)
    rest = words[at:] if at is not None else ()
    is_plain = not any(word in NEGATORS or word in ("الا", "بس", "لكن") or is_number(word) for word in rest)
    return words[:at] if is_plain and not {"اسبوعين", "الاسبوعين", "اربعطعش", "اصل"} & set(rest) else words


def _swinging(scale: str, words: Sequence[str]) -> Meaning:
    """As in "an hour it comes, an hour it goes": sometimes; to any other scale it says nothing."""
    value = {"frequency4": "several_days", "frequency5": "sometimes"}.get(scale)
    if value is None:
        return Meaning(Finding.AMBIGUOUS, "swings", confidence=0.0)
    return point_meaning(
        f"{scale}:swings", value, doubtful=scale == "frequency4" or bool(_EXTREMES & set(words))
    )


def _by_no(text: str, scale: str) -> Meaning | None:
    """As in "I have none" is the lowest point of how often, how bad and how much."""
    lowest = LOWEST_BY_NO.get(scale)
    answer = read_yes_no(text, YesNoKind.SYMPTOM)
    if lowest is None or answer.value is not False or _denies_a_deed(normalise(text).split(), scale):
        return None
    return Meaning(
        Finding.VALUE,
        f"scale:{scale}:no",
        value=lowest,
        doubtful=answer.doubtful,
        confidence=answer.confidence,
    )


def _denies_a_deed(words: Sequence[str], scale: str) -> bool:
    """As in "a pain that one cannot bear", "the whole day I do not eat": no "none"."""
    if scale not in ("severity", "frequency4"):
        return False
    tones = frozenset(
        (Tone.INABILITY, Tone.LEAVE, Tone.HELP, *((Tone.DEED,) if scale == "frequency4" else ()))
    )
    denied = [
        after for word, after in pairwise(words) if word in NEGATORS or word in ("حد", "احد", "عاد", "عم")
    ]
    return any(tone_of(word) & tones and Tone.FELT not in tone_of(word) for word in denied)


def _why(pieces: Sequence[Piece]) -> str:
    return "unknown_word" if any(one.role is Role.UNKNOWN for one in pieces) else "no_point"
