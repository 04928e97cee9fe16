"""A small language for guards and computed values: read into a tree here, judged in `evaluation`.

    fever and temperature >= 38
    answered(pain) and pain_level in [8, 9, 10]
    (weight / (height * height)) * 10000
    call.attempt > 1 or patient.age < 18

Weakest first: `or`, `and`, `not`, comparisons (== != < <= > >= in, not in), + and -, * and /, a minus sign.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

__all__ = [
    "Binary",
    "Call",
    "Expression",
    "ExpressionError",
    "ListOf",
    "Literal",
    "Name",
    "Unary",
    "names_in",
    "parse",
]

MAX_DEPTH = 16  # of brackets, calls and signs within each other; nobody reads more
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?)
      | (?P<text>"[^"]*"|'[^']*')
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)
      | (?P<sign>==|!=|<=|>=|[-<>+*/()\[\],])
    )""",
    re.VERBOSE,
)
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in")
_WORDS = ("and", "or", "not", "in", "true", "false")


class ExpressionError(Exception):
    """An expression is wrong; `column` counts from one."""

    def __init__(self, text: str, column: int) -> None:
        super().__init__(f"column {column}: {text}")
        self.text = text
        self.column = column


class Literal(Struct, frozen=True):
    """A number, a text, true or false."""

    value: bool | int | float | str
    column: int


class Name(Struct, frozen=True):
    """An answer, a computed value, a score, or a fact about call, patient or site."""

    name: str
    column: int


class ListOf(Struct, frozen=True):
    """Values in brackets, to be looked in."""

    members: "tuple[Expression, ...]"
    column: int


class Call(Struct, frozen=True):
    """A function of the language."""

    function: str
    arguments: "tuple[Expression, ...]"
    column: int


class Unary(Struct, frozen=True):
    """`not` or a minus sign."""

    operator: str
    operand: "Expression"
    column: int


class Binary(Struct, frozen=True):
    """Two operands and what is between them."""

    operator: str
    left: "Expression"
    right: "Expression"
    column: int


Expression = Literal | Name | ListOf | Call | Unary | Binary


class _Token(Struct, frozen=True):
    kind: str  # number, text, name, sign or end
    text: str
    column: int


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        ExpressionError: it is none; the error names the column.

    """
    return _Parser(_tokens(text)).whole()


def names_in(expression: Expression) -> Iterator[Name]:
    """Every name that an expression mentions, from left to right."""
    match expression:
        case Name():
            yield expression
        case ListOf(members=parts) | Call(arguments=parts):
            for part in parts:
                yield from names_in(part)
        case Unary(operand=operand):
            yield from names_in(operand)
        case Binary(left=left, right=right):
            yield from names_in(left)
            yield from names_in(right)
        case Literal():
            pass


def _tokens(text: str) -> list[_Token]:
    found, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            column = position + len(text[position:]) - len(text[position:].lstrip()) + 1
            raise ExpressionError(f"'{text[column - 1]}' is not understood here", column)
        kind = match.lastgroup
        found.append(_Token(kind, match[kind], match.start(kind) + 1))
        position = match.end()
    return [*found, _Token("end", "", len(text) + 1)]


class _Parser:
    """Recursive descent; one method for each strength of binding."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Expression:
        expression = self._or()
        if self._now.kind != "end":
            raise ExpressionError(f"'{self._now.text}' is not expected here", self._now.column)
        return expression

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> _Token | None:
        """Step over one of these words or signs, if it stands here."""
        token = self._now
        if token.kind in ("name", "sign") and token.text in texts:
            self._at += 1
            return token
        return None

    def _expect(self, text: str) -> None:
        if self._take(text) is None:
            found = f"not '{self._now.text}'" if self._now.text else "but the expression ends"
            raise ExpressionError(f"'{text}' is expected here, {found}", self._now.column)

    def _or(self) -> Expression:
        left = self._and()
        while token := self._take("or"):
            left = Binary("or", left, self._and(), token.column)
        return left

    def _and(self) -> Expression:
        left = self._not()
        while token := self._take("and"):
            left = Binary("and", left, self._not(), token.column)
        return left

    def _not(self) -> Expression:
        if token := self._take("not"):
            self._go_deeper(token)
            operand = self._not()
            self._depth -= 1
            return Unary("not", operand, token.column)
        return self._comparison()

    def _comparison(self) -> Expression:
        left = self._sum()
        if token := self._take("not"):
            self._expect("in")
            return Unary("not", Binary("in", left, self._sum(), token.column), token.column)
        if token := self._take(*_COMPARISONS):
            return Binary(token.text, left, self._sum(), token.column)
        return left

    def _sum(self) -> Expression:
        left = self._product()
        while token := self._take("+", "-"):
            left = Binary(token.text, left, self._product(), token.column)
        return left

    def _product(self) -> Expression:
        left = self._signed()
        while token := self._take("*", "/"):
            left = Binary(token.text, left, self._signed(), token.column)
        return left

    def _signed(self) -> Expression:
        if token := self._take("-"):
            self._go_deeper(token)
            operand = self._signed()
            self._depth -= 1
            return Unary("-", operand, token.column)
        return self._primary()

    def _primary(self) -> Expression:
        token = self._now
        self._at += 1
        match token.kind:
            case "number":
                return Literal(float(token.text) if "." in token.text else int(token.text), token.column)
            case "text":
                return Literal(token.text[1:-1], token.column)
            case "name" if token.text in ("true", "false"):
                return Literal(token.text == "true", token.column)
            case "name" if token.text not in _WORDS:
                return self._named(token)
            case "sign" if token.text in ("(", "["):
                return self._bracketed(token)
            case _:
                self._at -= 1
                what = (
                    f"'{token.text}' is not expected here" if token.text else "the expression ends too early"
                )
                raise ExpressionError(what, token.column)

    def _named(self, token: _Token) -> Expression:
        if self._take("(") is None:
            return Name(token.text, token.column)
        return Call(token.text, self._listed(token, ")"), token.column)

    def _bracketed(self, token: _Token) -> Expression:
        if token.text == "[":
            return ListOf(self._listed(token, "]"), token.column)
        self._go_deeper(token)
        inner = self._or()
        self._expect(")")
        self._depth -= 1
        return inner

    def _listed(self, opening: _Token, closing: str) -> tuple[Expression, ...]:
        self._go_deeper(opening)
        members: list[Expression] = []
        while self._take(closing) is None:
            if members:
                self._expect(",")
            members.append(self._or())
        self._depth -= 1
        return tuple(members)

    def _go_deeper(self, token: _Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(f"nested deeper than {MAX_DEPTH}", token.column)
