"""A patient on the phone who answers a questionnaire by script: a machine that hears 20 ms and says 20 ms.

It decides from what it hears, as a person does: it recognises prompts by their sound, thinks, and answers. It
never looks into the daemon: no database, no dialogue state, no protocol.
"""

from collections.abc import Iterable, Mapping, Sequence

from bridge.carriers.caller import CallerFrame
from bridge.carriers.mouth import Mouth, frames_in
from bridge.carriers.script import AnswerScript, Reply
from bridge.carriers.voice import LineNoise, Wording
from bridge.dialogue.actions import PromptRole
from bridge.dialogue.prompts import KnownPrompt

__all__ = ["THINKING_SECONDS", "PatientCaller", "PromptEar"]

THINKING_SECONDS = 0.7  # people answer half a second to a second after a question has ended
GARBLED_SECONDS = 2.5  # longer than any pause inside a prompt: what was not understood by now never will be
PATIENCE_SECONDS = 15.0  # then they say it again; Hatif itself speaks up well before
MAX_REPEATS = 2  # then they hang up

_SILENCE = b"\xff\x7f"  # both mu-law codes of a zero sample
# What a turn of Hatif's ends with when the caller is to speak. A reprompt is always followed by one of them.
_QUESTIONS = frozenset(
    {PromptRole.ASK, PromptRole.KEYPAD, PromptRole.READBACK, PromptRole.COMMAND, PromptRole.ESCALATION}
)


class PromptEar:
    """Recognises prompts by their sound, whatever silence was put around or into them on the way.

    Digital silence is dropped from what is known and from what is heard; the rest arrives byte for byte.
    """

    def __init__(self, prompts: Iterable[tuple[KnownPrompt, bytes]]) -> None:
        known: dict[bytes, list[KnownPrompt]] = {}
        for prompt, audio in prompts:
            known.setdefault(_sound_of(audio), []).append(prompt)
        known.pop(b"", None)
        # The longest first: where one prompt ends like another, the longer one was said.
        self._known = sorted(known.items(), key=lambda entry: len(entry[0]), reverse=True)
        self._heard = bytearray()

    def hear(self, frame: bytes) -> bool:
        """Listen to a frame; whether there was any sound in it."""
        sound = _sound_of(frame)
        self._heard += sound
        return bool(sound)

    def understood(self) -> list[Sequence[KnownPrompt]]:
        """What was said up to the last sound, prompt by prompt; several where they sound the same.

        Empty while a prompt is still being said. What comes before something unknown is left out.
        """
        found: list[Sequence[KnownPrompt]] = []
        end = len(self._heard)
        while (match := self._ending_at(end)) is not None:
            sound, prompts = match
            found.insert(0, prompts)
            end -= len(sound)
        return found

    def forget(self) -> None:
        """Start afresh, as after a turn."""
        self._heard.clear()

    def _ending_at(self, end: int) -> tuple[bytes, Sequence[KnownPrompt]] | None:
        return next((entry for entry in self._known if self._heard.endswith(entry[0], 0, end)), None)


class PatientCaller:
    """Answers what is asked, confirms what was heard right, denies the rest, and hangs up on a dead line."""

    def __init__(
        self,
        script: AnswerScript,
        prompts: Iterable[tuple[KnownPrompt, bytes]],
        voice: Mapping[Wording, bytes],
        noise: LineNoise,
        *,
        thinking_seconds: float = THINKING_SECONDS,
    ) -> None:
        self._script = script
        self._voice = voice
        self._ear = PromptEar(prompts)
        self._mouth = Mouth(noise)
        self._thinking_frames = frames_in(thinking_seconds)
        self._item: str | None = None  # what is being asked; read-backs of several items may sound the same
        self._has_heard = False  # something, since the last turn
        self._quiet_frames = 0
        self._last_reply: Reply | None = None
        self._repeats = 0
        self.garbled = 0  # stretches of speech that were no prompt we know

    def tick(self, heard: bytes) -> CallerFrame:
        """Hear 20 ms, say 20 ms."""
        if self._ear.hear(heard):
            self._has_heard = True
            self._quiet_frames = 0
        elif self._mouth.is_busy:
            self._quiet_frames = 0
        else:
            self._quiet_frames += 1
            return self._mouth.tick(hang_up=self._pass_silence())
        return self._mouth.tick()

    def _pass_silence(self) -> bool:
        """Do what this much silence calls for; True to hang up."""
        if self._has_heard and self._quiet_frames == self._thinking_frames:
            self._consider(self._ear.understood())
        elif self._has_heard and self._quiet_frames == frames_in(GARBLED_SECONDS):
            self.garbled += 1
            self._end_turn()
        elif self._quiet_frames == frames_in(PATIENCE_SECONDS):
            return self._lose_patience()
        return False

    def _consider(self, understood: Sequence[Sequence[KnownPrompt]]) -> None:
        """Answer a turn that was understood; one that was not may still be going on."""
        if not understood:
            return
        self._end_turn()
        prompts = [self._take_in(candidates) for candidates in understood]
        reply = self._reply_to(prompts[-1]) if prompts[-1].role in _QUESTIONS else None
        if reply is not None:
            self._repeats = 0
            self._give(reply)

    def _take_in(self, candidates: Sequence[KnownPrompt]) -> KnownPrompt:
        """Choose what was meant among prompts that sound alike, and remember which item it is about."""
        prompt = min(candidates, key=lambda known: (known.item != self._item, known.item is not None))
        self._item = prompt.item or self._item
        return prompt

    def _reply_to(self, question: KnownPrompt) -> Reply | None:
        if question.role in {PromptRole.COMMAND, PromptRole.ESCALATION}:
            return self._script.deny
        answer = self._script.answers.get(self._item or "")
        if answer is None:
            return None
        if question.role is PromptRole.READBACK:
            return self._script.confirm if question.value == answer.value else self._script.deny
        return Reply(press=answer.reply.press) if question.role is PromptRole.KEYPAD else answer.reply

    def _give(self, reply: Reply) -> None:
        self._last_reply = reply
        if reply.wording is None:
            self._mouth.press(reply.press)
        else:
            self._mouth.say(self._voice[reply.wording])

    def _end_turn(self) -> None:
        self._has_heard = False
        self._ear.forget()

    def _lose_patience(self) -> bool:
        self._quiet_frames = 0
        self._repeats += 1
        if self._last_reply is None or self._repeats > MAX_REPEATS:
            return True
        self._give(self._last_reply)
        return False


def _sound_of(audio: bytes) -> bytes:
    return audio.translate(None, _SILENCE)
