"""How much is tried."""

import pytest


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    """How many daemons are killed."""
    return int(request.config.getoption("--kills"))
