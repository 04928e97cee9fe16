"""The section `providers` of the configuration, made from what every provider's file declares."""

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import Meta
from pydantic import AfterValidator, BeforeValidator, SecretStr, create_model

from bridge.config_options import Secret, Section, Word, listed, option
from protocols.provider import Options
from protocols.registry import PROVIDERS

__all__ = ["PROVIDER_SECRETS", "Providers", "options_of"]


def _meta(declared: object) -> tuple[Any, Meta]:
    """A field's type, and what is said about it."""
    plain, *notes = get_args(declared) if get_origin(declared) is Annotated else (declared,)
    return plain, next((note for note in notes if isinstance(note, Meta)), Meta())


def _is_secret(meta: Meta) -> bool:
    return bool((meta.extra or {}).get("secret"))


def _field(info: msgspec.structs.FieldInfo) -> tuple[Any, Any]:
    plain, meta = _meta(info.type)
    is_text = get_origin(plain) in (Union, UnionType) and str in get_args(plain)
    kind = (Secret if _is_secret(meta) else Word) | None if is_text else plain
    return kind, option(info.default, meta.description or "")


def _section(name: str, options: type[Options]) -> type[Section]:
    fields: dict[str, Any] = {info.name: _field(info) for info in msgspec.structs.fields(options)}
    made: type[Section] = create_model(name, __base__=Section, __doc__=f"Calls from {name}.", **fields)
    return made


def _known(names: list[str]) -> list[str]:
    for name in names:
        if name not in PROVIDERS:
            raise ValueError(f"{name[:60]!r} is no provider")
    return names


Names = Annotated[list[str], AfterValidator(_known), BeforeValidator(listed)]

_SECTIONS = {name: _section(name, provider.options) for name, provider in PROVIDERS.items()}
Providers: type[Section] = create_model(
    "Providers",
    __base__=Section,
    __doc__="Who may bring calls.",
    only=(Names, option([], "a list of providers, such as [maqsam]; `hatif carrier list` shows them")),
    **{name: (section, section()) for name, section in _SECTIONS.items()},  # type: ignore[call-overload]
)
PROVIDER_SECRETS = {  # file in the credentials directory: option
    f"{name}_{info.name}": f"providers.{name}.{info.name}"
    for name, provider in PROVIDERS.items()
    for info in msgspec.structs.fields(provider.options)
    if _is_secret(_meta(info.type)[1])
}


def options_of(name: str, section: Section) -> Options:
    """A section as the provider's own options, secrets in clear."""
    values = {
        key: value.get_secret_value() if isinstance(value, SecretStr) else value
        for key, value in dict(section).items()
    }
    options: Options = PROVIDERS[name].options(**values)
    return options
