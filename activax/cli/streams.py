"""Standard streams: ASCII where they take no Unicode, and readers that stop reading."""

import codecs
import io
import os
import sys
import unicodedata

HANDLER = "activax.spelled"
SPELLED = {"±": "+-", "≥": ">=", "†": "#", "‡": "!", "²": "^2"}
BOX = "BOX DRAWINGS "


def spelled(letter: str) -> str:
    """The ASCII for a letter: the same without its accents, or a picture of it, or '?'."""
    name = unicodedata.name(letter, "")
    if name.startswith(BOX):
        corner = " AND " in name
        return "+" if corner else "|" if name.endswith("VERTICAL") else "-"
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return SPELLED.get(letter) or plain or "?"


def _spell(error: UnicodeError) -> tuple[str, int]:
    """An error handler of codecs, which takes as many spaces away as its text is longer."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = "".join(map(spelled, error.object[error.start : error.end]))
    spaces = len(text) - (error.end - error.start)
    following = error.object[error.end : error.end + spaces]
    return text, error.end + len(following) - len(following.lstrip(" "))


def spell() -> None:
    """Let standard output and standard error spell in ASCII what their encoding does not have.

    Python takes the locale C for UTF-8; a user who asks for it by LC_ALL gets ASCII.
    """
    codecs.register_error(HANDLER, _spell)
    explicit = os.environ.get("PYTHONIOENCODING") or os.environ.get("PYTHONUTF8")
    ascii_wanted = os.environ.get("LC_ALL") in ("C", "POSIX") and not explicit
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # another, such as StringIO, takes everything
            encoding = "ascii" if ascii_wanted else stream.encoding
            if codecs.lookup(encoding).name != "utf-8":
                stream.reconfigure(encoding=encoding, errors=HANDLER)


def discard_output() -> None:
    """Send what is still buffered nowhere, since nobody reads it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
