"""Every error names the function and the argument, shows what came, and says what to do."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax

X = jnp.ones((2, 4))


def define(*slopes, **facts):
    """Define a square with these slopes and facts, and call it once."""
    return activax.elementwise(*slopes, reference=lambda mp, x: x * x, **facts)(square)(X)


def square(x):
    """The square of x."""
    return x * x


def gate_of_other_names(gate, value=None, *, layout=None, axis=-1, alpha=1.0):
    """A gated unit whose parameter is none of swish's."""


ERRORS = {
    "complex": (
        lambda: activax.gelu(X.astype(jnp.complex64)),
        TypeError,
        r"gelu: x must be real; got complex64\. Apply it to the real",
    ),
    "string": (
        lambda: activax.gelu("1"),
        TypeError,
        r"gelu: x must be an array or a number; got str\. .*jnp\.asarray",
    ),
    "list": (
        lambda: activax.softmax([1.0, 2.0]),
        TypeError,
        r"softmax: x must be an array or a number; got list\. .*jnp\.asarray",
    ),
    "complex gate": (
        lambda: activax.swiglu(X, X.astype(jnp.complex64)),
        TypeError,
        r"swiglu: value must be real; got complex64",
    ),
    "gate and value": (
        lambda: activax.swiglu(X, X[:, :3]),
        ValueError,
        r"swiglu: gate and value must have the same shape; got \(2, 4\) and \(2, 3\)",
    ),
    "odd size": (
        lambda: activax.glu(X[:, :3]),
        ValueError,
        r"glu: the packed axis must have an even size; got 3 in axis -1 of \(2, 3\)",
    ),
    "no layout": (
        lambda: activax.swiglu(X),
        ValueError,
        r"swiglu: one packed array needs layout='gate_value', .*; got None\. Or pass gate and",
    ),
    "unknown layout": (
        lambda: activax.split(X, "halves"),
        ValueError,
        r"split: one packed array needs layout=.*; got 'halves'",
    ),
    "bad axis": (
        lambda: activax.softmax(X, axis=2),
        ValueError,
        r"softmax: axis 2 is out of range for an array of shape \(2, 4\)",
    ),
    "one bad axis of two": (
        lambda: activax.softmax(X, axis=(0, -3)),
        ValueError,
        r"softmax: axis -3 is out of range",
    ),
    "several axes where there can be one": (
        lambda: activax.sparsemax(X, axis=(0, 1)),
        TypeError,
        r"sparsemax: axis must be one integer; got \(0, 1\)",
    ),
    "mask of numbers": (
        lambda: activax.softmax(X, X),
        TypeError,
        r"softmax: where must be boolean; got float32\. Compare first",
    ),
    "mask that does not broadcast": (
        lambda: activax.softmax(X[0], X > 0),
        ValueError,
        r"softmax: where must broadcast to the shape of x; got shapes \(2, 4\) and \(4,\)",
    ),
    "groups that do not fit": (
        lambda: activax.maxout(X, size=3),
        ValueError,
        r"maxout: size must divide the axis; got size=3 and 4 elements in axis 1 of \(2, 4\)",
    ),
    "groups of none": (
        lambda: activax.maxout(X, size=0),
        ValueError,
        r"maxout: size must be at least 1; got 0\. Choose a number in this range",
    ),
    "temperature": (
        lambda: activax.gumbel_softmax(X, temperature=0.0),
        ValueError,
        r"gumbel_softmax: temperature must be positive; got 0\.0",
    ),
    "epsilon": (
        lambda: activax.standardize(X, epsilon=-1.0),
        ValueError,
        r"standardize: epsilon must be at least 0; got -1\.0",
    ),
    "weights of another number": (
        lambda: activax.poly_norm(X, jnp.ones(2)),
        ValueError,
        r"poly_norm: weight must be a number or have shape \(3,\); got shape \(2,\)",
    ),
    "more than one bias": (
        lambda: activax.poly_norm(X, 1.0, jnp.ones(4)),
        ValueError,
        r"poly_norm: bias must be a number or have shape \(1,\); got shape \(4,\)",
    ),
    "missing differential": (
        lambda: activax.vector(lambda y, t: t)(lambda x, scale, *, axis=-1: x),
        TypeError,
        r"needs one slope for each of its differentiable parameters \(x, scale\), or .* got 1",
    ),
    "vector without an axis": (
        lambda: activax.vector(lambda y, t: t, reference=None)(square),
        TypeError,
        r"square: a vector activation needs a parameter axis",
    ),
    "bad axis of glu": (
        lambda: activax.glu(X, axis=2),
        ValueError,
        r"glu: axis 2 is out of range",
    ),
    "unknown name": (
        lambda: activax.get("gellu"),
        ValueError,
        r"unknown activation 'gellu'\. Did you mean 'gelu'\?",
    ),
    "name unlike any": (
        lambda: activax.get("qqqq"),
        ValueError,
        r"unknown activation 'qqqq'\. activax\.catalog lists them",
    ),
    "name of a layer": (
        lambda: activax.get("FunnelReLU"),
        ValueError,
        r"unknown activation 'FunnelReLU'\. It is a layer: activax\.nn\.funnel_relu\.",
    ),
    "another name of a layer": (
        lambda: activax.get("highway_gate"),
        ValueError,
        r"unknown activation 'highway_gate'\. Did you mean 'activax\.nn\.highway'\?",
    ),
    "name in the summary of a layer": (
        lambda: activax.get("frelu"),
        ValueError,
        r"unknown activation 'frelu'\. Did you mean 'activax\.nn\.funnel_relu'\?",
    ),
    "spec of another type": (
        lambda: activax.get(3),
        TypeError,
        r"get: needs a name, a config mapping or an activation; got int",
    ),
    "config without a name": (
        lambda: activax.get({"alpha": 1.0}),
        ValueError,
        r"get: a config needs a 'name'; got \{'alpha': 1\.0\}",
    ),
    "config with an unknown parameter": (
        lambda: activax.get({"name": "elu", "alhpa": 1.0}),
        TypeError,
        r"elu: unknown parameter 'alhpa'; .* x, alpha\. Did you mean 'alpha'\?",
    ),
    "unknown parameter": (
        lambda: activax.elu(X, aplha=1.0),
        TypeError,
        r"elu: unknown parameter 'aplha'; .* Did you mean 'alpha'\?",
    ),
    "not finite": (
        lambda: activax.elu(X, alpha=float("nan")),
        ValueError,
        r"elu: alpha must be finite; got nan",
    ),
    "not finite when bound": (
        lambda: activax.elu.bind(alpha=float("inf")),
        ValueError,
        r"elu: alpha must be finite; got inf",
    ),
    "not finite and static": (
        lambda: activax.laplace_cdf_gate(X, mean=float("nan")),
        ValueError,
        r"laplace_cdf_gate: mean must be finite; got nan",
    ),
    "parameter that does not broadcast": (
        lambda: activax.prelu(X, jnp.ones(3)),
        ValueError,
        r"prelu: negative_slope must broadcast against x; got shapes \(3,\) and \(2, 4\)",
    ),
    "missing": (lambda: activax.gelu(), TypeError, r"gelu: missing argument 'x'"),
    "given twice": (
        lambda: activax.elu(X, 1.0, alpha=2.0),
        TypeError,
        r"elu: alpha was given twice",
    ),
    "too many": (
        lambda: activax.elu(X, 1.0, 2.0),
        TypeError,
        r"elu: takes at most 2 positional arguments \(x, alpha\); got 3\. .*keyword-only",
    ),
    "array for a static parameter": (
        lambda: activax.standardize(X, epsilon=jnp.ones(())),
        TypeError,
        r"standardize: epsilon is static, so it must be a Python number, .*; got ArrayImpl",
    ),
    "array bound to a static parameter": (
        lambda: activax.standardize.bind(epsilon=np.ones(())),
        TypeError,
        r"standardize: epsilon is static, .*; got ndarray",
    ),
    "bound input": (
        lambda: activax.elu.bind(x=1.0),
        TypeError,
        r"elu\.bind: 'x' is an input, not a parameter; pass it in the call\. Parameters: alpha",
    ),
    "bound input where nothing can be": (
        lambda: activax.gelu.bind(x=1.0),
        TypeError,
        r"gelu\.bind: .* Parameters: none",
    ),
    "missing slope": (
        lambda: define(lambda x: 2 * x, lambda x: x),
        TypeError,
        r"square: needs one slope for each of its differentiable parameters \(x\), or .* got 2",
    ),
    "missing surrogate": (
        lambda: define(lambda x: 2 * x, surrogate=(lambda mp, x: x, lambda mp, x: x)),
        TypeError,
        r"square: surrogate must be one function, or one for each .* \(x\); got 2",
    ),
    "lean that is no tuple": (
        lambda: define(lambda x: 2 * x, lean=activax.from_output(lambda out: out)),
        TypeError,
        r"square: lean must be a tuple of residuals, .*; got Residual",
    ),
    "unknown keep": (
        lambda: define(lambda x: 2 * x, keep="outputs"),
        ValueError,
        r"keep must be 'inputs', 'output' or a function; got 'outputs'",
    ),
    "layout of two": (
        lambda: activax.swiglu.bind(layout="value_gate")(jnp.ones(2), jnp.ones(2)),
        ValueError,
        r"swiglu: layout='value_gate' is for one packed array, but two were given",
    ),
    "axis of two": (
        lambda: activax.glu(X, X, axis=0),
        ValueError,
        r"glu: axis=0 is for one packed array, but two were given; .* leave axis out",
    ),
    "limit of no sign": (
        lambda: activax.clamped_swiglu(X, X, limit=0.0),
        ValueError,
        r"clamped_swiglu: limit must be positive; got 0\.0",
    ),
    "cap of the wrong sign": (
        lambda: activax.situ_glu(X, X, value_cap=-1.0),
        ValueError,
        r"situ_glu: value_cap must be positive; got -1\.0",
    ),
    "unknown parameter of a gated unit": (
        lambda: activax.clamped_swiglu(X, X, lmit=1.0),
        TypeError,
        r"clamped_swiglu: unknown parameter 'lmit'; .* Did you mean 'limit'\?",
    ),
    "unknown parameter of a formula": (
        lambda: activax.clamped_swiglu.formula(X, X, lmit=1.0),
        TypeError,
        r"unexpected keyword argument 'lmit'",
    ),
    "gated by a vector": (
        lambda: activax.gated(by=activax.silu, value_by=activax.softmax),
        TypeError,
        r"gated: value_by must be elementwise; activax\.softmax is vector",
    ),
    "parameter that neither factor has": (
        lambda: activax.gated(by=activax.swish)(gate_of_other_names),
        TypeError,
        r"gate_of_other_names: neither activax\.swish nor .*unchanged has 'alpha'",
    ),
    "static of another type": (
        lambda: activax.standardize(X, epsilon="a"),
        TypeError,
        r"standardize: epsilon is static and must be a Python number; got 'a'",
    ),
    "temperature of elements": (
        lambda: activax.gumbel_softmax_st(X, None, jnp.ones(4)),
        ValueError,
        r"gumbel_softmax_st: temperature must be a number, or broadcast against x with size 1 "
        r"along axis -1; got shapes \(4,\) and \(2, 4\)",
    ),
    "key as input": (
        lambda: activax.gelu(jax.random.key(0)),
        TypeError,
        r"gelu: x must be real; got a PRNG key",
    ),
    "unknown attribute": (
        lambda: activax.gellu,
        AttributeError,
        r"module 'activax' has no attribute 'gellu'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ERRORS)
def test_error(case):
    call, exception, message = ERRORS[case]
    with pytest.raises(exception, match=message):
        call()
