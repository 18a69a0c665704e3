r"""Tokens as expressions: LaTeX and plain writing mixed, as models mix them.

`2x` is a product and `3\frac{1}{2}` a mixed number; `1/2x` is read from left to right. A run of letters is a known
function, or a product of up to three variables; a longer one is a word, and no expression.
"""

from collections.abc import Sequence
from fractions import Fraction

from sinan.scoring.mathematics.forms import Apply, Expression, Number, Unreadable, Variable
from sinan.scoring.mathematics.tokens import Token, number

DEPTH = 80
_TRIGONOMETRY = ("sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "sech", "csch")
_INVERSES = ("arcsin", "arccos", "arctan", "arccot", "arcsec", "arccsc", "arsinh", "arcosh", "artanh")
_NAMES = {
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "tg": "tan",
    "ctg": "cot",
    "cosec": "csc",
    "lg": "log10",
}
FUNCTIONS = {*_TRIGONOMETRY, *_INVERSES, "ln", "log", "log10", "exp", "max", "min", "gcd", "lcm", "det", "Re", "Im"}
_PLAIN_FUNCTIONS = {"sqrt": "sqrt", "cbrt": "cbrt", "abs": "abs", "floor": "floor", "ceil": "ceil", "factorial": "!"}
_GREEK = set(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi chi psi omega "
    "Gamma Delta Theta Lambda Xi Sigma Phi Psi Omega ell hbar".split()
)
_CONSTANTS = {"pi": "pi", "infty": "oo", "infinity": "oo", "inf": "oo", "oo": "oo", "Infinity": "oo"}
_DEGREE = Apply("/", (Variable("pi"), Number(Fraction(180))))
_CLOSERS = {"(": ")", "[": "]", "\\{": "\\}", "{": "}"}


def expression(parts: Sequence[Token]) -> Expression:
    """The expression that the tokens are, all of them. Raises Unreadable."""
    reader = _Reader(parts)
    found = reader.sum(0)
    if reader.at < len(parts):
        raise Unreadable(parts[reader.at].text)
    return found


class _Reader:
    def __init__(self, parts: Sequence[Token]) -> None:
        self.parts, self.at = parts, 0

    def peek(self, ahead: int = 0) -> Token:
        at = self.at + ahead
        return self.parts[at] if at < len(self.parts) else _END

    def take(self) -> Token:
        token = self.peek()
        self.at += 1
        return token

    def takes(self, *texts: str) -> str | None:
        token = self.peek()
        if token.kind in ("operator", "command") and token.text in texts:
            self.at += 1
            return token.text
        return None

    def need(self, text: str) -> None:
        if not self.takes(text):
            raise Unreadable(f"{text} is missing")

    def sum(self, depth: int) -> Expression:
        if depth > DEPTH:
            raise Unreadable("nested too deep")
        found = self.signed(depth)
        while sign := self.takes("+", "-"):
            right = self.signed(depth)
            found = Apply("+", (found, right if sign == "+" else Apply("neg", (right,))))
        return found

    def signed(self, depth: int) -> Expression:
        negative = False
        while sign := self.takes("+", "-"):
            negative ^= sign == "-"
        found = self.product(depth)
        return Apply("neg", (found,)) if negative else found

    def product(self, depth: int) -> Expression:
        found = self.mixed() or self.power(depth)
        while True:
            if sign := self.takes("*", "times", "cdot", "/", "mod"):
                right = self.signed_factor(depth)
                found = Apply("*" if sign in ("*", "times", "cdot") else sign, (found, right))
            elif self.begins():
                found = Apply("*", (found, self.power(depth)))
            else:
                return found

    def signed_factor(self, depth: int) -> Expression:
        negative = False
        while sign := self.takes("+", "-"):
            negative ^= sign == "-"
        found = self.power(depth)
        return Apply("neg", (found,)) if negative else found

    def begins(self) -> bool:
        """Whether another factor follows without a sign between."""
        token = self.peek()
        if token.kind == "number":
            return self.at > 0 and self.peek(-1).kind != "number"
        if token.kind == "letters":
            return True
        if token.kind == "operator":
            return token.text in ("(", "[", "{", "\\{")
        return token.kind == "command" and token.text not in _NO_FACTOR

    def mixed(self) -> Expression | None:
        """`3\\frac{1}{2}`, `3 1/2`: the sum of both, since so they are read aloud."""
        whole = self.peek()
        if whole.kind != "number" or whole.decimals is not None or not whole.text.isdigit():
            return None
        if self.peek(1).text == "frac" and self.peek(1).kind == "command":
            start = self.at
            self.at += 2
            above, below = self._digits(), self._digits()
            if above and below and self.peek().text not in ("^", "!"):
                return Number(Fraction(int(whole.text)) + Fraction(above, below))
            self.at = start
        first, slash, second = (self.peek(ahead) for ahead in (1, 2, 3))
        plain = first.kind == second.kind == "number" and first.gap and slash.text == "/" and not slash.gap
        if plain and first.text.isdigit() and second.text.isdigit() and int(second.text):
            self.at += 4
            return Number(Fraction(int(whole.text)) + Fraction(int(first.text), int(second.text)))
        return None

    def _digits(self) -> int:
        """The whole number of one argument of \\frac, 0 if it is anything else."""
        if self.peek().text == "{" and self.peek(1).kind == "number" and self.peek(2).text == "}":
            digits = self.peek(1).text
            self.at += 3
        elif self.peek().kind == "number":
            digits = self._one_digit().text
        else:
            return 0
        return int(digits) if digits.isdigit() else 0

    def _one_digit(self) -> Token:
        """The first digit of a number; what remains of it is left to be read."""
        token = self.take()
        if len(token.text) > 1 and token.text.isdigit():
            self.parts = [*self.parts[: self.at], number(token.text[1:]), *self.parts[self.at :]]
            return number(token.text[0])
        return token

    def power(self, depth: int) -> Expression:
        found = self.postfix(self.atom(depth + 1))
        while self.takes("^", "**"):
            if self._degree():
                found = Apply("*", (found, _DEGREE))
            else:
                exponent = self.exponent(depth + 1)
                found = self.postfix(Apply("^", (found, exponent)))
        return found

    def _degree(self) -> bool:
        start = self.at
        braced = self.takes("{")
        if self.takes("circ") and (not braced or self.takes("}")):
            return True
        self.at = start
        return False

    def exponent(self, depth: int) -> Expression:
        if depth > DEPTH:
            raise Unreadable("nested too deep")
        if self.takes("{"):
            return self.closed("}", depth)
        negative = self.takes("-")
        found = self.postfix(self.atom(depth))
        if self.takes("^", "**"):
            found = Apply("^", (found, self.exponent(depth + 1)))
        return Apply("neg", (found,)) if negative else found

    def postfix(self, found: Expression) -> Expression:
        while True:
            if self.takes("!"):
                found = Apply("!", (found,))
            elif self.takes("%"):
                found = Apply("/", (found, Number(Fraction(100))))
            else:
                return found

    def closed(self, closer: str, depth: int) -> Expression:
        found = self.sum(depth + 1)
        self.need(closer)
        return found

    def atom(self, depth: int) -> Expression:
        token = self.take()
        if token.kind == "number" and token.value is not None:
            return Number(token.value, token.decimals)
        if token.kind == "letters":
            return self.letters(token, depth)
        if token.kind == "operator" and token.text in _CLOSERS:
            return self.closed(_CLOSERS[token.text], depth)
        if token.kind == "operator" and token.text == "|":
            return Apply("abs", (self.closed("|", depth),))
        if token.kind == "command":
            return self.command(token.text, depth)
        raise Unreadable(token.text or "the end")

    def argument(self, depth: int) -> Expression:
        """What follows \\sqrt or \\frac: a group, or one sign."""
        if self.takes("{"):
            return self.closed("}", depth)
        return self.atom(depth + 1)

    def small_argument(self, depth: int) -> Expression:
        if self.peek().kind == "number":
            token = self._one_digit()
            assert token.value is not None
            return Number(token.value)
        if self.peek().kind == "letters" and len(self.peek().text) > 1:
            raise Unreadable("letters after \\frac")
        return self.argument(depth)

    def command(self, name: str, depth: int) -> Expression:
        if name == "frac":
            above = self.small_argument(depth)
            return Apply("/", (above, self.small_argument(depth)))
        if name == "binom" or name == "dbinom":
            above = self.small_argument(depth)
            return Apply("binom", (above, self.small_argument(depth)))
        if name == "sqrt":
            if self.takes("["):
                index = self.closed("]", depth)
                return Apply("root", (self.argument(depth), index))
            return Apply("sqrt", (self.argument(depth),))
        if name in ("lfloor", "lceil"):
            return Apply("floor" if name == "lfloor" else "ceil", (self.closed(f"r{name[1:]}", depth),))
        if name in ("overline", "vec", "hat", "bar", "widehat", "underline"):
            return self.decorated(name)
        if name in FUNCTIONS or name in _NAMES:
            return self.function(_NAMES.get(name, name), depth)
        if name in _CONSTANTS:
            return Variable(_CONSTANTS[name])
        if name in _GREEK:
            return self.indexed(name)
        raise Unreadable(name)

    def decorated(self, name: str) -> Expression:
        braced = self.takes("{")
        token = self.take()
        if token.kind != "letters" or (braced and not self.takes("}")):
            raise Unreadable(name)
        return self.indexed(f"{name} {token.text}")

    def function(self, name: str, depth: int) -> Expression:
        if depth > DEPTH:
            raise Unreadable("nested too deep")
        base = self.argument(depth) if name == "log" and self.takes("_") else None
        power = self.exponent(depth) if self.takes("^") else None
        argument = self.function_argument(depth)
        if power == Apply("neg", (Number(Fraction(1)),)) and name in _TRIGONOMETRY:
            name, power = f"arc{name}", None
        found = Apply(name, argument if base is None else (*argument, base))
        return Apply("^", (found, power)) if power is not None else found

    def function_argument(self, depth: int) -> tuple[Expression, ...]:
        if self.takes("("):
            found = [self.sum(depth + 1)]
            while self.takes(","):
                found.append(self.sum(depth + 1))
            self.need(")")
            return tuple(found)
        if self.takes("-"):
            return (Apply("neg", (self.power(depth + 1),)),)
        product = self.power(depth + 1)
        while self.begins() and not self._function_next() and self.peek().text not in ("(", "[", "\\{"):
            product = Apply("*", (product, self.power(depth + 1)))
        if self.peek().text == "/" and self.peek(1).kind == "number":  # sin pi/6
            self.take()
            product = Apply("/", (product, self.power(depth + 1)))
        return (product,)

    def _function_next(self) -> bool:
        text = self.peek().text
        return text in FUNCTIONS or text in _NAMES or (text == "sqrt" and self.peek().kind == "letters")

    def letters(self, token: Token, depth: int) -> Expression:
        name = token.text
        if name in _CONSTANTS:
            return Variable(_CONSTANTS[name])
        if name in _PLAIN_FUNCTIONS:
            return Apply(_PLAIN_FUNCTIONS[name], self.function_argument(depth))
        if name in FUNCTIONS or name in _NAMES:
            return self.function(_NAMES.get(name, name), depth)
        if name in _GREEK:
            return self.indexed(name)
        for function in ("sqrt", "sin", "cos", "tan", "log", "ln"):  # sinx, sqrtx
            rest = name.removeprefix(function)
            if rest != name and (len(rest) == 1 or rest in _CONSTANTS):
                return Apply(function, (Variable(_CONSTANTS.get(rest, rest)),))
        bare = name.rstrip("'")
        if bare.endswith("pi") and len(bare) in (3, 4):
            factors: list[Expression] = [Variable(letter) for letter in bare[:-2]]
            return _multiplied([*factors, Variable("pi")])
        if len(bare) > 3:
            raise Unreadable(name)
        factors = [Variable(letter) for letter in bare[:-1]]
        return _multiplied([*factors, self.indexed(bare[-1] + name[len(bare) :])])

    def indexed(self, name: str) -> Expression:
        """A variable with its index, which is a part of its name."""
        if not self.takes("_"):
            return Variable(name)
        if not self.takes("{"):
            return Variable(f"{name}_{self.take().text}")
        inside, depth = [], 1
        while depth:
            token = self.take()
            if token is _END:
                raise Unreadable("an index that does not end")
            depth += (token.text == "{") - (token.text == "}")
            inside.append(token.text)
        return Variable(f"{name}_{''.join(inside[:-1])}")


def _multiplied(factors: Sequence[Expression]) -> Expression:
    found = factors[0]
    for factor in factors[1:]:
        found = Apply("*", (found, factor))
    return found


_END = Token("end", "")
_NO_FACTOR = {
    *("times", "cdot", "mod", "pm", "mp", "le", "ge", "ne", "approx", "cup", "cap", "in", "notin", "setminus", "to"),
    *("lor", "land", "implies", "rfloor", "rceil", "circ", "prime", "emptyset", "equiv", "sim", "iff", "quad", "qquad"),
    *("boldR", "boldZ", "boldQ", "boldN", "boldC"),
}
