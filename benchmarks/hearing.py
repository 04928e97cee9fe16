"""How often the hearing rule stores a wrong value, measured on recordings of real people.

    python benchmarks/hearing.py --speech DIR|ARCHIVE [--phases 3] [--json [FILE]]

Every yes, no and digit goes the way of a call: mu-law over a hissing line, the voice gate, both decoders
under the grammar of the question, the dialogue engine. First each recording alone: taken at once, read back
or asked again? Then as the first answer of a caller who goes on: the same speaker's yes and no reply to what
is read back, a later recording answers what is asked again, and keys are pressed where keys are asked for.

DIR holds WORD/SPEAKER_NO_ROUND.ulaw (8 kHz) or .wav, as does the archive (.tar, .tar.xz).
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Protocol

import msgspec
import numpy as np
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.g711 import encode_ulaw
from bridge.audio.gate import Spoken, VoiceGate, whole_utterances
from bridge.carriers.voice import LineNoise
from bridge.config import load_settings
from bridge.content import CONTENT, DEFAULT_CONFIG
from bridge.dialogue import engine
from bridge.dialogue.actions import Listen, Store
from bridge.dialogue.answer import AnswerStatus, Value, Via
from bridge.dialogue.inputs import Digits, NoInput, Utterance
from bridge.dialogue.loader import load
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.state import Asked, DialogueState
from bridge.errors import BridgeError
from bridge.models.recordings import read_recordings as read_labelled
from bridge.speech.vosk.recognizer import VoskRecognizer
from bridge.telemetry import logs

DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TRUTHS: dict[str, Value] = {"yes": True, "no": False} | dict(zip(DIGIT_WORDS, range(10), strict=True))

LEAD_SECONDS = 0.5  # of line noise before a word: the detector learns the line from it
TAIL_SECONDS = 1.5  # after it: longer than any question's patience and the window in which speech may resume
MAX_DIALOGUE_INPUTS = 40  # the engine's own limit ends a dialogue long before
NOISE_SEED = 20210  # any; the same noise makes the same figures


class Recording(Struct, frozen=True):
    """One word, as one person said it once."""

    word: str
    speaker: str
    round: str

    @property
    def truth(self) -> Value:
        return TRUTHS[self.word]

    @property
    def kind(self) -> str:
        return "number" if self.word in DIGIT_WORDS else "yes/no"


class Verdict(StrEnum):
    """What one recording alone led to."""

    RIGHT_AT_ONCE = "right_at_once"
    WRONG_AT_ONCE = "wrong_at_once"
    READ_BACK_RIGHT = "read_back_right"
    READ_BACK_WRONG = "read_back_wrong"
    ASKED_AGAIN = "asked_again"
    COMMAND = "command"  # taken for a wish to repeat, stop or speak to a person
    NOT_HEARD = "not_heard"  # the gate never opened


class Ending(StrEnum):
    """How one dialogue ended."""

    RIGHT_BY_SPEECH = "right_by_speech"
    RIGHT_BY_KEY = "right_by_key"
    WRONG = "wrong"
    NOT_OBTAINED = "not_obtained"
    CALL_LOST = "call_lost"  # stopped or transferred against the caller's wish


class Trial(Struct, frozen=True):
    """One recording's fate."""

    recording: Recording
    closed: str
    open: str
    verdict: Verdict
    grammar_alone_wrong: bool  # would believing the grammar's reading alone have stored a wrong value?
    ending: Ending
    stored: Value
    questions: int  # how many questions the caller was asked until the item was done with


Recordings = dict[Recording, bytes]  # signed 16-bit PCM, 8 kHz


# Reading recordings


def read_recordings(source: Path) -> Recordings:
    """The recordings of a yes, a no and of digits; one that cannot be read would falsify the figures."""
    sources = read_labelled(source)
    if sources.unreadable:
        first = sources.unreadable[0]
        raise BridgeError(f"{source}: {first.path} {first.reason}")
    named = ((_recording(PurePath(one.path)), one.pcm) for one in sources.readable)
    found = {recording: pcm for recording, pcm in named if recording is not None}
    missing = sorted(TRUTHS.keys() - {recording.word for recording in found})
    if missing:
        raise BridgeError(f"{source} has no recordings of {', '.join(missing)} (WORD/SPEAKER_NO_ROUND.ulaw)")
    return found


def _recording(path: PurePath) -> Recording | None:
    speaker, separator, take = path.stem.partition("_NO_")
    if path.parent.name not in TRUTHS or not separator:
        return None
    return Recording(path.parent.name, speaker, take)


# Hearing


class Ear:
    """One speaker on one line, heard as a call hears: one gate for all they say to one kind of question."""

    def __init__(self, recognizer: VoskRecognizer, listen: Listen) -> None:
        self._recognizer = recognizer
        self._listen = listen
        self._noise = LineNoise(np.random.default_rng(NOISE_SEED))
        self._gate = VoiceGate()
        self._gate.expect(
            end_silence_seconds=listen.end_silence_seconds, max_speech_seconds=listen.max_speech_seconds
        )

    async def hear(self, pcm: bytes) -> list[Utterance]:
        """Everything that became an utterance; one that resumed is one."""
        lead, tail = (bytes(int(seconds * SAMPLE_RATE) * 2) for seconds in (LEAD_SECONDS, TAIL_SECONDS))
        line = encode_ulaw(self._noise.under(lead + pcm + tail))
        return [await self._decode(one) for one in whole_utterances(self._gate.process(line))]

    async def _decode(self, spoken: Spoken) -> Utterance:
        stream = self._recognizer.open(self._listen.phrases)
        stream.feed(spoken.pcm)
        hearing = await stream.finish()
        return Utterance(hearing.closed, hearing.open, hearing.confidence, spoken.speech_seconds)


class Hearer(Protocol):
    """Somebody who listens to one speaker."""

    async def hear(self, pcm: bytes) -> list[Utterance]: ...


class Audience:
    """All speakers, heard when a dialogue comes to them, and once for each thing that is listened for."""

    def __init__(self, recordings: Recordings, listen_to: Callable[[Recording, Listen], Hearer]) -> None:
        """`listen_to` is asked once for each speaker and each thing that is listened for."""
        self._recordings = recordings
        self._listen_to = listen_to
        self._ears: dict[tuple[str, Listen], Hearer] = {}
        self._heard: dict[tuple[Recording, Listen], list[Utterance]] = {}

    async def hear(self, recording: Recording, listen: Listen) -> list[Utterance]:
        """What becomes of a recording; nothing where there is no such recording."""
        key = (recording, listen)
        if key not in self._heard and recording in self._recordings:
            line = recording.speaker, listen
            if line not in self._ears:
                self._ears[line] = self._listen_to(recording, listen)
            self._heard[key] = await self._ears[line].hear(self._recordings[recording])
        return self._heard.get(key, [])


# The dialogue


class Questions:
    """The two questions of the shipped questionnaire that stand for all of their kind."""

    def __init__(self, source: Questionnaire) -> None:
        self._by_kind = {"yes/no": _only(source, "fever"), "number": _only(source, "pain_level")}

    @classmethod
    def shipped(cls) -> "Questions":
        return cls(load(CONTENT / "questionnaires" / "post_discharge.yaml"))

    def of(self, recording: Recording) -> Questionnaire:
        return self._by_kind[recording.kind]


def _only(source: Questionnaire, item_id: str) -> Questionnaire:
    item = source.item(item_id)
    if item is None:
        raise BridgeError(f"the questionnaire {source.id} has no item {item_id}")
    return source.model_copy(update={"items": (item,)})


def listen_of(turn: engine.Turn) -> Listen:
    return next(action for action in turn.actions if isinstance(action, Listen))


def judge(questionnaire: Questionnaire, utterances: list[Utterance], truth: Value) -> Verdict:
    """What the first answer to the question leads to."""
    if not utterances:
        return Verdict.NOT_HEARD
    turn = engine.advance(questionnaire, engine.begin(questionnaire).state, utterances[0])
    for action in turn.actions:
        if isinstance(action, Store):
            is_right = action.answer.status is AnswerStatus.ANSWERED and action.answer.value == truth
            return Verdict.RIGHT_AT_ONCE if is_right else Verdict.WRONG_AT_ONCE
    if turn.state.asked is Asked.READBACK:
        return Verdict.READ_BACK_RIGHT if _is_candidate(turn.state, truth) else Verdict.READ_BACK_WRONG
    is_command = turn.state.asked is not Asked.ITEM or turn.reading.meaning.startswith("command")
    return Verdict.COMMAND if is_command else Verdict.ASKED_AGAIN


def _is_candidate(state: DialogueState, truth: Value) -> bool:
    candidate = state.candidate
    return candidate is not None and candidate.status is AnswerStatus.ANSWERED and candidate.value == truth


class Caller:
    """A speaker who means `recording` and says so, round after round, until it is understood."""

    def __init__(self, recording: Recording, audience: Audience, rounds: list[str]) -> None:
        self._recording = recording
        self._audience = audience
        begin = rounds.index(recording.round)
        self._rounds = rounds[begin:] + rounds[:begin]
        self._said: Counter[str] = Counter()
        self._overheard: list[Utterance] = []  # left over from the last recording: it answers what comes next

    async def reply(self, state: DialogueState, listen: Listen) -> Utterance | Digits | NoInput:
        if state.tally.by_keypad and state.asked is Asked.ITEM:
            return Digits(_key_of(self._recording.truth))
        if not self._overheard:
            self._overheard = list(await self._say(self._word_for(state), listen))
        return self._overheard.pop(0) if self._overheard else NoInput()

    def _word_for(self, state: DialogueState) -> str:
        match state.asked:
            case Asked.ITEM:
                return self._recording.word
            case Asked.READBACK:
                return "yes" if _is_candidate(state, self._recording.truth) else "no"
            case _:  # do you want to stop, to speak to a person, to get help?
                return "no"

    async def _say(self, word: str, listen: Listen) -> Iterable[Utterance]:
        take = self._rounds[self._said[word] % len(self._rounds)]
        self._said[word] += 1
        return await self._audience.hear(Recording(word, self._recording.speaker, take), listen)


def _key_of(value: Value) -> str:
    return ("1" if value else "2") if isinstance(value, bool) else str(value)


async def converse(questionnaire: Questionnaire, caller: Caller, truth: Value) -> tuple[Ending, Value, int]:
    """Go on until the item is stored or the call is over: how it ended, what is stored, questions asked."""
    turn = engine.begin(questionnaire)
    for questions in range(1, MAX_DIALOGUE_INPUTS):
        turn = engine.advance(questionnaire, turn.state, await caller.reply(turn.state, listen_of(turn)))
        for action in turn.actions:
            if isinstance(action, Store):
                return _ending_of(action, truth), action.answer.value, questions
        if engine.is_over(turn.state):
            return Ending.CALL_LOST, None, questions
    return Ending.NOT_OBTAINED, None, MAX_DIALOGUE_INPUTS


def _ending_of(store: Store, truth: Value) -> Ending:
    answer = store.answer
    if answer.status is AnswerStatus.NOT_OBTAINED:
        return Ending.NOT_OBTAINED
    if answer.status is not AnswerStatus.ANSWERED or answer.value != truth:
        return Ending.WRONG
    return Ending.RIGHT_BY_SPEECH if answer.via is Via.SPEECH else Ending.RIGHT_BY_KEY


# The measurement


async def measure(recordings: Recordings, model: Path, phases: int) -> tuple[str, list[Trial]]:
    questions = Questions.shipped()
    recognizer = VoskRecognizer(model, phases=phases)
    await recognizer.start()
    audience = Audience(recordings, lambda _, listen: Ear(recognizer, listen))
    rounds = rounds_of(recordings)
    try:
        trials = [await attempt(one, questions, audience, rounds) for one in sorted(recordings, key=order)]
    finally:
        await recognizer.stop()
    return recognizer.identity, trials


def rounds_of(recordings: Recordings) -> list[str]:
    """In which order somebody says the same word again."""
    return sorted({recording.round for recording in recordings})


def order(recording: Recording) -> tuple[int, str, str]:
    return list(TRUTHS).index(recording.word), recording.speaker, recording.round


async def attempt(recording: Recording, questions: Questions, audience: Audience, rounds: list[str]) -> Trial:
    """One recording alone, and as the first answer of a dialogue."""
    questionnaire, truth = questions.of(recording), recording.truth
    utterances = await audience.hear(recording, listen_of(engine.begin(questionnaire)))
    by_grammar = [Utterance(one.closed[:1], one.closed[:1], one.confidence) for one in utterances]
    ending, stored, asked = await converse(questionnaire, Caller(recording, audience, rounds), truth)
    return Trial(
        recording,
        closed=utterances[0].closed_text if utterances else "",
        open=utterances[0].open_text if utterances else "",
        verdict=judge(questionnaire, utterances, truth),
        grammar_alone_wrong=judge(questionnaire, by_grammar, truth)
        in (Verdict.WRONG_AT_ONCE, Verdict.READ_BACK_WRONG),
        ending=ending,
        stored=stored,
        questions=asked,
    )


# The report

Counts = dict[str, float]


class Figures(Struct, frozen=True):
    """Counts by kind, by word and by speaker, and every wrong value there was."""

    model: str
    kinds: dict[str, Counts]
    words: dict[str, Counts]
    speakers: dict[str, Counts]
    wrong: list[Trial]


def summarise(identity: str, trials: list[Trial]) -> Figures:
    return Figures(
        model=identity,
        kinds=_grouped(trials, lambda trial: trial.recording.kind) | {"all": _counts(trials)},
        words=_grouped(trials, lambda trial: trial.recording.word),
        speakers=_grouped(trials, lambda trial: trial.recording.speaker),
        wrong=[trial for trial in trials if Ending.WRONG is trial.ending],
    )


def _grouped(trials: list[Trial], key: Callable[[Trial], str]) -> dict[str, Counts]:
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(key(trial), []).append(trial)
    return {name: _counts(group) for name, group in groups.items()}


def _counts(trials: list[Trial]) -> Counts:
    verdicts = Counter(trial.verdict for trial in trials)
    endings = Counter(trial.ending for trial in trials)
    return {
        "recordings": len(trials),
        **{str(verdict): verdicts[verdict] for verdict in Verdict},
        "grammar_alone_wrong": sum(trial.grammar_alone_wrong for trial in trials),
        **{f"dialogue_{ending}": endings[ending] for ending in Ending},
        "dialogue_questions_mean": round(sum(trial.questions for trial in trials) / len(trials), 2),
    }


ALONE = {
    "recordings": "recordings",
    "right_at_once": "right at once",
    "wrong_at_once": "[red]WRONG at once[/]",
    "read_back_right": "read back, right",
    "read_back_wrong": "read back, wrong",
    "asked_again": "asked again",
    "command": "taken for a command",
    "not_heard": "not heard",
    "grammar_alone_wrong": "grammar alone wrong",
}
DIALOGUES = {
    "recordings": "dialogues",
    "dialogue_right_by_speech": "right by speech",
    "dialogue_right_by_key": "right by key",
    "dialogue_wrong": "[red]WRONG stored[/]",
    "dialogue_not_obtained": "not obtained",
    "dialogue_call_lost": "call lost",
    "dialogue_questions_mean": "questions each",
}


def show(figures: Figures, console: Console) -> None:
    console.print(f"model {figures.model}")
    groups = [figures.kinds, figures.speakers]
    console.print(_table("One recording, one question", ALONE, groups))
    console.print(_table("The whole repair dialogue", DIALOGUES, groups))


def _table(title: str, columns: dict[str, str], groups: list[dict[str, Counts]]) -> Table:
    table = Table("", *columns.values(), title=title)
    for group in groups:
        for name, counts in group.items():
            table.add_row(name, *(str(counts[column]) for column in columns))
        table.add_section()
    return table


def write(figures: Figures, target: str) -> None:
    text = msgspec.json.format(msgspec.json.encode(figures), indent=2).decode() + "\n"
    if target == "-":
        sys.stdout.write(text)
    else:
        Path(target).write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description="How often does the hearing rule store a wrong value?")
    parser.add_argument("--speech", type=Path, required=True, help="a folder or archive of recordings")
    parser.add_argument("--model", type=Path, default=load_settings(DEFAULT_CONFIG).recogniser.model)
    parser.add_argument("--phases", type=int, default=3, help="decodings under either vocabulary, 1 to 3")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE", help="write all figures as JSON")
    options = parser.parse_args()
    logs.configure(level="warning")
    try:
        figures = summarise(
            *asyncio.run(measure(read_recordings(options.speech), options.model, options.phases))
        )
    except (BridgeError, OSError) as error:
        print(f"hearing: {error}", file=sys.stderr)
        return 1
    if options.json != "-":
        show(figures, Console())
    if options.json is not None:
        write(figures, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
