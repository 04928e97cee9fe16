"""The parts that words play in a sentence about oneself."""

from enum import StrEnum

from msgspec import Struct

__all__ = ["Chunk", "Part"]


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
