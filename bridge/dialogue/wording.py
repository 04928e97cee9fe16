"""The small parts that a questionnaire's model is made of: texts, names, codes, and who a variant is for."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints

from bridge.dialogue.dialects import Dialect, Phrases, spoken

__all__ = [
    "IDENTIFIER",
    "Code",
    "Expression",
    "Identifier",
    "Listened",
    "Model",
    "Text",
    "Texts",
    "Variant",
    "variants_for",
]

MAX_PROMPT_CHARACTERS = 600  # about a minute of speech: nobody listens longer
MAX_EXPRESSION_CHARACTERS = 500
IDENTIFIER = r"^[a-z][a-z0-9_]{0,39}$"

GENDERS = ("f", "m")


def _for_everyone_too(phrases: Phrases) -> Phrases:
    if Dialect.MSA not in phrases:
        raise ValueError("has no phrases for msa, which everybody is offered")
    return phrases


def _one_or_more(written: object) -> object:
    """A single sentence may stand without its brackets."""
    return [written] if isinstance(written, str) else written


def _variant(name: object) -> str:
    """Check the name of a variant: a dialect, a gender, or both: egy, f, egy.f."""
    dialect, _, gender = str(name).rpartition(".")
    if gender not in GENDERS:
        dialect, gender = str(name), ""
    if (dialect and dialect not in tuple(Dialect)) or not (dialect or gender):
        known = ", ".join((*Dialect, *GENDERS))
        raise ValueError(f"unknown variant '{name}'; one of {known}, or both as in egy.f")
    return str(name)


Text = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_PROMPT_CHARACTERS), AfterValidator(spoken)
]
# Said in turn, the last one again. Not strict: behind a validator of ours a JSON list comes as a list.
Texts = Annotated[
    tuple[Text, ...],
    Strict(strict=False),
    Field(min_length=1, max_length=3),
    BeforeValidator(
        _one_or_more,
        json_schema_input_type=Text | Annotated[tuple[Text, ...], Field(min_length=1, max_length=3)],
    ),
]
Listened = Annotated[Phrases, AfterValidator(_for_everyone_too)]
Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER)]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=MAX_EXPRESSION_CHARACTERS)]
Variant = Annotated[str, BeforeValidator(_variant)]


class Model(BaseModel):
    """A block of fields: no unknown ones, no conversions, never changed."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Code(Model):
    """What an item or an option is called in a terminology, for export."""

    system: Annotated[
        str, StringConstraints(min_length=1, max_length=200)
    ]  # loinc, snomed, local, or an address
    code: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    display: str | None = None


def variants_for(dialect: Dialect | None, gender: str | None) -> tuple[str, ...]:
    """Name the variants that fit a caller, the best first.

    The gender counts for more than the dialect: a sentence in standard Arabic is understood by everybody, one
    that calls a woman a man is wrong.
    """
    dialects = (dialect.value,) if dialect else ()
    genders = (gender,) if gender in GENDERS else ()
    return (*(f"{one}.{other}" for one in dialects for other in genders), *genders, *dialects)
