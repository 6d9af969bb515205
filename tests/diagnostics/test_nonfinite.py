"""The operation that made the first NaN or infinity, forward and backward."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import activax
from activax import nn
from activax.diagnostics import first_nonfinite

X = np.float32([[1.0, -2.0, 3.0], [0.5, 4.0, 100.0]])
X_WITH_NAN = np.float32([[np.nan, -2.0, 3.0], [0.5, 4.0, 100.0]])
SIDES = nn.parallel(activax.relu, lambda x: x - jnp.inf * x, combine=jnp.add)


def overflow(x):
    return jnp.exp(10 * x)


def log_or_zero(x):
    return jnp.where(x > 0, jnp.log(x), 0.0)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("network", "x", "direction", "path", "operation", "made"),
    [
        (nn.serial(activax.gelu, overflow), X, "forward", "serial[1]", "exp", "inf"),
        (
            nn.serial(activax.relu, nn.residual(jnp.sin, lambda x: 1 / (x - x))),
            X, "forward", "serial[1]/residual/serial[1]", "div", "inf",
        ),
        (nn.serial(jnp.sin, SIDES), 0 * X, "forward", "serial[1]/parallel[1]", "mul", "NaN"),
        (nn.serial(jnp.sin, jnp.sqrt), 0 * X, "backward", "serial[1]", "div", "inf"),
        (nn.serial(activax.relu, log_or_zero), -X * 0, "backward", "serial[1]", "div", "NaN"),
        (nn.serial(jnp.sin), X_WITH_NAN, "forward", "x", "argument", "NaN"),
        (jax.checkpoint(lambda params, x: jnp.sqrt(x)), 0 * X, "backward", "", "div", "inf"),
        (
            jax.jit(lambda params, x: lax.cond(x[0, 0] > 0, jnp.log, jnp.exp, x)),
            X, "forward", "<lambda>", "log", "NaN",
        ),
    ],
)  # fmt: skip
def test_the_operation_and_the_layer_that_made_it(network, x, direction, path, operation, made):
    params = network.init(jax.random.key(0), x) if isinstance(network, nn.Layer) else {}
    found = first_nonfinite(network, params, x)
    assert found[:4] == (direction, path, operation, made)


def test_the_step_of_a_scan_and_what_went_in():
    def network(params, x):
        def layer(x, w):
            with jax.named_scope("block"):
                return activax.relu(x * w), jnp.sum(x)

        return lax.scan(layer, x, params["w"])[0]

    weights = {"w": jnp.array([1.0, 1e20, 1e20, 1e20])}
    found = first_nonfinite(network, weights, X)
    assert found[:4] == ("forward", "scan[2]/block", "mul", "inf")
    assert found.inputs == (pytest.approx((0, 1e22)), pytest.approx((1e20, 1e20)))
    assert str(found) == (
        "forward: inf (83.3%) by mul in scan[2]/block, given [0, 1e+22] and [1e+20, 1e+20]"
    )
    weights = {"w": jnp.array([1.0, jnp.inf])}
    assert first_nonfinite(network, weights, X)[:3] == ("forward", "params/w", "argument")


def test_what_is_finite_and_what_is_masked_is_no_fault():
    def attention(x):
        return activax.softmax(jnp.where(x > 0, x, -jnp.inf))

    for f in (attention, lambda x: jnp.max(jnp.where(x > 0, x, -jnp.inf)), jnp.sin):
        assert first_nonfinite(nn.serial(f), ({},), X) is None
    # In a fully masked row the fault is not the mask, but the subtraction that makes NaN of it.
    found = first_nonfinite(nn.serial(lambda x: jax.nn.softmax(jnp.where(x > 9, x, -jnp.inf))),
                            ({},), X)  # fmt: skip
    assert (found.path, found.operation, found.made) == ("serial[0]", "sub", "NaN")


@pytest.mark.thorough
def test_no_activation_is_at_fault_on_finite_inputs(trainable):
    """Check the branches that are not taken, and the derivative where it has a limit."""
    low, high = trainable.domain
    x = jnp.clip(jnp.array([-1e4, -3.0, 0.5, 1e4]), max(low, -1e4), min(high, 1e4))
    y, slope = jax.jvp(trainable, (x,), (jnp.ones(4),))
    found = first_nonfinite(nn.serial(trainable), ({},), x)
    assert (found is None) == bool(jnp.all(jnp.isfinite(y) & jnp.isfinite(slope)))


def test_a_network_must_be_callable():
    with pytest.raises(TypeError, match="first_nonfinite: network must be a Layer or a function"):
        first_nonfinite({}, {}, X)
