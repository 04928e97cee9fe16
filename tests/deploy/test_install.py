"""docs/install.md cannot rot: its blocks are run, one after the other, in a root of their own.

Paths are moved below a scratch folder; what would change this machine (apt-get, systemctl, ...) only notes
how it was called. All else is real: files, user, folders, secrets, configuration, `hatif check`.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer.main
from programs import needs, path_of

from bridge.cli import app
from bridge.config import load_settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
PATHS = re.compile(r"(?<![\w./$}:=-])/(?=(?:etc|opt|var|run|usr/lib|usr/share|usr/local)/)|(?<==)/(?=etc/)")
NOTED = (
    "apt-get",
    "systemctl",
    "journalctl",
    "certbot",
    "nginx",
    "curl",
)  # how they were called, and no more


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the machine of the document is."""
    root = tmp_path_factory.mktemp("root")
    for folder in ("etc/nginx/conf.d", "etc/systemd/system", "opt", "usr/local/bin", "var/lib", "var/cache"):
        (root / folder).mkdir(parents=True)
    return root


@pytest.fixture(scope="module")
def bin_(root: Path) -> Path:
    """The programs that the document calls and that are not run."""
    folder = root / "stand-ins"
    folder.mkdir()
    note = f'printf "%s\\n" "${{0##*/}} $*" >>{root}/called\n'
    once = f"[ -e {root}/checked ] && exit; touch {root}/checked"  # it takes seconds
    hatif = f'{note}case $1 in check) {once}; exec {sys.executable} -m bridge "$@";; esac\n'
    venv = f"""{note}for folder; do :; done
mkdir -p "$folder/bin"; printf '%s' '#!/bin/sh\n{note.replace("${0##*/}", "pip")}' >"$folder/bin/pip"
cp {folder}/hatif "$folder/bin/hatif"; chmod +x "$folder/bin/pip"
"""
    git = f'{note}case $1 in clone) ln -sfn {ROOT} "$3";; -C) [ "$3" = describe ] && echo v1.2;; esac; true\n'
    scripts = dict.fromkeys(NOTED, note) | {"hatif": hatif, "python3": venv, "git": git}
    for name in ("systemd-sysusers", "systemd-tmpfiles"):
        may_fail = "" if os.geteuid() == 0 else " || true"  # who is not root can give nothing away
        scripts[name] = f'{note}{path_of(name)} --root={root} "$@"{may_fail}\n'
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def followed(root: Path, bin_: Path) -> subprocess.CompletedProcess[str]:
    """The document, followed from the first line to the last but its end, where everything is removed."""
    blocks = [PATHS.sub(f"{root}/", block) for block in BLOCKS if "rm -rf" not in block]
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("HATIF_")}
    path = f"{bin_}:{inherited['PATH']}:/usr/sbin"
    return subprocess.run(
        ["bash", "-eu", "-c", "cd /\n" + "\n".join(blocks)],  # noqa: S607 - whichever bash is at hand
        env=inherited | {"PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@needs("systemd-tmpfiles")
class TestFollowed:
    """What is there when one has done what the document says."""

    def test_every_block_succeeds(self, followed: subprocess.CompletedProcess[str]) -> None:
        """`hatif check` is among them, with the configuration and the secrets that the document made."""
        assert followed.returncode == 0, followed.stdout + followed.stderr
        assert "every option is known and valid" in followed.stdout

    def test_configuration_keeps_what_callers_say_where_the_unit_allows_it(
        self, followed: object, root: Path
    ) -> None:
        """The service may write to its three folders only."""
        settings = load_settings(root / "etc/hatif/config.yaml", environ={})
        kept = (settings.storage.path, settings.voices.folder, settings.recording.folder)
        assert {str(path.relative_to(root).parent) for path in kept} == {"var/lib/hatif"}
        assert settings.prompts.folder == root / "var/cache/hatif/prompts"
        assert settings.admin.socket == root / "run/hatif/admin.sock"
        unit = (root / "etc/systemd/system/hatif.service").read_text()
        for kind in ("State", "Cache", "Runtime"):
            assert f"\n{kind}Directory=hatif\n" in unit

    def test_secrets_are_private(self, followed: object, root: Path) -> None:
        """Folder and files."""
        folder = root / "etc/hatif/credentials"
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
        settings = load_settings(
            root / "etc/hatif/config.yaml", environ={"CREDENTIALS_DIRECTORY": str(folder)}
        )
        assert settings.tokens.secret is not None
        assert settings.origin("providers.maqsam.token") == "credential maqsam_token"

    def test_user_and_folders_are_made(self, followed: object, root: Path) -> None:
        """By the definitions that are installed, not by this test."""
        assert re.search(
            r"^hatif:.*:/var/lib/hatif:/usr/sbin/nologin$", (root / "etc/passwd").read_text(), re.MULTILINE
        )
        assert (root / "var/lib/hatif").stat().st_mode & 0o777 == 0o700
        assert (root / "opt/hatif").readlink() == root / "opt/hatif-releases/v1.2"

    def test_units_that_are_started_are_installed(self, followed: object, root: Path) -> None:
        """Those of ours; nginx brings its own."""
        called = (root / "called").read_text().splitlines()
        started = {
            name for line in called if line.startswith("systemctl") for name in re.findall(r"hatif\S*", line)
        }
        installed = {file.name for file in (root / "etc/systemd/system").iterdir()}
        assert started
        assert all(name in installed or f"{name}.service" in installed for name in started)

    def test_every_command_of_ours_is_one(self, followed: object, root: Path) -> None:
        """With options that it knows."""
        called = [line for line in (root / "called").read_text().splitlines() if line.startswith("hatif ")]
        assert len(called) > 5
        for line in called:
            _parse(shlex.split(line)[1:])

    def test_nginx_finds_what_it_is_told_to_read(self, followed: object, root: Path) -> None:
        """What nginx makes of the shipped files, `test_nginx` tries; here, that they are where they name."""
        conf = (root / "etc/nginx/conf.d/hatif.conf").read_text()
        assert (root / "etc/nginx/hatif-upstream.conf").is_file()
        named = re.findall(r"ssl_certificate(?:_key)?\s+/(\S+);", conf)
        assert len(named) == 2
        for path in named:
            assert (root / path).readlink().parent == root / "etc/letsencrypt/live/hatif.example.org"
        assert load_settings(root / "etc/hatif/config.yaml", environ={}).server.trusted_proxies


def _parse(words: list[str]) -> None:
    """As the command line would; click.UsageError where it would refuse."""
    command: Any = typer.main.get_command(app)
    context = click.Context(command)
    while hasattr(command, "commands"):
        name, *words = words
        assert name in command.commands, f"there is no command {name}"
        command = command.commands[name]
        context = click.Context(command, parent=context, info_name=name)
    command.parse_args(context, words)


def test_removal_names_what_was_installed() -> None:
    """Nothing of ours is left but secrets and answers."""
    (removal,) = (block for block in BLOCKS if "rm -rf" in block)
    for name in _installed():
        assert name in removal, name


def _installed() -> Iterator[str]:
    for block in BLOCKS[:6]:
        yield from re.findall(r"install -D -m 0644 \S+ (/\S+)", block)
        for folder, files in re.findall(r"install -D -m 0644 -t (/etc/systemd/system) (.*)", block):
            yield from (f"{folder}/{Path(file).name}" for file in files.split())


def test_links_lead_somewhere() -> None:
    """Files of this repository that the text names are there."""
    named = re.findall(r"\]\(([\w.-]+\.md)", TEXT) + [
        "../" + path for path in re.findall(r"`(systemd/[\w./-]+)`", TEXT)
    ]
    assert named
    assert all((ROOT / "docs" / path).exists() for path in named)
