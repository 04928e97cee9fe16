"""System programs that tests need: which Debian package has each, and the one way to skip a test without it.

`make services` installs them. That a test was skipped for a program that is there, by some other way, makes
the whole run fail (`skips.py`).
"""

import os
import shutil
from pathlib import Path

import pytest

__all__ = ["PACKAGES", "found", "needs", "path_of"]

# Program: the package of Debian 12 that has it. `make services` installs the packages that it names itself
# (a test compares); Chromium is large and wanted for two tests, so that each decides for himself.
PACKAGES = {
    "amtool": "prometheus-alertmanager",
    "chromium": "chromium",
    "faketime": "faketime",
    "google-chrome": "chromium",
    "initdb": "postgresql",
    "nginx": "nginx-light",
    "openssl": "openssl",
    "pg_dump": "postgresql",
    "pg_restore": "postgresql",
    "postgres": "postgresql",
    "promtool": "prometheus",
    "redis-server": "redis-server",
    "setpriv": "util-linux",
    "strace": "strace",
    "systemd-analyze": "systemd",
    "systemd-sysusers": "systemd",
    "systemd-tmpfiles": "systemd",
    "unshare": "util-linux",
}


def found(program: str, *instead: str) -> str | None:
    """The path of the first of these programs that is installed, also where only root's PATH would lead."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places = [
        os.environ.get("PATH", os.defpath),
        "/usr/local/sbin",
        "/usr/sbin",
        "/sbin",
        *map(str, versions),
    ]
    path = os.pathsep.join(places)
    return next((place for name in (program, *instead) if (place := shutil.which(name, path=path))), None)


def path_of(program: str, *instead: str) -> str:
    """The path of a program, in a test that is marked with `needs`."""
    place = found(program, *instead)
    assert place is not None, f"mark the test with needs({program!r})"
    return place


def needs(program: str, *instead: str) -> pytest.MarkDecorator:
    """Skip the test where none of these programs is installed; each has to be in `PACKAGES`."""
    package = PACKAGES[program]
    assert all(name in PACKAGES for name in instead), f"name the package of each of {instead}"
    reason = f"needs the program {program} (Debian package {package}; `make services` installs most)"
    return pytest.mark.skipif(found(program, *instead) is None, reason=reason)
