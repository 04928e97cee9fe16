"""XLSForm's expressions (a part of XPath 1.0) in our own language: what authors write in `relevant`.

    ${fever} = 'yes' and ${temp} >= 38      fever and temp >= 38
    selected(${symptoms}, 'cough')          "cough" in symptoms
    not(${pain} > 3) or ${note} != ''       not (pain > 3) or answered(note)

Anything else is refused by name, so that an author can write it anew.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

__all__ = ["Question", "UntranslatableError", "bounds", "translate"]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?)
      | (?P<text>"[^"]*"|'[^']*')
      | \$\{\s*(?P<name>[^}\s]+)\s*\}
      | (?P<own>\.)(?![\d.])
      | (?P<word>[A-Za-z][A-Za-z0-9_-]*)
      | (?P<sign>!=|<=|>=|[-=<>+*(),])
    )""",
    re.VERBOSE,
)
_COMPARISONS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_SUMS = {"+": "+", "-": "-"}
_PRODUCTS = {"*": "*", "div": "/"}
_NUMERIC = {"round": "round", "min": "min", "max": "max", "abs": "abs"}
_BOUND = re.compile(r"\s*\.\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)\s*")
MAX_DEPTH = 30


class UntranslatableError(Exception):
    """An expression uses what our language does not have; the text says what."""


class Question(Struct, frozen=True):
    """What a name of the form has become with us."""

    id: str
    kind: str  # the item's type with us, or "computed"
    options: Mapping[str, str] = {}  # our values by the form's names of the choices
    yes: frozenset[str] = frozenset()  # of a yes/no: the choice names that mean yes
    no: frozenset[str] = frozenset()


class _Part(Struct, frozen=True):
    """A translated part, and what is needed to translate a comparison with it."""

    text: str
    question: Question | None = None
    literal: str | None = None  # of a text in quotes


def translate(
    expression: str, questions: Mapping[str, Question], own: str | None = None, *, is_number: bool = False
) -> str:
    """Translate; `own` is the question that a single dot means. A condition is wanted, or else a number.

    Raises:
        UntranslatableError: our language cannot say it.

    """
    translator = _Translator(expression, questions, own)
    return translator.whole() if not is_number else translator.value()


def bounds(constraint: str) -> tuple[float | None, float | None] | None:
    """Least and greatest value of a constraint that says no more than that: `. >= 0 and . <= 10`."""
    low: float | None = None
    high: float | None = None
    for part in re.split(r"\s+and\s+", constraint.strip()):
        match = _BOUND.fullmatch(part)
        if match is None or match[1] in (">", "<"):
            return None
        number = float(match[2])
        low, high = (number, high) if match[1] == ">=" else (low, number)
    return low, high


class _Translator:
    """Recursive descent; one method for each strength of binding."""

    def __init__(self, expression: str, questions: Mapping[str, Question], own: str | None) -> None:
        self._tokens = _tokens(expression)
        self._questions = questions
        self._own = own
        self._at = 0
        self._depth = 0

    def whole(self) -> str:
        """All of it, as a condition."""
        return self._truth(self._all())

    def value(self) -> str:
        """All of it, as a value."""
        return self._all().text

    def _all(self) -> _Part:
        part = self._either()
        if self._kind != "end":
            raise UntranslatableError(f"'{self._text}'")
        return part

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def _text(self) -> str:
        return self._tokens[self._at][1]

    def _take(self, *texts: str) -> str | None:
        if self._kind in ("word", "sign") and self._text in texts:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return None

    def _expect(self, text: str) -> None:
        if self._take(text) is None:
            raise UntranslatableError(f"'{self._text}' where '{text}' should be")

    def _either(self) -> _Part:
        left = self._both()
        while self._take("or"):
            left = _Part(f"{self._truth(left)} or {self._truth(self._both())}")
        return left

    def _both(self) -> _Part:
        left = self._comparison()
        while self._take("and"):
            left = _Part(f"{self._truth(left)} and {self._truth(self._comparison())}")
        return left

    def _comparison(self) -> _Part:
        left = self._sum()
        sign = self._take(*_COMPARISONS)
        return left if sign is None else _compared(left, sign, self._sum())

    def _sum(self) -> _Part:
        left = self._product()
        while sign := self._take(*_SUMS):
            left = _Part(f"{left.text} {sign} {self._product().text}")
        return left

    def _product(self) -> _Part:
        left = self._primary()
        while sign := self._take(*_PRODUCTS):
            left = _Part(f"{left.text} {_PRODUCTS[sign]} {self._primary().text}")
        return left

    def _primary(self) -> _Part:  # noqa: PLR0911 - one for each kind of token
        kind, text = self._tokens[self._at]
        self._at += 1
        match kind:
            case "number":
                return _Part(text)
            case "text":
                return _Part(f'"{text[1:-1]}"', literal=text[1:-1])
            case "name":
                return self._named(text)
            case "own" if self._own is not None:
                return _Part("value", question=self._questions.get(self._own))
            case "word":
                return self._call(text)
            case "sign" if text == "(":
                return self._bracketed()
            case "sign" if text == "-":
                return _Part(f"-{self._primary().text}")
            case _:
                raise UntranslatableError(f"'{text}'" if text else "an expression that ends too early")

    def _bracketed(self) -> _Part:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise UntranslatableError(f"brackets nested deeper than {MAX_DEPTH}")
        inner = self._either()
        self._expect(")")
        self._depth -= 1
        return _Part(f"({inner.text})", question=inner.question)

    def _named(self, name: str) -> _Part:
        question = self._questions.get(name)
        if question is None:
            raise UntranslatableError(f"${{{name}}}, which was not carried over")
        return _Part(question.id, question=question)

    def _call(self, function: str) -> _Part:
        self._expect("(")
        arguments: list[_Part] = []
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise UntranslatableError(f"brackets nested deeper than {MAX_DEPTH}")
        while self._take(")") is None:
            if arguments:
                self._expect(",")
            arguments.append(self._either())
        self._depth -= 1
        return self._function(function, arguments)

    def _function(self, function: str, arguments: list[_Part]) -> _Part:  # noqa: PLR0911 - one for each function
        match function, arguments:
            case "true" | "false", []:
                return _Part(function)
            case "today", []:
                return _Part("call.today")
            case "not", [inner]:
                return _Part(f"not ({self._truth(inner)})")
            case "selected", [_Part(question=Question()) as asked, _Part(literal=str())]:
                return _compared(asked, "=", arguments[1])
            case "count-selected", [_Part(question=Question(kind="multi_choice")) as asked]:
                return _Part(f"count({asked.text})")
            case "number" | "int", [inner]:
                return inner
            case _, [_, *_] if function in _NUMERIC:
                return _Part(f"{_NUMERIC[function]}({', '.join(one.text for one in arguments)})")
            case _:
                raise UntranslatableError(f"{function}()")

    def _truth(self, part: _Part) -> str:
        """A name alone is true where it has an answer; a yes/no among ours where the answer is yes."""
        if part.question is not None and part.question.kind not in ("yes_no", "computed"):
            return f"answered({part.text})"
        return part.text


def _compared(left: _Part, sign: str, right: _Part) -> _Part:
    if left.question is None and right.question is not None:
        mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
        return _compared(right, mirrored.get(sign, sign), left)
    asked, literal = left.question, right.literal
    if asked is None or literal is None:
        return _Part(f"{left.text} {_COMPARISONS[sign]} {right.text}")
    if sign not in ("=", "!="):
        return _Part(f"{left.text} {_COMPARISONS[sign]} {right.text}")  # a date, in quotes
    if not literal:
        return _Part(f"{'not ' if sign == '=' else ''}answered({left.text})")
    return _Part(_chosen(left.text, asked, literal, is_equal=sign == "="))


def _chosen(name: str, asked: Question, literal: str, *, is_equal: bool) -> str:
    """A question that is compared with the name of one of its choices."""
    if asked.kind == "yes_no":
        if literal not in asked.yes | asked.no:
            raise UntranslatableError(f"the choice '{literal}', which '{name}' does not have")
        return name if (literal in asked.yes) is is_equal else f"not {name}"
    if asked.options:
        option = asked.options.get(literal)
        if option is None:
            raise UntranslatableError(f"the choice '{literal}', which '{name}' does not have")
        if asked.kind == "multi_choice":
            return f'"{option}" in {name}' if is_equal else f'not ("{option}" in {name})'
        literal = option
    return f'{name} {"==" if is_equal else "!="} "{literal}"'


def _tokens(expression: str) -> list[tuple[str, str]]:
    found, position = [], 0
    while expression[position:].strip():
        match = _TOKEN.match(expression, position)
        if match is None or match.lastgroup is None:
            raise UntranslatableError(f"'{expression[position:].strip()[:20]}'")
        found.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return [*found, ("end", "")]
