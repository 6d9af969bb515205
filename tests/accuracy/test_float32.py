"""The true error of value and slope in float32, at all magnitudes and about all critical points.

`benchmarks/accuracy.py` looks at every float32.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from activax.bench import critical, errors, magnitudes, precise, slope

pytestmark = pytest.mark.optimized


@pytest.mark.parametrize("quantity", ["value", "slope"])
def test_error(elementwise, quantity):
    of_slope = quantity == "slope"
    function = slope(elementwise) if of_slope else elementwise
    x = np.concatenate([
        critical(precise(function), elementwise.kinks, radius=2**9),
        magnitudes(32),
        np.linspace(-128, 128, 2**16, dtype=np.float32),
        [np.float32(np.nan)],
    ])  # fmt: skip
    error = errors(function, jnp.asarray(x), jax.jit(function)(x))
    worst = error.argmax()
    assert error[worst] <= elementwise.ulps[of_slope], f"{error[worst]:.2f} ulps at {x[worst]}"
