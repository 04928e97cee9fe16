"""Loading: what is wrong is said by file, line and field."""

import re
from pathlib import Path
from typing import Any

import pytest

from bridge.content import CONTENT
from bridge.dialogue.dialects import Dialect
from bridge.dialogue.items import ScaleItem
from bridge.dialogue.loader import load, load_folder, parse
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import QuestionnaireError

GOOD = """\
format: 1
id: one
version: "1"
title: واحد
language: ar
status: draft
items:
  - id: fever
    type: yes_no
    kind: symptom
    ask: ["هَلْ عِنْدَكُمْ حُمَّى؟"]
"""


def complaint(text: str, common: str) -> str:
    with pytest.raises(QuestionnaireError) as caught:
        parse(text, name="one.yaml", common=common)
    return str(caught.value)


def test_a_short_file_makes_a_whole_questionnaire(common: str) -> None:
    """The common content supplies the rest."""
    questionnaire = parse(GOOD, name="one.yaml", common=common)
    assert (questionnaire.id, len(questionnaire.items), questionnaire.limits.failures) == ("one", 1, 2)


def test_a_questionnaire_may_say_common_things_differently(common: str) -> None:
    """One sentence or one limit, the others stay."""
    own = GOOD + 'prompts: {opening: "أَهْلًا"}\nwords: {"yes": {say: "أَجَلْ"}}\n'
    questionnaire = parse(own, name="one.yaml", common=common)
    assert (questionnaire.prompts.opening, questionnaire.words.yes.say) == ("أَهْلًا", "أَجَلْ")
    assert questionnaire.words.yes.phrases[Dialect.MSA][0] == "نعم"


def test_the_hash_covers_both_sources(common: str) -> None:
    """A changed common sentence is another questionnaire."""
    one = parse(GOOD, name="one.yaml", common=common).hash
    assert len(one) == 64
    assert one != parse(GOOD.replace("واحد", "اثنان"), name="one.yaml", common=common).hash
    assert one != parse(GOOD, name="one.yaml", common=common.replace("حَسَنًا، سَأَنْتَظِر.", "سَأَنْتَظِر.")).hash


def test_a_comment_makes_no_other_version(common: str) -> None:
    """A call that broke off goes on although somebody has explained the file better since."""
    one = parse(GOOD, name="one.yaml", common=common).hash
    commented = "# yaml-language-server: $schema=schema.json\n\n" + GOOD.replace("واحد", "'واحد'  # 1")
    assert one == parse(commented, name="one.yaml", common=common + "# ours\n").hash


@pytest.mark.parametrize(
    ("wrong", "right", "expected"),
    [
        (
            "    kind: symptom",
            "    kimd: symptom",
            "one.yaml:10:5: items.0.kimd: unknown field; did you mean 'kind'?",
        ),
        ("    kind: symptom\n", "", "items.0.kind: missing"),
        ("kind: symptom", "kind: symptoms", "one.yaml:10:5: items.0.kind: should be 'permission', 'symptom'"),
        (
            "type: yes_no",
            "type: yesno",
            "one.yaml:9:5: items.0.type: unknown type 'yesno'; did you mean 'yes_no'?",
        ),
        ("    type: yes_no\n", "", "one.yaml:8:5: items.0: 'type' is missing"),
        ("title: واحد\n", "", "one.yaml:1:1: title: missing"),
        ("title: واحد", "tittle: واحد", "one.yaml:4:1: tittle: unknown field; did you mean 'title'?"),
        ('version: "1"', "version: 1", "one.yaml:3:1: version: should be text"),
        ("format: 1", "format: 2", "one.yaml:1:1: format: should be 1"),
        ('ask: ["هَلْ عِنْدَكُمْ حُمَّى؟"]', 'ask: ["…"]', "one.yaml:11:11: items.0.ask.0: it has no words to speak"),
        ('ask: ["هَلْ عِنْدَكُمْ حُمَّى؟"]', "ask: []", "one.yaml:11:5: items.0.ask: has 0 entries; at least 1"),
        ('ask: ["هَلْ عِنْدَكُمْ حُمَّى؟"]', "ask: 3", "one.yaml:11:5: items.0.ask: should be a list"),
        ("id: fever", "id: fever\n    id: pain", "one.yaml:9:5: items.0.id: stands here twice"),
        ("items:", "items: [", "not YAML"),
        (
            "status:",
            "dialects: [msa, khaliji]\nstatus:",
            "one.yaml:6:17: dialects.1: unknown dialect 'khaliji'; one of msa, glf, egy, lev",
        ),
        ("status:", "dialects: []\nstatus:", "one.yaml:6:1: dialects: has 0 entries; at least 1"),
        ("status:", "dialects: egy\nstatus:", "one.yaml:6:1: dialects: should be a list"),
        ("status:", "dialects: [egy, egy]\nstatus:", "one.yaml:6:1: dialects: names one dialect twice"),
    ],
)
def test_a_fault_is_named_by_line_and_field(wrong: str, right: str, expected: str, common: str) -> None:
    """One sentence for each, with what was probably meant."""
    assert expected in complaint(GOOD.replace(wrong, right), common)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "repeat: {mag: [أعد]}",
            "one.yaml:13:12: words.repeat.mag: unknown dialect 'mag'; one of msa, glf, egy, lev",
        ),
        ("repeat: أعد", "one.yaml:13:3: words.repeat: should be a list of phrases, or a block of lists"),
        ("repeat: {egy: []}", "one.yaml:13:12: words.repeat.egy: has 0 entries; at least 1"),
        ("repeat: {egy: [كمان مرة, '…']}", "one.yaml:13:28: words.repeat.egy.1: it has no words to speak"),
        ("repeat: [أعد, '…']", "one.yaml:13:17: words.repeat.1: it has no words to speak"),
        (
            "repeat: [زرافة]",
            "one.yaml:13:12: words.repeat.0: 'زرافة' is not understood as 'repeat'; choose other words",
        ),
        ("repeat: {egy: [توقف]}", "one.yaml:13:18: words.repeat.egy.0: 'توقف' is not understood as 'repeat'"),
        ("person: [نزيف]", "'نزيف' is not understood as 'person'"),
        ("wait: [أعد]", "'أعد' is not understood as 'wait'"),
        ('"yes": {phrases: [موافق]}', "words.yes.phrases.0: 'موافق' is not understood as yes"),
        ('"no": {phrases: [ليت]}', "words.no.phrases.0: 'ليت' is not understood as no"),
        ("permission: [لا]", "words.permission.0: 'لا' is not understood as a yes to 'may I?'"),
        (
            "red_flags: {bleeding: {lev: [دم]}}",
            "words.red_flags.bleeding.lev.0: 'دم' is not understood as danger",
        ),
        ("number_words: {7: [تسعة]}", "words.number_words.7.0: 'تسعة' is not understood as 7"),
        ("number_words: {7: {lev: [تسعة]}}", "words.number_words.7.lev.0: 'تسعة' is not understood as 7"),
        ("number_words: {25: [خمسة وعشرين]}", "words.number_words.25: is said in the words of other numbers"),
        ("number_words: {seven: [سبعة]}", "words.number_words.seven: should be a whole number"),
    ],
)
def test_words_that_would_not_be_understood_are_refused(words: str, expected: str, common: str) -> None:
    """Each with its place, by dialect too: nothing is listened for in vain."""
    assert expected in complaint(GOOD + f"words:\n  {words}\n", common)


def test_what_everybody_is_offered_may_not_be_missing(common: str) -> None:
    """A dialect's own phrases come on top of the standard ones."""
    without = common.replace("    msa: [أعد, كرر, مرة أخرى]\n", "")
    assert "words.repeat: has no phrases for msa, which everybody is offered" in complaint(GOOD, without)
    without = common.replace("    7: [سبعة]\n", "")
    assert "words.number_words: has no words for 7" in complaint(GOOD, without)
    without = common.replace("    unconscious:\n", "    fainting:\n")
    assert "words.red_flags.unconscious: missing" in complaint(GOOD, without)


def test_a_plain_list_is_for_everyone_and_a_block_by_dialect(common: str) -> None:
    """A list stands in place of all common ones, a dialect's list in place of that dialect's."""
    own = GOOD + "words: {stop: [توقف], repeat: {egy: [مش سامعة]}, number_words: {4: {lev: [أربع]}}}\n"
    words = parse(own, name="one.yaml", common=common).words
    assert words.stop == {Dialect.MSA: ("توقف",)}
    assert words.repeat[Dialect.EGY] == ("مش سامعة",)
    assert words.repeat[Dialect.MSA][0] == "أعد"
    assert words.number_words[4] == {Dialect.MSA: ("أربعة",), Dialect.LEV: ("أربع",)}


def test_all_faults_are_named_at_once(common: str) -> None:
    """An author is not sent back for each."""
    text = GOOD.replace("title: واحد\n", "").replace("kind: symptom", "kimd: symptom")
    assert len(complaint(text, common).splitlines()) == 3


@pytest.mark.parametrize("text", ["- a\n", "just words", ""])
def test_another_file_is_no_questionnaire(text: str, common: str) -> None:
    """A list or a text has no fields."""
    assert "one.yaml:1:" in complaint(text, common)


def test_a_fault_in_the_common_content_is_named_there(common: str) -> None:
    """Each line is counted in its own file."""
    assert "common:" in complaint(GOOD, common.replace("  opening:", "  openning:"))
    assert "holds only prompts" in complaint(GOOD, common + "items: []\n")
    assert complaint(GOOD, common + "limits: {}\n").startswith("common:")


def test_a_file_is_completed_from_the_folder_beside_it(tmp_path: Path, common: str) -> None:
    """Where there is none, from the shipped content."""
    file = tmp_path / "one.yaml"
    file.write_text(GOOD, encoding="utf-8")
    shipped = load(file)
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "ar.yaml").write_text(
        common.replace("opening:", "opening: أهلا #"), encoding="utf-8"
    )
    assert load(file).hash != shipped.hash


def test_a_folder_is_loaded_by_id(tmp_path: Path) -> None:
    """Folders inside it are content of another kind."""
    (tmp_path / "one.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "x.yaml").write_text("nothing of ours", encoding="utf-8")
    assert list(load_folder(tmp_path)) == ["one"]


def test_a_folder_names_the_faults_of_all_its_files(tmp_path: Path) -> None:
    """Two files of one id are a fault too."""
    (tmp_path / "a.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "c.yaml").write_text(GOOD.replace("title", "tittle"), encoding="utf-8")
    with pytest.raises(QuestionnaireError, match=r"(?s)b\.yaml:2:1: id: 'one'.*c\.yaml:4:1: tittle"):
        load_folder(tmp_path)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.write_bytes(b"\xff\xfe")])
def test_a_file_that_cannot_be_read_is_one_sentence(make: Any, tmp_path: Path) -> None:
    """Missing, or not UTF-8."""
    file = tmp_path / "one.yaml"
    make(file)
    with pytest.raises(QuestionnaireError, match=r"one\.yaml"):
        load(file)


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    """It says what should be there."""
    with pytest.raises(QuestionnaireError, match="no such folder"):
        load_folder(tmp_path / "none")


def test_the_examples_that_authors_read_are_right(common: str) -> None:
    """The manual's blocks, put together, are a questionnaire."""
    manual = (CONTENT / "questionnaires" / "README.md").read_text(encoding="utf-8")
    text = "".join(re.findall(r"```yaml\n(.*?)```", manual, re.DOTALL))
    questionnaire = parse(text, name="README.md", common=common)
    assert questionnaire.dialects == (Dialect.MSA, Dialect.GLF, Dialect.EGY)
    assert questionnaire.words.stop == {Dialect.MSA: ("توقف", "خلاص")}
    assert len(questionnaire.words.repeat) == 4


def test_the_shipped_questionnaire_is_a_draft_that_asks_who_is_there_and_for_consent(
    shipped: Questionnaire,
) -> None:
    """Whom it has no name for, it asks for consent alone."""
    assert shipped.status == "draft"
    assert [item.type for item in shipped.items[:2]] == ["identity", "consent"]
    assert shipped.items[0].when == 'patient.first_name != ""'


GROUPED = """\
format: 1
id: one
version: "1"
title: واحد
language: ar
status: draft
items:
  - id: mood
    type: group
    items:
      - id: low
        type: scale
        scale: frequency4
        ask: "كَمْ مَرَّة؟"
        variants:
          f: {ask: "كَمْ؟"}
"""


@pytest.mark.parametrize(
    ("wrong", "right", "expected"),
    [
        (
            "scale: frequency4",
            "scale: frequency",
            "items.0.items.0.scale: unknown scale 'frequency'; did you mean",
        ),
        (
            'ask: "كَمْ مَرَّة؟"',
            'aks: "كَمْ؟"',
            "one.yaml:14:9: items.0.items.0.aks: unknown field; did you mean 'ask'?",
        ),
        (
            "f: {ask",
            "f: {aks",
            "one.yaml:16:15: items.0.items.0.variants.f.aks: unknown field; did you mean 'ask'?",
        ),
        ("f: {ask", "x: {ask", "one.yaml:16:11: items.0.items.0.variants.x: unknown variant 'x'"),
        (
            "type: scale",
            "type: scael",
            "one.yaml:12:9: items.0.items.0.type: unknown type 'scael'; did you mean 'scale'?",
        ),
        (
            "    type: group",
            "    type: group\n    repeat: {maximum: 2}",
            "items.0.repeat: either 'count' or 'again'",
        ),
        (
            "    type: group",
            "    type: group\n    when: nobody",
            "items.0.when: column 1: unknown name 'nobody'",
        ),
        (
            "format: 1",
            "format: 1\nparameters: {day: dat}",
            "one.yaml:2:14: parameters.day: should be 'text', 'number', 'date'",
        ),
    ],
)
def test_a_fault_inside_a_group_is_named_by_line_and_field(
    wrong: str, right: str, expected: str, common: str
) -> None:
    """As deep as it lies, without the names that the model has for itself."""
    assert expected in complaint(GROUPED.replace(wrong, right), common)


def test_a_scale_brings_its_options(common: str) -> None:
    """Unless the item lists its own."""
    questionnaire = parse(GROUPED, name="one.yaml", common=common)
    low = questionnaire.item("low")
    assert isinstance(low, ScaleItem)
    assert [(option.value, option.ordinal) for option in low.options] == [
        ("never", 0),
        ("several_days", 1),
        ("more_than_half", 2),
        ("nearly_every_day", 3),
    ]
    own = '        options: [{value: no, say: "أَبَدًا", key: "1"}, {value: some, say: "أَحْيَانًا", key: "2"}]\n'
    low = parse(GROUPED + own, name="one.yaml", common=common).item("low")
    assert isinstance(low, ScaleItem)
    assert [option.value for option in low.options] == ["no", "some"]
