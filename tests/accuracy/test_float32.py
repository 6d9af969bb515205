"""The true error of value and slope in float32, at all magnitudes and about all critical points.

`benchmarks/accuracy.py` looks at every float32.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from activax.bench import critical, errors, magnitudes, precise, slope

pytestmark = pytest.mark.optimized


@pytest.mark.thorough
@pytest.mark.parametrize("quantity", ["value", "slope"])
def test_error(elementwise, quantity):
    of_slope = quantity == "slope"
    function = slope(elementwise) if of_slope else elementwise
    kinks = np.array(elementwise.kinks)
    x = np.concatenate([
        critical(precise(function), kinks, radius=2**9),
        magnitudes(32),
        np.linspace(-128, 128, 2**16, dtype=np.float32),
        [np.float32(np.nan)],
    ])  # fmt: skip
    x = x[~np.isin(x, kinks.astype(np.float32))]  # which may round to the other side
    error = errors(function, jnp.asarray(x), jax.jit(function)(x))
    worst = error.argmax()
    assert error[worst] <= elementwise.ulps[of_slope], f"{error[worst]:.2f} ulps at {x[worst]}"
