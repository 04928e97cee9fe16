"""A thing that is counted, and how it is called: one of it, two, three to ten."""

from msgspec import Struct

from bridge.speech.reading.endings import Case, End, declined, dual, plural

__all__ = ["Noun", "phrase_of_few", "phrase_of_one", "phrase_of_two"]


class Noun(Struct, frozen=True):
    """What is counted."""

    one: str  # without its ending: يَوْم
    few: str = ""  # three to ten, before more words: أَيَّامٍ; '' for what never changes, such as يُورُو
    feminine: bool = False
    adjective: str = ""  # masculine singular without its ending: أُرْدُنِّيّ
    tail: str = ""  # what follows number and noun, in any case: فِي الدَّقِيقَة

    @property
    def is_fixed(self) -> bool:
        """Whether it is a foreign word without cases and numbers."""
        return not self.few


def phrase_of_one(noun: Noun, case: Case, end: End) -> str:
    """One of it."""
    if noun.is_fixed:
        return noun.one
    if noun.adjective:
        adjective = noun.adjective + ("َة" if noun.feminine else "")
        return f"{declined(noun.one, case, End.JOINED)} {declined(adjective, case, end)}"
    return declined(noun.one, case, end)


def phrase_of_two(noun: Noun, case: Case, end: End) -> str:
    """Two of it, in one word."""
    if noun.adjective:
        adjective = noun.adjective + ("َة" if noun.feminine else "")
        return f"{dual(noun.one, case, End.JOINED)} {dual(adjective, case, end)}"
    return dual(noun.one, case, end)


def phrase_of_few(noun: Noun, end: End) -> str:
    """Three to ten of it. Things in the plural take their adjective in the feminine singular."""
    if noun.is_fixed:
        return noun.one
    if noun.adjective:
        adjective = declined(noun.adjective + "َة", Case.GENITIVE, end)
        return f"{plural(noun.few, End.JOINED)} {adjective}"
    return plural(noun.few, end)
