"""What callers said: is it encrypted with the key that is configured, and is it ever forgotten?"""

import sqlite3
from collections.abc import Sequence

from bridge.checkup import Finding, Verdict
from bridge.config import Settings
from bridge.errors import StorageError
from bridge.privacy.fields import FieldCipher
from bridge.privacy.keys import PLAIN
from bridge.storage.sealing import require_keys

__all__ = ["encryption", "forgetting", "keys_noted"]

SUBJECT = "encryption"
ADD_KEY = (
    "put that key into the credential privacy_key, behind the current one where there is one, and restart; "
    "without it nobody can read the answers"
)
REKEY = "systemctl stop hatif && hatif privacy rekey && systemctl start hatif; or take privacy_key out"

KeysNoted = Sequence[tuple[str, str | bytes | None]]  # of a database: a key's name, and the proof of it


def keys_noted(connection: sqlite3.Connection) -> KeysNoted:
    """Which keys values may be sealed with; none where the schema is older than keys."""
    try:
        return [(str(name), proof) for name, proof in connection.execute("SELECT * FROM sealing_keys")]
    except sqlite3.OperationalError:
        return []


def encryption(settings: Settings, noted: KeysNoted, *, sees_secrets: bool) -> Finding:
    """Whether the daemon would open the database: a key that is missing or another is told before a start.

    `sees_secrets` is false where the folder of credentials may not be looked into by this user.
    """
    ring = settings.privacy.ring
    try:
        require_keys(noted, FieldCipher(ring))
    except StorageError as error:
        if not sees_secrets:
            advice = "run `hatif doctor` as root, who may read the credentials"
            return Finding(SUBJECT, Verdict.WARNING, "the keys may not be read by this user", advice)
        advice = REKEY if PLAIN in {name for name, _ in noted} else ADD_KEY
        return Finding(SUBJECT, Verdict.BAD, f"the daemon does not start: {error}", advice)
    if ring is not None:
        return Finding(SUBJECT, Verdict.GOOD, f"with the key {ring.current.name}")
    if settings.server.is_loopback:
        return Finding(SUBJECT, Verdict.GOOD, "none, and only this machine is served")
    advice = "configure a key before the first call: docs/privacy.md, Encryption"
    return Finding(SUBJECT, Verdict.WARNING, "none, though others than this machine are served", advice)


def forgetting(settings: Settings) -> Finding:
    """Whether anything that is kept of callers is ever deleted."""
    periods = {name: days for name, days in settings.privacy.keep_days.model_dump().items() if days}
    if not periods:
        advice = "set privacy.keep_days to the periods that your site has promised (docs/privacy.md)"
        return Finding("forgetting", Verdict.WARNING, "nothing that callers said is ever deleted", advice)
    told = ", ".join(f"{name} after {days} days" for name, days in periods.items())
    return Finding("forgetting", Verdict.GOOD, told)
