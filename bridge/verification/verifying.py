"""Everything that is tried of a deployed server, in order: who is there, who is let in, and a call."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import aiohttp

from bridge.errors import BridgeError
from bridge.verification import asking
from bridge.verification.calling import TestCall, patients_socket, strangers_socket, test_call
from bridge.verification.target import Check, State, Target

__all__ = ["Wanted", "verify"]

ANSWER_SECONDS = 15.0
KEPT = ("/metrics", "/admin/sessions", "/admin/health")


class AddressError(BridgeError):
    """What was named is no address of a server."""

    code = "address"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which server, and what it is tried with."""

    url: str
    secret: str | None = None
    call: TestCall | None = None  # None: no call is placed


async def verify(wanted: Wanted, now: datetime) -> list[Check]:
    """Try everything; what is wrong comes as a check, not as an error.

    Raises:
        AddressError: the address is none.

    """
    url = _address(wanted.url)
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as client:
        target = Target(client, url)
        found = [await asking.certificate(target, now), await asking.index(target)]
        if found[-1].state is State.BAD and not await _answers(target):
            return found  # the rest would say so again
        found += await asking.health(target)
        found += [await asking.readiness(target), await asking.maqsam(target)]
        found += await asking.tokens(target, wanted.secret)
        found += [await asking.kept(target, path) for path in KEPT]
        found.append(await asking.headers(target))
        call = wanted.call or TestCall()
        found.append(await strangers_socket(target, call.provider))
        found.append(await patients_socket(target, wanted.secret))
        if wanted.call is None:
            found.append(Check(f"a call of {call.provider}", State.SKIPPED, "none was wanted (--no-call)"))
        else:
            found.append(await test_call(target, wanted.call))
    return found


async def _answers(target: Target) -> bool:
    return not (await target.get("/livez")).failure


def _address(url: str) -> str:
    try:
        place = urlsplit(url)
        is_address = place.scheme in {"http", "https"} and bool(place.hostname) and place.port != 0
    except ValueError:
        is_address = False
    if not is_address or place.path.strip("/") or place.query:
        raise AddressError(f"{url!r} is no address of a server, such as https://hatif.example.org")
    return url.rstrip("/")
