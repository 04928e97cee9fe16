"""Whose voice a questionnaire is spoken in, as its author says it; which voices there are is not known."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bridge.dialogue.dialects import KnownDialect
from bridge.dialogue.wording import Model

__all__ = ["SpokenBy", "VoiceChoice"]

MAX_NAME_CHARACTERS = 100
_NAME = r"^[a-z][a-z0-9-]*/\S(.*\S)?$"


def _voice_name(name: str) -> str:
    if re.fullmatch(_NAME, name) is None:
        raise ValueError("should be ENGINE/VOICE, such as piper/ar_JO-kareem-medium, or a block of fields")
    return name


VoiceName = Annotated[
    str,
    AfterValidator(_voice_name),
    Field(max_length=MAX_NAME_CHARACTERS, json_schema_extra={"pattern": _NAME}),
]


class VoiceChoice(Model):
    """One voice by its name, or what the nearest of the site's voices is looked up by."""

    name: VoiceName | None = None  # ENGINE/VOICE, such as piper/ar_JO-kareem-medium
    dialect: KnownDialect | None = None  # left out: the callers', where `dialects` names just one
    gender: Literal["female", "male"] | None = None  # of the voice

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        is_described = self.dialect is not None or self.gender is not None
        if (self.name is not None) is is_described:
            raise ValueError("names a voice, or tells its dialect, gender or both")
        return self


def _by_name(written: object) -> object:
    """A name may stand without its block."""
    return {"name": written} if isinstance(written, str) else written


SpokenBy = Annotated[VoiceChoice, BeforeValidator(_by_name, json_schema_input_type=VoiceName | VoiceChoice)]
