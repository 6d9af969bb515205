r"""Formulas as mathematics: in LaTeX for papers, and in MathML, which browsers show themselves.

Both come from the tree of `formula_grammar`, with one template for each construct. So the docstring
of an activation is the one place of its formula.
"""

import re
from collections.abc import Mapping
from html import escape, unescape
from string import digits
from typing import Any

from activax.core.formula_grammar import GREEK, Node, Piece, WrittenFormula, parse_formula

# Functions that LaTeX knows.
OPERATORS = frozenset(
    {"arctan", "arg", "cos", "cosh", "exp", "log", "max", "min", "sin", "sinh", "tanh"}
)
# Parentheses around these grow.
TALL = (r"\frac", r"\begin", r"\sum", r"\prod", "<mfrac", "<mtable", "<munder")
LATEX = {
    "row": "%s",
    "number": "%s",
    "letter": "%s",
    "greek": r"\%s",
    "operator": r"\%s",
    "word": r"\operatorname{%s}",
    "words": r"\text{%s}",
    "prime": "%s'",
    "mark": " %s ",
    "sign": "%s",
    "comma": ", ",
    "<=": r"\le",
    ">=": r"\ge",
    "dots": r"\dots",
    "sum": r"\sum_{%s} %s",
    "prod": r"\prod_{%s} %s",
    "folded": r"%s_{%s} %s",
    "times": r" \, ",
    "quotient": r"\frac{%s}{%s}",
    "power": "{%s}^{%s}",
    "indexed": "{%s}_{%s}",
    "root": r"\sqrt{%s}",
    "size": "|%s|",
    "group": "(%s)",
    "tall size": r"\left|%s\right|",
    "tall group": r"\left(%s\right)",
    "call": "%s%s",
    "cases": r"\begin{cases} %s \end{cases}",
    "next": r" \\ ",
    "case": r"%s & \text{if } %s",
    "otherwise": r"%s & \text{otherwise}",
    "and": r"%s \text{ and } %s",
    "or": r"%s \text{ or } %s",
}
CELL = '<mtd style="text-align:left">%s</mtd>'
FENCE = '<mo stretchy="false">%s</mo>'
SPACE = '<mspace width="0.17em"/>'
MATHML = {
    "row": "<mrow>%s</mrow>",
    "number": "<mn>%s</mn>",
    "letter": "<mi>%s</mi>",
    "greek": "<mi>%s</mi>",
    "operator": "<mi>%s</mi>",
    "word": "<mi>%s</mi>",
    "words": "<mtext>%s</mtext>",
    "prime": "<msup>%s<mo>\N{PRIME}</mo></msup>",
    "mark": "<mo>%s</mo>",
    "sign": '<mo form="prefix">%s</mo>',
    "comma": "<mo>,</mo>",
    "<=": "\N{LESS-THAN OR EQUAL TO}",
    ">=": "\N{GREATER-THAN OR EQUAL TO}",
    "<": "&lt;",
    ">": "&gt;",
    "-": "\N{MINUS SIGN}",
    "dots": "<mo>\N{HORIZONTAL ELLIPSIS}</mo>",
    "sum": "<munder><mo>\N{N-ARY SUMMATION}</mo>%s</munder>%s",
    "prod": "<munder><mo>\N{N-ARY PRODUCT}</mo>%s</munder>%s",
    "folded": f"<msub>%s%s</msub>{SPACE}%s",
    "times": SPACE,
    "quotient": "<mfrac>%s%s</mfrac>",
    "power": "<msup>%s%s</msup>",
    "indexed": "<msub>%s%s</msub>",
    "root": "<msqrt>%s</msqrt>",
    "size": f"<mrow>{FENCE % '|'}%s{FENCE % '|'}</mrow>",
    "group": f"<mrow>{FENCE % '('}%s{FENCE % ')'}</mrow>",
    "tall size": "<mrow><mo>|</mo>%s<mo>|</mo></mrow>",
    "tall group": "<mrow><mo>(</mo>%s<mo>)</mo></mrow>",
    "call": "%s<mo>\N{FUNCTION APPLICATION}</mo>%s",
    "cases": '<mrow><mo form="prefix">{</mo><mtable>%s</mtable></mrow>',
    "next": "",
    "case": f"<mtr>{CELL}{CELL}</mtr>" % ("%s", "<mtext>if\N{NO-BREAK SPACE}</mtext>%s"),
    "otherwise": f"<mtr>{CELL}{CELL}</mtr>" % ("%s", "<mtext>otherwise</mtext>"),
    "and": "%s<mtext>\N{NO-BREAK SPACE}and\N{NO-BREAK SPACE}</mtext>%s",
    "or": "%s<mtext>\N{NO-BREAK SPACE}or\N{NO-BREAK SPACE}</mtext>%s",
}
ESCAPED = {"\\": r"\backslash ", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "^": r"\^{}"}
GREEK_WORD = re.compile(rf"\b({'|'.join(GREEK)})\b")


def written_formula(activation: Any) -> WrittenFormula:
    """Return the formula in the docstring of an activation as a tree, with Greek in its note."""
    found = parse_formula(activation.section("Formula"), [*activation.__signature__.parameters])
    return found._replace(note=GREEK_WORD.sub(lambda word: unescape(f"&{word[0]};"), found.note))


def as_latex(formula: WrittenFormula) -> str:
    r"""Return the equations of a formula as LaTeX, without the words after them.

    Example:
        >>> from activax.core.typesetting import as_latex, written_formula
        >>> print(as_latex(written_formula(activax.silu)))
        \operatorname{silu}(x) = x \, \operatorname{sigmoid}(x)
    """
    lines = [_Typesetter(LATEX).typeset(equation) for equation in formula.equations]
    if len(lines) < 2:
        return "".join(lines)
    aligned = r" \\ ".join(line.replace(" = ", " &= ", 1) for line in lines)
    return rf"\begin{{aligned}} {aligned} \end{{aligned}}"


def as_mathml(formula: WrittenFormula) -> str:
    """Return the equations of a formula as MathML, one element each, without the words after them.

    Example:
        >>> from activax.core.typesetting import as_mathml, written_formula
        >>> as_mathml(written_formula(activax.identity))[-27:]
        '<mo>=</mo><mi>x</mi></math>'
    """
    lines = map(_Typesetter(MATHML).typeset, formula.equations)
    return "".join(f'<math display="block">{line}</math>' for line in lines)


class _Typesetter:
    """The printer of a tree with the templates of one language."""

    def __init__(self, templates: Mapping[str, str]):
        self.templates = templates
        self.is_latex = templates is LATEX

    def typeset(self, part: Piece) -> str:
        """Return a part; a string is the mark of an operation or of a relation."""
        if isinstance(part, str):
            return self.fill("mark", self.templates.get(part, part))
        kind, parts = part
        match kind:
            case "number":
                return self.fill(kind, *map(str, parts))
            case "words":
                return self.fill(kind, self.escaped(str(parts[0])))
            case "name":
                return self.name(str(parts[0]))
            case "dots":
                return self.templates[kind]
            case "sum" | "relation":
                return "".join(map(self.typeset, parts))
            case "equation":
                return self.fill("mark", "=").join(map(self.typeset, parts))
            case "list":
                return self.templates["comma"].join(map(self.typeset, parts))
            case "product":
                return self.templates["times"].join(map(self.typeset, parts))
            case "negative":
                sign = self.fill("sign", self.templates.get("-", "-"))
                return sign + self.typeset(parts[0])
            case "quotient":
                return self.fill(kind, *map(self.bare, parts))
            case "power" | "indexed":
                return self.fill(kind, self.row(parts[0]), self.bare(parts[1]))
            case "group" | "size":
                return self.enclosed(kind, parts)
            case "call":
                return self.call(str(parts[0]), parts[1:])
            case "folded":
                return self.folded(str(parts[0]), *parts[1:])
            case "cases":
                return self.fill(kind, self.templates["next"].join(map(self.typeset, parts)))
            case _:  # "case", "otherwise", "and", "or"
                return self.fill(kind, *map(self.typeset, parts))

    def fill(self, kind: str, *parts: str) -> str:
        return self.templates[kind] % parts

    def row(self, part: Piece) -> str:
        return self.fill("row", self.typeset(part))

    def bare(self, part: Piece) -> str:
        """Return a part as one element, without its parentheses."""
        if isinstance(part, Node) and part.kind == "group" and len(part.parts) == 1:
            part = part.parts[0]
        return self.row(part)

    def enclosed(self, kind: str, parts: tuple[Piece, ...]) -> str:
        inside = self.templates["comma"].join(map(self.typeset, parts))
        tall = any(word in inside for word in TALL)
        return self.fill(f"tall {kind}" if tall else kind, inside)

    def call(self, function: str, arguments: tuple[Piece, ...]) -> str:
        if function == "sqrt":
            return self.fill("root", self.typeset(arguments[0]))
        return self.fill("call", self.function(function), self.enclosed("group", arguments))

    def folded(self, name: str, over: Piece, body: Piece) -> str:
        inside = self.typeset(body)
        if name in self.templates:
            return self.fill(name, self.bare(over), inside)
        return self.fill("folded", self.function(name), self.bare(over), inside)

    def name(self, name: str) -> str:
        """Return a letter, perhaps with an index, or a word."""
        letter, _, index = name.partition("_")
        if not index and letter.rstrip(digits) == letter[0]:
            letter, index = letter[0], letter[1:]
        if index and (letter in GREEK or len(letter) == 1):
            return self.fill("indexed", self.name(letter), self.name(index))
        if name in GREEK:
            return self.fill("greek", name if self.is_latex else unescape(f"&{name};"))
        if name.isdigit():
            return self.fill("number", name)
        return self.fill("letter" if len(name) == 1 else "word", self.escaped(name))

    def function(self, name: str) -> str:
        """Return the name of a function; x_relu is a word, and no x with an index."""
        if name.endswith("'"):
            return self.fill("prime", self.function(name[:-1]))
        if name in OPERATORS:
            return self.fill("operator", name)
        return self.fill("word", self.escaped(name)) if "_" in name else self.name(name)

    def escaped(self, text: str) -> str:
        if not self.is_latex:
            return escape(text)
        return "".join(ESCAPED.get(letter, letter) for letter in text)
