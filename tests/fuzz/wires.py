"""Any bytes in any order, chosen by coverage, against both ends of one provider's wire.

    python tests/fuzz/wires.py PROVIDER [libFuzzer's options, such as -max_total_time=60] [CORPUS]

Each input is cut into messages, text or binary, and mixed with the provider's captured ones. A machine may
answer with events or with a `RemoteProtocolError`; any other exception is a fault, and libFuzzer keeps its
input.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["protocols", "bridge.carriers.wires"]):
    from bridge.carriers.base import CarrierCall
    from bridge.carriers.pairing import Pair
    from protocols import PROVIDERS, RemoteProtocolError

CAPTURES = Path(__file__).parents[1] / "captures"
CALL = CarrierCall("966500000001", "966110000001", "6fa459ea-ee8a-3ca4-894e-db77e160355e")
MOST_MESSAGES = 8


def captured(provider: str) -> list[str | bytes]:
    """What the provider really says, and takes."""
    found: list[str | bytes] = []
    for written in (CAPTURES / f"{provider}.jsonl").read_text(encoding="utf-8").splitlines():
        line = json.loads(written)
        if "hex" in line:
            found.append(bytes.fromhex(line["hex"]))
        else:
            found.append(line["text"] if "text" in line else json.dumps(line["msg"]))
    return found


def target(provider: str) -> Callable[[bytes], None]:
    """What libFuzzer calls."""
    known = captured(provider)

    def survive(data: bytes) -> None:
        chooser = atheris.FuzzedDataProvider(data)
        pair = Pair(provider, CALL)
        ends = (pair.protocol.receive, pair.wire.receive)
        for _ in range(chooser.ConsumeIntInRange(1, MOST_MESSAGES)):
            try:
                ends[chooser.ConsumeIntInRange(0, 1)](_message(chooser, known))
            except RemoteProtocolError:
                return

    return survive


def _message(chooser: "atheris.FuzzedDataProvider", known: Sequence[str | bytes]) -> str | bytes:
    """A captured message, one of which a stretch is something else, or anything at all."""
    kind = chooser.ConsumeIntInRange(0, 3)
    if kind == 0:
        return str(chooser.ConsumeUnicodeNoSurrogates(256))
    if kind == 1:
        return bytes(chooser.ConsumeBytes(256))
    message = known[chooser.ConsumeIntInRange(0, len(known) - 1)]
    if kind == 2:
        return message
    at, gone = chooser.ConsumeIntInRange(0, len(message)), chooser.ConsumeIntInRange(0, 16)
    if isinstance(message, bytes):
        return message[:at] + bytes(chooser.ConsumeBytes(16)) + message[at + gone :]
    return message[:at] + str(chooser.ConsumeUnicodeNoSurrogates(16)) + message[at + gone :]


def main() -> None:
    """Fuzz the provider that the command line names."""
    if len(sys.argv) < 2 or sys.argv[1] not in PROVIDERS:
        sys.exit(
            f"usage: wires.py PROVIDER [libFuzzer options]; providers are {', '.join(sorted(PROVIDERS))}"
        )
    provider = sys.argv.pop(1)
    atheris.Setup(sys.argv, target(provider))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
