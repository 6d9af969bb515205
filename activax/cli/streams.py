"""Standard streams: ASCII if they take no Unicode, and readers that stop reading."""

import codecs
import io
import os
import sys
import unicodedata

HANDLER = "activax.spelled"
SPELLED = {
    "±": "+-",
    "≥": ">=",
    "†": "#",
    "‡": "!",
    "²": "^2",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    "\N{MINUS SIGN}": "-",
    "ł": "l",
}
BOX = "BOX DRAWINGS "


def spelled(letter: str) -> str:
    """Return ASCII for a letter: the letter without accents, or a picture of it, or '?'."""
    name = unicodedata.name(letter, "")
    if name.startswith(BOX):
        corner = " AND " in name
        return "+" if corner else "|" if name.endswith("VERTICAL") else "-"
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return SPELLED.get(letter) or plain or "?"


def _spell(error: UnicodeError) -> tuple[str, int]:
    """Handle an error of encoding: spell letters, and drop a space for each added letter."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = "".join(map(spelled, error.object[error.start : error.end]))
    spaces = len(text) - (error.end - error.start)
    following = error.object[error.end : error.end + spaces]
    return text, error.end + len(following) - len(following.lstrip(" "))


def spell() -> None:
    """Let standard output and standard error spell letters that their encoding lacks.

    Python takes the locale C for UTF-8. A user who sets LC_ALL to C gets ASCII.
    """
    codecs.register_error(HANDLER, _spell)
    explicit = os.environ.get("PYTHONIOENCODING") or os.environ.get("PYTHONUTF8")
    ascii_wanted = os.environ.get("LC_ALL") in ("C", "POSIX") and not explicit
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # StringIO and the like take all letters
            encoding = "ascii" if ascii_wanted else stream.encoding
            if codecs.lookup(encoding).name != "utf-8":
                stream.reconfigure(encoding=encoding, errors=HANDLER)


def discard_output() -> None:
    """Discard the output that is still buffered, because nobody reads it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
