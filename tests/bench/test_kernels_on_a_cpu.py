"""Kernels and temporary memory of activations that are compiled for a CPU."""

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
# Quotients that both cotangents need, so that XLA computes them once, in kernels of their own.
SHARED = {
    ("situ_glu", "backward"): 2,
    # Roots, and a logarithm inside of arcsinh, that the slope reads more than once.
    ("multiquadric", "backward"): 1,
    ("inverse_multiquadric", "backward"): 1,
    ("m_arcsinh", "backward"): 1,
}
ROWS = 4096, 1024  # from about here on XLA makes one kernel of a softmax


def compiled(activation, mode, shape, dtype):
    """Return the number of kernels that run on arrays, and the bytes of temporary arrays."""
    inputs = [jax.ShapeDtypeStruct(shape, dtype)] * activation.inputs
    if mode == "forward":
        function = activation
    else:
        inputs.append(jax.eval_shape(activation, *inputs))

        def function(*inputs_and_cotangent):
            *inputs, cotangent = inputs_and_cotangent
            return jax.vjp(activation, *inputs)[1](cotangent)

    program = jax.jit(function).lower(*inputs).compile()
    launched = [kernel for kernel in kernels(program.as_text()) if kernel.elements > SCALARS]
    return sum(kernel.runs for kernel in launched), temporary_bytes(program)


@pytest.mark.every
@pytest.mark.parametrize(
    ("mode", "dtype"),
    [
        ("forward", "bfloat16"),
        ("backward", "float32"),
        *(
            pytest.param(mode, dtype, marks=pytest.mark.slow)
            for mode, dtype in [
                ("forward", "float32"),
                ("forward", "float16"),
                ("backward", "bfloat16"),
                ("backward", "float16"),
            ]
        ),
    ],
)
def test_a_kernel_for_each_result_and_no_temporaries(bounded, mode, dtype):
    launched, temporary = compiled(bounded, mode, SHAPE, dtype)
    results = bounded.inputs if mode == "backward" else 1
    shared = SHARED.get((bounded.name, mode), 0)
    assert launched == results + shared
    assert temporary <= (4 * math.prod(SHAPE) * shared or SCALARS)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("mode", ["forward", "backward"])
@pytest.mark.parametrize("name", ["softmax", "softmin", "log_softmax", "logsumexp"])
def test_a_softmax_is_one_kernel_without_temporaries(name, mode, dtype):
    assert compiled(activax.catalog[name], mode, ROWS, dtype) == (1, 0)
