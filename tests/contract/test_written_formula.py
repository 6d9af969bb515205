"""Formulas of docstrings: each is read as mathematics, and says what the activation computes."""

from xml.etree import ElementTree

import jax
import numpy as np
import pytest
import written_values

import activax
from activax.core.formula_grammar import Node, parse_formula
from activax.core.typesetting import LATEX, MATHML, as_latex, as_mathml, written_formula

pytestmark = pytest.mark.usefixtures("standard_promotion")
X = np.linspace(-3.1, 3.3, 24, dtype=np.float32)
VECTOR = np.array([-1.2, 0.3, 2.1, 0.7, -0.4, 1.1, 0.2, -2.2], np.float32)
WIDE = {"float32": np.float64, "complex64": np.complex128}


def inputs(entry):
    """Return inputs by name, none of them at a kink."""
    names = [*entry.__signature__.parameters][: entry.inputs]
    if entry.kind == "complex":
        return {names[0]: (X + 0.7j * X[::-1]).astype(np.complex64)}
    x = VECTOR if entry.kind in ("vector", "reduction", "expansion") else X
    x = X.reshape(4, 6) if entry.kind == "matrix" else x
    return dict(zip(names, (x, x[::-1].copy()), strict=False))


@pytest.mark.thorough
def test_the_formula_is_what_is_computed(entry):
    """Formulas that need words, dots or noise are not read as numbers."""
    given = inputs(entry)
    with jax.disable_jit():
        expected = np.asarray(entry(*given.values()))
    numbers = {name: v for name, v in entry.parameters.items() if isinstance(v, int | float)}
    wide = {name: x.astype(WIDE[x.dtype.name]) for name, x in given.items()}
    along = (
        {"n": len(VECTOR), "vector": True} if given.keys() >= {"x"} and given["x"] is VECTOR else {}
    )
    imaginary = {"i": 1j} if entry.kind == "complex" else {}
    scope = {**numbers, **along, **imaginary, **wide}
    try:
        with np.errstate(all="ignore"):  # of pieces that are not chosen
            found = written_values.value(written_formula(entry), scope, expected.size)
    except written_values.Unread as reason:
        pytest.skip(f"{reason} is no number")
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=3e-5)


@pytest.mark.every
def test_the_formula_is_typeset(entry):
    formula = written_formula(entry)
    assert formula.equations
    latex = as_latex(formula)
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
    math = ElementTree.fromstring(f"<div>{as_mathml(formula)}</div>")
    assert len(math) == len(formula.equations)
    for element in math.iter():
        assert {"mfrac": 2, "msup": 2, "msub": 2, "munder": 2}.get(element.tag) in (
            None,
            len(element),
        )


def kinds(part):
    return (
        [part.kind, *(kind for inner in part.parts for kind in kinds(inner))]
        if isinstance(part, Node)
        else []
    )


def test_few_formulas_need_words():
    """A formula that the grammar does not know becomes words, so that they would be many."""
    trees = [written_formula(entry) for entry in activax.catalog.values()]
    worded = [tree for tree in trees if any("words" in kinds(one) for one in tree.equations)]
    assert len(worded) < 0.04 * len(trees)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("f(x) = a x / b c", r"f(x) = \frac{a \, x}{b} \, c"),
        ("f(x) = (a + 1) / (x (b + 1))", r"f(x) = \frac{a + 1}{x \, (b + 1)}"),
        ("f(x) = |x|^2 |a + x|", r"f(x) = {|x|}^{2} \, |a + x|"),
        ("f(x) = r^-x - (-x)^3", "f(x) = {r}^{-x} - {(-x)}^{3}"),
        ("f(x)_i = sum_j x_j / 2 + c1", r"{f(x)}_{i} = \sum_{j} \frac{{x}_{j}}{2} + {c}_{1}"),
        ("f(x) = y, where y = x_(i + 1)",
         r"\begin{aligned} f(x) &= y \\ y &= {x}_{i + 1} \end{aligned}"),
        ("f(x) = x if 0 < x <= low else g_relu(x)",
         r"f(x) = \begin{cases} x & \text{if } 0 < x \le \operatorname{low} \\ "
         r"\operatorname{g\_relu}(x) & \text{otherwise} \end{cases}"),
        ("f(x) = 1 if x is odd, else 0", r"f(x) = \begin{cases} 1 & \text{if } \text{x is odd} \\ "
         r"0 & \text{otherwise} \end{cases}"),
        ("f(x) = the 50% of x_i", r"f(x) = \text{the 50\% of x\_i}"),
        ("f(x) = 2 times x; the slope", r"f(x) = \text{2 times x}"),
    ],
)  # fmt: skip
def test_grammar(text, latex):
    assert as_latex(parse_formula(text, ["x", "low"])) == latex


def test_words_after_the_equations_are_the_note():
    equations, note = parse_formula("f(x) = a x, where a = 2 and b is 3; the slope is b")
    assert [as_latex(parse_formula("f(x) = a x")), len(equations)] == [r"f(x) = a \, x", 2]
    assert note == "and b is 3; the slope is b"
    assert parse_formula("no equation") == ((), "no equation")
    assert written_formula(activax.elu).note == "the slope at 0 is \N{GREEK SMALL LETTER ALPHA}"


def test_both_languages_have_the_same_constructs():
    assert {*LATEX} - {*MATHML} == set()
    assert {*MATHML} - {*LATEX} == {"<", ">", "-"}  # which LaTeX writes as they are
