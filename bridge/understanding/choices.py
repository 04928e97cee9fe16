"""One or several of a few options, by the words that their author listed.

Among the words that people put around them.

A word that nobody knows leaves a doubt behind an option and spoils one before it; a negation spoils all.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from bridge.understanding.commands import read_command
from bridge.understanding.labelling import Chunk, Part, label
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise, phrase_of
from bridge.understanding.synonyms import with_synonyms
from bridge.understanding.yes_no import YesNoKind, read_yes_no

__all__ = ["Cut", "cut_by_phrases", "read_choice", "read_multi_choice"]

SURE, DOUBTED = 0.95, 0.5
_ARTICLES = ("وال", "بال", "فال", "لل", "ال", "و", "ب", "ل", "ف")
_NEGATING = (Part.NOT, Part.HAVE_NOT, Part.VERB_NOT, Part.NEVER)
_BESIDE = (
    *(Part.COURTESY, Part.DETAIL, Part.EMPHASIS, Part.YES, Part.YES_OR_WHAT, Part.HAVE, Part.SYMPTOM_VERB),
    *(
        Part.ACTION_VERB,
        Part.SYMPTOM,
        Part.THING,
        Part.DEGREE,
        Part.STILL,
        Part.WILLING,
        Part.BUT,
        Part.RIGHT,
        Part.STATE,
    ),
)
_ORDINALS = tuple(
    map(normalise, ("الأول", "الثاني", "الثالث", "الرابع", "الخامس", "السادس", "السابع", "الثامن", "التاسع"))
)
_FEMININE = tuple(
    map(
        normalise,
        ("الأولى", "الثانية", "الثالثة", "الرابعة", "الخامسة", "السادسة", "السابعة", "الثامنة", "التاسعة"),
    )
)
_EGYPTIAN = {
    normalise("التاني"): 1,
    normalise("التانية"): 1,
    normalise("التالت"): 2,
    normalise("التالتة"): 2,
    normalise("الأخير"): -1,
    normalise("الأخيرة"): -1,
}
_ALL = tuple(
    phrase_of(phrase)
    for phrase in [
        "كلهم",
        " كلها",
        " الكل",
        " كله",
        " جميعها",
        " جميعهم",
        " كل هذا",
        " كل هذه",
        " كل اللي قلت",
        " كل اللي قلته",
        " كل ذلك",
        " كلش",
        " كلو",
        " كلن",
        " كامل",
        " كاملين",
        " قاع",
        " قاعهم",
        " الكل عندي",
        " الاثنين",
        " كلاهما",
        " الاتنين",
        " التنتين",
        " الثنتين",
        " جميع ما ذكرت",
        " كل ما ذكرت",
    ]
)
_BOTH = frozenset(map(normalise, ("الاثنين", "كلاهما", "الاتنين", "التنتين", "الثنتين")))
_EXCEPT = frozenset(map(normalise, ("إلا", "عدا", "ماعدا", "غير", "سوى")))
_NONE = tuple(
    phrase_of(phrase)
    for phrase in [
        "لا شيء",
        " لا شي",
        " ولا شي",
        " ولا شيء",
        " ولا حاجة",
        " ولا واحد",
        " ولا واحدة",
        " ولا وحدة",
        " لا هذا ولا ذاك",
        " ما في",
        " مافي",
        " مفيش",
        " ماكو",
        " والو",
        " ما عندي شي",
        " ما عندي",
        " معنديش",
        " لا يوجد",
        " ولا وحدة منها",
        " ولا واحد منها",
        " ولا واحد منهم",
        " ولا شي منها",
        " لا شيء منها",
        " ولا حاجة من دول",
        " حتى وحدة",
        " حتى واحد",
        " حتى حاجة",
        " حتى شي",
    ]
)


class Cut(Struct, frozen=True):
    """The options that a text names, in its order, and the chunks of all other words."""

    named: tuple[str, ...]
    rest: tuple[tuple[int, Chunk], ...]  # where each stands, counted in options before it

    @property
    def distinct(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.named))


def cut_by_phrases(text: str, phrases: Mapping[tuple[str, ...], str]) -> Cut:
    """Cut the options' longest phrases out of a text; a word may bear an article, "and" or "with"."""
    tokens = normalise(text).split()
    longest = max(map(len, phrases), default=0)
    named, rest, between, at = list[str](), list[tuple[int, Chunk]](), list[str](), 0
    while at < len(tokens):
        found = _phrase_at(tokens, at, phrases, longest)
        if found is None:
            between.append(tokens[at])
            at += 1
            continue
        rest += [(len(named), chunk) for chunk in label(" ".join(between))]
        named.append(found[0])
        between, at = [], at + found[1]
    rest += [(len(named), chunk) for chunk in label(" ".join(between))]
    return Cut(tuple(named), tuple(rest))


def _phrase_at(
    tokens: Sequence[str], at: int, phrases: Mapping[tuple[str, ...], str], longest: int
) -> tuple[str, int] | None:
    for length in range(min(longest, len(tokens) - at), 0, -1):
        piece = tuple(tokens[at : at + length])
        for spelling in (piece, *_without_articles(piece)):
            if spelling in phrases:
                return phrases[spelling], length
    return None


def _without_articles(piece: tuple[str, ...]) -> list[tuple[str, ...]]:
    first, *others = piece
    return [
        (first[len(article) :], *others)
        for article in _ARTICLES
        if first.startswith(article) and len(first) > len(article) + 1
    ]


def _phrases(options: Mapping[str, Sequence[str]]) -> dict[tuple[str, ...], str]:
    """The options' phrases with and without the article of their first word."""
    found = {
        tuple(normalise(phrase).split()): value for value, listed in options.items() for phrase in listed
    }
    found.pop((), None)
    without = {
        (phrase[0].removeprefix("ال"), *phrase[1:]): value
        for phrase, value in found.items()
        if phrase[0].startswith("ال") and len(phrase[0]) > 4  # noqa: PLR2004
    }
    return without | found


def _cut(text: str, options: Mapping[str, Sequence[str]]) -> Cut:
    """Cut by the author's phrases; by words that mean the same only where they name more."""
    own = _phrases(options)
    cut = cut_by_phrases(text, own)
    wider = cut_by_phrases(text, with_synonyms(own, list(options)))
    return wider if len(wider.named) > len(cut.named) else cut


def read_choice(text: str, options: Mapping[str, Sequence[str]]) -> Meaning:
    """Read `text` as one of `options` (value: its phrases); the value is the option's."""
    cut = _cut(text, options)
    if len(cut.distinct) > 1:
        return _last_if_corrected(cut) or Meaning(
            Finding.AMBIGUOUS, "several_options", confidence=0.0, alternatives=cut.distinct
        )
    if not cut.named:
        return _by_place(text, list(options)) or nothing(_why(cut, "no_option"))
    return _judged(cut, cut.named[0], "option_phrase")


def _judged(cut: Cut, value: str | tuple[str, ...], rule: str) -> Meaning:
    """Weigh what stands around the options."""
    parts = {chunk.part for _, chunk in cut.rest}
    if any(part in _NEGATING for part in parts):
        return nothing("negated_option")
    unknown = [
        place for place, chunk in cut.rest if chunk.part not in _BESIDE and chunk.part is not Part.HEDGE
    ]
    if any(place == 0 for place in unknown):
        return nothing("unknown_word")
    doubtful = bool(unknown) or Part.HEDGE in parts
    return Meaning(
        Finding.VALUE, rule, value=value, doubtful=doubtful, confidence=DOUBTED if doubtful else SURE
    )


def _last_if_corrected(cut: Cut) -> Meaning | None:
    """As in "headache, sorry, fever": the last one, to be read back."""
    marks = [place for place, chunk in cut.rest if chunk.part is Part.CORRECTION and place]
    if not marks or len(set(cut.named[marks[-1] :])) != 1:
        return None
    return Meaning(
        Finding.VALUE,
        "option_corrected",
        value=cut.named[-1],
        doubtful=True,
        confidence=DOUBTED,
        alternatives=cut.distinct,
    )


def _why(cut: Cut, otherwise: str) -> str:
    return "unknown_word" if any(chunk.part is Part.UNKNOWN for _, chunk in cut.rest) else otherwise


def _by_place(text: str, values: Sequence[str]) -> Meaning | None:
    """As in "the second one", where nothing else was said: to be read back."""
    tokens = [
        token
        for token in normalise(text).split()
        if token not in ("الخيار", "الاختيار", "الجواب", "رقم", "واحد")
    ]
    if len(tokens) != 1:
        return None
    places = {word: at for names in (_ORDINALS, _FEMININE) for at, word in enumerate(names)} | _EGYPTIAN
    place = places.get(tokens[0])
    if place is None or place >= len(values):
        return None
    return Meaning(Finding.VALUE, "option_by_place", value=values[place], doubtful=True, confidence=DOUBTED)


def read_multi_choice(text: str, options: Mapping[str, Sequence[str]], none_of: str | None = None) -> Meaning:
    """Read `text` as any of `options`; the value is a tuple in the options' order."""
    cut = _cut(text, options)
    named = [value for value in options if value in cut.distinct]
    others = [value for value in options if value != none_of]
    everything = _everything(text, cut, others)
    if everything is not None:
        return everything
    if none_of in named and len(named) > 1:
        return Meaning(Finding.AMBIGUOUS, "several_options", confidence=0.0, alternatives=cut.distinct)
    if not named:
        return _none(text, none_of) or nothing(_why(cut, "no_option"))
    if named == [none_of] and (none := _none(text, none_of)) is not None:
        return none  # "I have not one of them": the no beside it says the same
    if any(chunk.part is Part.NO for place, chunk in cut.rest if place):
        return Meaning(Finding.AMBIGUOUS, "negated_option", confidence=0.0, alternatives=cut.distinct)
    return _judged(cut, tuple(named), "option_phrases")


def _everything(text: str, cut: Cut, others: Sequence[str]) -> Meaning | None:
    """As in "all of them", and "all but the headache"."""
    tokens = normalise(text).split()
    said = any(tuple(tokens[at : at + len(phrase)]) == phrase for phrase in _ALL for at in range(len(tokens)))
    if not said or (set(tokens) & _BOTH and len(others) != 2):  # noqa: PLR2004
        return None
    if any(
        chunk.part in (Part.NOT, Part.HAVE_NOT, Part.NO) and chunk.text not in _EXCEPT
        for _, chunk in cut.rest
    ):
        return None
    left = tuple(value for value in others if value not in cut.named)
    if not cut.named:
        return Meaning(Finding.VALUE, "option_all", value=left, confidence=SURE)
    if set(tokens) & _EXCEPT:
        return Meaning(Finding.VALUE, "option_all_but", value=left, doubtful=True, confidence=DOUBTED)
    return None


def _none(text: str, none_of: str | None) -> Meaning | None:
    """As in "none of them", in the words of a no to a symptom; "wrong number", "later" are no such no."""
    if read_command(text) is not None:
        return None
    tokens = tuple(normalise(text).split())
    is_none = any(tokens[at : at + len(phrase)] == phrase for phrase in _NONE for at in range(len(tokens)))
    answer = read_yes_no(text, YesNoKind.SYMPTOM)
    if answer.value is not False and not (is_none and answer.value is None and len(tokens) <= 4):  # noqa: PLR2004
        return None
    value = (none_of,) if none_of is not None else ()
    doubtful = answer.doubtful or none_of is None
    return Meaning(
        Finding.VALUE, "option_none", value=value, doubtful=doubtful, confidence=DOUBTED if doubtful else SURE
    )
