"""How numbers are said, as a recogniser is told: whole below a hundred, in parts above.

A grammar of Vosk is no list of sentences but a chain of words: what was listed is likely, any other sequence
of its words is possible. So "hundred" and "and twenty-five" are listed and find each other, and a question up
to 999 costs some hundreds of phrases and not thousands. What comes out is for the number reader to judge.
"""

from collections.abc import Iterable, Iterator, Mapping

from bridge.dialogue.dialects import Dialect, Phrases

__all__ = ["number_phrases"]

AND = "و"  # one word with what it joins


def number_phrases(
    words: Mapping[int, Phrases], dialects: Iterable[Dialect], minimum: int, maximum: int
) -> tuple[str, ...]:
    """List phrases for the numbers of a range, in standard Arabic and in `dialects`.

    Parts of one number are of one dialect: nobody says "ثنين وعشرون".
    """
    spellers = [_Speller(words, dialect) for dialect in (Dialect.MSA, *dialects)]
    return tuple(dict.fromkeys(phrase for one in spellers for phrase in one.phrases(minimum, maximum)))


class _Speller:
    """Numbers in one dialect; standard Arabic lends it the words that it has none of its own for."""

    def __init__(self, words: Mapping[int, Phrases], dialect: Dialect) -> None:
        self._words = {value: said.get(dialect) or said[Dialect.MSA] for value, said in words.items()}

    def phrases(self, minimum: int, maximum: int) -> Iterator[str]:
        for number in range(minimum, min(maximum, 99) + 1):
            yield from self._below_hundred(number)
        hundreds = range(max(minimum // 100, 1) * 100, maximum + 1, 100)
        for hundred in hundreds:
            yield from self._words[hundred]
        greatest_rest = maximum - 100 if maximum < 200 else 99  # noqa: PLR2004
        for rest in range(1, greatest_rest + 1):
            yield from (AND + phrase for phrase in self._below_hundred(rest))

    def _below_hundred(self, number: int) -> Iterator[str]:
        if number in self._words:
            yield from self._words[number]
            return
        unit, tens = number % 10, number - number % 10
        yield from (f"{one} {AND}{ten}" for one in self._words[unit] for ten in self._words[tens])
