"""The parts that words play in a sentence about oneself, and the clauses that they make."""

from enum import StrEnum

from msgspec import Struct

from bridge.understanding.verbs import VerbKind

__all__ = ["WILLING_KINDS", "Chunk", "Clause", "Part", "Says", "Sentence", "YesNoKind"]


class YesNoKind(StrEnum):
    """What a yes/no question asks for."""

    PERMISSION = "permission"  # may I, would you like
    SYMPTOM = "symptom"  # have you, do you feel
    FACT = "fact"  # did you, is it so
    PROMISE = "promise"  # will you


WILLING_KINDS = (YesNoKind.PERMISSION, YesNoKind.PROMISE)


class Part(StrEnum):
    """What a word or phrase does."""

    YES = "yes"
    YES_OR_WHAT = "yes_or_what"  # a yes that is "what?" elsewhere
    NO = "no"
    EMPHASIS = "emphasis"  # "sure": a yes by itself, and goes with a no too
    NEVER = "never"  # a no by itself, and goes with a no; behind a yes it may mean "very"
    NOT = "not"
    HAVE = "have"
    HAVE_NOT = "have_not"
    SYMPTOM_VERB = "symptom_verb"
    ACTION_VERB = "action_verb"
    CEASED = "ceased"  # forgot, stopped, got well
    GOOD = "good"  # appetite, strength: what one complains of when there is none
    VERB_NOT = "verb_not"  # a verb with its own negation
    SYMPTOM = "symptom"
    STATE = "state"  # ill
    WELL = "well"
    THING = "thing"
    RIGHT = "right"
    WILLING = "willing"
    NO_HARM = "no_harm"  # "no problem": yes to "may I?", no to "have you ...?"
    IDIOM = "idiom"  # go ahead
    PROMISE = "promise"  # God willing
    ONLY = "only"
    BUT = "but"
    STILL = "still"
    HARDLY = "hardly"
    NOT_ME = "not_me"  # behind somebody else's affairs
    HEDGE = "hedge"
    FREQUENCY = "frequency"  # sometimes
    STEADY = "steady"  # every day
    DEGREE = "degree"
    DETAIL = "detail"
    COURTESY = "courtesy"
    ASKING = "asking"  # why, if
    COMMAND = "command"
    CORRECTION = "correction"
    FIGURE = "figure"  # a number of nothing: "no, seven" corrects what was read back
    BEGIN = "begin"  # "begin!" and "never", spelled alike
    UNKNOWN = "unknown"


class Chunk(Struct, frozen=True):
    """One word or phrase with its part."""

    part: Part
    text: str
    joined: bool = False  # an "and" stands before it
    negated_by_la: bool = False  # a present that standard Arabic negates with "la"
    definite: bool = False
    verb: VerbKind | None = None  # of a verb, with its own negation or without


class Says(StrEnum):
    """The polarity of a clause."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"  # "not every day", "not well"


class Clause(Struct, frozen=True):
    """One thing that was said."""

    says: Says
    part: Part  # of the word that carries it
    at: int
    particle: bool = False  # "yes", "no" and their like, not a sentence
    after_but: bool = False
    sure: bool = True
    verb: VerbKind | None = None  # of the verb that carries it
    denied: bool = False
    end: int = 0  # where the words stop that belong to it


class Sentence(Struct, frozen=True):
    """All clauses of a text, and the parts of all of its words."""

    clauses: tuple[Clause, ...]
    parts: frozenset[Part]
    first_unknown: int | None = None  # where the first word stands that nobody knows
    unknown: int = 0
    unknown_may_negate: bool = False  # one of them looks like a negation
    corrected_at: int | None = None  # where a correction stands
    not_always: bool = False  # "not every day" stands somewhere
