"""SSML into scripts: what every element does, and that nothing else ever comes of any text."""

import contextlib
import re
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.speech.reading.saying import say_as as read_out
from bridge.speech.script import Clip, Manner, Mark, Passage, Pause, Script, says_something
from bridge.speech.ssml import SsmlError, is_ssml, parse, script_of
from bridge.speech.ssml.parsing import MAX_SEGMENTS

NAMESPACE = 'xmlns="http://www.w3.org/2001/10/synthesis"'


def speak(inside: str) -> Script:
    return parse(f"<speak>{inside}</speak>", say_as=_spelled)


def only(inside: str) -> Passage:
    """The one passage that comes of it."""
    (passage,) = speak(inside)
    assert isinstance(passage, Passage)
    return passage


def manner(attributes: str) -> Manner:
    return only(f"<prosody {attributes}>نعم</prosody>").manner


def refused(inside: str) -> SsmlError:
    with pytest.raises(SsmlError) as caught:
        speak(inside)
    return caught.value


def _spelled(text: str, interpret_as: str, form: str, language: str) -> str:
    """Pretend to read out; the real one is tried in its own tests."""
    if interpret_as == "moon":
        raise ValueError("interpret-as must be sun")
    return " ".join(("[" + text, interpret_as, *filter(None, [form]), language)) + "]"


def test_text_alone_is_plain() -> None:
    """What does not begin as SSML is one passage, signs of markup and all."""
    assert script_of("نعم < لا") == (Passage("نعم < لا"),)
    assert script_of("yes", language="en") == (Passage("yes", "en"),)


@pytest.mark.parametrize(
    "text", ["<speak>نعم</speak>", "\ufeff <speak >نعم</speak>", "<?xml version='1.0'?><speak>نعم</speak>"]
)
def test_ssml_is_known_by_its_beginning(text: str) -> None:
    """Byte order marks, whitespace and XML's own declaration may come before."""
    assert is_ssml(text)
    assert script_of(text) == (Passage("نعم"),)


@pytest.mark.parametrize("text", ["<speaker>", "a<speak>", "", "< speak>"])
def test_other_text_is_not_ssml(text: str) -> None:
    """A text that happens to hold a bracket is a text."""
    assert not is_ssml(text)


def test_namespaces() -> None:
    """SSML's namespace, none, or a prefix for it: the same script."""
    prefixed = f"<s:speak {NAMESPACE.replace('xmlns', 'xmlns:s')}><s:break time='1s'/></s:speak>"

    assert parse(prefixed) == parse(f"<speak {NAMESPACE} version='1.1'><break time='1s'/></speak>")
    assert parse(prefixed) == (Pause(1.0),)


def test_whitespace_is_one_space() -> None:
    """Lines and indents of the source are not heard; elements without effect leave no seam."""
    assert speak("\n  نعم\t\n <!-- no --> <sub alias='طبيب'>د</sub>،  لا ") == (Passage("نعم طبيب، لا"),)
    assert speak("نع<!-- -->م<![CDATA[ <x> ]]>") == (Passage("نعم <x>"),)


def test_a_prefix_stays_with_its_word() -> None:
    """Arabic writes "in" and "with" without a space; what is read out keeps what stood there."""
    assert only("بـ<say-as interpret-as='cardinal'>5</say-as>.").text == "بـ[5 cardinal ar]."


def test_manners_compose() -> None:
    """Rates multiply, semitones and decibels add."""
    inner = "<prosody rate='0.5' pitch='+3st' volume='-2dB'>لا</prosody>"
    outer, nested = speak(f"<prosody rate='120%' pitch='-1st' volume='loud'>نعم {inner}</prosody>")

    assert outer == Passage("نعم", manner=Manner(1.2, -1.0, 4.0))
    assert nested == Passage("لا", manner=Manner(0.6, 2.0, 2.0))


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("rate='x-slow'", Manner(rate=0.5)),
        ("rate='80%'", Manner(rate=0.8)),
        ("rate='-20%'", Manner(rate=0.8)),
        ("rate='+50%'", Manner(rate=1.5)),
        ("rate='1.25'", Manner(rate=1.25)),
        ("pitch='high'", Manner(pitch=2.0)),
        ("pitch='-4.5st'", Manner(pitch=-4.5)),
        ("pitch='+100%'", Manner(pitch=12.0)),
        ("pitch='-50%'", Manner(pitch=-12.0)),
        ("volume='soft'", Manner(volume_db=-6.0)),
        ("volume='+6dB'", Manner(volume_db=6.0)),
        ("volume='silent'", Manner(volume_db=-200.0)),
    ],
)
def test_prosody(attributes: str, expected: Manner) -> None:
    """Words, per cent, factors, semitones and decibels."""
    assert manner(attributes) == expected


@pytest.mark.parametrize(
    ("attributes", "right"),
    [
        ("rate='fasst'", "x-slow, slow, medium"),
        ("rate='+2'", "80%"),
        ("rate='0%'", "from 20% to 400%"),
        ("rate='5'", "from 20% to 400%"),
        ("rate='nan'", "rate must be"),
        ("rate='١'", "rate must be"),
        ("pitch='180Hz'", "every voice has its own"),
        ("pitch='+20Hz'", "every voice has its own"),
        ("pitch='110%'", "with its sign"),
        ("pitch='-100%'", "cannot fall"),
        ("pitch='+13st'", "from -12st to"),
        ("volume='50'", "with its sign"),
        ("volume='+20dB'", "from -40dB to"),
        ("contour='(0%,+20Hz)'", "write pitch"),
        ("speed='1'", "there are rate, pitch, volume"),
        ("", "must be written"),
    ],
)
def test_prosody_that_is_refused(attributes: str, right: str) -> None:
    """A value that would be bent or passed over is an error that says what would be right."""
    assert right in refused(f"<prosody {attributes}>نعم</prosody>").text


def test_silence_wins() -> None:
    """Nothing inside of what is silent is heard, however loud."""
    (passage,) = speak("<prosody volume='silent'><emphasis level='strong'>نعم</emphasis></prosody>")

    assert isinstance(passage, Passage)
    assert passage.manner.volume_db == -200.0


def test_emphasis_replaces_emphasis() -> None:
    """The innermost level counts; "none" takes it away."""
    inside = (
        "<emphasis level='strong'>أ <emphasis level='none'>ب</emphasis> <emphasis>ج</emphasis></emphasis>"
    )
    manners = [passage.manner for passage in speak(inside) if isinstance(passage, Passage)]

    assert manners == [Manner(0.85, 2.0, 4.0), Manner(), Manner(0.92, 1.0, 2.0)]


@pytest.mark.parametrize(
    ("element", "seconds"),
    [
        ("<break/>", 0.4),
        ("<break strength='x-strong'/>", 1.2),
        ("<break time='250ms'/>", 0.25),
        ("<break time='1.5s' strength='weak'/>", 1.5),
        ("<break time='1s'/><break time='2s'/>", 3.0),
    ],
)
def test_breaks(element: str, seconds: float) -> None:
    """A time wins over a strength; breaks add up."""
    pauses = [part.seconds for part in speak(f"أ{element}ب") if isinstance(part, Pause)]

    assert sum(pauses) == pytest.approx(seconds)


@pytest.mark.parametrize("time", ["1", "1m", "-1s", "11s", "1e3s", "", "9" * 500 + "s"])
def test_breaks_that_are_refused(time: str) -> None:
    """Seconds or milliseconds, ten seconds at most."""
    assert "break" in refused(f"<break time='{time}'/>").text


def test_sentences_and_paragraphs() -> None:
    """A pause between two of them, the longest that is due, and none around them all."""
    assert speak("<p><s>أ</s> <s>ب</s></p> <p>ج</p> د") == (
        *(Passage("أ"), Pause(0.4), Passage("ب"), Pause(0.8)),
        *(Passage("ج"), Pause(0.8), Passage("د")),
    )


def test_a_break_takes_the_place_of_a_sentences_pause() -> None:
    """Written breaks are kept wherever they stand; "none" means none."""
    assert speak("<s>أ</s><break time='2s'/><s>ب</s>") == (Passage("أ"), Pause(2.0), Passage("ب"))
    assert speak("<s>أ</s><break strength='none'/><s>ب</s>") == (Passage("أ"), Passage("ب"))
    assert speak("<break/>أ<break/>") == (Pause(0.4), Passage("أ"), Pause(0.4))


def test_marks_keep_their_place() -> None:
    """Among words and among pauses."""
    assert speak("أ<break time='1s'/><mark name='x'/><break time='2s'/>ب<mark name='y'/>") == (
        *(Passage("أ"), Pause(1.0), Mark("x"), Pause(2.0)),
        *(Passage("ب"), Mark("y")),
    )


def test_voice_and_language() -> None:
    """Both hold for what is in them, and end with it."""
    inside = "أ <lang xml:lang='en-GB'>yes</lang> <voice name='xtts/nurse' xml:lang='fr'>oui</voice> ب"

    assert parse(f"<speak xml:lang='ar-SA'>{inside}</speak>") == (
        *(Passage("أ", "ar-SA"), Passage("yes", "en-GB")),
        *(Passage("oui", "fr", "xtts/nurse"), Passage("ب", "ar-SA")),
    )


def test_phoneme_keeps_the_text_and_the_sound() -> None:
    """Engines without phonemes speak the text."""
    assert speak("قل <phoneme alphabet='ipa' ph='ˈnaʕam'>نعم</phoneme>.") == (
        Passage("قل"),
        Passage("نعم.", ipa="ˈnaʕam"),
    )


def test_sounds_of_the_cache() -> None:
    """What is in audio is performed where the sound is missing; its description never."""
    inside = "<audio src='cache:chime'><desc>ding</desc>دقّ <break/></audio>"

    assert speak(inside) == (Clip("chime", (Passage("دقّ"), Pause(0.4))),)
    assert speak("<audio src='cache:chime'/>") == (Clip("chime"),)


def test_what_is_about_the_text_is_passed_over() -> None:
    """meta, metadata and lexicon are no speech, whatever is in them."""
    about = "<meta name='a' content='b'/><metadata><x xmlns='urn:y' z='1'>q</x></metadata><lexicon uri='l'/>"

    assert speak(f"{about}نعم") == (Passage("نعم"),)


def test_read_out() -> None:
    """say-as is given the text, what it is, its format and the language; its complaint gets a place."""
    inside = "<lang xml:lang='ar-SA'><say-as interpret-as='date' format='dmy'> 1/ 2 </say-as></lang>"

    assert only(inside).text == "[1/ 2 date dmy ar-SA]"
    assert refused("<say-as interpret-as='moon'>1</say-as>").text == "<say-as>: interpret-as must be sun"


def test_read_out_in_arabic() -> None:
    """Words for figures, by the front end of all voices; what is no date is said to be none, unquoted."""
    date = "<speak><say-as interpret-as='date' format='dmy'>{}</say-as></speak>"

    assert parse(date.format("12/5/2026")) == (Passage(read_out("12/5/2026", "date", "dmy")),)
    with pytest.raises(SsmlError, match=r"column 8: <say-as>: .* date in the order dmy") as caught:
        parse(date.format("محمد"))
    assert "محمد" not in str(caught.value)


def test_punctuation_is_no_passage() -> None:
    """It goes with its neighbours, or away."""
    assert [p.text for p in speak("«<emphasis>نعم</emphasis>»،") if isinstance(p, Passage)] == ["«نعم»،"]
    assert speak("<s>.</s><s>نعم</s>") == (Passage("نعم"),)


@pytest.mark.parametrize(
    ("inside", "line", "column", "right"),
    [
        ("\n  <prosdy>أ</prosdy>", 2, 3, "is it prosody?"),
        ("عع𝒳<w>أ</w>", 1, 11, "write the word alone"),
        ("<s><p>أ</p></s>", 1, 11, "<p> cannot stand in <s>; it stands in speak, prosody"),
        ("<say-as interpret-as='date'><s>1</s></say-as>", 1, 36, "takes no elements"),
        ("<break>أ</break>", 1, 8, "write <break …/>"),
        ("<sub>أ</sub>", 1, 8, 'needs alias="…"'),
        ("<sub alias='.'>أ</sub>", 1, 8, "nothing in it to be spoken"),
        ("<phoneme ph='نعم'>أ</phoneme>", 1, 8, "in IPA"),
        ("<phoneme ph='a' alphabet='x-sampa'>أ</phoneme>", 1, 8, 'must be "ipa"'),
        ("<phoneme ph='a'/>", 1, 8, "nothing in it to be spoken"),
        ("<lang xml:lang='عربي'>أ</lang>", 1, 8, "xml:lang must be"),
        ("<voice name='a b'>أ</voice>", 1, 8, "name must be one voice"),
        ("<voice gender='male'>أ</voice>", 1, 8, "name the voice"),
        ("<mark name=''/>", 1, 8, "name must be a word"),
        ("<audio src='https://example.org/a.wav'/>", 1, 8, "nothing is fetched"),
        ("<audio src='cache:../x'/>", 1, 8, "cache:NAME"),
        ("<emphasis level='huge'>أ</emphasis>", 1, 8, "strong, moderate, none, reduced"),
        ("<break strength='long'/>", 1, 8, "x-weak"),
        ("<break xmlns='urn:other'/>", 1, 8, "is not known"),
        ("<?php ?>", 1, 8, "refused"),
        ("&nbsp;", 1, 8, "undefined entity"),
        ("<b>", 1, 13, "mismatched tag"),
        ("\0", 1, 8, "not well-formed"),
        ("ع\ud800", 1, 9, "surrogate"),
        ("<p/>", 1, 1, "nothing in it to be spoken"),
    ],
)
def test_errors_have_a_place(inside: str, line: int, column: int, right: str) -> None:
    """Line and column, and what would be right."""
    error = refused(inside)

    assert (error.line, error.column) == (line, column), error
    assert right in error.text


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("<!DOCTYPE speak><speak>أ</speak>", "document type"),
        ('<!DOCTYPE s [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><speak>&b;</speak>', "document type"),
        ('<!DOCTYPE s SYSTEM "file:///etc/passwd"><speak>أ</speak>', "document type"),
        ("<speak version='2.0'>أ</speak>", "version"),
        ("<?xml version='1.0'?><speech>أ</speech>", "begins with <speak>"),
        ("<speak>" * 40, "nested more than 32 deep"),
        ("<speak>" + "<break/>" * 2001 + "</speak>", "2000 elements"),
        ("<speak>" + "أ" * 40_000 + "</speak>", "32768"),
        (f"<speak><sub alias='{'أ' * 1025}'>أ</sub></speak>", "1024"),
        ("<speak a='' b='' c='' d='' e='' f='' g='' h='' i=''/>", "9 attributes"),
        ("<speak>" + "<break time='10s'/>" * 7 + "</speak>", "60 s are the most"),
        (
            "<speak><audio src='cache:a'>" + "<break time='10s'/>" * 7 + "</audio></speak>",
            "60 s are the most",
        ),
        ("<speak>" + "<mark name='a'/>" * (MAX_SEGMENTS + 1) + "</speak>", "more than 500 parts"),
        ("<speak " + "a" * 100 + "=''>أ</speak>", "has no attribute"),
    ],
)
def test_what_is_dangerous_is_refused(text: str, right: str) -> None:
    """Types, entities, depth, size and length; and the error stays a sentence."""
    with pytest.raises(SsmlError, match=right) as caught:
        script_of(text)

    assert len(str(caught.value)) < 250


def test_errors_do_not_tell_what_is_spoken() -> None:
    """The words may be about a caller."""
    for inside in (
        "<prosody rate='x'>محمد</prosody>",
        "محمد<p><p/></p>",
        "<say-as interpret-as='moon'>محمد</say-as>",
    ):
        assert "محمد" not in str(refused(inside))


def assert_tidy(script: Script) -> None:
    """Nothing empty, nothing too long, no whitespace at an edge."""
    for part in script:
        match part:
            case Passage(text=text):
                assert says_something(text)
                assert text == re.sub("[ \t\r\n]+", " ", text).strip(" ")
            case Pause(seconds=seconds):
                assert 0 < seconds <= 10
            case Clip(fallback=fallback):
                assert_tidy(fallback)


_characters = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")


@settings(deadline=None)
@given(st.text(_characters | st.sampled_from("\t\n"), max_size=80).filter(says_something))
def test_any_text_that_is_escaped_comes_back(text: str) -> None:
    """The words are the words, whatever signs are in them."""
    said = re.sub("[ \t\n]+", " ", text).strip(" ")

    assert parse(f"<speak>{escape(text)}</speak>") == (Passage(said),)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_script_or_an_ssml_error(text: str) -> None:
    """No other exception, and no empty passage."""
    attempts = (
        text,
        f"<speak>{text}</speak>",
        f"<speak><{text}",
        f'<speak><sub alias="{text}">a</sub></speak>',
    )
    for attempt in attempts:
        with contextlib.suppress(SsmlError):
            assert_tidy(parse(attempt))


_NAMES = (
    *("speak", "p", "s", "break", "prosody", "emphasis", "say-as", "sub", "phoneme", "lang", "voice", "mark"),
    *("audio", "desc", "meta", "x"),
)
_ATTRIBUTES = (
    *("time='1s'", "strength='weak'", "rate='slow'", "pitch='+6st'", "volume='-3dB'", "level='strong'"),
    *("interpret-as='digits'", "alias='أ'", "ph='a'", "xml:lang='en'", "name='v'", "src='cache:c'", "y=''"),
)
_words = st.sampled_from(["نعم", " ", ".", "12", ""])
_trees = st.recursive(
    _words,
    lambda children: st.builds(
        lambda name, attributes, inside: f"<{name} {' '.join(attributes)}>{''.join(inside)}</{name}>",
        st.sampled_from(_NAMES),
        st.lists(st.sampled_from(_ATTRIBUTES), max_size=2, unique=True),
        st.lists(children, max_size=3),
    ),
)


@settings(deadline=None)
@given(st.lists(_trees, max_size=4))
def test_any_tree_is_a_tidy_script_or_an_ssml_error(trees: list[str]) -> None:
    """Right elements in wrong places and wrong ones in right places."""
    with contextlib.suppress(SsmlError):
        assert_tidy(speak("".join(trees)))
