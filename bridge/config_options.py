"""What the configuration is made of: sections, kinds of values, and in words what each may be."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationInfo,
)

from bridge.identity.strength import is_published, weakness

__all__ = [
    "ContentPath",
    "DataPath",
    "Name",
    "Number",
    "PublishedSecretError",
    "Secret",
    "Section",
    "Whole",
    "Word",
    "a_database_url",
    "listed",
    "long_enough",
    "option",
]


def _number_and_no_truth(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("true and false are no numbers")  # noqa: TRY004 (pydantic wants ValueError)
    return value


class PublishedSecretError(ValueError):
    """A secret that everybody knows."""


def long_enough(secret: SecretStr) -> SecretStr:
    """A secret that signs: of as many bytes as its hash, and none that everybody knows."""
    text = secret.get_secret_value()
    if problem := weakness(text):
        raise PublishedSecretError(problem) if is_published(text) else ValueError(problem)
    return secret


def a_database_url(url: SecretStr) -> SecretStr:
    """A URL of a database that Hatif can keep answers in, as hosters write it or as we do."""
    if not url.get_secret_value().startswith(("postgresql+asyncpg://", "postgresql://", "postgres://")):
        raise ValueError("no URL of a PostgreSQL database")
    return url


def _beside(kind: str) -> Callable[[object, ValidationInfo], object]:
    """Resolve a relative path against the folder that was given for this kind of path."""

    def resolve(value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str | Path) or not str(value).strip():
            raise ValueError("no path")
        path = Path(value).expanduser()
        folder = (info.context or {}).get(kind)
        return path if folder is None else folder / path

    return resolve


Whole = Annotated[int, BeforeValidator(_number_and_no_truth)]
Number = Annotated[float, BeforeValidator(_number_and_no_truth), Field(allow_inf_nan=False)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
ContentPath = Annotated[Path, BeforeValidator(_beside("content"))]  # what is shipped: questions, models
DataPath = Annotated[Path, BeforeValidator(_beside("data"))]  # what the daemon writes
Name = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
]  # goes into metrics, tokens
Secret = Annotated[SecretStr, Field(min_length=1)]


def listed(value: object) -> object:
    """A list; the environment writes its members with commas or spaces between them."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def option(default: object, right: str, **limits: Any) -> Any:
    """An option: its default, and in words what it may be (the sentence goes on after "it must be")."""
    return Field(default, description=right, **limits)


class Section(BaseModel):
    """Options that belong together. Frozen; an unknown one is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)
