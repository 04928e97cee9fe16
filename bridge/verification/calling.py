"""What is tried over WebSockets: a wrong credential, and one whole call as a provider makes it."""

from dataclasses import dataclass

from bridge.carriers.leg import CallOutcome, EndedBy
from bridge.carriers.running import RunOptions, run_calls
from bridge.verification.target import Check, State, Target
from protocols.provider import Door
from protocols.registry import PROVIDERS

__all__ = ["TestCall", "patients_socket", "strangers_socket", "test_call"]

HANDSHAKE_SECONDS = 2.0  # requirement 000, "Performance Benchmarks"
NO_TOKEN = "no.such.token"  # noqa: S105 - of the form of a stream token, and none
WRONG = {"Authorization": "Bearer no-such-token", "Auth": "no-such-token"}
REFUSED = frozenset({401, 403})
GATEWAY_FAILURES = frozenset({400, 404, 426, 502, 504})
OPENED, NOT_FOUND = 101, 404
PATIENTS_SOCKET = "/ws/healthcare-questionnaire"  # requirement 000, "WebSocket Connection Test"
CLOSED_WELL = (None, 1000)  # RFC 6455 section 7.4.1; None: we closed it, or the wire has no such thing
ENDED_BY_US = frozenset({EndedBy.TIME_LIMIT, EndedBy.CALLER})
LOOK_AT_THE_LOG = "look at the daemon's log"
LET_UPGRADES_THROUGH = "have the proxy pass upgrades on (deploy/nginx/hatif.conf)"
SHORTER = "allow more time (--max-seconds), ask a shorter --questionnaire, or answer otherwise (--keys)"


@dataclass(frozen=True, slots=True)
class TestCall:
    """As whom to call, what to answer, and for how long at most.

    Whoever presses 2 says no: a question for consent is answered, written down, and the call over.
    """

    __test__ = False  # no test of ours, whatever pytest thinks of its name

    provider: str = "maqsam"
    token: str | None = None
    questionnaire: str | None = None  # the server's default; a stream token names its own
    keys: str = "2"  # pressed at every question
    max_seconds: float = 120.0
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
    if answer.status == OPENED and target.is_this_machine:
        advice += "; until then programs of this machine, such as this one, need none"
    if answer.status in GATEWAY_FAILURES:
        advice = LET_UPGRADES_THROUGH
    told = f"should be refused with 401: {answer.shown}"
    return Check(subject, State.BAD, told, answer.seconds, advice)


async def patients_socket(target: Target, secret: str | None) -> Check:
    """The address that requirement 000 tries opens for the service secret, and soon."""
    if secret is None:
        return Check(PATIENTS_SOCKET, State.SKIPPED, "no secret was given")
    answer = await target.upgrade(PATIENTS_SOCKET, {"Authorization": f"Bearer {secret}"})
    if answer.status == OPENED and answer.seconds <= HANDSHAKE_SECONDS:
        return Check(PATIENTS_SOCKET, State.GOOD, "opens for the service secret", answer.seconds)
    if answer.status == OPENED:
        told = f"opens, after more than {HANDSHAKE_SECONDS:g} s"
        return Check(PATIENTS_SOCKET, State.BAD, told, answer.seconds, "give it more processor")
    if answer.status == NOT_FOUND:
        told = "the generic protocol is not enabled there"
        return Check(PATIENTS_SOCKET, State.SKIPPED, told, answer.seconds)
    advice = "configure identity.service_secret (VOICE_SERVICE_SECRET), and compare it with --secret"
    if answer.status in GATEWAY_FAILURES:
        advice = LET_UPGRADES_THROUGH
    told = f"does not open for the service secret: {answer.shown}"
    return Check(PATIENTS_SOCKET, State.BAD, told, answer.seconds, advice)


async def test_call(target: Target, call: TestCall) -> Check:
    """One call, by whoever presses the same at every question: taken, spoken to, and ended by the rules."""
    subject = f"a call of {call.provider}"
    if PROVIDERS[call.provider].door is Door.TOKEN and call.token is None:
        return Check(subject, State.SKIPPED, "no stream token was given (--token; `hatif token stream`)")
    report = await run_calls(
        RunOptions(
            url=target.sockets + _path(call),
            provider=call.provider,
            tokens=(call.token,),
            keys=call.keys,
            max_seconds=call.max_seconds,
            speed=call.speed,
        )
    )
    (outcome,) = report.outcomes
    if report.refused:
        told = f"was not taken: {outcome.http_status or outcome.detail}"
        return Check(subject, State.BAD, told, outcome.seconds, "give --token as the provider would show it")
    if report.protocol_errors or report.unheard:
        told = outcome.detail or f"was not spoken to, and ended by {outcome.ended_by}"
        return Check(subject, State.BAD, told, outcome.seconds, LOOK_AT_THE_LOG)
    if outcome.close_code not in CLOSED_WELL:
        told = f"was broken off with close code {outcome.close_code}"
        return Check(subject, State.BAD, told, outcome.seconds, LOOK_AT_THE_LOG)
    heard = outcome.first_heard_seconds
    taken = "was taken" if heard is None else f"was taken, first words after {heard:.1f} s"
    if outcome.ended_by in ENDED_BY_US and report.is_spoken_to:
        return Check(subject, State.WARNING, f"{taken}, {_unended(outcome)}", outcome.seconds, SHORTER)
    return Check(subject, State.GOOD, f"{taken}, ended by {outcome.ended_by}", outcome.seconds)


def _path(call: TestCall) -> str:
    names_its_own = PROVIDERS[call.provider].door is Door.TOKEN
    questionnaire = None if names_its_own else call.questionnaire
    return "/".join(filter(None, (f"/ws/{call.provider}", questionnaire)))


def _unended(outcome: CallOutcome) -> str:
    if outcome.ended_by is EndedBy.TIME_LIMIT:
        return "still going on at its time limit"
    return "still going on when the caller hung up"
