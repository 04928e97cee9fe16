"""What callers may stumble over: words that mean two things or nothing, and sentences that read badly."""

from typing import Any

import pytest

from bridge.authoring.checking.recognition import unknown_words
from bridge.authoring.checking.report import Warned
from bridge.authoring.checking.surroundings import Surroundings
from bridge.authoring.checking.wording import MAX_OPTIONS
from bridge.content import CONTENT
from bridge.dialogue.listening import vocabulary
from bridge.dialogue.loader import load
from bridge.dialogue.questionnaire import Questionnaire
from bridge.speech.vosk.model import check_model

Look = Any  # conftest.Look
MODEL = CONTENT / "models" / "hatif-ar-phone-0.2"


def of_kind(look: Look, kind: str, items: str, extra: str = "") -> list[Warned]:
    found = look(items, extra=extra)
    assert not found.faults, found.faults
    return [one for one in found.warnings if one.kind == kind]


def choice(good: str, poor: str, type_: str = "choice") -> str:
    return f"""
    - id: sleep
      type: {type_}
      ask: كَيْفَ النَّوْم؟
      options:
        - {{value: good, key: "1", {good}}}
        - {{value: poor, key: "2", {poor}}}
    """


# Words


def test_options_without_a_common_word_are_left_alone(look: Look) -> None:
    """Most questions are good."""
    assert of_kind(look, "overlap", choice("say: جَيِّد", "say: سَيِّئ")) == []


@pytest.mark.parametrize(
    ("poor", "expected"),
    [
        ("say: غَيْرُ جَيِّد", "shares words with 'poor': 'جيد' in 'غير جيد'"),
        ("say: سَيِّئ, accept: {egy: [نوم جيد]}", "shares words with 'poor': 'جيد' in 'نوم جيد'"),
    ],
)
def test_an_option_within_another_is_named(look: Look, poor: str, expected: str) -> None:
    """Half heard, a "not good" is a "good"."""
    found = of_kind(look, "overlap", choice("say: جَيِّد", poor), "dialects: [msa, egy]\n")
    assert [(one.line, one.column) for one in found] == [(12, 9)]
    assert expected in found[0].text


def test_a_denial_that_is_only_accepted_is_left_alone(look: Look) -> None:
    """Callers say it whether it is listed or not, and listed it is heard as what it is."""
    poor = "say: سَيِّئ, accept: {egy: [مش جيد]}"
    assert of_kind(look, "overlap", choice("say: جَيِّد", poor), "dialects: [msa, egy]\n") == []


def test_words_of_dialects_that_nobody_listens_for_do_not_count(look: Look) -> None:
    """They are not in the grammar."""
    poor = "say: سَيِّئ, accept: {egy: [نوم جيد]}"
    assert of_kind(look, "overlap", choice("say: جَيِّد", poor), "dialects: [msa, glf]\n") == []


def test_an_option_within_a_command_or_danger_is_named(look: Look) -> None:
    """The word "more" is the end of "once more", and "pain" the beginning of "pain in my chest"."""
    items = choice("say: جَيِّد, accept: [أخرى]", "say: أَلَم")
    found = of_kind(look, "overlap", items, "dialects: [msa, glf]\n")
    assert any("shares words with 'repeat': 'أخرى' in 'مرة أخرى'" in one.text for one in found)
    assert any("shares words with 'chest_pain': 'ألم' in 'ألم في صدري'" in one.text for one in found)


def test_words_of_amounts_are_left_alone_beside_commands_and_danger(look: Look) -> None:
    """There is no other word for "much" or "a little", and "much blood" is heard as what it is."""
    items = choice("say: كَثِير", "say: قَلِيل, accept: {glf: [شوي]}")
    assert of_kind(look, "overlap", items, "dialects: [msa, glf]\n") == []


def test_a_command_that_is_taken_for_an_option_is_named(look: Look) -> None:
    """The understanding itself is asked, so that this is what would happen in the call."""
    items = "- {id: now, type: scale, scale: comparison, ask: كَيْفَ الْأَلَم؟}\n"
    found = of_kind(look, "overlap", items, "words: {slower: [هدي شوي]}\n")
    (warning,) = [one for one in found if "means 'slower' elsewhere" in one.text]
    assert "here it is taken for 'better'; leave it out of words.slower" in warning.text


def test_words_that_the_model_lacks_are_named_where_they_stand(shipped: Questionnaire) -> None:
    """By option, command and dialect; in the right file."""
    lacking = {"جيد", "كمان مرة", "سبعة"}
    found = {
        ".".join(map(str, one.path)): one.text
        for one in unknown_words(shipped, lambda phrase: phrase not in lacking)
    }
    assert found.keys() == {
        "items.10.options.0.say",
        "words.repeat.egy.1" if "words.repeat.egy.1" in found else "words.repeat.egy.0",
        "words.repeat.lev.1",
        "words.number_words.7.msa.0",
    }
    assert "does not know 'كمان مرة' (repeat, egy)" in found["words.repeat.egy.0"]
    assert "does not know 'جيد' (option 'good')" in found["items.10.options.0.say"]


@pytest.mark.parametrize("name", sorted(file.stem for file in (CONTENT / "questionnaires").glob("*.yaml")))
def test_every_word_that_is_listened_for_has_a_place(name: str) -> None:
    """Nothing of the vocabulary is missed: with a model that knows nothing, all of it is named."""
    questionnaire = load(CONTENT / "questionnaires" / f"{name}.yaml")
    named = {one.text.split("'")[1] for one in unknown_words(questionnaire, lambda _: False)}
    composed = {
        phrase for phrase in vocabulary(questionnaire) if " و" in f" {phrase}"
    }  # numbers of several words
    assert vocabulary(questionnaire) - named <= composed


def test_a_word_of_a_built_in_scale_is_named_where_the_scale_is(look: Look) -> None:
    """The author of the questionnaire did not write it."""
    poor = check_model(MODEL)
    poor = type(poor)("m", "m", poor.words - {"نادرا"}, 1, supports_grammar=True)
    items = "- {id: a, type: scale, scale: frequency5, ask: كَمْ مَرَّة؟}\n"
    found = look(items, Surroundings(model=poor))
    (warning,) = [one for one in found.warnings if "نادرا" in one.text]
    assert (warning.file, warning.field) == ("common/ar.yaml", "scales.frequency5.1.say")


def test_the_shipped_model_knows_the_shipped_words(shipped: Questionnaire) -> None:
    """As `hatif check` finds by the whole vocabulary."""
    model = check_model(MODEL)
    assert list(unknown_words(shipped, lambda phrase: model.spell(phrase) is not None)) == []


# Wording


@pytest.mark.parametrize(
    "ask",
    [
        "مَا عِنْدَكُمْ أَلَم؟",
        "لَا تَشْعُرُونَ بِأَلَم؟",
        "لَيْسَ هُنَاكَ أَلَم؟",
        "هَلْ لَمْ تَأْخُذُوا الدَّوَاء؟",
        "سُؤَال. مَا تَشْعُرُونَ بِأَلَم؟",
        "مش تعبان؟",
    ],
)
def test_a_question_that_denies_is_named(look: Look, ask: str) -> None:
    """Its "yes" means two things."""
    (warning,) = of_kind(look, "negative", f'- {{id: a, type: yes_no, kind: symptom, ask: ["{ask}"]}}\n')
    assert (warning.line, warning.field) == (8, "items.0.ask.0")


@pytest.mark.parametrize(
    "item",
    [
        'type: yes_no, kind: symptom, ask: "هَلْ هُنَاكَ أَلَم؟ الْجَوَاب: نَعَمْ أَوْ لَا."',
        'type: yes_no, kind: permission, ask: "لَا بَأْسَ أَنْ نَسْأَل؟"',
        'type: yes_no, kind: symptom, ask: "مَا زِلْتُمْ تَتَأَلَّمُون؟"',
        'type: yes_no, kind: symptom, ask: "مَا الْجَوَاب؟"',
        'type: integer, minimum: 0, maximum: 9, ask: "مَا عَدَدُ الْأَيَّام؟"',
        'type: identity, factor: birth_year, ask: "مَا سَنَةُ الْمِيلَاد؟"',
    ],
)
def test_other_questions_are_left_alone(look: Look, item: str) -> None:
    """What begins with a negation and does not deny, and "what"."""
    assert of_kind(look, "negative", f"- {{id: a, {item}}}\n") == []


PLAIN = '- {id: ITEM, type: yes_no, kind: symptom, ask: "هَلْ هُنَاكَ أَلَم؟"}\n'
ADDRESSED = '- {id: ITEM, type: yes_no, kind: symptom, ask: "هَلْ عِنْدَكَ أَلَم؟"}\n'
WORDED = """
- id: ITEM
  type: yes_no
  kind: symptom
  ask: "هَلْ عِنْدَكُمْ أَلَم؟"
  variants: {WHO: {ask: "هَلْ عِنْدَكِ أَلَم؟"}}
"""


def variants(look: Look, who: str, *items: str) -> list[str]:
    named = [item.replace("ITEM", f"i{at}").replace("WHO", who) for at, item in enumerate(items)]
    return [one.field for one in of_kind(look, "variant", "".join(named), "dialects: [msa, egy]\n")]


def test_wording_for_women_is_missed_where_a_sister_item_has_it(look: Look) -> None:
    """And only where a sentence speaks to the caller."""
    assert variants(look, "f", WORDED, ADDRESSED, PLAIN) == ["items.1.ask"]
    assert variants(look, "f", ADDRESSED, PLAIN) == []
    assert variants(look, "f", WORDED, WORDED) == []
    assert variants(look, "egy.f", WORDED, ADDRESSED) == ["items.1.ask"]


@pytest.mark.parametrize(
    ("ask", "is_missed"),
    [
        ("هَلْ شَعَرْتَ بِأَلَم؟", True),
        ("هَلْ كُنْتَ نَائِمًا؟", True),
        ("هَلْ تَشْعُرُونَ بِأَلَم؟", False),
        ("هَلْ شَعَرْتُمْ بِأَلَمٍ عِنْدَكُمْ؟", False),
        ("هَلْ جَاءَتْ أَفْكَارٌ بِأَنَّ الْمَوْتَ أَفْضَل؟", False),
        ("هَلْ هُنَاكَ أَلَمٌ وَقْتَ النَّوْم؟", False),
    ],
)
def test_only_what_is_said_to_one_man_misses_a_wording_for_women(
    look: Look, ask: str, is_missed: bool
) -> None:
    """The polite plural is for both, and some nouns only look like "you"."""
    item = f'- {{id: ITEM, type: yes_no, kind: symptom, ask: "{ask}"}}\n'
    assert variants(look, "f", WORDED, item) == (["items.1.ask"] if is_missed else [])


def test_a_dialect_is_missed_where_most_items_have_it(look: Look) -> None:
    """Any sentence may be said otherwise in it."""
    assert variants(look, "egy", WORDED, WORDED, PLAIN) == ["items.2.ask"]
    assert variants(look, "egy", WORDED, PLAIN, PLAIN) == []


def test_missing_vowels_are_named_where_most_sentences_have_them(look: Look) -> None:
    """A file without any is somebody's way of writing."""
    vowelled = PLAIN.replace("ITEM", "a") + PLAIN.replace("ITEM", "b")
    asks = '["هَلْ هناك أَلَم؟", "هَلْ مَعَكَ {patient.first_name}؟"]'
    plain = f"- {{id: c, type: yes_no, kind: symptom, ask: {asks}}}\n"
    (warning,) = of_kind(look, "vowels", vowelled + plain)
    assert warning.field == "items.2.ask.0"
    assert "no vowels on هناك" in warning.text
    assert of_kind(look, "vowels", plain.replace("مَعَكَ", "معك").replace("أَلَم", "ألم")) == []


def test_a_sentence_longer_than_people_listen_is_named(look: Look) -> None:
    """With its length in seconds."""
    words = " ".join(["كَلِمَةٌ"] * 50)
    (warning,) = of_kind(look, "long", f'- {{id: a, type: yes_no, kind: fact, ask: ["هَلْ {words}؟"]}}\n')
    assert warning.field == "items.0.ask.0"
    assert "takes 28 s to say" in warning.text
    assert of_kind(look, "long", PLAIN.replace("ITEM", "a")) == []


def test_more_options_than_people_keep_in_mind_are_named(look: Look) -> None:
    """Nine can be keyed, and nobody remembers the first."""
    words = ["أَحْمَر", "أَخْضَر", "أَزْرَق", "أَبْيَض", "أَسْوَد", "بُنِّيّ"]
    listed = [f'{{value: v{at}, say: "{word}", key: "{at + 1}"}}' for at, word in enumerate(words)]
    ask = f'- {{id: a, type: choice, ask: "أَيُّ لَوْن؟", options: [{", ".join(listed)}]}}\n'
    (warning,) = of_kind(look, "options", ask)
    assert f"6 options, and a caller keeps about {MAX_OPTIONS} in mind" in warning.text
    fewer = ask.replace(f", {listed[-1]}", "")
    assert of_kind(look, "options", fewer) == []
