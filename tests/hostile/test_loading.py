"""Questionnaires, settings and foreign files made to take all time or memory: refused, at a bounded cost.

No test here measures time: what is asserted is how much of a file is looked at, and how much is said of it.
"""

import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.config import load_settings
from bridge.config_sources import MAX_CONFIG_BYTES, MAX_MARKS
from bridge.dialogue import document
from bridge.dialogue.document import MAX_CHARACTERS, MAX_NODES, read_document
from bridge.dialogue.loader import load
from bridge.errors import BridgeError, ConfigError, QuestionnaireError
from bridge.interop.files import read_foreign
from bridge.interop.losses import InteropError
from bridge.interop.xlsform import workbook

MOST_SAID = 60_000  # characters: a hundred faults of 500, and their ends
FULL = MAX_CHARACTERS - 100


def laughs() -> str:
    """A billion laughs: each name stands for nine of the one before."""
    lines = ["a: &a [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    return "\n".join(lines)


BOMBS = {
    "a billion laughs": laughs(),
    "a cycle": "a: &a [*a]\n",
    "merged for ever": "a: &a {x: 1, <<: *a}\n",
    "a list": "items:\n" + "- a\n" * (FULL // 4),
    "a list on one line": "[" + "1," * (FULL // 2) + "]",
    "a mapping on one line": "{" + ",".join(f"{n}: 1" for n in range(12_000)) + "}",
    "deep lists": "[" * FULL,
    "deep mappings": "{a: " * (FULL // 4),
    "deep blocks": "".join(f"{' ' * depth}a:\n" for depth in range(480)),
    "dashes": "- " * (FULL // 2),
    "questions": "? " * (FULL // 2),
    "comments": "#\n" * (FULL // 2),
    "a long name": f"? {'a' * FULL}\n: 1\n",
    "a long text": f'format: "{"a" * FULL}"\n',
    "escapes": f'format: "{chr(92)}x41{(chr(92) + "x41") * (FULL // 4 - 10)}"',
    "a tag that runs": "!!python/object/apply:os.system ['true']\n",
    "a template that runs": "format: ${{7*7}}\ntitle: '{{ self.__init__.__globals__ }}'\n",
    "nothing": "\0" * 1000,
    "questions without end": "items:\n" + "- {id: a, type: yes_no}\n" * (FULL // 25),
    "too long": "a" * (MAX_CHARACTERS + 1),
    "far too long": "a" * (4 * 1024 * 1024),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_questionnaire_is_refused_in_few_words(tmp_path: Path, name: str) -> None:
    """With an error that says where, of a length that a terminal shows."""
    path = tmp_path / "bomb.yaml"
    path.write_text(BOMBS[name])
    with pytest.raises(QuestionnaireError, match=r"bomb\.yaml") as refused:
        load(path)
    assert len(str(refused.value)) < MOST_SAID


@pytest.mark.parametrize("name", BOMBS)
def test_settings_are_refused_in_few_words(tmp_path: Path, name: str) -> None:
    """Of comments alone, there is nothing to refuse but their number."""
    path = tmp_path / "config.yaml"
    path.write_text(BOMBS[name][:MAX_CONFIG_BYTES])
    with pytest.raises(ConfigError, match=r"config\.yaml") as refused:
        load_settings(path, environ={})
    assert len(str(refused.value)) < MOST_SAID


@pytest.mark.parametrize("name", BOMBS)
def test_no_more_is_looked_at_than_a_questionnaire_can_have(name: str) -> None:
    """However many values there are, the reader stops after so many."""
    looked = 0

    class Counting(document._Reader):
        def _count(self, *where: object) -> None:
            nonlocal looked
            looked += 1
            super()._count(*where)

    with patch.object(document, "_Reader", Counting):
        read_document.__wrapped__(BOMBS[name])
    assert looked <= MAX_NODES + 1


def test_settings_are_counted_before_they_are_read(tmp_path: Path) -> None:
    """YAML's reader never sees a file with thousands of values."""
    path = tmp_path / "config.yaml"
    path.write_text("x: [" + "1," * MAX_MARKS + "]")
    with (
        patch("bridge.config_sources.YAML.load") as read,
        pytest.raises(ConfigError, match="thousands of values"),
    ):
        load_settings(path, environ={})
    read.assert_not_called()


yaml_like = st.text(
    alphabet=st.sampled_from(" \n\t-?:,[]{}#&*!|>'\"%@`~<=0aبé\\\x85\u2028\ufeff"), max_size=200
)


@given(text=st.text(max_size=200) | yaml_like)
@example("? ? ?\n- :\n")
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_document_or_problems(text: str) -> None:
    """Nothing of YAML, nor what is none, comes out as an exception."""
    found = read_document(text)
    assert found.data is None or not isinstance(found.data, BaseException)


@given(content=st.binary(max_size=200) | yaml_like.map(str.encode))
@settings(max_examples=100, deadline=None)
def test_any_file_is_settings_or_a_config_error(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """config.yaml with anything in it."""
    path = tmp_path_factory.getbasetemp() / "any-config.yaml"
    path.write_bytes(content)
    with suppress(ConfigError):
        load_settings(path, environ={})


def zipped(**entries: bytes) -> bytes:
    """A workbook of these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return made.getvalue()


LAUGHING_XML = (
    b"<!DOCTYPE s [<!ENTITY a 'ha'>"
    + b"".join(b"<!ENTITY %c '%s'>" % (name, b"&%c;" % (name - 1) * 10) for name in range(ord("b"), ord("j")))
    + b"]><s>&i;</s>"
)


WORKBOOKS = {
    "no zip": b"survey",
    "half a zip": zipped(xl__workbook_xml=b"x")[:-10],
    "an empty zip": zipped(),
    "entities": zipped(xl__workbook_xml=LAUGHING_XML, _Content=LAUGHING_XML),
    "a zip within": zipped(xl__workbook_xml=zipped(a=b"a")),
}


@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_broken_workbook_is_refused(tmp_path: Path, name: str) -> None:
    """Before or while it is read."""
    path = tmp_path / "form.xlsx"
    path.write_bytes(WORKBOOKS[name])
    with pytest.raises(InteropError, match=r"form\.xlsx"):
        read_foreign(path, None)


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workbook that says that it holds more than any form is not opened at all."""
    path = tmp_path / "form.xlsx"
    path.write_bytes(zipped(xl__workbook_xml=bytes(16 * 1024 * 1024 + 1)))
    monkeypatch.setattr(workbook, "MAX_UNPACKED", 16 * 1024 * 1024)
    assert path.stat().st_size < 64 * 1024
    with (
        patch("pyxform.xls2json.parse_file_to_json") as read,
        pytest.raises(InteropError, match="unpacks to more"),
    ):
        read_foreign(path, None)
    read.assert_not_called()


@pytest.mark.parametrize(
    "content",
    ["[" * 100_000, '{"item":' * 5000, "{}", "<a/>", '{"resourceType":"Questionnaire","item":[' * 3000],
)
def test_a_broken_fhir_file_is_refused(tmp_path: Path, content: str) -> None:
    """Deep, foreign, or cut off."""
    path = tmp_path / "form.json"
    path.write_text(content)
    with pytest.raises(InteropError, match=r"form\.json"):
        read_foreign(path, None)


def test_items_that_are_nested_without_end_are_refused(tmp_path: Path) -> None:
    """Sound JSON, a hundred items deep."""
    item: dict[str, object] = {"linkId": "x", "type": "group"}
    for depth in range(100):
        item = {"linkId": str(depth), "type": "group", "item": [item]}
    path = tmp_path / "form.json"
    path.write_text(json.dumps({"resourceType": "Questionnaire", "status": "draft", "item": [item]}))
    with pytest.raises(BridgeError, match="deep at most"):
        read_foreign(path, None)
