"""A call that is played line by line: typed lines become steps on the telephone, and all of it is kept.

The engine is the real one, and time is virtual. Ears, where there are any, hear what was typed as it would
sound; without them typed words are heard as they stand.
"""

import math
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from bridge.authoring.simulation.lines import Does, Line, When, spelled
from bridge.authoring.simulation.telephone import Exchange, Readings, Step, Telephone
from bridge.dialogue.actions import Listen, Say
from bridge.dialogue.context import CallContext
from bridge.dialogue.inputs import Utterance
from bridge.dialogue.questionnaire import Questionnaire

__all__ = ["Ears", "Played", "Simulation", "Sounded"]

TENTHS = 10  # silences are written down in tenths of a second

_STEPS: dict[Does, Callable[[Line], list[Step]]] = {
    Does.PRESS: lambda line: [_at(line.when, Step(press=line.text))],
    Does.HANG_UP: lambda _: [Step(hang_up=True)],
    Does.MACHINE: lambda _: [Step(machine=True)],
    Does.AGAIN: lambda line: [Step(hang_up=True), Step(resume_after_hours=line.hours)],
}


class Sounded(Struct, frozen=True):
    """What became of words that were spoken aloud."""

    spoken: str  # as they were given to the voice
    heard: Utterance | None  # None: the line was taken for silent
    lost: int = 0  # utterances after the first: the caller paused, and had been answered by then


class Ears(Protocol):
    """Something that speaks typed words and hears them."""

    def hear(self, words: str, listen: Listen) -> Sounded:
        """Speak `words`, and hear them as an answer that is listened for."""
        ...


class Played(Struct, frozen=True):
    """One step, and what came of it."""

    step: Step
    exchanges: list[Exchange]
    sounded: Sounded | None = None

    @property
    def said(self) -> list[Say]:
        """What was said upon it."""
        return [say for exchange in self.exchanges for say in exchange.said]

    @property
    def is_lost(self) -> bool:
        """Whether nobody heard it: it came over a prompt that is heard to its end."""
        return (self.step.over or self.step.early) and not self.exchanges


class Simulation:
    """One call that is being played."""

    def __init__(self, questionnaire: Questionnaire, context: CallContext, ears: Ears | None = None) -> None:
        self.telephone = Telephone(questionnaire, context)
        self.opening = self.telephone.exchanges[0]
        self.played: list[Played] = []
        self._ears = ears

    @property
    def is_over(self) -> bool:
        """Whether the call has ended."""
        return not self.telephone.is_listening

    def play(self, line: Line) -> list[Played]:
        """Do what a line says. Asking for help or for the state does nothing to the call.

        Raises:
            SimulationError: the call cannot be taken up again.
            WorkerError: voice or recogniser failed.

        """
        if line.does is Does.SAY:
            return [self._speak(line.text, line.when)]
        if line.does is Does.SILENCE:
            return [self._do(self._silence())]
        steps = _STEPS[line.does](line) if line.does in _STEPS else []
        has_dropped = line.does is Does.AGAIN and self.is_over
        return [self._do(step) for step in (steps[1:] if has_dropped else steps)]

    def _clearly(self, words: str) -> Step:
        phrases = self.telephone.last.phrases if isinstance(self.telephone.last, Listen) else ()
        return Step(say=spelled(words, phrases) or words)

    def _speak(self, words: str, when: When) -> Played:
        listen = self.telephone.last
        if self._ears is None or not isinstance(listen, Listen):
            return self._do(_at(when, self._clearly(words)))
        sounded = self._ears.hear(words, listen)
        if sounded.heard is None or not listen.phrases:  # where only keys count, nobody hears
            return self._do(self._silence(), sounded)
        heard = Step(mumble=(_plainly(sounded.heard.closed), _plainly(sounded.heard.open)))
        return self._do(_at(when, heard), sounded)

    def _silence(self) -> Step:
        """Just as long as it takes to be asked again."""
        return Step(silent=(math.floor(self.telephone.seconds_left * TENTHS) + 1) / TENTHS)

    def _do(self, step: Step, sounded: Sounded | None = None) -> Played:
        begun = len(self.telephone.exchanges)
        self.telephone.do(step)
        self.played.append(Played(step, self.telephone.exchanges[begun:], sounded))
        return self.played[-1]


def _at(when: When, step: Step) -> Step:
    return replace(step, over=when is When.OVER, early=when is When.EARLY)


def _plainly(readings: tuple[str, ...]) -> Readings:
    """One text where all readings are the same."""
    return readings[0] if len(set(readings)) == 1 else readings
