"""Orders that ask whether a machine has answered: what each provider is asked, and that none forgets it."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from protocols import PROVIDERS, LocalProtocolError
from protocols.provider import CallOrder, StreamTarget

STATUS = "https://h/status"
ASYNC_AMD = {"MachineDetection": "Enable", "AsyncAmd": "true", "AsyncAmdStatusCallback": STATUS}
PLIVO = {"machine_detection": "true", "machine_detection_url": STATUS}
# Provider, what of its options it takes to dial, and what an order that asks has more than one that does not.
DETECTING: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("twilio", {"account_sid": "a", "auth_token": "t"}, ASYNC_AMD),
    ("signalwire", {"space": "s", "project_id": "p", "api_token": "t"}, ASYNC_AMD),
    ("telnyx", {"api_key": "k", "application_id": "a", "account_sid": "s"}, ASYNC_AMD),
    (
        "telnyx",
        {"api_key": "k", "application_id": "a", "call_control": True},
        {"answering_machine_detection": "detect"},
    ),
    ("plivo", {"auth_id": "a", "auth_token": "t"}, PLIVO),
    ("vobiz", {"auth_id": "a", "auth_token": "t"}, PLIVO),
    (
        "bandwidth",
        {
            "account_id": "a",
            "application_id": "x",
            "client_id": "c",
            "client_secret": "s",
            "webhook_user": "u",
            "webhook_password": "p",
        },
        {"machineDetection": {"mode": "async", "callbackUrl": STATUS, "username": "u", "password": "p"}},
    ),
    (
        "infobip",
        {"api_url": "https://x", "api_key": "k", "calls_configuration_id": "c"},
        {"machineDetection": {"enabled": True}},
    ),
    ("vonage", {"application_id": "a", "private_key": "k"}, {"machine_detection": "continue"}),
    (
        "jambonz",
        {"account_sid": "a", "api_key": "k", "application_sid": "s"},
        {"amd": {"actionHook": STATUS}},
    ),
    (
        "asterisk",
        {"ari_url": "http://x", "ari_password": "p", "dial": "PJSIP/{number}"},
        {
            "variables": {
                "HATIF_PARAMETERS": "direction=outbound,caller=%2B9661,called=%2B9665",
                "HATIF_DETECT": "1",
            }
        },
    ),
]
REFUSING = {"exotel"}  # detects on calls of another kind only


def ordered(name: str, options: dict[str, Any], *, detect_machine: bool) -> dict[str, Any]:
    """The fields of the request that dials."""
    provider = PROVIDERS[name]
    assert provider.control is not None
    stream = StreamTarget(f"wss://h/ws/{name}/t", STATUS)
    order = CallOrder(
        to="+9665",
        from_="+9661",
        stream=stream,
        answer_url="https://h/answer",
        detect_machine=detect_machine,
        order_id="o",
    )
    request = provider.control(provider.options(**options)).place(order)
    if request.body.startswith(b"{"):
        return dict(json.loads(request.body))
    return {field: values[0] for field, values in parse_qs(request.body.decode()).items()}


@pytest.mark.parametrize(("name", "options", "asked"), DETECTING)
def test_whoever_is_asked_to_detect_machines_is_told_so(
    name: str, options: dict[str, Any], asked: dict[str, Any]
) -> None:
    """And whoever is not, is not: it costs money and time."""
    plain = ordered(name, options, detect_machine=False)
    detecting = ordered(name, options, detect_machine=True)

    assert {field: value for field, value in detecting.items() if plain.get(field) != value} == asked
    assert not [field for field, value in asked.items() if plain.get(field) == value]


def test_exotel_says_that_it_cannot() -> None:
    """An order is not placed without what it asks for."""
    with pytest.raises(LocalProtocolError, match="two numbers"):
        ordered("exotel", {}, detect_machine=True)


def test_nobody_who_dials_is_left_out() -> None:
    """A new provider has to stand in one of the lists above."""

    def dials(name: str) -> bool:
        provider = PROVIDERS[name]
        try:
            ordered(name, {}, detect_machine=False)
        except LocalProtocolError as error:
            return "is not configured" in str(error)
        return provider.control is not None

    able = {name for name, provider in PROVIDERS.items() if provider.control is not None and dials(name)}
    assert able == {name for name, _, _ in DETECTING} | REFUSING
