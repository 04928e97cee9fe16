"""What anybody may hear names nothing of what the questions are about. Pure.

The opening, the question who is speaking, what is left on a machine and the farewells to those who never
agreed are heard by whoever has picked up. A word of theirs that the title or a question has too, and the
common content has not, tells what the call is about.
"""

import re
from collections.abc import Callable, Iterator

from bridge.authoring.checking.remarks import Kind, Remark
from bridge.authoring.checking.wording import spoken_texts
from bridge.dialogue.document import Path
from bridge.dialogue.items import ConsentItem, IdentityItem, InfoItem, LanguageItem
from bridge.dialogue.questionnaire import Questionnaire
from bridge.understanding import bare

__all__ = ["remarks_on_disclosure"]

ENDINGS = (
    "voicemail",
    "refused",
    "wrong_person",
    "no_answer",
    "call_back",
    "do_not_call",
    "failed",
    "interrupted",
)
WHO_CALLS = frozenset({"مستشفى", "عيادة", "مركز"})  # whoever calls has to say who they are
LEAST_LETTERS = 3  # of a stem: shorter words are particles

_PLACEHOLDER = re.compile(r"\{[^}]*\}")
_WORD = re.compile(r"[\u0621-\u064a]+")
_PREFIX = re.compile(r"^[وفبكل]?(?:ال|لل)")


def remarks_on_disclosure(questionnaire: Questionnaire, is_own: Callable[[Path], bool]) -> Iterator[Remark]:
    """Look at every sentence of the file's own that strangers and machines may hear."""
    texts = list(spoken_texts(questionnaire))
    words = questionnaire.words
    common = _stems(text for path, text in texts if not is_own(path)) | WHO_CALLS
    common |= _stems([words.yes.say, words.no.say, words.dont_know.say, words.refuse.say])
    about = _stems(text for path, text in texts if path[0] == "items" and not _is_public(questionnaire, path))
    about = (about | _stems([questionnaire.title])) - common
    for path, text in texts:
        if is_own(path) and _is_public(questionnaire, path):
            named = sorted(_stems([text]) & about)
            if named:
                listed = ", ".join(f"'{word}'" for word in named)
                remark = f"anybody may hear it, and {listed} tells what the call is about"
                yield Remark(Kind.DISCLOSURE, path, remark)


def _is_public(questionnaire: Questionnaire, path: Path) -> bool:
    """Whether a sentence may be heard by somebody who has neither said who they are nor agreed."""
    if path[0] == "prompts":
        return path[1] == "opening"
    if path[0] == "closing":
        return path[1] in ENDINGS
    if path[0] != "items" or not isinstance(path[1], int):
        return False
    items = questionnaire.items[: path[1] + 1]
    before, item = items[:-1], items[-1]
    is_first = not any(isinstance(one, ConsentItem | InfoItem) for one in before)
    return isinstance(item, IdentityItem | LanguageItem) and is_first


def _stems(texts: Iterator[str] | list[str]) -> set[str]:
    """The words without vowels, article and what is joined to it; particles left out."""
    words = (word for text in texts for word in _WORD.findall(bare(_PLACEHOLDER.sub(" ", text))))
    return {stem for word in words if len(stem := _PREFIX.sub("", word)) >= LEAST_LETTERS}
