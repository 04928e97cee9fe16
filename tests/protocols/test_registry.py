"""The list of providers."""

import msgspec
import pytest

from protocols import PROVIDERS
from protocols.http import HttpRequest
from protocols.provider import Door, Grant


def test_every_provider_is_listed_under_its_own_name() -> None:
    """Names are those of addresses: lower case, no two alike."""
    assert all(name == each.name == name.lower() for name, each in PROVIDERS.items())
    assert len({each.title for each in PROVIDERS.values()}) == len(PROVIDERS)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_a_protocol_has_the_capabilities_that_are_listed(name: str) -> None:
    """What is listed is what the machine says of itself."""
    provider = PROVIDERS[name]
    upgrade = HttpRequest("GET", f"wss://hatif.example/ws/{name}")
    machine = provider.media(provider.options(), Grant(request=upgrade, is_authenticated=True))

    assert machine.capabilities is provider.capabilities


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_every_option_says_what_it_must_be(name: str) -> None:
    """The configuration's complaints end in these words."""
    for field in msgspec.structs.fields(PROVIDERS[name].options):
        (meta,) = [note for note in field.type.__metadata__ if isinstance(note, msgspec.Meta)]
        assert meta.description


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_whoever_has_a_credential_of_its_own_can_check_it(name: str) -> None:
    """A door that is no token's has a keeper, and knows whether it is configured."""
    provider = PROVIDERS[name]

    assert provider.door is Door.TOKEN or (provider.admit and provider.is_guarded)
    assert provider.door is not Door.IN_BAND or provider.in_band


@pytest.mark.parametrize("name", sorted(name for name, each in PROVIDERS.items() if each.dial))
def test_a_document_that_dials_names_the_number_and_nothing_else(name: str) -> None:
    """Whatever the number looks like."""
    dial = PROVIDERS[name].dial
    assert dial is not None

    assert b"+966110000009" in dial("+966110000009").body
    hostile = dial("<Hangup/>")
    assert hostile.content_type == "application/json" or b"<Hangup" not in hostile.body
