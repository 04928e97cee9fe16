"""What a stretch of a call costs at least and at most: questions, turns, seconds. Pure."""

from collections.abc import Callable

from msgspec import Struct

__all__ = ["NOTHING", "Cost", "Span"]


class Cost(Struct, frozen=True):
    """What is spent on the way."""

    questions: int = 0
    turns: int = 0  # inputs of the caller: an answer, or a yes to a read-back
    seconds: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.questions + other.questions, self.turns + other.turns, self.seconds + other.seconds)

    def __mul__(self, times: int) -> "Cost":
        return Cost(self.questions * times, self.turns * times, self.seconds * times)

    def least(self, other: "Cost") -> "Cost":
        """The smaller one, number by number."""
        return _by_number(min, self, other)

    def most(self, other: "Cost") -> "Cost":
        """The greater one, number by number."""
        return _by_number(max, self, other)


def _by_number(choose: Callable[[float, float], float], one: Cost, other: Cost) -> Cost:
    return Cost(
        int(choose(one.questions, other.questions)),
        int(choose(one.turns, other.turns)),
        choose(one.seconds, other.seconds),
    )


class Span(Struct, frozen=True):
    """From the cheapest way to the dearest."""

    least: Cost = Cost()
    most: Cost = Cost()

    def __add__(self, other: "Span") -> "Span":
        return Span(self.least + other.least, self.most + other.most)

    def __or__(self, other: "Span") -> "Span":
        """Either of two ways."""
        return Span(self.least.least(other.least), self.most.most(other.most))


NOTHING = Span()
