"""Value and gradient of a layer against a reference in NumPy."""

from collections.abc import Callable, Collection
from typing import Any

import jax
import numpy as np
from numpy.testing import assert_allclose


def assert_value_and_gradient(
    apply: Callable[..., Any],
    reference: Callable[..., Any],
    params: Any,
    x: Any,
    *,
    seed: int = 0,
    still: Collection[str] = (),
) -> Any:
    """Compare the value, and the gradient along a random direction with a difference in float64.

    Args:
        apply: a function of params and x.
        reference: the same in NumPy.
        params: a dict of parameters.
        x: the input.
        seed: of the direction.
        still: the entries of params that the direction leaves out.

    Returns:
        The gradient by params.
    """
    wide = jax.tree.map(np.float64, (params, x))
    generator = np.random.default_rng(seed)
    along = jax.tree.map(lambda a: generator.normal(size=a.shape), wide)
    for name in still:
        along[0][name][:] = 0

    def moved(step: float) -> Any:
        return reference(*jax.tree.map(lambda a, t: a + step * t, wide, along))

    weights = generator.normal(size=moved(0).shape)

    @jax.jit
    def both(params: Any, x: Any) -> Any:
        y, pull = jax.vjp(apply, params, x)
        return y, pull(weights.astype(y.dtype))

    y, slopes = both(params, x)
    assert_allclose(y, moved(0), rtol=1e-4, atol=1e-5)
    found = sum(
        np.sum(np.float64(a) * t)
        for a, t in zip(jax.tree.leaves(slopes), jax.tree.leaves(along), strict=True)
    )
    difference = np.sum(weights * (moved(1e-6) - moved(-1e-6))) / 2e-6
    assert_allclose(found, difference, rtol=1e-4, atol=1e-4)
    return slopes[0]
