"""The page on ASVS 5.0.0: every requirement of levels 1 and 2 is answered once, by tests that there are."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from doorway import doorway
from msgspec import Struct

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/asvs.md"
SECURITY = ROOT / "docs/security.md"
CODE = [*(ROOT / "bridge").rglob("*.py"), *(ROOT / "protocols").rglob("*.py")]

# Which requirements are of which level, as released on 30 May 2025: section, then numbers in it.
LEVEL_1 = """
    1.2:1-5 1.3:1-2 1.5:1 2.1:1 2.2:1-2 2.3:1 3.2:1-2 3.3:1 3.4:1-2 3.5:1-3 4.1:1 4.4:1 5.2:1-2 5.3:1-2 6.1:1
    6.2:1-8 6.3:1-2 6.4:1-2 7.2:1-4 7.4:1-2 8.1:1 8.2:1-2 8.3:1 9.1:1-3 9.2:1 10.4:1-5 11.3:1-2 11.4:1 12.1:1
    12.2:1-2 13.4:1 14.2:1 14.3:1 15.1:1 15.2:1 15.3:1
"""
LEVEL_2 = """
    1.1:1-2 1.2:6-9 1.3:3-11 1.4:1-3 1.5:2 2.1:2-3 2.2:3 2.3:2-4 2.4:1 3.3:2-4 3.4:3-6 3.5:4-5 3.7:1-2 4.1:2-3
    4.2:1 4.3:1-2 4.4:2-4 5.1:1 5.2:3 5.4:1-3 6.1:2-3 6.2:9-12 6.3:3-4 6.4:3-4 6.5:1-5 6.6:1-3 6.8:1-4 7.1:1-3
    7.3:1-2 7.4:3-5 7.5:1-2 7.6:1-2 8.1:2 8.2:3 8.4:1 9.2:2-4 10.1:1-2 10.2:1-2 10.3:1-4 10.4:6-11 10.5:1-5
    10.6:1-2 10.7:1-3 11.1:1-2 11.2:1-3 11.3:3 11.4:2-4 11.5:1 11.6:1 12.1:2-3 12.3:1-4 13.1:1 13.2:1-5
    13.3:1-2 13.4:2-5 14.1:1-2 14.2:2-4 14.3:2-3 15.1:2-3 15.2:2-3 15.3:2-7 16.1:1 16.2:1-5 16.3:1-4 16.4:1-3
    16.5:1-3 17.1:1 17.2:1-4 17.3:1-2
"""
SIZES = (70, 183)  # as the standard itself counts them

_ID = re.compile(r"\d+\.\d+\.\d+")
_NAMED = re.compile(r"`([^`]+)`")


def numbers(words: str) -> list[str]:
    """`1.2:6-9` as ids."""
    ids = []
    for word in words.split():
        section, _, span = word.partition(":")
        first, _, last = span.partition("-")
        ids += [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return ids


class Row(Struct, frozen=True):
    """One row of the page."""

    ids: tuple[str, ...]
    asks: str
    answer: str
    evidence: tuple[str, ...]

    @property
    def kind(self) -> str:
        word = self.answer.partition(":")[0]
        return word if word in {"open", "not applicable"} else "holds"


def spelt_out(cell: str) -> Iterator[str]:
    """`1.2.6-1.2.8, 1.3.4` as ids."""
    for part in cell.split(", "):
        first, _, last = part.partition("-")
        assert _ID.fullmatch(first), cell
        assert not last or _ID.fullmatch(last), cell
        section, _, begin = first.rpartition(".")
        until_section, _, end = (last or first).rpartition(".")
        assert section == until_section, cell
        yield from (f"{section}.{number}" for number in range(int(begin), int(end) + 1))


@cache
def rows() -> tuple[Row, ...]:
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and _ID.match(cells[0]):
            ids, asks, answer, test = cells
            found.append(Row(tuple(spelt_out(ids)), asks, answer, tuple(_NAMED.findall(test))))
    return tuple(found)


def test_every_requirement_is_answered_once() -> None:
    assert (len(numbers(LEVEL_1)), len(numbers(LEVEL_2))) == SIZES
    answered = Counter(each for row in rows() for each in row.ids)
    assert answered == Counter(numbers(LEVEL_1) + numbers(LEVEL_2))


def test_no_row_is_hollow() -> None:
    """What holds names what proves it; what does not says why; nothing is claimed of both."""
    for row in rows():
        assert row.asks, row.ids
        reason = row.answer.partition(":")[2] if row.kind != "holds" else row.answer
        assert len(reason.split()) > 1, row.ids
        assert bool(row.evidence) == (row.kind == "holds"), row.ids


def test_rows_stand_in_their_chapter_and_in_order() -> None:
    chapter, last = 0, (0, 0, 0)
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## V"):
            chapter = int(line.split()[1][1:])
        elif line.startswith("|") and (found := _ID.match(line.strip("| "))):
            here = tuple(int(part) for part in found[0].split("."))
            assert here[0] == chapter, line
            assert here > last, line
            last = here[0], here[1], here[2]
    assert chapter == 17


def test_the_page_counts_right() -> None:
    counts = Counter(row.kind for row in rows() for _ in row.ids)
    sentence = (
        f"Of {sum(SIZES)} requirements {counts['holds']} hold, {counts['not applicable']} do not apply, "
        f"and {counts['open']} are open."
    )
    assert sentence in PAGE.read_text(encoding="utf-8")


@cache
def names_in(path: Path) -> frozenset[str]:
    """Tests of a file: `test_x`, `TestY`, `TestY::test_z`."""
    found = set[str]()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            own = {m.name for m in node.body if isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef)}
            found |= {node.name, *(f"{node.name}::{name}" for name in own)}
    return frozenset(found)


def is_there(named: str) -> bool:
    """A page, a file or folder of tests, or a test in one."""
    place, _, test = named.partition("::")
    path = ROOT / place
    return path.exists() and (not test or test in names_in(path))


@pytest.mark.parametrize("page", [PAGE, SECURITY], ids=lambda page: page.name)
def test_every_test_that_is_named_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = [each for each in _NAMED.findall(text) if each.startswith("tests/")]
    assert len(named) > 20
    assert [each for each in named if not is_there(each)] == []


def test_every_promise_has_a_test_and_what_was_found() -> None:
    """On the page of promises: tests by name (a folder proves nothing), a figure in the first table."""
    text = SECURITY.read_text(encoding="utf-8")
    first = text.partition("## Who asks")[2].partition("\n## ")[0]
    promises = [line.strip("| ").split(" | ") for line in first.splitlines()[4:] if line.startswith("| ")]
    assert len(promises) > 20
    for promise, tests, *figure in promises:
        assert figure, promise
        named = _NAMED.findall(tests)
        assert named, promise
        assert all("::" in each or each.endswith(".py") for each in named), promise
        assert any("::" in each for each in named), promise


def test_every_page_that_is_named_is_there() -> None:
    assert [each for row in rows() for each in row.evidence if not is_there(each)] == []


# ── what the page says of the code as a whole ─────────────────────────────────────────────────


@cache
def calls() -> tuple[tuple[Path, ast.Call, str], ...]:
    """Every call in the program: where, what, of which name."""
    return tuple(
        (path, node, ast.unparse(node.func))
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    )


RUNS_TEXT = {
    "eval",
    "exec",
    "compile",
    "os.system",
    "os.popen",
    "pickle.load",
    "pickle.loads",
    "marshal.loads",
}
RUNS_TEXT |= {"subprocess.getoutput", "asyncio.create_subprocess_shell", "yaml.unsafe_load", "yaml.full_load"}


def test_nothing_that_runs_text_is_called() -> None:
    """No evaluation, no shell, no pickle: neither by name nor by an argument."""
    faults = []
    for path, node, name in calls():
        arguments = {word.arg: ast.unparse(word.value) for word in node.keywords}
        is_fault = name in RUNS_TEXT or arguments.get("shell") == "True"
        is_fault |= name == "torch.load" and arguments.get("weights_only") != "True"
        if is_fault:
            faults.append(f"{path.relative_to(ROOT)}:{node.lineno} {name}")
    assert faults == []


TAKES_A_PATTERN = {
    f"re.{name}"
    for name in ["compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer"]
}
# These make patterns of word lists that stand in the same file, while it is loaded.
WORD_LISTS = {"scale_tone_words.py", "scale_trends.py"}


def test_patterns_are_written_in_the_program() -> None:
    """Each is a literal or a constant of its module, or escaped."""
    faults = []
    for path, node, name in calls():
        if name not in TAKES_A_PATTERN or path.name in WORD_LISTS:
            continue
        pattern = node.args[0]
        if not _is_made_of_constants(pattern):
            faults.append(f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(pattern)[:60]}")
    assert faults == []


def _is_made_of_constants(pattern: ast.expr) -> bool:
    """Of upper-case names and literals alone, however they are put together, or of what is escaped."""
    names = {node.id for node in ast.walk(pattern) if isinstance(node, ast.Name)}
    return "re.escape(" in ast.unparse(pattern) or all(name.isupper() for name in names)


def test_chance_is_for_sound_only() -> None:
    """Where something must not be guessed it comes from `secrets` or the kernel."""
    users = {
        path.relative_to(ROOT).parts[1]
        for path, _, name in calls()
        if name.startswith(("random.", "np.random.", "numpy.random.")) or name == "Random"
    }
    assert users <= {"carriers", "bench", "doctor", "authoring", "models", "demo"}


def test_certificates_are_always_checked() -> None:
    for path, node, name in calls():
        arguments = {word.arg: ast.unparse(word.value) for word in node.keywords}
        where = f"{path.relative_to(ROOT)}:{node.lineno}"
        assert "False" not in {arguments.get("ssl"), arguments.get("verify_ssl")}, where
        assert name != "ssl._create_unverified_context", where


def test_the_page_writes_text_and_keeps_nothing() -> None:
    scripts = [path.read_text(encoding="utf-8") for path in (ROOT / "bridge/web/pages").glob("*.js")]
    assert scripts
    ways_in = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\("
    stores = "localStorage|sessionStorage|indexedDB|cookie"
    assert not [found for script in scripts for found in re.findall(f"{ways_in}|{stores}", script)]


def test_the_page_sets_no_computed_property() -> None:
    """So no message can name `__proto__`, or what else all objects have. Counters are numbers: `[n++] =`."""
    scripts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "bridge/web/pages").glob("*.js"))
    without_unpacking = re.sub(r"const \[[^]]*\] =", "", scripts)
    assert not re.findall(r"(?<!\+\+)\]\s*=(?![=>]).*|Object\.assign.*|__proto__.*", without_unpacking)


async def test_trace_is_no_method_here(tmp_path: Path) -> None:
    async with doorway(tmp_path) as door:
        status, body, _ = await door.ask("/probe", method="TRACE", X_Secret="silence")
    assert status in {401, 405}
    assert "silence" not in str(body)
