"""Values and slopes of each formula, as XLA compiles it for an H200 and a TPU.

Each backend simplifies arithmetic in its own way, so a formula that is right on one may be wrong on
another. For example, XLA for GPUs removes roundings to the dtype that a value has already.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from against_reference import inside, sample

import activax
from activax.bench import compile_for, critical, errors, slope
from benchmarks._lib.exact_rounding import (
    FORMATS,
    exact_results,
    values_and_slopes,
    wrong_counts,
)
from benchmarks._lib.interpreter import evaluate

pytestmark = [pytest.mark.aot, pytest.mark.every]


@pytest.mark.parametrize(
    "target", ["h200", pytest.param("v5e", marks=pytest.mark.slow)], indirect=True
)
def test_float32(certified, target):
    """Allow the bounds of the definition, or the error on the machine at hand."""
    near = critical(slope(certified), certified.kinks, radius=16)
    x = np.concatenate([sample(np.float32, certified, count=40), inside(near, certified)])
    x = x[np.isfinite(x) & ~np.isin(x.astype(float), certified.kinks)]

    def both(x):
        return certified(x), slope(certified)(x)

    program = compile_for(target, both, jax.ShapeDtypeStruct(x.shape, x.dtype))
    there, here = evaluate(program.hlo, x), jax.jit(both)(x)
    for function, bound, got, mine in zip(
        (certified, slope(certified)), certified.ulps, there, here, strict=True
    ):
        worst = errors(function, jnp.asarray(x), (np.broadcast_to(got, x.shape), mine))
        assert worst[0].max() <= max(bound, worst[1].max(), 0.5)  # targets keep subnormals


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
@pytest.mark.parametrize(
    "name",
    ["relu", "sigmoid", "tanh", "gelu", "gelu_tanh", "silu", "mish", "softplus", "elu"],
)
@pytest.mark.parametrize(
    "target", ["h200", pytest.param("v5e", marks=pytest.mark.slow)], indirect=True
)
def test_all_16_bit_results(name, format, target):
    """Ask for the correctly rounded values and slopes at every input."""
    activation = activax.get(name)

    def there(x):
        both = values_and_slopes(activation)
        return evaluate(compile_for(target, both, jax.ShapeDtypeStruct(x.shape, x.dtype)).hlo, x)

    assert wrong_counts(exact_results(activation), there, format) == (0, 0)
