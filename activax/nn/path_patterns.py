"""Regular expressions that choose leaves of a tree by their paths."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

Chosen = TypeVar("Chosen")


def last_matches(
    patterns: Mapping[str, Chosen], paths: Sequence[str], *, rule: str, each: str
) -> list[Chosen | None]:
    """Return for each path the value of the last pattern that it matches, or None.

    Raises:
        ValueError: a text that is no regular expression, in a message that begins with `rule`; or
            that matches no path, in a message that begins with `each`.

    Example:
        >>> from activax.nn.path_patterns import last_matches
        >>> last_matches({"up": 1, "bias": 2}, ["up/bias", "up/weight"], rule="", each="")
        [2, 1]
    """
    compiled = {_compiled(text, rule): value for text, value in patterns.items()}
    for pattern in compiled:
        if not any(map(pattern.search, paths)):
            raise ValueError(
                f"{each} must match a path; {pattern.pattern!r} matches none of "
                f"{', '.join(paths[:3])}{', ...' if len(paths) > 3 else ''}"
            )
    found = []
    for path in paths:
        matching = [value for pattern, value in compiled.items() if pattern.search(path)]
        found.append(matching[-1] if matching else None)
    return found


def _compiled(text: str, rule: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"{rule}; got {text!r}: {error}") from None
