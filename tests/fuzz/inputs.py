"""Any bytes, chosen by coverage, where files and credentials come in, and requests of providers.

    python tests/fuzz/inputs.py questionnaire|settings|token|webhook [libFuzzer's options] [CORPUS]

Each may be refused with an error of ours; any other exception is a fault, and libFuzzer keeps its input.
"""

import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["bridge.dialogue", "bridge.config", "bridge.identity", "protocols"]):
    from bridge.config import load_settings
    from bridge.content import CONTENT
    from bridge.dialogue.loader import parse
    from bridge.errors import BridgeError
    from bridge.identity.access import AccessTokens
    from bridge.identity.streams import StreamTokens
    from protocols import PROVIDERS, RemoteProtocolError
    from protocols.http import HttpRequest
    from protocols.provider import SignatureError

SECRET = "s" * 48
FILE = Path(tempfile.mkdtemp()) / "config.yaml"
COMMON = (CONTENT / "questionnaires" / "common" / "ar.yaml").read_text(encoding="utf-8")


def questionnaire(data: bytes) -> None:
    """A questionnaire's text."""
    with suppress(BridgeError):
        parse(data.decode(errors="replace"), name="fuzz.yaml", common=COMMON)


def settings(data: bytes) -> None:
    """A config.yaml."""
    FILE.write_bytes(data)
    with suppress(BridgeError):
        load_settings(FILE, environ={})


def token(data: bytes) -> None:
    """A credential as it stands in a header or in a path."""
    text = data.decode(errors="surrogateescape")
    for read in (AccessTokens(SECRET).read, lambda text: StreamTokens(SECRET).read(text, provider="twilio")):
        with suppress(BridgeError):
            read(text)


def webhook(data: bytes) -> None:
    """A request to a provider's webhooks: signed by nobody, and what is made of it if it were."""
    chooser = atheris.FuzzedDataProvider(data)
    provider = PROVIDERS[chooser.PickValueInList(sorted(n for n, one in PROVIDERS.items() if one.webhooks))]
    query = chooser.ConsumeUnicodeNoSurrogates(64)
    kind = chooser.PickValueInList(["application/json", "application/x-www-form-urlencoded", "text/plain"])
    request = HttpRequest(
        "POST", f"https://hatif.example/webhooks/x?{query}", {"content-type": kind}, chooser.ConsumeBytes(512)
    )
    webhooks = provider.webhooks(provider.options())
    with suppress(SignatureError):
        webhooks.verify(request, now=0.0)
    for understand in (webhooks.incoming, webhooks.status):
        with suppress(RemoteProtocolError):
            understand(request)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "questionnaire": questionnaire,
    "settings": settings,
    "token": token,
    "webhook": webhook,
}


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: inputs.py {'|'.join(TARGETS)} [libFuzzer options]")
    chosen = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, chosen)
    atheris.Fuzz()
