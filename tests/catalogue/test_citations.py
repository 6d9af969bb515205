"""Papers of activations as BibTeX."""

import dataclasses
import re

import pytest

import activax
from activax.catalogue.citations import Citation, citations

GELU, SILU = activax.cite("gelu"), activax.cite("silu")


@pytest.mark.every
def test_papers_are_read_whole(entry):
    """Every identifier of arXiv is found, and so is a paper where there is a year."""
    paper = " ".join(entry.section("Paper").split())
    found = citations(entry)
    assert {one.arxiv for one in found} - {""} == {*re.findall(r"arXiv:([\w./-]*\w)", paper)}
    assert bool(found) == bool(re.search(r"[^\W\d]\.? (1[89]|20)\d\d\b", paper))
    for one in found:
        assert all(re.fullmatch(r"[^\W\d][\w' -]{1,24}", name) for name in one.authors)
        assert "arXiv" not in one.title


def test_a_paper_is_the_same_wherever_it_is_named():
    by_key = {}
    for activation in activax.catalog.values():
        for one in citations(activation):
            assert by_key.setdefault(one.key, one) == one


def test_an_entry_of_bibtex():
    paper = Citation(("Łukasz", "van den Oord", "others"), 2020, "On an Idea", "2001.00001")
    assert paper.bibtex().splitlines() == [
        "@misc{lukasz2020idea,",
        "  author = {Łukasz and {van den Oord} and others},",
        "  title = {{On an Idea}},",
        "  year = {2020},",
        "  eprint = {2001.00001},",
        "  archiveprefix = {arXiv},",
        "}",
    ]
    assert "eprint" not in Citation(("Huber",), 1964, "Robust Estimation", "").bibtex()


@dataclasses.dataclass
class Model:
    """A model of another library: its activations stand in attributes and containers."""

    first: object
    others: list


def test_activations_are_found_in_models():
    model = Model(activax.gelu, [{"act": activax.silu}, "relu", 3])
    model.others.append(model)  # a circle
    assert activax.cite(model) == activax.cite(activax.gelu, activax.silu) == f"{GELU}\n{SILU}"
    network = activax.nn.serial(activax.nn.residual(activax.nn.mlp(4, 4, activation=activax.gelu)))
    assert activax.cite(network) == GELU
    assert activax.cite({"name": "elu", "alpha": 2.0}) == activax.cite("ELU")
    assert activax.cite(activax.lean(activax.gelu), activax.prelu.bind(negative_slope=0.1))


def test_what_holds_no_activation_is_refused():
    with pytest.raises(ValueError, match="cite: the sources must hold an activation .* got none"):
        activax.cite(Model(1.0, ["relu"]))
    with pytest.raises(ValueError, match="unknown activation 'gellu'"):
        activax.cite("gellu")
