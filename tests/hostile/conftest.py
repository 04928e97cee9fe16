"""One real daemon for all that is done to it here: impatient, and otherwise as shipped."""

from collections.abc import Callable
from typing import Any

import pytest

HEADERS, BODIES, SENDS, FIRST = 2.0, 2.0, 2.0, 2.0  # seconds by the wall clock
SPEED = 8


@pytest.fixture(scope="module")
def impatient(start_daemon: Callable[..., Any]) -> Any:
    """A daemon that waits for nobody."""
    return start_daemon(
        HATIF_CLOCK__SPEED=str(SPEED),
        HATIF_SERVER__HEADER_SECONDS=str(HEADERS),
        HATIF_SERVER__BODY_SECONDS=str(BODIES),
        HATIF_SERVER__SEND_SECONDS=str(SENDS),
        HATIF_SERVER__FIRST_MESSAGE_SECONDS=str(FIRST * SPEED),
        HATIF_SERVER__MAX_CONNECTIONS="4000",  # all that are slow at once, and the flood
        HATIF_LIMITS__PER_MINUTE="1000000",
        HATIF_PROVIDERS__TWILIO__AUTH_TOKEN="the-twilio-auth-token",
        HATIF_SERVER__PUBLIC_URL="https://hatif.example",
        HATIF_LOG__FORMAT="json",
    )
