"""How values are spoken, and which words the recogniser is told to expect: common content, by dialect."""

from pydantic import Field

from bridge.dialogue.dialects import Phrases
from bridge.dialogue.wording import Listened, Model, Text

__all__ = ["NUMBERS_WITH_WORDS", "CountedWord", "RedFlags", "SpokenParts", "Word", "Words"]

# All others below a thousand are made of these.
NUMBERS_WITH_WORDS = (*range(20), *range(20, 100, 10), *range(100, 1000, 100))


class Word(Model):
    """A word that is spoken and listened for."""

    say: Text
    phrases: Listened


class RedFlags(Model):
    """Words of danger, by kind: in any of them the caller is asked whether help is needed."""

    emergency: Listened
    self_harm: Listened
    chest_pain: Listened
    breathing: Listened
    bleeding: Listened
    unconscious: Listened
    stroke: Listened

    @property
    def by_kind(self) -> dict[str, Phrases]:
        """The phrases of each kind."""
        return {kind: getattr(self, kind) for kind in type(self).model_fields}


class CountedWord(Model):
    """How a counted thing is spoken: one day, two days, three to ten days, eleven and more."""

    one: Text
    two: Text
    few: Text
    many: Text


class SpokenParts(Model):
    """What decimals, pressures, dates, times and durations are put together from."""

    decimal_point: Text
    over: Text  # 130 over 80
    separator: Text  # between several options
    thousands: CountedWord
    months: tuple[Text, ...] = Field(min_length=12, max_length=12)
    hour: Text  # before the hour
    minutes: CountedWord
    hours: CountedWord
    days: CountedWord
    weeks: CountedWord
    months_counted: CountedWord
    morning: Text
    evening: Text
    unknown: Text  # said for a value that is piped into a sentence and is not there


class Words(Model):
    """How values are spoken, and which words the recogniser is told to expect."""

    yes: Word
    no: Word
    permission: Listened  # further ways to say yes to "may I?"
    no_permission: Listened  # and no
    promise: Phrases = Field(default_factory=dict)  # further ways to say yes to "will you?"
    right: Listened  # further ways to say yes to "is this right?"
    wrong: Listened  # and no
    dont_know: Word
    refuse: Word
    repeat: Listened
    slower: Listened
    wait: Listened
    stop: Listened
    person: Listened
    back: Phrases = Field(default_factory=dict)  # the question before once more
    callback: Phrases = Field(default_factory=dict)
    do_not_call: Phrases = Field(default_factory=dict)
    wrong_person: Phrases = Field(default_factory=dict)
    red_flags: RedFlags
    numbers: tuple[Text, ...] = Field(min_length=11)  # spoken forms, from nought on
    hundreds: tuple[Text, ...] = Field(min_length=9, max_length=9)  # spoken forms of 100, 200 … 900
    number_joiner: Text  # said between hundreds and the rest, before the next word
    number_words: dict[int, Listened]  # the recogniser's words, for NUMBERS_WITH_WORDS
    spoken: SpokenParts
    decimal_words: Listened  # listened for beside numbers, in decimals
    pressure_words: Listened
    date_words: Listened
    time_words: Listened
    duration_words: Listened
