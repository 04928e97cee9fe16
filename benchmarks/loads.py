"""What the daemon is under a load that is measured: no limits, one questionnaire, and Twilio's credential."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from bridge.content import CONTENT

__all__ = ["AUTH_TOKEN", "PUBLIC_URL", "UNLIMITED", "lay_out"]

AUTH_TOKEN = "the-twilio-auth-token"  # noqa: S105 - of a daemon that only a benchmark calls
PUBLIC_URL = "https://hatif.example"
UNLIMITED = {
    "HATIF_CALLS__MAX_CONCURRENT": "1000",
    "HATIF_CALLS__PER_SECOND": "1000",
    "HATIF_CALLS__BURST": "1000",
    "HATIF_OVERLOAD__LAG_SECONDS": "60",
    "HATIF_OVERLOAD__RECOGNISE_SECONDS": "60",
    "HATIF_OVERLOAD__FREE_MEMORY_MB": "1",
}
_HEAD = """\
format: 1
id: load
version: "1"
title: حمل
language: ar
status: draft
source: {name: benchmark, licence: own}
items:
"""


def lay_out(folder: Path, items: Iterable[str]) -> None:
    """Write the questionnaire `load` of these items, a line each, into `folder`/questionnaires."""
    questionnaires = folder / "questionnaires"
    shutil.copytree(CONTENT / "questionnaires" / "common", questionnaires / "common")
    (questionnaires / "load.yaml").write_text(_HEAD + "".join(items), encoding="utf-8")
