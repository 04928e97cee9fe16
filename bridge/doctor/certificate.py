"""The certificate of server.public_url: for whom, and until when."""

import socket
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cryptography import x509

from bridge.checkup import Finding, Verdict
from bridge.config import Settings

__all__ = ["certificate", "judge"]

HTTPS_PORT = 443
CONNECT_SECONDS = 5.0
SOON = timedelta(days=14)  # renewal by ACME is due 30 days before the end
RENEW = "renew it: `certbot renew`, then reload the proxy"
SUBJECT = "certificate"


def certificate(settings: Settings, now: datetime, *, online: bool) -> Finding | None:
    """What carriers are shown: by the proxy on this machine, or at the public address if `online`."""
    url = settings.server.public_url
    if url is None:
        advice = "set server.public_url to the https:// address by which providers reach this machine"
        return Finding(SUBJECT, Verdict.WARNING, "server.public_url is not set", advice)
    if url.scheme != "https":
        advice = "put a proxy with a certificate in front: carriers want wss:// (docs/install.md)"
        return Finding(SUBJECT, Verdict.WARNING, "server.public_url is not https://", advice)
    host, port = url.host or "", url.port or HTTPS_PORT
    where = host if online else "127.0.0.1"
    try:
        content = _shown(where, port, host)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        if online:
            advice = "see whether the proxy runs, the name resolves, and the firewall lets it through"
            return Finding(SUBJECT, Verdict.BAD, f"{host}:{port} cannot be reached ({reason})", advice)
        advice = "where the proxy is on another machine, `hatif doctor --online` asks the public address"
        return Finding(SUBJECT, Verdict.WARNING, f"nobody shows one at port {port} of this machine", advice)
    return judge(content, host, now)


def _shown(where: str, port: int, name: str) -> bytes:
    """The certificate, whatever it is worth, in DER."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # a bad one is to be looked at, not refused
    with (
        socket.create_connection((where, port), CONNECT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        return connection.getpeercert(binary_form=True) or b""


def judge(content: bytes, host: str, now: datetime) -> Finding:
    """For this host, and valid for a while yet?"""
    try:
        found = x509.load_der_x509_certificate(content)
    except ValueError:
        return Finding(
            SUBJECT, Verdict.BAD, "what is shown is no certificate", "look at the proxy's configuration"
        )
    names = _names(found)
    if not any(_covers(name, host) for name in names):
        advice = f"get one for {host}: certbot --nginx --domain {host}"
        return Finding(SUBJECT, Verdict.BAD, f"is for {', '.join(names) or 'nobody'}, not for {host}", advice)
    left = found.not_valid_after_utc - now.astimezone(UTC)
    detail = f"for {host}, until {found.not_valid_after_utc:%Y-%m-%d}"
    if left < timedelta():
        return Finding(SUBJECT, Verdict.BAD, f"{detail}: it has expired", RENEW)
    if left < SOON:
        return Finding(SUBJECT, Verdict.WARNING, f"{detail}, in {left.days} days", RENEW)
    return Finding(SUBJECT, Verdict.GOOD, detail)


def _names(found: x509.Certificate) -> list[str]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*names.get_values_for_type(x509.DNSName), *_texts(names.get_values_for_type(x509.IPAddress))]


def _texts(values: Iterable[object]) -> list[str]:
    return [str(value) for value in values]


def _covers(name: str, host: str) -> bool:
    """A wildcard stands for one label (RFC 9525, section 6.3)."""
    name, host = name.lower(), host.lower()
    return name == host or (name.startswith("*.") and name[2:] == host.partition(".")[2])
