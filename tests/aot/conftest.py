"""Compilers of absent devices: `pip install 'activax[aot]'`, and JAX_PLATFORMS=cpu."""

import jax
import jax.numpy as jnp
import pytest

from activax.bench import compile_for


@pytest.fixture(scope="session")
def target(request):
    """The name of a target whose compiler is installed; other targets skip the test."""
    try:
        compile_for(request.param, jnp.negative, jax.ShapeDtypeStruct((128,), jnp.float32))
    except ModuleNotFoundError as missing:
        pytest.skip(str(missing))
    return request.param
