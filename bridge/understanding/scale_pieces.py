"""A text cut into the points of a scale, the words that change them, and all others."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from msgspec import Struct

from bridge.understanding.labelling import Chunk, Part, label
from bridge.understanding.normalisation import normalise, phrase_of, words_of
from bridge.understanding.scale_clauses import clause_at
from bridge.understanding.scale_deeds import deed_at
from bridge.understanding.scale_marks import TURNED, Role, marks, remarks_of
from bridge.understanding.scale_words import ALWAYS_POINTS, SILENT_BESIDE, point_of

__all__ = ["Book", "Piece", "book_of", "cut", "points_in"]

_ARTICLES = ("وال", "بال", "فال", "لل", "ال", "و", "ب", "ل", "ف")
_LONGEST = 7
_SHORTEST = 3  # letters of a word that may hide a negation
_MA = words_of("ما وما ولا")
_SPELLED = {
    **dict.fromkeys(words_of("اشوية شوييه شويتو شوينه إشوية اشويا شويةة شوياا"), normalise("شوية")),
    **dict.fromkeys(words_of("اشوي إشوي شوييي"), normalise("شوي")),
    **dict.fromkeys(words_of("قليلن"), normalise("قليلا")),
}
_ROLES = {
    Part.NOT: Role.NOT,
    Part.HAVE_NOT: Role.DENIAL,
    Part.VERB_NOT: Role.DENIAL,
    Part.NEVER: Role.DENIAL,
    Part.NO: Role.NO,
    Part.BUT: Role.BUT,
    Part.ONLY: Role.BUT,
    Part.CORRECTION: Role.CORRECTION,
    Part.FIGURE: Role.FIGURE,
    Part.UNKNOWN: Role.UNKNOWN,
    Part.COMMAND: Role.UNKNOWN,
    Part.ASKING: Role.UNKNOWN,
    Part.COURTESY: Role.SILENT,
}


class Piece(Struct, frozen=True):
    """A word or phrase with what it does."""

    role: Role
    text: str = ""
    values: tuple[str, ...] = ()  # the points that it names, or agrees with
    marked: bool = False  # it has a second reading
    beside: Role | None = None  # what it does beside a point that says more


Book = Mapping[tuple[str, ...], Piece]


@cache
def book_of(scale: str) -> Book:
    """Everything that is known on a scale, by its words."""
    book = {words: Piece(role) for words, role in marks()}
    book |= {words: Piece(Role.REMARK, values=values, marked=True) for words, values in remarks_of(scale)}
    strong, silent = _words_of(ALWAYS_POINTS, scale), _words_of(SILENT_BESIDE, scale)
    for words, (value, marked) in point_of(scale).items():
        known = book.get(words, Piece(Role.SILENT if words in silent else Role.POINT))
        if known.role is Role.REMARK and value == known.values[0]:
            book[words] = Piece(Role.REMARK, values=known.values, marked=marked)
            continue
        beside = known.role if known.role not in (Role.POINT, Role.REMARK) and words not in strong else None
        book[words] = Piece(Role.POINT, values=(value,), marked=marked, beside=beside)
    return {words: piece for words, piece in book.items() if not _is_composed(words, piece, book, scale)}


def _words_of(listed: Mapping[str, Iterable[str]], scale: str) -> set[tuple[str, ...]]:
    return {phrase_of(phrase) for phrase in listed.get(scale, ())}


def _is_composed(words: tuple[str, ...], piece: Piece, book: Book, scale: str) -> bool:
    """Whether a phrase is only a negation and the point that it turns."""
    if not piece.marked:
        return False
    first, second = book.get(words[:1]), book.get(words[1:])
    if first is None or second is None or second.role is not Role.POINT:
        return False
    turned = TURNED[scale].get(second.values[0], ("", ""))[0]
    return first.role is Role.NOT and turned == f"*{piece.values[0]}"


def cut(text: str, book: Book, scale: str) -> list[Piece]:
    """Cut the longest known phrases out of a text and name what is left word by word."""
    tokens = _respelled(normalise(text).split(), book)
    pieces, loose, at = list[Piece](), list[str](), 0
    while at < len(tokens):
        found = _longer(_longest_at(tokens, at, book), _clause_at(tokens, at, scale))
        if found is None:
            loose.append(tokens[at])
            at += 1
            continue
        pieces += _named(loose)
        piece, length = found
        pieces.append(Piece(piece.role, " ".join(tokens[at : at + length]), *_rest_of(piece)))
        loose, at = [], at + length
    return [*pieces, *_named(loose)]


def _respelled(tokens: Sequence[str], book: Book) -> list[str]:
    """Words in the spelling of the lists: "ishwayya", and "ma radish" as "ma radi"."""
    found = list[str]()
    for token in tokens:
        stem = token[:-1] if token.endswith("ش") and len(token) > _SHORTEST else ""
        bare = next((stem[len(ma) :] for ma in ("ما", "م") if stem.startswith(ma)), "")
        if found and found[-1] in _MA and _is_point(book, stem) and (token,) not in book:
            found.append(stem)
        elif _is_point(book, bare) and (token,) not in book and not _is_point(book, stem):
            found += ["ما", bare]
        else:
            found.append(_SPELLED.get(token, token))
    return found


def _is_point(book: Book, word: str) -> bool:
    piece = book.get((word,))
    return piece is not None and piece.role is Role.POINT


def _longer(one: tuple[Piece, int] | None, other: tuple[Piece, int] | None) -> tuple[Piece, int] | None:
    """A phrase of the lists, unless a clause goes beyond it."""
    if one is None or other is None:
        return one or other
    is_surer = one[0].role is Role.REMARK and other[0].role is Role.POINT
    return other if other[1] + is_surer > one[1] else one


def _clause_at(tokens: Sequence[str], at: int, scale: str) -> tuple[Piece, int] | None:
    clause = max(
        (one for one in (clause_at(tokens, at, scale), deed_at(tokens, at, scale)) if one is not None),
        key=lambda one: one.length,
        default=None,
    )
    if clause is None:
        return None
    return Piece(clause.role, values=clause.values, marked=clause.marked), clause.length


def _rest_of(piece: Piece) -> tuple[tuple[str, ...], bool, Role | None]:
    return piece.values, piece.marked, piece.beside


def _longest_at(tokens: Sequence[str], at: int, book: Book) -> tuple[Piece, int] | None:
    for length in range(min(_LONGEST, len(tokens) - at), 0, -1):
        words = tuple(tokens[at : at + length])
        if words in book:
            return book[words], length
        for bare in _without_prefixes(words):
            piece = book.get(bare)
            if piece is not None and (piece.role is Role.POINT or words[0][:1] == "و"):
                return piece, length
    return None


def _without_prefixes(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """A phrase whose first word bears an article, "and" or "with", without it."""
    first, *others = words
    return [
        (first[len(prefix) :], *others)
        for prefix in _ARTICLES
        if first.startswith(prefix) and len(first) > len(prefix) + 1
    ]


def _named(loose: Sequence[str]) -> list[Piece]:
    return [_piece(chunk) for chunk in label(" ".join(loose))]


def _piece(chunk: Chunk) -> Piece:
    return Piece(_ROLES.get(chunk.part, Role.KNOWN), chunk.text)


def points_in(pieces: Iterable[Piece]) -> list[Piece]:
    """Those that name a point."""
    return [piece for piece in pieces if piece.role is Role.POINT]
