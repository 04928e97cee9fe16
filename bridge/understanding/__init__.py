"""What Arabic words mean as an answer: text to typed value, with the rule that decided. Pure.

`understand` is the door: words of danger, then the answer to a question, then the caller's wishes. `read`
finds the answer only. The readers of single kinds are there for whoever checks words against them.
"""

from bridge.understanding.choices import read_choice
from bridge.understanding.commands import read_command, read_red_flag
from bridge.understanding.meaning import Command, Finding, Meaning, Value
from bridge.understanding.normalisation import bare, normalise
from bridge.understanding.numbers import read_number
from bridge.understanding.questions import Context, Question
from bridge.understanding.reading import UNKNOWN_WORD, read, understand
from bridge.understanding.speaking import speak_number
from bridge.understanding.yes_no import YesNoKind, read_yes_no

__all__ = [
    "UNKNOWN_WORD",
    "Command",
    "Context",
    "Finding",
    "Meaning",
    "Question",
    "Value",
    "YesNoKind",
    "bare",
    "normalise",
    "read",
    "read_choice",
    "read_command",
    "read_number",
    "read_red_flag",
    "read_yes_no",
    "speak_number",
    "understand",
]
