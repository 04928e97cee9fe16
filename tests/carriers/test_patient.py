"""`bridge.carriers.patient`: a patient who knows only what reaches the ear."""

import numpy as np
import pytest

from bridge.carriers.caller import CallerFrame
from bridge.carriers.patient import GARBLED_SECONDS, PATIENCE_SECONDS, PatientCaller, PromptEar
from bridge.carriers.script import AnswerScript, Reply, ScriptedAnswer
from bridge.carriers.voice import LineNoise, Wording
from bridge.dialogue.actions import PromptRole
from bridge.dialogue.prompts import KnownPrompt

SILENCE = b"\xff" * 160
THINKING = 35  # frames: 0.7 s

YES, NO, THREE = Wording("نَعَمْ"), Wording("لَا"), Wording("ثَلَاثَة")
VOICE = {YES: b"\x01" * 320, NO: b"\x02" * 320, THREE: b"\x03" * 320}
SCRIPT = AnswerScript(
    confirm=Reply("1", YES),
    deny=Reply("2", NO),
    answers={
        "pain": ScriptedAnswer(3, Reply("3#", THREE)),
        "days": ScriptedAnswer(4, Reply("4#", THREE)),
        "sleep": ScriptedAnswer("good", Reply("1")),
    },
)

GREETING = KnownPrompt("greeting", PromptRole.OPENING)
SORRY = KnownPrompt("sorry", PromptRole.REPROMPT)
PAIN = KnownPrompt("pain?", PromptRole.ASK, "pain")
DAYS = KnownPrompt("days?", PromptRole.ASK, "days")
SLEEP = KnownPrompt("sleep?", PromptRole.ASK, "sleep")
PAIN_KEYS = KnownPrompt("keys", PromptRole.KEYPAD, "pain")
STOP = KnownPrompt("end?", PromptRole.COMMAND)
GOODBYE = KnownPrompt("goodbye", PromptRole.CLOSING)
READBACKS = [KnownPrompt(f"{n}?", PromptRole.READBACK, item, n) for n in (3, 4) for item in ("pain", "days")]


def sound(text: str) -> bytes:
    """Noise that is one and the same for one and the same text, of a length that fits no frame."""
    rng = np.random.default_rng(list(text.encode()))
    return rng.integers(0, 255, 3210, dtype=np.uint8).tobytes().replace(b"\x7f", b"\x7e")


PROMPTS = [
    (p, sound(p.text)) for p in (GREETING, SORRY, PAIN, DAYS, SLEEP, PAIN_KEYS, STOP, GOODBYE, *READBACKS)
]


@pytest.fixture
def patient() -> PatientCaller:
    return PatientCaller(SCRIPT, PROMPTS, VOICE, LineNoise(np.random.default_rng(1)))


def hear(patient: PatientCaller, audio: bytes, quiet: int = THINKING + 20) -> list[CallerFrame]:
    """Play audio as a carrier does, then silence; what the patient did meanwhile."""
    padded = audio + b"\xff" * (-len(audio) % 160)
    frames = [padded[at : at + 160] for at in range(0, len(padded), 160)] + [SILENCE] * quiet
    return [patient.tick(frame) for frame in frames]


def said(frames: list[CallerFrame]) -> list[Wording]:
    return [word for word, audio in VOICE.items() if audio[:160] in [frame.audio for frame in frames]]


def pressed(frames: list[CallerFrame]) -> str:
    return "".join(frame.keys for frame in frames)


def test_a_question_is_answered_after_some_thought(patient: PatientCaller) -> None:
    """The answer comes 0.7 s after the last sound of the question, and not before."""
    frames = hear(patient, sound("pain?"))

    first = next(at for at, frame in enumerate(frames) if frame.audio == VOICE[THREE][:160])
    assert first == 21 + THINKING - 1
    assert said(frames) == [THREE]


def test_prompts_may_follow_each_other_without_a_seam(patient: PatientCaller) -> None:
    """A greeting and a question in one breath are understood as both."""
    assert said(hear(patient, sound("greeting") + sound("pain?"))) == [THREE]


@pytest.mark.parametrize("gap", [1, 159, 160, 4000])
def test_silence_inside_a_prompt_does_not_disturb(patient: PatientCaller, gap: int) -> None:
    """A carrier that runs dry in mid-prompt plays silence; the words are the same."""
    audio = sound("pain?")

    assert said(hear(patient, audio[:1000] + b"\xff" * gap + audio[1000:])) == [THREE]


def test_half_a_prompt_is_not_answered(patient: PatientCaller) -> None:
    """What was cut off was not understood."""
    frames = hear(patient, sound("pain?")[:2000], quiet=round(GARBLED_SECONDS / 0.02) + 5)

    assert said(frames) == []
    assert patient.garbled == 1


@pytest.mark.parametrize("text", ["greeting", "sorry", "goodbye"])
def test_what_asks_nothing_is_not_answered(patient: PatientCaller, text: str) -> None:
    """Greetings, apologies and goodbyes are listened to."""
    frames = hear(patient, sound(text), quiet=200)

    assert said(frames) == []
    assert patient.garbled == 0


def test_an_item_to_be_pressed_is_pressed(patient: PatientCaller) -> None:
    """An answer without words is given by key."""
    assert pressed(hear(patient, sound("sleep?"))) == "1"


def test_keys_are_pressed_where_keys_are_asked_for(patient: PatientCaller) -> None:
    """The same answer has its keys, for when the voice has failed."""
    frames = hear(patient, sound("pain?") + sound("keys"))

    assert pressed(frames) == "3#"
    assert said(frames) == []


@pytest.mark.parametrize(
    ("asked", "readback", "reply"), [("pain?", "3?", YES), ("pain?", "4?", NO), ("days?", "4?", YES)]
)
def test_a_read_back_is_confirmed_only_when_right(
    patient: PatientCaller, asked: str, readback: str, reply: Wording
) -> None:
    """The same words about another item are another question."""
    hear(patient, sound(asked))

    assert said(hear(patient, sound(readback))) == [reply]


def test_a_command_that_was_never_given_is_denied(patient: PatientCaller) -> None:
    """Who did not ask to end the call says no."""
    hear(patient, sound("pain?"))

    assert said(hear(patient, sound("end?"))) == [NO]


def test_speech_during_the_thinking_pause_is_waited_for(patient: PatientCaller) -> None:
    """A question that goes on is answered when it is over."""
    early = hear(patient, sound("pain?"), quiet=THINKING - 5)
    rest = hear(patient, sound("keys"))

    assert said(early) == []
    assert pressed(rest) == "3#"


def test_a_dead_line_is_spoken_to_and_then_left(patient: PatientCaller) -> None:
    """The last answer is repeated twice; then the patient hangs up."""
    hear(patient, sound("pain?"))

    frames = hear(patient, b"", quiet=3 * round(PATIENCE_SECONDS / 0.02) + 10)

    assert sum(frame.audio == VOICE[THREE][:160] for frame in frames) == 4
    assert [at for at, frame in enumerate(frames) if frame.hang_up] != []


def test_who_was_asked_nothing_hangs_up(patient: PatientCaller) -> None:
    """A call in which nobody speaks has no answer to repeat."""
    frames = hear(patient, b"", quiet=round(PATIENCE_SECONDS / 0.02))

    assert frames[-1].hang_up


def test_the_longer_of_two_prompts_that_end_alike_is_meant() -> None:
    """A prompt that another ends with is not mistaken for it."""
    ear = PromptEar([(PAIN, b"\x10\x11\x12"), (DAYS, b"\x20\x10\x11\x12")])

    ear.hear(b"\x20\x10\x11\x12")

    assert ear.understood() == [[DAYS]]


def test_what_was_said_before_is_forgotten() -> None:
    """A turn begins with an empty memory."""
    ear = PromptEar([(PAIN, b"\x10\x11\x12")])
    ear.hear(b"\x10\x11\x12")

    ear.forget()

    assert ear.understood() == []


def test_a_silent_prompt_is_never_heard() -> None:
    """A prompt without any sound would otherwise be heard in everything."""
    ear = PromptEar([(PAIN, b"\xff\xff")])

    assert not ear.hear(SILENCE)
    assert ear.understood() == []
