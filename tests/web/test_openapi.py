"""The real daemon does what its OpenAPI document says, whatever it is asked."""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

import aiohttp
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from bridge.identity.access import AccessTokens
from bridge.identity.principal import Scope

pytestmark = pytest.mark.call

EXAMPLES = 8
OFTEN = {
    f"HATIF_LIMITS__{name}": "1000000" for name in ("PER_MINUTE", "KEY_PER_MINUTE", "FAILURES_PER_MINUTE")
}
SETUP = {"type": "session.setup", "data": {"context": {"id": 77}}}
NOT_ASKED = {("post", "/admin/drain")}  # what is asked of the others leaves the daemon as it was


class Interface:
    """A daemon, its document, and somebody who may do everything."""

    def __init__(self, daemon: Any) -> None:
        _, self.document = daemon.get("/openapi.json")
        token = AccessTokens(daemon.tokens_secret).issue("key:tester", Scope)
        self.headers = {"Authorization": f"Bearer {token}"}
        self.base_url = f"http://127.0.0.1:{daemon.port}"
        self.schema = schemathesis.openapi.from_dict(self.document)

    def operations(self) -> Iterator[Any]:
        """Those that are asked."""
        for found in self.schema.get_all_operations():
            operation = found.ok()
            if (operation.method, operation.path) not in NOT_ASKED:
                yield operation

    def ask(self, operation: Any, mode: GenerationMode, examples: int) -> None:
        """Ask it for what the document allows, or does not allow; every check is made of each answer."""

        @settings(
            max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def is_as_described(case: Any) -> None:
            case.call_and_validate(
                base_url=self.base_url, headers=self.headers, excluded_checks=[negative_data_rejection]
            )  # a parameter that nobody knows is not minded

        is_as_described()

    async def answer(self, method: str, path: str, **named: str) -> Any:
        """What is answered, once it was compared with the document."""
        case = self.schema[path][method].Case(path_parameters=named)
        asked = partial(case.call_and_validate, base_url=self.base_url, headers=self.headers)
        return (await asyncio.to_thread(asked)).json()


@pytest.fixture(scope="module")
def daemon_of_interface(start_daemon: Any) -> Any:
    """Nobody else asks this one, so that it may be asked often."""
    return start_daemon(**OFTEN)


@pytest.fixture(scope="module")
def interface(daemon_of_interface: Any) -> Interface:
    """The way to ask it."""
    return Interface(daemon_of_interface)


def test_every_operation_answers_as_described(interface: Interface) -> None:
    """Status, content type, body, refusal without credential and of what is not allowed."""
    asked = 0
    for operation in interface.operations():
        interface.ask(operation, GenerationMode.POSITIVE, EXAMPLES)
        if any(one.definition["schema"].keys() > {"type"} for one in operation.query):
            interface.ask(operation, GenerationMode.NEGATIVE, EXAMPLES)
        asked += 1
    assert asked >= 15


async def test_a_call_is_shown_and_ended_as_described(interface: Interface, daemon_of_interface: Any) -> None:
    """What has an answer only while somebody calls; and draining, at last."""
    headers = {"Auth": daemon_of_interface.token}
    async with (
        aiohttp.ClientSession() as carrier,
        carrier.ws_connect(daemon_of_interface.url("/ws/maqsam"), headers=headers) as socket,
    ):
        await socket.send_json(SETUP)
        assert (await socket.receive_json())["type"] == "session.ready"
        (call,) = (await interface.answer("GET", "/admin/sessions"))["sessions"]
        shown = await interface.answer("GET", "/admin/sessions/{id}", id=call["id"])
        ended = await interface.answer("DELETE", "/admin/sessions/{id}", id=call["id"])
    assert shown["provider"] == "maqsam"
    assert ended == {"id": call["id"], "ending": True}
    assert (await interface.answer("POST", "/admin/drain"))["state"] in {"draining", "running"}
