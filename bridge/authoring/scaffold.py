"""The beginning of a questionnaire: small, complete, and explained line by line."""

import re
from pathlib import Path

from bridge.dialogue.wording import IDENTIFIER
from bridge.errors import BridgeError

__all__ = ["ScaffoldError", "scaffold"]

TEMPLATE = Path(__file__).with_name("scaffold.yaml")


class ScaffoldError(BridgeError):
    """A questionnaire cannot be begun as it was asked for."""

    code = "scaffold"


def scaffold(questionnaire_id: str, title: str) -> str:
    """Make the text of a new questionnaire.

    Raises:
        ScaffoldError: the id or the title is not allowed.

    """
    if not re.fullmatch(IDENTIFIER, questionnaire_id):
        text = "begins with a small letter, and holds small letters, digits and _ only, as in knee_pain"
        raise ScaffoldError(f"'{questionnaire_id}' is no id: it {text}")
    if not title.isprintable() or not any(map(str.isalpha, title)):
        raise ScaffoldError("a title is one line with words")
    quoted = title.replace("\\", "\\\\").replace('"', '\\"')
    template = TEMPLATE.read_text(encoding="utf-8")
    return template.replace("{id}", questionnaire_id).replace("{title}", f'"{quoted}"')
