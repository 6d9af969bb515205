"""Value and slope of every bfloat16 and every float16 are rounded correctly, but for near ties."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from activax.bench import errors, slope
from activax.core.arguments import narrow, widen

pytestmark = pytest.mark.optimized

BF16 = jnp.dtype("bfloat16")
ALLOWED = 0.55  # ulps; the rounding alone costs up to 0.5


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("quantity", ["value", "slope"])
def test_error(elementwise, quantity, dtype):
    """Check the error, which counts as infinite at a wrong infinity and where a NaN is lost."""
    function = slope(elementwise) if quantity == "slope" else elementwise
    if np.isinf(elementwise.ulps[quantity == "slope"]):
        pytest.skip("no bound is claimed: it has a root that moves with the parameters")
    x = lax.bitcast_convert_type(jnp.arange(2**16, dtype=jnp.uint16), jnp.dtype(dtype))
    error = errors(function, x, jax.jit(function)(x))
    worst = error.argmax()
    assert error[worst] <= ALLOWED, f"{error[worst]:.3f} ulps at {x[worst]}"


def test_rounding_to_bfloat16_is_that_of_a_cast():
    """Check ties, overflow and NaN: steps of 257 take the low bits through all their values."""
    bits = np.arange(0, 2**32, 257, dtype=np.uint32)
    # A NaN that is marked in the lower half alone comes from no arithmetic.
    bits[(bits & 0x7FFF0000) == 0x7F800000] = 0x7F800000
    x = bits.view(np.float32)
    rounded = jax.jit(narrow, static_argnums=1)(x, BF16)
    np.testing.assert_array_equal(widen(rounded), widen(jnp.asarray(x).astype(BF16)))
