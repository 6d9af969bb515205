"""Vectors of coefficients as parameters of an activation."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax.core.coefficients import coefficients


@activax.elementwise()
@coefficients(a0=(1.0, 2.0), b1=(3.0, 4.0))
def line(x, a, b, shift=0.5):
    """Line, times a sum.

    Args:
        a: the coefficient of x^{k},
            a number.
        b: a term.
        shift: what is added.
    """
    return (a[0] + a[1] * x) * (b[0] + b[1]) + shift


def test_each_element_is_a_parameter_of_its_own():
    assert [*line.parameters.items()] == [
        ("a0", 1.0), ("a1", 2.0), ("b1", 3.0), ("b2", 4.0), ("shift", 0.5),
    ]  # fmt: skip
    assert line.trainable == ("a0", "a1", "b1", "b2", "shift")
    assert line(jnp.array(1.0)) == 21.5
    assert line.bind(a1=0.0)(1.0, b2=0.0) == 3.5


def test_vectors_unpack_into_a_call_and_broadcast():
    x, a = np.ones((2, 3), np.float32), np.arange(6.0, dtype=np.float32).reshape(2, 3)
    np.testing.assert_allclose(line(x, *a), np.broadcast_to(7 * (a[0] + a[1]) + 0.5, (2, 3)))
    slope = jax.grad(lambda a: line(x, *a).sum())(a)
    np.testing.assert_allclose(slope, np.full((2, 3), 14.0))


def test_the_docstring_has_an_entry_for_each():
    arguments = inspect.getdoc(line)
    assert "    a0: the coefficient of x^0,\n        a number." in arguments
    assert "    a1: the coefficient of x^1,\n        a number.\n    b1: a term.\n" in arguments


def test_an_unknown_element_is_refused():
    with pytest.raises(TypeError, match=r"unknown parameter 'b3'; its parameters are x, a0, a1"):
        line(1.0, b3=1.0)
