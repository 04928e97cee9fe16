"""For the tests of anybody's voice server: fixtures that call it as real providers do, well and badly.

Installed with Hatif, found by pytest by itself. `carrier_provider` runs a test once for each provider that
can play audio; `carrier_calls` places calls:

    async def test_my_server(carrier_calls, carrier_provider):
        report = await carrier_calls("ws://127.0.0.1:8080/media", carrier_provider, faults=["dup"])
        assert not report.protocol_errors
"""

from collections.abc import Awaitable, Callable, Iterable

import pytest

from bridge.carriers.faults import Fault
from bridge.carriers.registry import is_applicable
from bridge.carriers.running import RunOptions, RunReport, run_calls
from protocols.registry import PROVIDERS

__all__ = ["carrier_calls", "carrier_provider"]

PLAYING = sorted(name for name, each in PROVIDERS.items() if each.capabilities.plays)


@pytest.fixture(params=PLAYING)
def carrier_provider(request: pytest.FixtureRequest) -> str:
    """A provider's name; a test that takes it runs for each."""
    return str(request.param)


@pytest.fixture
def carrier_calls() -> Callable[..., Awaitable[RunReport]]:
    """Place calls, and report on them: an address, a provider, and what `RunOptions` takes."""

    async def place(
        url: str,
        provider: str,
        *,
        faults: Iterable[str] = (),
        token: str | None = None,
        calls: int = 1,
        keys: str = "1",
        max_seconds: float = 60.0,
        seed: int = 0,
    ) -> RunReport:
        wanted = tuple(map(Fault, faults))
        if not all(is_applicable(fault, provider) for fault in wanted):
            pytest.skip(f"not applicable: the wire of {provider} cannot announce A-law")
        options = RunOptions(
            url=url,
            provider=provider,
            tokens=(token,),
            calls=calls,
            faults=wanted,
            keys=keys,
            max_seconds=max_seconds,
            seed=seed,
        )
        return await run_calls(options)

    return place
