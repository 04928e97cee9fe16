"""The image, without docker: what is copied is enough, what is started is there, and no secret gets in."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from operator import attrgetter
from pathlib import Path

import pytest
from dockerfile import Instruction, is_sent, read_dockerfile
from pydantic.fields import FieldInfo

from bridge.config import Settings, load_settings, option_names
from bridge.config_options import DataPath
from bridge.config_sources import OTHER_VARIABLES, variable

ROOT = Path(__file__).parents[2]
STAGES = read_dockerfile((ROOT / "Dockerfile").read_text(encoding="utf-8"))
BUILD, IMAGE = STAGES
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def of(stage: list[Instruction], name: str) -> list[Instruction]:
    return [each for each in stage if each.name == name]


def copied(stage: list[Instruction]) -> list[tuple[str, str]]:
    """What is copied from the build's context, and where to."""
    found = []
    for each in of(stage, "COPY"):
        *sources, target = each.words
        if not sources[0].startswith("--from"):
            found += [(source, target) for source in sources]
    return found


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """What the image sets."""
    pairs = [word.partition("=") for each in of(IMAGE, "ENV") for word in each.words]
    return {name: value for name, _, value in pairs}


@pytest.fixture(scope="module")
def settings() -> Settings:
    """What a container is configured as."""
    return load_settings(ROOT / "deploy/container/config.yaml", environ={})


def test_there_are_two_stages() -> None:
    """Compilers and caches of the first stay behind."""
    assert [stage[0].rest.rpartition(" AS ")[2] for stage in STAGES] == [
        "build",
        "python:${PYTHON}-slim-bookworm",
    ]
    assert next(each.words for each in of(IMAGE, "COPY")) == ["--from=build", "/opt/hatif", "/opt/hatif"]


@pytest.mark.parametrize("source", [source for stage in STAGES for source, _ in copied(stage)])
def test_what_is_copied_is_there_and_sent(source: str) -> None:
    """A name that .dockerignore holds back would fail the build."""
    assert (ROOT / source).exists()
    assert is_sent(source, IGNORED)


@pytest.mark.parametrize(
    "path",
    [".env", ".git/config", "data/hatif.db", "deploy/compose/secrets/tokens_secret", "deploy/compose/.env"],
)
def test_no_secret_is_sent(path: str) -> None:
    """Nor is anything else that nobody copies: what is sent is named."""
    assert not is_sent(path, IGNORED)
    assert not is_sent("bridge/__pycache__/app.cpython-311.pyc", IGNORED)
    named = {line[1:] for line in IGNORED.splitlines() if line.startswith("!")}
    assert named == {source for stage in STAGES for source, _ in copied(stage)}


def test_what_is_copied_makes_the_whole_package(tmp_path: Path) -> None:
    """The build's step, with its files alone; then the package speaks, and finds its content inside."""
    context, wheels, installed = (tmp_path / name for name in ("context", "wheels", "installed"))
    for source, target in copied(BUILD):
        _copy(ROOT / source, context / target if target != "./" else context / source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), "."]
    made = subprocess.run(command, cwd=context, capture_output=True, text=True, check=False)
    if "No matching distribution found for hatchling" in made.stderr:
        pytest.skip("needs hatchling from a package index, as pip does for every build")
    assert made.returncode == 0, made.stderr
    (wheel,) = wheels.iterdir()
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        packed.extractall(installed)
    assert "bridge/_content/config.yaml" in names
    assert any(re.fullmatch(r"hatif-.*\.dist-info/licenses/LICENSE", name) for name in names)
    (points,) = installed.glob("*.dist-info/entry_points.txt")
    assert "hatif = bridge.__main__:main" in points.read_text()
    said = subprocess.run(
        [
            sys.executable,
            "-m",
            "bridge",
            "questionnaire",
            "check",
            "bridge/_content/questionnaires/phq2.yaml",
        ],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout + said.stderr


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def test_extras_exist() -> None:
    """Pip only warns of one that does not."""
    (extras,) = [each.rest for each in of(BUILD, "ARG") if each.rest.startswith("EXTRAS=")]
    named = set(extras.partition("=")[2].strip('"').split(","))
    text = (ROOT / "Dockerfile").read_text().partition("# EXTRAS:")[2].partition("TORCH_INDEX")[0]
    shown = set(re.findall(r"\b(postgres|redis|tracing|media|xlsform|piper|xtts)\b", text))
    assert named < shown
    assert shown <= PROJECT["project"]["optional-dependencies"].keys()


@pytest.mark.parametrize(
    ("extras", "index", "installed"),
    [
        ("postgres,redis", "", [".[postgres,redis]"]),
        ("", "", [".[]"]),
        ("xtts", "", ["torch", "torchaudio", ".[xtts]"]),
        ("media,xtts", "https://torch.example/cpu", ["torch", "torchaudio", ".[media,xtts]"]),
    ],
)
def test_the_build_installs_what_was_asked_for(
    tmp_path: Path, extras: str, index: str, installed: list[str]
) -> None:
    """The step itself, run by a shell, with a pip that only writes down what it is told."""
    (run,) = of(BUILD, "RUN")
    for name in ("python", "bin/pip"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/{Path(name).name}.log\n')
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "EXTRAS": extras, "TORCH_INDEX": index}
    subprocess.run(
        ["/bin/sh", "-euc", run.rest.replace("/opt/hatif", str(tmp_path))], env=environment, check=True
    )
    told = (tmp_path / "pip.log").read_text().splitlines()
    assert [line.split()[-1] for line in told] == installed
    assert [index in line.split() for line in told[:-1]] == [bool(index), False][: len(told) - 1]
    assert all(" --constraint constraints" in line for line in told)


def test_it_runs_as_nobody_in_particular() -> None:
    """By number, so that Kubernetes can see that it is not root; the number is made before."""
    (user,) = of(IMAGE, "USER")
    assert user.rest == "10001:10001"
    made = " ".join(each.rest for each in of(IMAGE, "RUN"))
    assert "--uid 10001" in made
    assert "--gid 10001" in made
    order = [each.name for each in IMAGE]
    assert order.index("USER") < order.index("ENTRYPOINT")
    assert "RUN" not in order[order.index("USER") :]


def test_everything_that_is_written_is_on_the_volume(settings: Settings, environment: dict[str, str]) -> None:
    """So the image's own files may be read-only; and the daemon reads the configuration that was copied."""
    (volume,) = [Path(word) for each in of(IMAGE, "VOLUME") for word in each.words]
    folders = [name for name, info in option_names().items() if _is_written(info)]
    assert {"storage.path", "admin.socket"} < set(folders)
    written = [path for name in folders if (path := attrgetter(name)(settings)) is not None]
    assert all(volume in path.parents for path in written)
    assert environment["HATIF_CONFIG"] in {target for _, target in copied(IMAGE)}
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"


def _is_written(info: FieldInfo) -> bool:
    """Whether an option is the path of something that the daemon writes."""
    return repr(DataPath.__metadata__[0]) in f"{info.annotation}{info.metadata}"


def test_the_image_sets_nothing_that_others_could_not_change(environment: dict[str, str]) -> None:
    """HATIF_SECTION__KEY would outrank PORT and a mounted config.yaml; secrets are in no image."""
    ours = {name for name in environment if name.startswith("HATIF_")}
    assert ours <= OTHER_VARIABLES
    assert not ours & {variable(name) for name in option_names()}
    assert not re.search(
        r"(?i)(token|secret|password|key)\w*=", " ".join(each.rest for each in of(IMAGE, "ENV"))
    )


def test_what_it_starts_and_shows(settings: Settings) -> None:
    """The port, the signal that drains, and the licence with everything that it asks for."""
    assert [each.words for each in of(IMAGE, "ENTRYPOINT") + of(IMAGE, "CMD")] == [["hatif"], ["serve"]]
    assert [each.rest for each in of(IMAGE, "EXPOSE")] == [str(settings.server.port)]
    assert settings.server.host == "0.0.0.0"  # noqa: S104
    assert [each.rest for each in of(IMAGE, "STOPSIGNAL")] == ["SIGTERM"]
    labels = " ".join(each.rest for each in of(IMAGE, "LABEL"))
    assert f'image.licenses="{PROJECT["project"]["license"]}"' in labels
    kept = {source for source, target in copied(IMAGE) if target == "/usr/share/doc/hatif/"}
    assert kept == {"LICENSE", "NOTICE", "docs/licences.md"}


@pytest.mark.parametrize(
    ("path", "is_in"),
    [
        ("a/b.py", True),
        ("a", True),
        ("x/a", False),
        ("c/d", True),
        ("c/e", False),
        ("a/__pycache__/b", False),
    ],
)
def test_ignoring_is_read_as_docker_reads_it(path: str, is_in: bool) -> None:
    """Patterns start at the root; later ones outrank earlier ones; folders take what is below them along."""
    assert is_sent(path, "*\n!a\n!c/d\n**/__pycache__\n") is is_in
