"""The way between the main process and a worker."""

from collections.abc import AsyncIterator

import pytest
from two_ends import Ends


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    both = Ends()
    await both.opened.wait()
    yield both
    await both.close()
