"""What a questionnaire wants to know of the site that it runs at: its name, its number for a crisis. Pure."""

import re
from collections.abc import Iterator, Mapping

from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.text_checks import all_texts

__all__ = ["missing_site_facts"]

_SITE_FACT = re.compile(r"\{site\.([a-z][a-z0-9_]*)\}")


def missing_site_facts(questionnaire: Questionnaire, site: Mapping[str, str]) -> list[str]:
    """Which facts about the site are named and not configured; with one of them missing it may not run."""
    return sorted({name for name in _named(questionnaire) if not site.get(name)})


def _named(questionnaire: Questionnaire) -> Iterator[str]:
    blocks = {"items", "prompts", "closing", "escalations", "variants"}
    for _, text in all_texts((), questionnaire.model_dump(include=blocks)):
        yield from _SITE_FACT.findall(text)
