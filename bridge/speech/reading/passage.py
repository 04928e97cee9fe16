"""One passage of Arabic read from left to right: what is plain stays, all else is said."""

from datetime import date
from unicodedata import category

from bridge.speech.reading.abbreviating import abbreviation_at
from bridge.speech.reading.arabic import Setting, amount_said, definite_count, figure_said, span_said
from bridge.speech.reading.counted_nouns import AND_OR, CountedNoun, counted_noun, feminine_later
from bridge.speech.reading.cursor import Tokens, is_digits, past_blank, peek
from bridge.speech.reading.endings import Case, End, joined_to
from bridge.speech.reading.figures import Amount, Day, Figure, ListMark, Measured, Span
from bridge.speech.reading.latin import KNOWN_WORDS, address_said, latin_said, letters_said
from bridge.speech.reading.lexicon import Lexicon
from bridge.speech.reading.ordinals import ordinal
from bridge.speech.reading.recognising import figure_at
from bridge.speech.reading.tokens import Kind, Token, is_vowelled
from bridge.speech.reading.words import (
    CLITICS,
    COMPARISONS,
    DROPPED,
    GOVERNORS,
    SIGNS,
    TAKING,
)

__all__ = ["ArabicPassage"]

_HOUR = "الساعه"
_FEMININE_YEAR = "سنه"
_ALTERNATIVES = frozenset(("و", "او"))  # "و/أو": the stroke is no word
_OR, _PER, _NUMBER, _OVER, _OVER_KEY = "أَوْ", "لِكُلِّ", "رَقْم", "عَلَى", "علي"
_CLOSING = ".,;:!?)'"
_TATWEEL = "\u0640"
_JOINABLE = (Kind.LATIN, Kind.DIGITS)
_LONGEST_CODE_LETTERS = 3  # as in B12


class ArabicPassage:
    """The state of one reading."""

    def __init__(self, tokens: Tokens, lexicon: Lexicon, today: date | None) -> None:
        self._tokens = tokens
        self._lexicon = lexicon
        self._today = today
        self._said: list[str] = []
        self._is_loose = False  # what was said last is ours: a blank goes before a letter that follows
        self._sticks = False  # what was said last is written together with what follows
        # Where a point stands behind a letter that is no abbreviation: before words of ours it would be one.
        self._point: int | None = None
        self._before = ""  # the last word as words are compared, while nothing but a blank stands behind it
        self._earlier = ""  # the word before that
        self._case = Case.NOMINATIVE  # of the last number, for those that are joined to it by "and" or "or"
        self._number_end = -1

    def read(self) -> str:
        """The whole passage, as it is said."""
        at = 0
        while at < len(self._tokens):
            at = self._step(at)
        return "".join(self._said)

    def _step(self, at: int) -> int:
        token = self._tokens[at]
        found = self._lexicon.match(self._tokens, at)
        if found:
            self._speak(found[0], word=token.key)
            return found[1]
        if token.kind is Kind.SPACE:
            self._blank(token.text)
            return at + 1
        if token.kind is Kind.ARABIC:
            return self._arabic(token, at)
        if token.kind in (Kind.URL, Kind.EMAIL):
            return self._address(token.text, at)
        return self._figure(at) or (
            self._latin(token, at) if token.kind is Kind.LATIN else self._sign(token, at)
        )

    # Writing down

    def _keep(self, text: str) -> None:
        """What is said as it is written."""
        if not text:
            return
        if self._is_loose and self._is_within_word() and _is_of_word(text[0]):
            self._said.append(" ")
        self._said.append(text)
        self._is_loose = self._sticks = False
        self._point = None

    def _speak(self, text: str, *, word: str = "", sticks: bool = False) -> None:
        """What is said for something that is written otherwise."""
        if self._point is not None:
            self._said[self._point] = "،"
            self._point = None
        if text:
            if self._is_within_word():
                self._said.append(" ")
            self._said.append(joined_to("", text) if self._sticks else text)
            self._sticks = sticks
        self._is_loose = True
        self._before = word

    def _is_within_word(self) -> bool:
        """Whether what comes next would run together with what was said last."""
        return bool(self._said) and not self._sticks and _is_of_word(self._said[-1][-1])

    def _blank(self, text: str) -> None:
        is_double = self._is_loose and text == " " and (not self._said or self._said[-1].endswith(" "))
        if not self._sticks and not is_double:
            self._said.append(text)
        if "\n" in text:
            self._before = ""

    # Words

    def _arabic(self, token: Token, at: int) -> int:
        short = abbreviation_at(self._tokens, at, self._before)
        if short:
            self._speak(short[0])
            return short[1]
        end = self._clitic(token, at)
        if end:
            return end
        self._keep(token.text)
        self._earlier, self._before = self._before, token.key
        return at + 1

    def _clitic(self, token: Token, at: int) -> int | None:
        """A conjunction, preposition or article that is written together with figures."""
        known = CLITICS.get(token.key)
        if known is None:
            return None
        found = figure_at(self._tokens, at + 1, self._today) if is_digits(self._tokens, at + 1) else None
        if found is None:
            return None
        prefix, is_governing, is_article = known
        if is_article:
            return self._with_article(found, prefix, at, is_governing=is_governing)
        case = (
            Case.GENITIVE
            if is_governing
            else self._case
            if self._number_end in (at, at - 1)
            else Case.NOMINATIVE
        )
        written = token.text.replace(_TATWEEL, "") if is_vowelled(token.text) else prefix
        self._speak(written, sticks=True)
        return self._tell(found, Setting(case, is_governed=is_governing))

    def _with_article(
        self, found: tuple[Figure, int], prefix: str, at: int, *, is_governing: bool
    ) -> int | None:
        figure, end = found
        if isinstance(figure, Day) and figure.day:
            is_governing = is_governing or _is_governor(self._before)
            self._speak(prefix, sticks=True)
            return self._tell(found, Setting(Case.GENITIVE if is_governing else Case.NOMINATIVE))
        if not isinstance(figure, Amount) or not figure.is_whole or not 0 < figure.value < 1000:  # noqa: PLR2004
            return None
        is_governed = is_governing or _is_governor(self._before) or _is_governor(self._earlier)
        case = Case.GENITIVE if is_governed else Case.NOMINATIVE
        place = past_blank(self._tokens, end)
        word = peek(self._tokens, place)
        thing = counted_noun(word.text, figure.value) if word.kind is Kind.ARABIC and place > end else None
        if thing and figure.value > 2:  # noqa: PLR2004
            said = definite_count(figure.value, thing, case, is_last=True)
            end = place + 1 if thing.noun else end
        else:
            said = ordinal(figure.value, feminine=self._is_after_feminine(at), case=case)
        is_ours = prefix.endswith("لِ")
        self._speak(prefix + (said[1:] if is_ours else said))
        return end

    def _is_after_feminine(self, at: int) -> bool:
        word = peek(self._tokens, at - 2)
        return word.kind is Kind.ARABIC and "ة" in word.text[-2:]

    def _address(self, text: str, at: int) -> int:
        """An address of mail or of the web; the point after it ends the sentence."""
        address = text.rstrip(_CLOSING)
        self._speak(address_said(address))
        self._keep(text[len(address) :])
        return at + 1

    # Figures

    def _figure(self, at: int) -> int | None:
        found = figure_at(self._tokens, at, self._today, is_hour=self._before == _HOUR)
        if found is None:
            return None
        return self._tell(found, self._setting(at))

    def _setting(self, at: int) -> Setting:
        is_joined = self._before in AND_OR and self._number_end == at - 3
        word = self._earlier if self._before == _HOUR else self._before
        is_governed = _is_governor(word)
        plain = Case.ACCUSATIVE if word in TAKING else Case.NOMINATIVE
        case = Case.GENITIVE if is_governed else self._case if is_joined else plain
        is_governed = is_governed or (is_joined and case is Case.GENITIVE)
        return Setting(case, self._before, is_governed, feminine=self._before == _FEMININE_YEAR)

    def _tell(self, found: tuple[Figure, int], setting: Setting) -> int:
        figure, end = found
        said, end = self._with_noun(figure, end, setting) or (figure_said(figure, setting), end)
        self._speak(said)
        self._case, self._number_end = setting.case, end
        if isinstance(figure, ListMark):
            self._keep(":")
            return end
        if isinstance(figure, Measured) and peek(self._tokens, end).text == "/":
            self._speak(_PER)
            return end + 1
        if (
            isinstance(figure, Day)
            and peek(self._tokens, end).text == "T"
            and is_digits(self._tokens, end + 1)
        ):
            return end + 1
        return end

    def _with_noun(self, figure: Figure, end: int, setting: Setting) -> tuple[str, int] | None:
        """A number and the word that it counts; None where no such word follows."""
        amount = figure.last if isinstance(figure, Span) else figure
        place = past_blank(self._tokens, end)
        word = peek(self._tokens, place)
        if not isinstance(amount, Amount) or place == end or word.kind is not Kind.ARABIC:
            return None
        if amount.is_too_long:
            return None
        is_year = setting.before in ("عام", _FEMININE_YEAR)
        thing = counted_noun(word.text, amount.value if amount.is_whole else 11)
        if is_year or thing is None:
            feminine = feminine_later(self._tokens, place)
            return (figure_said(figure, _like(setting, feminine=True)), end) if feminine else None
        if isinstance(figure, Span):
            last, end = self._counted(amount, thing, Setting(Case.GENITIVE), end, place)
            return span_said(_amount(figure.first), last, setting, feminine=thing.feminine), end
        return self._counted(amount, thing, setting, end, place)

    def _counted(
        self, amount: Amount, thing: CountedNoun, setting: Setting, end: int, place: int
    ) -> tuple[str, int]:
        """With a known word, the whole; before one that its author vowelled, the number that fits it."""
        if thing.noun:
            return amount_said(amount, setting, thing.noun), place + 1
        like = _like(setting, feminine=thing.feminine)
        if not amount.is_whole:
            return amount_said(amount, setting), end
        rest = amount.value % 100
        if amount.value == 1:
            self._keep_word(place)
            return ("وَاحِدَة" if thing.feminine else "وَاحِد"), place + 1
        is_construct = rest == 0 or 3 <= rest <= 10  # noqa: PLR2004
        return amount_said(amount, like, end=End.CONSTRUCT if is_construct else End.JOINED), end

    def _keep_word(self, at: int) -> None:
        self._speak(self._tokens[at].text)

    # Latin words and signs

    def _latin(self, token: Token, at: int) -> int:
        """A word; letters that stand before figures are said one by one, and a hyphen is no sign there."""
        tokens = self._tokens
        known = KNOWN_WORDS.at(tokens, at, lambda part: part.key)
        if known:
            self._speak(known[0])
            return known[1] + (
                peek(tokens, known[1]).text == "-" and peek(tokens, known[1] + 1).kind in _JOINABLE
            )
        following = peek(tokens, at + 1)
        if following.text == "-" and peek(tokens, at + 2).kind in _JOINABLE:
            self._speak(latin_said(token.text))
            return at + 2
        if following.kind is Kind.DIGITS and len(token.text) <= _LONGEST_CODE_LETTERS:
            self._speak(letters_said(token.key))
            return at + 1
        self._speak(latin_said(token.text))
        return at + 1

    def _sign(self, token: Token, at: int) -> int:
        if token.text == "/":
            return self._stroke(at)
        if token.text == "," and is_digits(self._tokens, at + 1):
            self._keep("، ")
            return at + 1
        if token.text == "#" and is_digits(self._tokens, past_blank(self._tokens, at + 1)):
            self._speak(_NUMBER)
            return at + 1
        said = SIGNS.get(token.text)
        if said:
            is_and = said == "وَ"
            self._speak(said, sticks=is_and, word="من" if token.text in COMPARISONS else "")
            return at + 1
        if token.text in DROPPED or category(token.text) in ("So", "Sk", "Cs", "Co", "Cn"):
            self._speak("", word=self._before)
            return at + 1
        self._keep(token.text)
        self._before = ""
        letter = peek(self._tokens, at - 1)
        if token.text == "." and letter.kind is Kind.ARABIC and len(letter.key) <= 2:  # noqa: PLR2004
            self._point = len(self._said) - 1
        return at + 1

    def _stroke(self, at: int) -> int:
        """Between words it is an "or"; elsewhere it is nothing."""
        before, after = peek(self._tokens, at - 1), peek(self._tokens, at + 1)
        sides = self._tokens[at - 2 : at + 3] if at > 1 else ()
        if [side.kind for side in sides] == [Kind.DIGITS, Kind.SPACE, Kind.SIGN, Kind.SPACE, Kind.DIGITS]:
            self._speak(_OVER, word=_OVER_KEY)
            return at + 1
        is_between = Kind.SPACE not in (before.kind, after.kind)
        is_needed = is_between and not _ALTERNATIVES.intersection((before.key, after.key))
        self._speak(_OR if is_needed else "")
        return at + 1


def _is_of_word(character: str) -> bool:
    return character.isalnum() or category(character) == "Mn" or character == _TATWEEL


def _is_governor(word: str) -> bool:
    return word in GOVERNORS


def _amount(first: object) -> Amount:
    return first if isinstance(first, Amount) else Amount("0")


def _like(setting: Setting, *, feminine: bool) -> Setting:
    return Setting(setting.case, setting.before, setting.is_governed, feminine)
