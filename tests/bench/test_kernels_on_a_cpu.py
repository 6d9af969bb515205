"""Kernels and temporary memory of activations that are compiled for a CPU."""

import functools
import math

import jax
import pytest

import activax
from activax.bench.compiled.hlo import kernels
from activax.bench.memory.temporary import temporary_bytes

pytestmark = [
    pytest.mark.optimized,
    pytest.mark.skipif(
        jax.__version_info__ >= (0, 11),
        reason="XLA of later versions computes what a slope reads twice in a kernel of its own",
    ),
]

SCALARS = 1024  # bytes of what is computed once
SHAPE = 1024, 1024
# Quotients, powers and roots that several results need: XLA gives them kernels of their own.
SHARED = {
    ("situ_glu", "backward"): 2,
    ("situ_glu", "jvp"): 3,
    ("sqrt_softplus", "jvp"): 1,
    ("powglu", "forward"): 1,
    ("powglu", "backward"): 5,
    ("powglu", "jvp"): 5,
    ("gtu", "jvp"): 2,
    ("xswiglu", "jvp"): 2,
}
ROWS = 4096, 1024  # from about here on XLA makes one kernel of a softmax


def compiled(activation, mode, shape, dtype):
    """Return the number of kernels that run on arrays, and the bytes of temporary arrays."""
    inputs = [jax.ShapeDtypeStruct(shape, dtype)] * getattr(activation, "inputs", 1)
    if mode == "forward":
        function = activation
    elif mode == "jvp":
        inputs *= 2

        def function(*inputs_and_tangents):
            number = len(inputs_and_tangents) // 2
            return jax.jvp(activation, inputs_and_tangents[:number], inputs_and_tangents[number:])

    else:
        inputs.append(jax.eval_shape(activation, *inputs))

        def function(*inputs_and_cotangent):
            *inputs, cotangent = inputs_and_cotangent
            return jax.vjp(activation, *inputs)[1](cotangent)

    program = jax.jit(function).lower(*inputs).compile()
    launched = [kernel for kernel in kernels(program.as_text()) if kernel.elements > SCALARS]
    return sum(kernel.runs for kernel in launched), temporary_bytes(program)


@pytest.mark.thorough
@pytest.mark.every
@pytest.mark.parametrize(
    ("mode", "dtype"),
    [
        ("forward", "bfloat16"),
        ("backward", "float32"),
        ("jvp", "float32"),
        *(
            pytest.param(mode, dtype, marks=pytest.mark.slow)
            for mode, dtype in [
                ("forward", "float32"),
                ("forward", "float16"),
                ("backward", "bfloat16"),
                ("backward", "float16"),
                ("jvp", "bfloat16"),
                ("jvp", "float16"),
            ]
        ),
    ],
)
def test_a_kernel_for_each_result_and_no_temporaries(budgeted, mode, dtype):
    launched, temporary = compiled(budgeted, mode, SHAPE, dtype)
    results = {"forward": 1, "backward": budgeted.inputs, "jvp": 2}[mode]
    # In a jvp XLA may compute the gate of a gated unit, which value and tangent need, once.
    gate = mode == "jvp" and budgeted.kind == "gated"
    shared = SHARED.get((budgeted.name, mode), gate)
    assert results + shared - gate <= launched <= results + shared
    assert temporary <= (4 * math.prod(SHAPE) * shared or SCALARS)


DTYPES = ("float32", "bfloat16", pytest.param("float16", marks=pytest.mark.slow))
MODES = ("forward", "backward")
MIB = 2**20
NUMBERS_OF_ROWS = 2**17  # bytes of some numbers for each row
# At most so many kernels and MiB of temporary memory at ROWS, in float32, bfloat16 and float16.
# In float16 XLA's kernels along an axis take in no conversion, so most inputs and results are
# arrays of 16 MiB in float32 beside them.
ALONG_AXIS = {
    ("softmax", "forward"): ((1, 0), (1, 0), (3, 32)),
    ("softmax", "backward"): ((1, 0), (1, 0), (6, 48)),
    ("softmin", "forward"): ((1, 0), (1, 0), (3, 32)),
    ("softmin", "backward"): ((1, 0), (1, 0), (6, 48)),
    ("log_softmax", "forward"): ((1, 0), (1, 0), (3, 32)),
    ("log_softmax", "backward"): ((1, 0), (1, 0), (6, 48)),
    ("logsumexp", "forward"): ((1, 0), (1, 0), (3, 16)),
    ("logsumexp", "backward"): ((1, 0), (1, 0), (4, 32)),
    ("logmeanexp", "forward"): ((1, 0), (1, 0), (3, 16)),
    ("logmeanexp", "backward"): ((1, 0), (1, 0), (4, 32)),
    ("standardize", "forward"): ((1, 0), (1, 0), (3, 32)),
    ("standardize", "backward"): ((1, 0), (1, 0), (4, 48)),
    ("poly_norm", "forward"): ((1, 0), (1, 0), (3, 32)),
    ("poly_norm", "backward"): ((4, 0), (5, 16), (7, 48)),
    ("maxout", "forward"): ((1, 0), (1, 0), (3, 24)),
    ("maxout", "backward"): ((3, 16), (3, 16), (3, 12)),
    ("hardmax", "forward"): ((5, 1), (6, 16), (6, 16)),
    ("one_hot_argmax_st", "backward"): ((1, 0), (1, 0), (4, 48)),
    ("sparsemax", "forward"): ((17, 66), (18, 81), (19, 81)),
    ("sparsemax", "backward"): ((18, 66), (19, 81), (23, 97)),
}
# A float16 result of jax.nn is computed in float16, whose temporary arrays are half as large.
PEERS = {
    "softmax": jax.nn.softmax,
    "log_softmax": jax.nn.log_softmax,
    "logsumexp": functools.partial(jax.nn.logsumexp, axis=-1),
    "logmeanexp": functools.partial(jax.nn.logmeanexp, axis=-1),
    "standardize": jax.nn.standardize,
}


@pytest.mark.thorough
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "mode"), ALONG_AXIS)
def test_kernels_and_temporaries_along_an_axis(name, mode, dtype):
    place = ("float32", "bfloat16", "float16").index(dtype)
    most, mebibytes = ALONG_AXIS[name, mode][place]
    launched, temporary = compiled(activax.catalog[name], mode, ROWS, dtype)
    assert launched <= most
    assert temporary <= mebibytes * MIB + NUMBERS_OF_ROWS


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PEERS)
def test_jax_nn_has_no_fewer_kernels_along_an_axis(name, mode, dtype):
    ours = compiled(activax.catalog[name], mode, ROWS, dtype)
    theirs = compiled(PEERS[name], mode, ROWS, dtype)
    assert ours[0] <= theirs[0]
    assert ours[1] <= theirs[1] or dtype == "float16"
