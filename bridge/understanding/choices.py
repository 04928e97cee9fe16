"""One of a few options, by the words that its author listed. Every word must belong to that option."""

from collections.abc import Mapping, Sequence

from bridge.understanding import lexicon
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise
from bridge.understanding.phrases import Phrasebook

__all__ = ["read_choice"]


def read_choice(text: str, options: Mapping[str, Sequence[str]]) -> Meaning:
    """Read `text` as one of `options` (value: its phrases); the value is the option's."""
    book: Phrasebook[str | bool] = Phrasebook(
        [
            *((phrase, True) for phrase in lexicon.FILLERS),
            *((phrase, value) for value, phrases in options.items() for phrase in phrases),
        ]
    )
    labels = book.labels(normalise(text).split())
    named = {label for label in labels if isinstance(label, str)}
    if None in labels:
        return nothing("unknown_word")
    if len(named) > 1:
        return Meaning(Finding.AMBIGUOUS, "several_options")
    return Meaning(Finding.VALUE, "option_phrase", value=named.pop()) if named else nothing("no_option")
