"""The list of providers."""

from protocols import PROVIDERS, MaqsamProtocol, TwilioProtocol


def test_every_provider_is_listed_under_its_own_name() -> None:
    """The name in the list is the name in the capabilities."""
    assert {name: each.name for name, each in PROVIDERS.items()} == {"maqsam": "maqsam", "twilio": "twilio"}


def test_a_protocol_has_the_capabilities_that_are_listed() -> None:
    """What is listed is what the machine says of itself."""
    protocols = (MaqsamProtocol(authenticated=True, check=None), TwilioProtocol())

    assert [each.capabilities for each in protocols] == list(PROVIDERS.values())
