"""The words of a formula: numbers, names and marks, and a place among them."""

import re
from typing import NamedTuple

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:e-?\d+)?)|(?P<name>[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*'?)"
    r"|(?P<mark>\.\.\.|<=|>=|\S))"
)


class NoFormula(ValueError):
    """The error of a text that the grammar does not know."""


class Token(NamedTuple):
    """A piece of text: its kind, its place, and whether a parenthesis follows at once."""

    kind: str
    text: str
    start: int
    end: int
    called: bool


class Cursor:
    """A text as tokens, and the place of the next one."""

    def __init__(self, text: str):
        self.text = text
        self.tokens = [
            Token(kind, found[kind], *found.span(kind), text.startswith("(", found.end()))
            for found in TOKEN.finditer(text)
            if (kind := found.lastgroup)
        ]
        self.at = 0

    def seen(self, *texts: str) -> bool:
        """Return whether the next token is one of these."""
        return self.at < len(self.tokens) and self.tokens[self.at].text in texts

    def take(self, *texts: str) -> bool:
        """Go past the next token if it is one of these."""
        found = self.seen(*texts)
        self.at += found
        return found

    def next(self) -> Token:
        if self.at == len(self.tokens):
            raise NoFormula
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise NoFormula

    def take_until(self, *ends: str) -> str:
        """Return the text up to one of the ends, outside of parentheses."""
        start, depth = self.at, 0
        while self.at < len(self.tokens) and not (depth == 0 and self.seen(*ends)):
            depth += {"(": 1, ")": -1}.get(self.next().text, 0)
        if start == self.at:
            raise NoFormula
        return self.text[self.tokens[start].start : self.tokens[self.at - 1].end]

    def rest(self) -> str:
        """Return the text that is not read yet."""
        return self.text[self.tokens[self.at].start :] if self.at < len(self.tokens) else ""
