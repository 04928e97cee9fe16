"""Phrases by dialect: what everybody may say, and what is said in one region only."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, Strict, StringConstraints

__all__ = ["Dialect", "KnownDialect", "Phrase", "Phrases", "phrases_in", "spoken"]


class Dialect(StrEnum):
    """A way of speaking Arabic. Standard Arabic is everybody's, and is always listened for."""

    MSA = "msa"
    GLF = "glf"  # the Gulf
    EGY = "egy"  # Egypt
    LEV = "lev"  # the Levant


def _known(name: object) -> Dialect:
    try:
        return Dialect(str(name))
    except ValueError:
        raise ValueError(f"unknown dialect '{name}'; one of {', '.join(Dialect)}") from None


def spoken(text: str) -> str:
    """Refuse a text of which nothing would be heard."""
    if not any(character.isalpha() for character in text):
        raise ValueError("it has no words to speak")
    return text


def _for_everyone(written: object) -> object:
    """A plain list is everybody's."""
    return {Dialect.MSA.value: written} if isinstance(written, list | tuple) else written


KnownDialect = Annotated[Dialect, BeforeValidator(_known)]
Phrase = Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(spoken)]
# Not strict: behind a validator of ours a JSON list comes as a list, which is no tuple.
_List = Annotated[tuple[Phrase, ...], Strict(strict=False), Field(min_length=1, max_length=40)]
Phrases = Annotated[
    dict[KnownDialect, _List],
    BeforeValidator(_for_everyone, json_schema_input_type=_List | dict[Dialect, _List]),
]


def phrases_in(phrases: dict[Dialect, tuple[str, ...]], dialects: Iterable[Dialect]) -> tuple[str, ...]:
    """What everybody says and what is said in these dialects, each phrase once."""
    return tuple(dict.fromkeys(_in_order(phrases, (Dialect.MSA, *dialects))))


def _in_order(phrases: dict[Dialect, tuple[str, ...]], dialects: Iterable[Dialect]) -> Iterator[str]:
    for dialect in dialects:
        yield from phrases.get(dialect, ())
