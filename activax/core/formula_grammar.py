"""The grammar of the section Formula of a docstring: from its text to a tree.

    formula    = equation {(";" | "," | "and" | "where" | "with") equation} note
    equation   = choice {"=" choice} {"," item}
    choice     = sum | sum "if" condition {"," sum "if" condition} ["," "else" sum]
    condition  = relation {("and" | "or") relation} | words
    sum        = ["-"] term {("+" | "-") term}
    term       = factor {factor | "/" factor}, from left to right: a / b c is (a / b) c
    factor     = operand ["^" ["-"] operand]
    operand    = number | name | name(choice, ...) | |sum| | (choice, ...) | (words)

A name is a letter with or without an index, a Greek letter, a parameter or an input. Other words
are no names, so that a sentence is no product.
"""

import re
from collections.abc import Callable, Collection
from typing import NamedTuple, TypeAlias, TypeVar

from activax.core.formula_tokens import Cursor, NoFormula, Token

T = TypeVar("T")
GREEK = frozenset(
    {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"}
    | {"lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega", "Phi"}
)
FOLDED = frozenset({"sum", "prod", "max", "min", "mean"})  # over an index, of the rest of a term
PREFIXES = frozenset({"log", "arg", "Re", "Im"})  # of the next factor, without parentheses
RELATIONS = frozenset({"<", "<=", ">", ">=", "="})
JOINTS = frozenset({",", ";", "and", "where", "with"})  # before another equation, or a note


class Node(NamedTuple):
    """A part of a formula: what it is, and its own parts."""

    kind: str
    parts: "tuple[Piece, ...]"


Piece: TypeAlias = "Node | str"


class WrittenFormula(NamedTuple):
    """Equations, the first of which is the definition, and the words after them."""

    equations: tuple[Node, ...]
    note: str


def parse_formula(text: str, names: Collection[str] = ()) -> WrittenFormula:
    """Read a formula.

    Args:
        text: the section Formula of a docstring.
        names: the parameters and inputs, which may have several letters.

    Returns:
        The equations and the words after them. A right-hand side that is a sentence is one part of
        the kind "words"; a text without an equation is a note.

    Example:
        >>> from activax.core.formula_grammar import parse_formula
        >>> (equation,), note = parse_formula("f(x) = -x; the slope is -1")
        >>> equation.parts[1]
        Node(kind='negative', parts=(Node(kind='name', parts=('x',)),))
        >>> note
        'the slope is -1'
    """
    return _Parser(" ".join(text.split()), frozenset(names)).formula()


class _Parser(Cursor):
    """One method for each rule of the grammar."""

    def __init__(self, text: str, names: frozenset[str]):
        super().__init__(text)
        self.names = names
        self.inside_bars = False

    def formula(self) -> WrittenFormula:
        equations: list[Node] = []
        while True:
            start = self.at
            while equations and self.take(*JOINTS):
                continue
            try:
                equations.append(self.equation(first=not equations))
            except NoFormula:
                self.at = start
                break
        note = re.sub(r"^[,;.]\s*", "", self.rest())
        return WrittenFormula(tuple(equations), note)

    def equation(self, *, first: bool) -> Node:
        sides = [self.sum()]
        if not self.seen("="):
            raise NoFormula
        while self.take("="):
            start = self.at
            try:
                side = self.choice()
                self.expect_end()
            except NoFormula:
                if not first:
                    raise
                self.at = start
                side = self.words(",", ";")
            sides.append(side)
        while self.seen(",") and self.next_is_item():
            self.at += 1
            sides[-1] = Node("list", (*_parts_of("list", sides[-1]), self.sum()))
        return Node("equation", tuple(sides))

    def next_is_item(self) -> bool:
        """Return whether a comma continues a list such as k = 1, ..., 8."""
        following = self.tokens[self.at + 1 : self.at + 2]
        return bool(following) and (following[0].kind == "number" or following[0].text == "...")

    def expect_end(self) -> None:
        """Refuse an expression that a sentence continues."""
        if self.at < len(self.tokens) and not self.seen("=", "along", *JOINTS):
            raise NoFormula

    def choice(self) -> Node:
        value = self.sum()
        if not self.take("if"):
            return value
        cases = [Node("case", (value, self.condition()))]
        while self.seen(",", "else"):
            start = self.at
            try:
                self.take(",")
                if self.take("else"):
                    cases.append(Node("otherwise", (self.sum(),)))
                    break
                value = self.sum()
                self.expect("if")
                cases.append(Node("case", (value, self.condition())))
            except NoFormula:
                self.at = start
                break
        return Node("cases", tuple(cases))

    def condition(self) -> Node:
        start = self.at
        try:
            found = self.relation()
            while self.seen("and", "or"):
                found = Node(self.next().text, (found, self.relation()))
            if self.at < len(self.tokens) and not self.seen("else", ")", *JOINTS):
                raise NoFormula
        except NoFormula:
            self.at = start
            return self.words("else", ",", ";")
        return found

    def relation(self) -> Node:
        parts: list[Piece] = [self.sum()]
        while self.seen(*RELATIONS):
            parts += [self.next().text, self.sum()]
        if len(parts) == 1:
            raise NoFormula
        return Node("relation", tuple(parts))

    def sum(self) -> Node:
        first = Node("negative", (self.term(),)) if self.take("-") else self.term()
        parts: list[Piece] = [first]
        while self.seen("+", "-"):
            parts += [self.next().text, self.term()]
        return Node("sum", tuple(parts)) if len(parts) > 1 else first

    def term(self) -> Node:
        found = self.factor()
        while True:
            if self.take("/"):
                found = Node("quotient", (found, self.factor()))
            elif self.starts_operand():
                found = Node("product", (*_parts_of("product", found), self.factor()))
            else:
                return found

    def factor(self) -> Node:
        found = self.operand()
        while self.seen("^", "_"):
            if self.take("_"):
                found = Node("indexed", (found, self.operand()))
            else:
                self.expect("^")
                sign = self.take("-")
                power = self.operand()
                found = Node("power", (found, Node("negative", (power,)) if sign else power))
        return found

    def operand(self) -> Node:
        token = self.next()
        if token.kind == "number":
            return Node("number", (token.text,))
        if token.kind == "name" and self.is_name(token):
            return self.named(token)
        if token.text == "...":
            return Node("dots", ())
        if token.text == "|":
            return Node("size", self.inside(self.sized, bars=True))
        if token.text == "(":
            start = self.at
            try:
                return Node("group", self.arguments())
            except NoFormula:
                self.at = start
                found = Node("group", (self.words(")"),))
                self.expect(")")
                return found
        raise NoFormula

    def inside(self, read: Callable[[], T], *, bars: bool) -> T:
        """Read what stands between marks; a bar ends it if the marks are bars."""
        outside, self.inside_bars = self.inside_bars, bars
        try:
            return read()
        finally:
            self.inside_bars = outside

    def sized(self) -> tuple[Piece, ...]:
        found = self.sum()
        self.expect("|")
        return (found,)

    def arguments(self) -> tuple[Piece, ...]:
        """Read up to the parenthesis that closes."""
        return self.inside(self.listed, bars=False)

    def listed(self) -> tuple[Piece, ...]:
        found = [self.bounded()]
        while self.take(",", ";"):
            found.append(self.bounded())
        self.expect(")")
        return tuple(found)

    def bounded(self) -> Node:
        """Read an argument, or the bound of an index such as j < i."""
        found = self.choice()
        if self.seen(*RELATIONS):
            return Node("relation", (found, self.next().text, self.sum()))
        return found

    def named(self, token: Token) -> Node:
        name, _, index = token.text.partition("_")
        if self.is_folded(token):
            over = Node("name", (index,)) if index else self.bound_of_index()
            return Node("folded", (name, over, self.term()))
        if token.called:
            self.expect("(")
            return Node("call", (token.text, *self.arguments()))
        if token.text in PREFIXES:
            return Node("call", (token.text, self.factor()))
        if token.text in self.names or not index:
            return Node("name", (token.text,))
        return Node("indexed", (Node("name", (name,)), Node("name", (index,))))

    def is_folded(self, token: Token) -> bool:
        """Return whether a word is one of FOLDED with an index."""
        indexed = "_" in token.text or self.text.startswith("_", token.end)
        known = token.called or token.text in self.names
        return token.text.partition("_")[0] in FOLDED and indexed and not known

    def bound_of_index(self) -> Node:
        self.expect("_")
        self.expect("(")
        (bound,) = self.arguments()
        return Node("group", (bound,))

    def is_name(self, token: Token) -> bool:
        """Return whether a word is a name, and no part of a sentence."""
        if token.called or token.text in self.names | PREFIXES or self.is_folded(token):
            return True
        letter = token.text.partition("_")[0]
        return letter in self.names | GREEK or bool(re.fullmatch(r"[A-Za-z]\d*", letter))

    def words(self, *ends: str) -> Node:
        """Read a sentence up to one of the ends, outside of parentheses."""
        return Node("words", (self.take_until(*ends),))

    def starts_operand(self) -> bool:
        if self.at == len(self.tokens) or self.seen("if", "else", "or", *JOINTS):
            return False
        token = self.tokens[self.at]
        if token.kind == "name":
            return self.is_name(token)
        return (
            token.text in ("(", "...")
            or token.kind == "number"
            or (token.text == "|" and not self.inside_bars)
        )


def _parts_of(kind: str, node: Node) -> tuple[Piece, ...]:
    """Return the parts of a node of a kind, or the node itself."""
    return node.parts if node.kind == kind else (node,)
