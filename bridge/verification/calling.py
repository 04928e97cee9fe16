"""What is tried over WebSockets: a wrong credential, and one whole call as a provider makes it."""

from dataclasses import dataclass

from bridge.carriers.leg import EndedBy
from bridge.carriers.running import RunOptions, run_calls
from bridge.verification.target import Check, State, Target
from protocols.provider import Door
from protocols.registry import PROVIDERS

__all__ = ["TestCall", "strangers_socket", "test_call"]

HANDSHAKE_SECONDS = 2.0  # requirement 000, "Performance Benchmarks"
NO_TOKEN = "no.such.token"  # noqa: S105 - of the form of a stream token, and none
WRONG = {"Authorization": "Bearer no-such-token", "Auth": "no-such-token"}
REFUSED = frozenset({401, 403})
GATEWAY_FAILURES = frozenset({400, 404, 426, 502, 504})


@dataclass(frozen=True, slots=True)
class TestCall:
    """As whom to call, and for how long at most."""

    __test__ = False  # no test of ours, whatever pytest thinks of its name

    provider: str = "maqsam"
    token: str | None = None
    max_seconds: float = 60.0
    speed: float = 1.0


async def strangers_socket(target: Target, provider: str) -> Check:
    """A socket with a wrong credential does not open, and is answered soon."""
    answer = await target.upgrade(f"/ws/{provider}/{NO_TOKEN}", WRONG)
    subject = f"/ws/{provider}, wrong credential"
    if answer.status in REFUSED and answer.seconds <= HANDSHAKE_SECONDS:
        return Check(subject, State.GOOD, f"is refused: {answer.shown}", answer.seconds)
    if answer.status in REFUSED:
        told = f"is refused, after more than {HANDSHAKE_SECONDS:g} s"
        return Check(subject, State.BAD, told, answer.seconds, "give it more processor")
    advice = f"configure the credential of providers.{provider}, and tokens.secret"
    if answer.status in GATEWAY_FAILURES:
        advice = "have the proxy pass upgrades on (deploy/nginx/hatif.conf)"
    told = f"should be refused with 401: {answer.shown}"
    return Check(subject, State.BAD, told, answer.seconds, advice)


async def test_call(target: Target, call: TestCall) -> Check:
    """One call, by whoever presses 1 at every question: taken, spoken to, and ended by the rules."""
    subject = f"a call of {call.provider}"
    path, tokens = f"/ws/{call.provider}", (call.token,)
    if PROVIDERS[call.provider].door is Door.TOKEN and call.token is None:
        return Check(subject, State.SKIPPED, "no stream token was given (--token; `hatif token stream`)")
    options = RunOptions(
        url=target.sockets + path,
        provider=call.provider,
        tokens=tokens,
        max_seconds=call.max_seconds,
        speed=call.speed,
    )
    report = await run_calls(options)
    (outcome,) = report.outcomes
    if report.refused:
        told = f"was not taken: {outcome.http_status or outcome.detail}"
        return Check(subject, State.BAD, told, outcome.seconds, "give --token as the provider would show it")
    if report.protocol_errors or report.unheard:
        told = outcome.detail or f"was not spoken to, and ended by {outcome.ended_by}"
        return Check(subject, State.BAD, told, outcome.seconds, "look at the daemon's log")
    heard = outcome.first_heard_seconds
    first = "" if heard is None else f", first words after {heard:.1f} s"
    ended = "still going on" if outcome.ended_by is EndedBy.TIME_LIMIT else f"ended by {outcome.ended_by}"
    return Check(subject, State.GOOD, f"was taken{first}, {ended}", outcome.seconds)
