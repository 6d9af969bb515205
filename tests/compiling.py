"""Programs that compile in half of the time, for tests that assert no last bits."""

import contextlib
from collections.abc import Iterator
from unittest import mock

import jax
from jax._src import compiler  # JAX has no public setting for an option of all programs

HAS_OLDER = jax.__version_info__ < (0, 11)
# The same for a program of its own, in XLA_FLAGS.
FLAGS = "--xla_backend_optimization_level=0"
FLAGS += " --xla_cpu_use_fusion_emitters=false" * HAS_OLDER


@contextlib.contextmanager
def quickly() -> Iterator[None]:
    """Compile with few optimisations and, before JAX 0.11, with XLA's older code generator."""
    plain = compiler.get_compile_options

    def options(*args, **kwargs):
        out = plain(*args, **kwargs)
        older = ("xla_cpu_use_fusion_emitters", False)
        out.env_option_overrides = [*out.env_option_overrides, older]
        return out

    jax.config.update("jax_disable_most_optimizations", True)
    try:
        with mock.patch.object(compiler, "get_compile_options", options if HAS_OLDER else plain):
            yield
    finally:
        jax.config.update("jax_disable_most_optimizations", False)
