"""The papers of activations as BibTeX entries, read from the sections Paper of the docstrings."""

import re
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import jax

from activax.catalogue.lookup import get
from activax.core.activation import Activation

PARTICLE = r"(?:(?:van|von|den|der|de|di|la) )*"
SURNAME = rf"{PARTICLE}[^\W\d_a-z][\w'-]+(?: {PARTICLE}[^\W\d_a-z][\w'-]+)*"
PAPER = (  # compiled at its first use
    rf"(?P<authors>{SURNAME}(?:, {SURNAME})*(?: & {SURNAME}| et al\.)?) (?P<year>1[89]\d\d|20\d\d)"
    r"(?:, (?P<title>(?!arXiv:)[^,].*?))?(?:,? arXiv:(?P<arxiv>[\w./-]*\w))?"
    r"[.,]?(?: \([^()]*\))?[.]?$"
)
WITHOUT_STROKE = str.maketrans("łøđ", "lod")  # letters that do not decompose
INSIDE_NONE = (str, bytes, int, float, complex, type, FunctionType, ModuleType, jax.Array)


class Citation(NamedTuple):
    """One paper.

    Attributes:
        authors: the surnames, the last of which may be "others".
        year: the year of publication.
        title: the title, or "" if the docstring has none.
        arxiv: the identifier of arXiv, or "".
    """

    authors: tuple[str, ...]
    year: int
    title: str
    arxiv: str

    @property
    def key(self) -> str:
        """The first surname, the year and the first long word of the title."""
        words = re.findall(r"[^\W\d_]{4,}", self.title)
        return _ascii(f"{self.authors[0]}{self.year}{words[0] if words else ''}")

    def bibtex(self) -> str:
        """Return the paper as an entry of BibTeX."""
        fields = {
            "author": " and ".join(f"{{{a}}}" if " " in a else a for a in self.authors),
            "title": self.title and f"{{{self.title}}}",
            "year": str(self.year),
            "eprint": self.arxiv,
            "archiveprefix": self.arxiv and "arXiv",
        }
        lines = [f"  {name} = {{{text}}}," for name, text in fields.items() if text]
        return "\n".join([f"@misc{{{self.key},", *lines, "}"])


def citations(activation: Activation[...]) -> list[Citation]:
    """Return the papers that the docstring of an activation names; of folklore there are none."""
    found = []
    for part in " ".join(activation.section("Paper").split()).split("; "):
        if paper := re.search(PAPER, part):
            authors = paper["authors"].replace(" et al.", ", others").replace(" & ", ", ")
            names, title = tuple(authors.split(", ")), (paper["title"] or "").rstrip(".,")
            found.append(Citation(names, int(paper["year"]), title, paper["arxiv"] or ""))
    return found


def cite(*sources: Any) -> str:
    """Return the papers of activations as BibTeX, each paper once.

    Args:
        sources: activations, their names or configs, networks of `activax.nn`, and models or trees
            of any library that hold activations in their attributes or leaves.

    Raises:
        ValueError: a name is unknown, or there is no activation in the sources.

    Example:
        >>> print(activax.cite("mish"))
        @misc{misra2019mish,
          author = {Misra},
          title = {{Mish: A Self Regularized Non-Monotonic Activation Function}},
          year = {2019},
          eprint = {1908.08681},
          archiveprefix = {arXiv},
        }
        >>> network = activax.nn.mlp(64, 10, activation=activax.swish)
        >>> activax.cite(network) == activax.cite(activax.swish)
        True
    """
    found = [activation for source in sources for activation in _activations(source, set())]
    if not found:
        raise ValueError(
            "cite: the sources must hold an activation of activax; got none. Give activations, "
            "their names, or models that have them in attributes."
        )
    papers = dict.fromkeys(paper for activation in found for paper in citations(activation))
    return "\n".join(paper.bibtex() for paper in papers)


def _activations(source: Any, seen: set[int]) -> Iterator[Activation[...]]:
    """Yield the activations in a source. Strings name activations at the top alone."""
    if not seen and (isinstance(source, str) or (isinstance(source, Mapping) and "name" in source)):
        source = get(source)
    if isinstance(source, Activation):
        yield source
    if isinstance(source, (Activation, *INSIDE_NONE)) or id(source) in seen:
        return
    seen.add(id(source))
    if isinstance(source, Mapping):
        inside = list(source.values())
    elif (call := getattr(source, "call", None)) is not None:  # the call that made a layer
        inside = [*call.args, *call.kwargs.values()]
    elif isinstance(source, (list, tuple, set, frozenset)):
        inside = list(source)
    else:
        inside = list(getattr(source, "__dict__", {}).values())
    for item in inside:
        yield from _activations(item, seen)


def _ascii(text: str) -> str:
    """Return the letters and digits of a text, in lower case and without accents."""
    import unicodedata  # a millisecond that `import activax` need not take

    plain = unicodedata.normalize("NFKD", text.casefold().translate(WITHOUT_STROKE))
    return "".join(c for c in plain if c.isascii() and c.isalnum())
