"""What is asked over HTTP: who is there, how it is, who is let in, and what is kept from strangers."""

import asyncio
import re
import ssl
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from urllib.parse import urlsplit

from bridge.checkup import Verdict
from bridge.doctor.certificate import judge
from bridge.verification.target import Asked, Check, State, Target

__all__ = [
    "KEYS_OF_HEALTH",
    "certificate",
    "headers",
    "health",
    "index",
    "kept",
    "maqsam",
    "readiness",
    "tokens",
]

HTTPS_PORT = 443
COUNTED_REQUESTS = 3
MOST_MEMORY_GB = 2.0  # requirement 000, "Key Metrics to Monitor"
HEALTH_SECONDS = 5.0  # requirement 000, "Performance Benchmarks"
CONNECT_SECONDS = 10.0
KEYS_OF_HEALTH = ("status", "voice_service", "vosk_model", "tts_model", "memory_usage", "active_connections")
KEYS_OF_A_TOKEN = ("token", "token_type", "expires_in")
REFUSED = frozenset({401, 403, 404})
UNAUTHORIZED, NOT_FOUND, OK = 401, 404, 200
PROTECTING = ("strict-transport-security", "x-content-type-options")
SECRET_OPTION = "--secret or VOICE_SERVICE_SECRET"  # noqa: S105 - where the secret comes from
LOOK_AT_THE_LOG = "look at the daemon's log, and at the proxy's"


async def certificate(target: Target, now: datetime) -> Check:
    """For this host, and valid for a while yet; whether it is trusted shows every other request."""
    place = urlsplit(target.url)
    if not target.is_secure:
        return Check("certificate", State.SKIPPED, "the address is not https://")
    host, port = place.hostname or "", place.port or HTTPS_PORT
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # a bad one is to be looked at, not refused
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    except OSError as error:  # TimeoutError is one
        advice = "see whether the proxy runs, the name resolves, and the firewall lets it through"
        return Check("certificate", State.BAD, f"{host}:{port} cannot be reached ({error})", None, advice)
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    found = judge(shown or b"", host, now)
    state = State.BAD if found.verdict is Verdict.BAD else State.GOOD
    return Check("certificate", state, found.detail, None, found.advice)


async def index(target: Target) -> Check:
    """`GET /`: it is Hatif that answers."""
    answer = await target.get("/")
    if answer.status == OK and answer.body.get("service") == "hatif":
        return _good("GET /", answer, f"Hatif {answer.body.get('version')}, {answer.body.get('state')}")
    return _bad("GET /", answer, answer.shown, "see whether this is the address of Hatif, and not of another")


async def health(target: Target) -> list[Check]:
    """`GET /health`: well, with every key of requirement 000, within its five seconds and two gigabytes."""
    answer = await target.get("/health")
    return [_health(answer), *_memory(str(answer.body.get("memory_usage", "")))]


def _health(answer: Asked) -> Check:
    missing = [key for key in KEYS_OF_HEALTH if key not in answer.body]
    if answer.status != OK or answer.body.get("status") != "healthy":
        return _bad("GET /health", answer, _ailing(answer), LOOK_AT_THE_LOG)
    if missing:
        return _bad("GET /health", answer, f"does not say {', '.join(missing)}", "upgrade the server")
    if answer.seconds > HEALTH_SECONDS:
        return _bad("GET /health", answer, f"took longer than {HEALTH_SECONDS:g} s", "give it more processor")
    told = ", ".join(f"{key} {answer.body[key]}" for key in KEYS_OF_HEALTH)
    return _good("GET /health", answer, told)


def _memory(told: str) -> list[Check]:
    """1.2GB or 740MB; nothing where it is not told."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(GB|MB)", told)
    if found is None:
        return []
    gigabytes = float(found[1]) / (1 if found[2] == "GB" else 1024)
    if gigabytes < MOST_MEMORY_GB:
        return [Check("memory", State.GOOD, f"{told}, less than {MOST_MEMORY_GB:g}GB")]
    advice = "it may be right where XTTS speaks; else look at the engines in /admin/health"
    return [Check("memory", State.WARNING, f"{told}, not less than {MOST_MEMORY_GB:g}GB", None, advice)]


async def readiness(target: Target) -> Check:
    """`GET /readyz`: calls may be sent here."""
    answer = await target.get("/readyz")
    if answer.status == OK:
        return _good("GET /readyz", answer, "takes calls")
    reasons = answer.body.get("reasons")
    told = ", ".join(map(str, reasons)) if isinstance(reasons, list) else answer.shown
    return _bad("GET /readyz", answer, f"takes no calls: {told}", LOOK_AT_THE_LOG)


async def tokens(target: Target, secret: str | None) -> list[Check]:
    """`GET /auth/token`: refused to strangers, given for the service secret, and counted."""
    stranger = await target.get("/auth/token")
    subject = "GET /auth/token, no secret"
    if stranger.status == UNAUTHORIZED:
        checks = [_good(subject, stranger, "is refused")]
    else:
        advice = (
            "set identity.service_secret (VOICE_SERVICE_SECRET), and upgrade where there is no such route"
        )
        checks = [_bad(subject, stranger, f"should be refused with 401: {stranger.shown}", advice)]
    checks.append(await _counted(target, stranger))
    if secret is None:
        told = f"no secret was given ({SECRET_OPTION})"
        return [*checks, Check("GET /auth/token", State.SKIPPED, told)]
    return [*checks, await _token(target, secret)]


async def _token(target: Target, secret: str) -> Check:
    answer = await target.get("/auth/token", secret)
    missing = [key for key in KEYS_OF_A_TOKEN if key not in answer.body]
    if answer.status != OK:
        advice = f"compare {SECRET_OPTION} with what the server was given"
        return _bad("GET /auth/token", answer, f"the secret is not taken: {answer.shown}", advice)
    if missing:
        return _bad("GET /auth/token", answer, f"does not say {', '.join(missing)}", "upgrade the server")
    told = f"a {answer.body['token_type']} token for {answer.body['expires_in']} s"
    return _good("GET /auth/token", answer, told)


async def _counted(target: Target, answer: Asked) -> Check:
    """RateLimit-* headers (draft-ietf-httpapi-ratelimit-headers), and less left with every request."""
    limit, left = _left(answer)
    if limit is None or left is None:
        return Check("rate limits", State.BAD, "no RateLimit headers are sent", None, "upgrade the server")
    for _ in range(COUNTED_REQUESTS):  # an older request may be forgotten at the same moment
        before, (_, left) = left, _left(await target.get("/auth/token"))
        if left is not None and (left < before or left == 0):
            return Check("rate limits", State.GOOD, f"{limit} a minute, {left} left")
        if left is None:
            break
    told = f"{limit} a minute are told, and requests are not counted"
    return Check("rate limits", State.BAD, told, None, "see that no cache answers in the daemon's place")


def _left(answer: Asked) -> tuple[int | None, int | None]:
    """The limit, and how much of it is left, where that is told."""
    told = (answer.headers.get(f"ratelimit-{name}", "") for name in ("limit", "remaining"))
    limit, left = (int(text) if text.isascii() and text.isdecimal() else None for text in told)
    return limit, left


async def maqsam(target: Target) -> Check:
    """`GET /maqsam/status`, where there is such a thing: servers of version 0.1 have none."""
    answer = await target.get("/maqsam/status")
    if answer.status == NOT_FOUND:
        told = "there is no such route: /health says whether calls are taken"
        return Check("GET /maqsam/status", State.SKIPPED, told, answer.seconds)
    if answer.status == OK:
        return _good(
            "GET /maqsam/status", answer, ", ".join(f"{key} {answer.body[key]}" for key in answer.body)
        )
    return _bad("GET /maqsam/status", answer, answer.shown, LOOK_AT_THE_LOG)


async def kept(target: Target, path: str) -> Check:
    """What only those with a credential may see."""
    answer = await target.get(path)
    subject = f"GET {path}, no credential"
    if answer.status in REFUSED:
        return _good(subject, answer, f"is refused: {answer.shown}")
    advice = "keep it from strangers in the proxy (deploy/nginx/hatif.conf), and configure a credential"
    return _bad(subject, answer, f"should be refused: {answer.shown}", advice)


async def headers(target: Target) -> Check:
    """What tells browsers to be careful, where there is TLS."""
    if not target.is_secure:
        return Check("security headers", State.SKIPPED, "the address is not https://")
    answer = await target.get("/")
    missing = [name for name in PROTECTING if name not in answer.headers]
    if answer.failure or missing:
        told = answer.failure or f"lacks {', '.join(missing)}"
        return _bad("security headers", answer, told, "send them from the proxy (deploy/nginx/hatif.conf)")
    return _good("security headers", answer, _list(PROTECTING))


def _ailing(answer: Asked) -> str:
    parts = answer.body.get("components")
    if not isinstance(parts, dict):
        return answer.shown
    ill = [name for name, part in parts.items() if isinstance(part, dict) and not part.get("ready")]
    return f"{answer.shown}: {_list(ill) or answer.body.get('state')}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def _good(subject: str, answer: Asked, detail: str) -> Check:
    return Check(subject, State.GOOD, detail, answer.seconds)


def _bad(subject: str, answer: Asked, detail: str, advice: str) -> Check:
    return Check(subject, State.BAD, detail, answer.seconds, advice)
